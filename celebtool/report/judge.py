"""What a report is made from: its subjects, their figures, how they compare, what was demanded of them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from celebtool.errors import CelebtoolError, GateError, listed
from celebtool.evaluation import comparison, evaluate, gates
from celebtool.evaluation.comparison import Comparison
from celebtool.evaluation.evaluate import Evaluation
from celebtool.evaluation.gates import Demand, Verdict
from celebtool.formats.predictions import Predictions
from celebtool.report import prediction_records
from celebtool.report.subjects import Subjects


@dataclass(frozen=True)
class Terms:
    """On what terms tables are judged.

    Attributes:
        allow_leak: report on images that were trained on, and say so, instead of refusing.
        demands: what every table has to reach.
        baseline: an earlier table by its name; None: there is none.
        max_drop: how much accuracy may be lost against it; None: as much as chance explains.
    """

    allow_leak: bool = False
    demands: tuple[Demand, ...] = ()
    baseline: tuple[str, Predictions] | None = None
    max_drop: float | None = None


@dataclass(frozen=True)
class Judged:
    """A table of predictions with its figures: of the part a report is about, and of every part it covers."""

    predictions: Predictions
    evaluation: Evaluation
    parts: tuple[Evaluation, ...]

    @property
    def partless(self) -> int:
        """Rows that belong to no part in a table of parts, so to no figure."""
        return sum(not row.part for row in self.predictions.rows) if self.parts else 0


@dataclass(frozen=True)
class Report:
    """Everything that the forms of output show.

    `comparisons` are of the first table, or the baseline, with each other one; `verdicts` on what was demanded.
    """

    subjects: Subjects
    judged: Mapping[str, Judged] = field(default_factory=dict)
    comparisons: tuple[Comparison, ...] = ()
    verdicts: tuple[Verdict, ...] = ()

    @property
    def leaks(self) -> dict[str, int]:
        """Tables whose figures rest on images that were trained on, and on how many."""
        counts = {name: len(leaks(one)) for name, one in self.judged.items()}
        return {name: count for name, count in counts.items() if count}


def judge(subjects: Subjects, terms: Terms) -> Report:
    """Evaluate every table: on test if it covers test, else on val, else on what there is.

    Raises:
        CelebtoolError: images were trained on and that is not allowed, or a demand names what does not exist.
    """
    judged = {name: _judge(table) for name, table in subjects.predictions.items()}
    older = _judge(terms.baseline[1]) if terms.baseline else None
    if not terms.allow_leak:
        for name, one in (*judged.items(), *([(terms.baseline[0], older)] if terms.baseline and older else [])):
            _refuse_leaks(name, one)
    if terms.baseline and older:
        comparisons = _compare(terms.baseline[0], older, judged.items())
        _check_baseline(terms.baseline[0], comparisons, judged)
    else:
        comparisons = _compare(*next(iter(judged.items())), list(judged.items())[1:]) if judged else ()
    verdicts = [_verdict(name, one, demand) for name, one in judged.items() for demand in terms.demands]
    if terms.baseline:
        verdicts += [verdict for each in comparisons for verdict in gates.against(each, terms.max_drop)]
    return Report(subjects, judged, comparisons, tuple(verdicts))


def leaks(one: Judged) -> list[str]:
    """The paths of labelled images outside train that the model was trained on."""
    return [row.path for row in one.predictions.rows if row.seen and row.label and row.part != "train"]


def enforce(report: Report) -> None:
    """End with the reasons if a demand is not met.

    Raises:
        GateError: naming every file and what it misses.
    """
    missed = [verdict for verdict in report.verdicts if not verdict.met]
    if missed:
        reasons = [f"{verdict.demand} is not met ({verdict.found})" for verdict in missed]
        files = dict.fromkeys(verdict.file for verdict in missed)
        if len(files) > 1:
            reasons = [f"{verdict.file}: {reason}" for verdict, reason in zip(missed, reasons, strict=True)]
        raise GateError(", ".join(files), "; ".join(reasons))


def _judge(table: Predictions) -> Judged:
    parts = tuple(evaluate.evaluate(table, part) for part in table.parts)
    headline = parts[-1] if parts else evaluate.evaluate(table)
    return Judged(table, headline, parts)


def _refuse_leaks(name: str, one: Judged) -> None:
    paths = leaks(one)
    if paths:
        problem = (
            f"{len(paths)} of its images were trained on: {listed(paths)}; predict images that the model "
            "has not seen, or add --allow-leak, which every report then says"
        )
        raise CelebtoolError(name, problem)


def _compare(first: str, base: Judged, others: Iterable[tuple[str, Judged]]) -> tuple[Comparison, ...]:
    """Compare tables with a first one, those without labels left out."""
    ours = base.evaluation.outcomes
    return tuple(
        comparison.compare(first, ours, name, one.evaluation.outcomes)
        for name, one in others
        if ours and one.evaluation.outcomes
    )


def _check_baseline(name: str, comparisons: Iterable[Comparison], judged: Iterable[str]) -> None:
    """A baseline of other images must not let everything pass."""
    compared = {one.second for one in comparisons if one.images}
    for other in judged:
        if other not in compared:
            raise CelebtoolError(name, f"has no labelled image in common with {other}; expected the same images")


def _verdict(name: str, one: Judged, demand: Demand) -> Verdict:
    classes = {figures.name: prediction_records.of_class(figures) for figures in one.evaluation.classes}
    try:
        return gates.judge(name, demand, prediction_records.figures(one.evaluation), classes)
    except ValueError as error:
        raise CelebtoolError(name, f"--require {error}") from error
