"""Put the tables, the JSON record or the CSV rows of a report together."""

import io
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING

from celebtool.errors import CelebtoolError
from celebtool.evaluation.evaluate import Evaluation
from celebtool.evaluation.judge import Judged, Judgement
from celebtool.formats import tables as csv_tables
from celebtool.formats.image_folder import ImageFolder
from celebtool.report import (
    matrix,
    people,
    prediction_records,
    prediction_tables,
    remarks,
    run_tables,
    subject_records,
    subject_tables,
    suspect_tables,
)
from celebtool.report.prediction_records import Record
from celebtool.report.subjects import Report
from celebtool.report.table import Table

if TYPE_CHECKING:  # it loads SciPy, which a report on a table has no need of
    from celebtool.folders.inspection import Inspection


@dataclass(frozen=True)
class Views:
    """The tables to show beside the summary.

    Attributes:
        confusion, per_class, mistakes, calibration, thresholds: tables of predictions.
        layers: of a model.
        suspects: all suspects of an image folder, not only the first ones.
        limit: the most confused pairs, mistakes, strangers and suspects to list.
        part: the part that the user asked for; None: whatever the table has.
    """

    confusion: bool = False
    per_class: bool = False
    mistakes: bool = False
    calibration: bool = False
    thresholds: bool = False
    layers: bool = False
    suspects: bool = False
    limit: int = 10
    part: str | None = None

    @property
    def chosen(self) -> int:
        """The number of tables of predictions beside the summary."""
        return self.confusion + self.per_class + self.mistakes + self.calibration + self.thresholds


def tables(report: Report, views: Views, width: int) -> list[Table]:
    """All tables to show, for a terminal `width` characters wide."""
    judged, judgement = report.judged, report.judgement
    shown = figures(report)
    for name, one in judged.items():
        shown += [
            replace(table, title=f"{name}: {table.title}") if len(judged) > 1 else table
            for table in _of_predictions(one, views, width)
        ]
    if views.mistakes and judgement.runs and judgement.are_several:
        shown.append(run_tables.only_wrong(judgement.runs, views.limit))
    if judgement.verdicts:
        shown.append(prediction_tables.verdicts(judgement.verdicts))
    return shown + _of_others(report, views)


def figures(report: Report) -> list[Table]:
    """The figures of all tables of predictions: side by side, or a row per run if three or more are compared."""
    judged, judgement = report.judged, report.judgement
    if judgement.runs and judgement.are_several:
        return [run_tables.figures(judgement.runs), run_tables.differences(judgement)]
    shown = [prediction_tables.summary([one.evaluation for one in judged.values()], list(judged))] if judged else []
    return shown + ([compared(report)] if judgement.comparisons else [])


def compared(report: Report) -> Table:
    """The comparisons of tables, with a verdict each."""
    judgement = report.judgement
    return prediction_tables.comparisons(
        [(one, remarks.verdict(one, judgement.p_value(one))) for one in judgement.comparisons]
    )


def document(report: Report, limit: int) -> Record:
    """The JSON of a report: the record itself for one subject, ``{"subjects": […]}`` for several."""
    subjects = report.subjects
    records = [
        *(
            prediction_records.of_predictions(name, one.evaluation, one.parts, limit)
            for name, one in report.judged.items()
        ),
        *(subject_records.of_history(name, epochs) for name, epochs in subjects.histories.items()),
        *(
            subject_records.of_folder(name, folder, seen, subjects.rejects.get(name, ()))
            for name, (folder, seen) in subjects.folders.items()
        ),
        *(subject_records.of_model(name, info) for name, info in subjects.models.items()),
    ]
    whole: Record = records[0] if len(records) == 1 else {"subjects": records}
    if not report.judged:
        return whole
    runs = report.judgement.runs
    return {
        **whole,
        "comparisons": _comparisons(report.judgement),
        **({"runs": run_tables.record(runs, limit)} if runs and report.judgement.are_several else {}),
        "demands": [asdict(verdict) for verdict in report.judgement.verdicts],
        "allow_leak": any(name in report.judgement.leaks for name in report.judged),
    }


