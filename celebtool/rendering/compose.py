"""What `report` says of its subjects, as tables for a terminal, as JSON records, or as rows of a CSV."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from celebtool import evaluation
from celebtool.errors import CelebtoolError
from celebtool.evaluation import Evaluation
from celebtool.formats.predictions import Predictions
from celebtool.formats.subject import Subjects
from celebtool.rendering import overview, record, terminal
from celebtool.rendering.record import Record
from celebtool.rendering.terminal import Table


@dataclass(frozen=True)
class Views:
    """What to show of predictions beside their summary; at most `limit` confused pairs and mistakes."""

    confusion: bool = False
    per_class: bool = False
    mistakes: bool = False
    limit: int = 10


@dataclass(frozen=True)
class Judged:
    """A table of predictions with its figures: of the part a report is about, and of every part it covers."""

    predictions: Predictions
    evaluation: Evaluation
    parts: tuple[Evaluation, ...]


def judge(subjects: Subjects) -> dict[str, Judged]:
    """Evaluate every table of predictions: on test if it covers test, else on val, else on what there is."""
    return {name: _judge(table) for name, table in subjects.predictions.items()}


def tables(subjects: Subjects, judged: Mapping[str, Judged], views: Views, width: int) -> list[Table]:
    """All tables to show, for a terminal `width` characters wide."""
    shown: list[Table] = []
    if judged:
        shown.append(terminal.summary([one.evaluation for one in judged.values()], list(judged)))
    for name, one in judged.items():
        shown += [
            table._replace(title=f"{name}: {table.title}") if len(judged) > 1 else table
            for table in _of_predictions(one, views, width)
        ]
    for name, epochs in subjects.histories.items():
        shown.append(overview.epochs(name, epochs))
    for name, (folder, sizes) in subjects.folders.items():
        shown += overview.folder(name, folder, sizes)
    for name, info in subjects.models.items():
        shown.append(overview.model(name, info))
        shown += [overview.epochs("History", info.history)] if info.history else []
        shown.append(overview.layers(info))
    return shown


def remarks(subjects: Subjects, judged: Mapping[str, Judged]) -> list[str]:
    """What the figures leave out or cannot carry, a line each."""
    said = [f"{name}: {remark}" for name, one in judged.items() for remark in terminal.remarks(one.evaluation)]
    for folder, sizes in subjects.folders.values():
        said += overview.remarks(folder, sizes)
    if len({_images(one) for one in judged.values()}) > 1:
        said.append("these tables are not of the same images: their figures cannot be compared one to one")
    return said


def document(subjects: Subjects, judged: Mapping[str, Judged], limit: int) -> Record:
    """The JSON of a report: the record itself for one subject, ``{"subjects": […]}`` for several."""
    records = [
        *(record.of_predictions(name, one.evaluation, one.parts, limit) for name, one in judged.items()),
        *(record.of_history(name, epochs) for name, epochs in subjects.histories.items()),
        *(record.of_folder(name, folder, sizes) for name, (folder, sizes) in subjects.folders.items()),
        *(record.of_model(name, info) for name, info in subjects.models.items()),
    ]
    return records[0] if len(records) == 1 else {"subjects": records}


def rows(subjects: Subjects, judged: Mapping[str, Judged], views: Views) -> list[Record]:
    """The rows of a report's one CSV table; the column `file` comes first when there are several subjects.

    Raises:
        CelebtoolError: the subjects are of several kinds.
    """
    by_kind: list[dict[str, list[Record]]] = [
        {name: _prediction_rows(one, views) for name, one in judged.items()},
        {name: record.history_rows(epochs) for name, epochs in subjects.histories.items()},
        {name: record.folder_rows(folder) for name, (folder, _) in subjects.folders.items()},
        {name: record.layer_rows(info) for name, info in subjects.models.items()},
    ]
    by_kind = [of_kind for of_kind in by_kind if of_kind]
    if len(by_kind) > 1:
        raise CelebtoolError("--csv", "writes one table; expected subjects of one kind, or --json")
    return [
        {"file": name, **row} if len(by_kind[0]) > 1 else row for name, of_one in by_kind[0].items() for row in of_one
    ]


def _judge(table: Predictions) -> Judged:
    parts = tuple(evaluation.evaluate(table, part) for part in table.parts)
    headline = parts[-1] if parts else evaluation.evaluate(table)
    return Judged(table, headline, parts)


def _of_predictions(one: Judged, views: Views, width: int) -> list[Table]:
    if not one.evaluation.images:
        return [terminal.called(one.evaluation)]
    shown = [terminal.parts(one.parts)] if len(one.parts) > 1 else []
    shown += [terminal.per_class(one.evaluation)] if views.per_class else []
    shown += [terminal.confusion(one.evaluation, width, views.limit)] if views.confusion else []
    shown += [terminal.mistakes(one.evaluation, views.limit)] if views.mistakes else []
    return shown


def _images(one: Judged) -> frozenset[tuple[str, str]]:
    return frozenset((row.path, row.label) for row in one.predictions.rows if one.evaluation.part in (None, row.part))


def _prediction_rows(one: Judged, views: Views) -> list[Record]:
    if views.per_class:
        return record.class_rows(one.evaluation)
    if views.confusion:
        return record.confusion_rows(one.evaluation)
    if views.mistakes:
        return record.mistake_rows(one.evaluation, views.limit)
    evaluations: Sequence[Evaluation] = one.parts or [one.evaluation]
    return [record.figures(each) for each in evaluations]