def csv(report: Report, views: Views) -> str:
    """The CSV of a report; nothing if there is no row. Raises as `rows`."""
    listed = rows(report, views)
    stream = io.StringIO(newline="")
    if listed:
        writer = csv_tables.Writer(stream, list(listed[0]))
        for row in listed:
            writer.row({column: "" if value is None else value for column, value in row.items()})
    return stream.getvalue()


def rows(report: Report, views: Views) -> list[Record]:
    """The rows of a report's one CSV table; the column `file` comes first when there are several subjects.

    Raises:
        CelebtoolError: the subjects are of several kinds.
    """
    subjects = report.subjects
    by_kind: list[Mapping[str, list[Record]]] = [
        {name: _prediction_rows(one, views) for name, one in report.judged.items()},
        {name: subject_records.history_rows(epochs) for name, epochs in subjects.histories.items()},
        {name: _folder_rows(folder, seen, views) for name, (folder, seen) in subjects.folders.items()},
        {name: subject_records.layer_rows(info) for name, info in subjects.models.items()},
    ]
    by_kind = [of_kind for of_kind in by_kind if of_kind]
    if len(by_kind) > 1:
        raise CelebtoolError("--csv", "writes one table; expected subjects of one kind, or --json")
    return [
        {"file": name, **row} if len(by_kind[0]) > 1 else row for name, of_one in by_kind[0].items() for row in of_one
    ]


def _comparisons(judgement: Judgement) -> list[Record]:
    return [
        {
            **prediction_records.of_comparison(one),
            **({"p_holm": prediction_records.plain(judgement.p_value(one))} if judgement.are_several else {}),
            "verdict": remarks.verdict(one, judgement.p_value(one)),
        }
        for one in judgement.comparisons
    ]


def _of_predictions(one: Judged, views: Views, width: int) -> list[Table]:
    evaluation = one.evaluation
    if not evaluation.images:
        return [prediction_tables.predicted(evaluation)]
    shown = [prediction_tables.parts(one.parts)] if len(one.parts) > 1 else []
    if views.per_class:
        several = len(one.parts) > 1 and not views.part
        shown.append(
            prediction_tables.per_class_of_parts(one.parts, width)
            if several
            else prediction_tables.per_class(evaluation)
        )
    shown += [matrix.confusion(evaluation, width, views.limit)] if views.confusion else []
    shown += [prediction_tables.calibration(evaluation)] if views.calibration else []
    shown += [prediction_tables.choices(evaluation)] if views.thresholds else []
    if views.mistakes:
        shown.append(prediction_tables.mistakes(evaluation, views.limit))
        shown += [prediction_tables.strangers(evaluation, views.limit)] if evaluation.accepted_strangers else []
    return shown


def _of_others(report: Report, views: Views) -> list[Table]:
    shown: list[Table] = []
    for name, epochs in report.subjects.histories.items():
        shown.append(subject_tables.epochs(name, epochs))
    for name, (folder, seen) in report.subjects.folders.items():
        shown += subject_tables.folder(name, folder, seen, report.subjects.rejects.get(name, ()))
        if seen.suspects or views.suspects:
            shown.append(suspect_tables.table(seen.suspects, None if views.suspects else views.limit))
    for name, info in report.subjects.models.items():
        shown.append(subject_tables.model(name, info))
        shown += [subject_tables.epochs("History", info.history)] if info.history else []
        shown += [subject_tables.layers(info)] if views.layers else []
        held = people.table(info)
        shown += [held] if held else []
    return shown


def _folder_rows(folder: ImageFolder, seen: "Inspection", views: Views) -> list[Record]:
    return suspect_tables.records(seen.suspects) if views.suspects else subject_records.folder_rows(folder)


def _prediction_rows(one: Judged, views: Views) -> list[Record]:
    if views.per_class:
        return prediction_records.class_rows(one.evaluation)
    if views.confusion:
        return prediction_records.confusion_rows(one.evaluation)
    if views.mistakes:
        return prediction_records.mistake_rows(one.evaluation, views.limit)
    if views.calibration:
        return prediction_records.bin_rows(one.evaluation)
    if views.thresholds:
        return prediction_records.threshold_rows(one.evaluation)
    evaluations: Sequence[Evaluation] = one.parts or [one.evaluation]
    return [prediction_records.part_record(each) for each in evaluations]
