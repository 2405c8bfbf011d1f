"""Judge tables of predictions: evaluate each, compare them, and check what the user demands of them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from celebtool.errors import CelebtoolError, listed
from celebtool.evaluation import comparison, evaluate, figures, gates, runs
from celebtool.evaluation.comparison import Comparison
from celebtool.evaluation.evaluate import Evaluation
from celebtool.evaluation.gates import Demand, Verdict
from celebtool.evaluation.runs import Runs
from celebtool.formats.predictions import Predictions


@dataclass(frozen=True)
class Gates:
    """The demands of the user on every table.

    Attributes:
        demands: limits that figures have to keep.
        baseline: an earlier table by its name; None: there is none.
        max_drop: how much accuracy may be lost against the baseline; None: as much as chance explains.
    """

    demands: tuple[Demand, ...] = ()
    baseline: tuple[str, Predictions] | None = None
    max_drop: float | None = None


@dataclass(frozen=True)
class Judged:
    """A table of predictions and its figures: those of the part that a report is about, and those of every part."""

    predictions: Predictions
    evaluation: Evaluation
    parts: tuple[Evaluation, ...]

    @property
    def partless(self) -> int:
        """The number of rows of a table of parts that belong to no part, and so to no figure."""
        return sum(not row.part for row in self.predictions.rows) if self.parts else 0

    @property
    def leaks(self) -> list[str]:
        """The paths of labelled images outside train that the model was trained on."""
        return [row.path for row in self.predictions.rows if row.seen and row.label and row.part != "train"]


@dataclass(frozen=True)
class Judgement:
    """The findings on tables of predictions.

    Attributes:
        judged: table by table, under its name.
        comparisons: of the first table, or the baseline, with every other one that shares images with it.
        verdicts: on what was demanded.
        leaks: name → paths of images that were trained on, of the tables (the baseline too) that have any.
        runs: the tables as experiments side by side; None if none is compared with another.
    """

    judged: Mapping[str, Judged] = field(default_factory=dict)
    comparisons: tuple[Comparison, ...] = ()
    verdicts: tuple[Verdict, ...] = ()
    leaks: Mapping[str, Sequence[str]] = field(default_factory=dict)
    runs: Runs | None = None

    @property
    def are_several(self) -> bool:
        """Whether there are three tables or more to compare, so that p-values are corrected for their number."""
        return len(self.comparisons) > 1

    def p_value(self, one: Comparison) -> float:
        """Return the p-value that a verdict rests on."""
        return self.runs.adjusted[one.second] if self.runs else one.p_value


def judge(tables: Mapping[str, Predictions], given: Gates, part: str | None = None) -> Judgement:
    """Evaluate tables of predictions and compare them with what is demanded.

    Args:
        tables: by name.
        given: what is demanded.
        part: the part that the report is about; None: test, or val if there is no test, or train.

    Raises:
        CelebtoolError: a table does not have that part, a demand names a class that does not exist, or the baseline
            has no image in common with a table.
    """
    several = len(tables) > 1
    judged = {
        name: evaluated(name, _training_table(table) if several else table, part) for name, table in tables.items()
    }
    everything = dict(judged)
    if given.baseline:
        name, table = given.baseline
        everything |= {name: evaluated(name, table, part)}
        comparisons = _compare(name, everything[name], judged)
        _check_baseline(name, comparisons, judged)
    else:
        first, *others = judged or [""]
        comparisons = _compare(first, judged[first], {name: judged[name] for name in others}) if others else ()
    verdicts = [
        gates.judge(name, demand, figures.of_table(one.evaluation), figures.of_classes(one.evaluation))
        for name, one in judged.items()
        for demand in given.demands
    ]
    if given.baseline:
        verdicts += [verdict for each in comparisons for verdict in gates.against(each, given.max_drop)]
    leaks = {name: one.leaks for name, one in everything.items() if one.leaks}
    return Judgement(judged, comparisons, tuple(verdicts), leaks, _runs(everything, comparisons))


def refuse_leaks(judgement: Judgement) -> None:
    """Refuse figures that rest on images that the model was trained on.

    Raises:
        CelebtoolError: naming the first table that has such images, and the first of them.
    """
    for name, paths in judgement.leaks.items():
        problem = (
            f"{len(paths)} of its images were trained on: {listed(paths)}; predict images that the model "
            "has not seen, or add --allow-leak, which every report then says"
        )
        raise CelebtoolError(name, problem)


def evaluated(name: str, table: Predictions, part: str | None = None) -> Judged:
    """Evaluate one table: the chosen part of it, or its last one in the order train, val, test.

    Raises:
        CelebtoolError: the table has no row of the chosen part.
    """
    if part and part not in table.parts:
        has = f"it has {' and '.join(table.parts)}" if table.parts else "its column part is empty"
        raise CelebtoolError(name, f"has no images of the part {part}; {has}")
    parts = tuple(evaluate.evaluate(table, each) for each in table.parts)
    chosen = next((each for each in parts if each.part == part), parts[-1] if parts else None)
    return Judged(table, chosen or evaluate.evaluate(table), parts)


def _training_table(table: Predictions) -> Predictions:
    """Mark a table without parts as one of train if the model was trained on all of its labelled images.

    That is what ``predict model.h5 parts/train`` writes. Beside tables of val and test it is there to show overfitting.
    """
    labelled = [row for row in table.rows if row.label]
    answered = [row for row in labelled if not row.failed]
    if table.parts or not answered or not all(row.seen for row in answered):
        return table
    return replace(table, rows=tuple(replace(row, part="train") for row in table.rows))


def _compare(first: str, base: Judged, others: Mapping[str, Judged]) -> tuple[Comparison, ...]:
    """Compare tables with a first one, on the images that both have."""
    ours = base.evaluation.outcomes
    made = (comparison.compare(first, ours, name, one.evaluation.outcomes) for name, one in others.items())
    return tuple(each for each in made if each.images)


def _runs(everything: Mapping[str, Judged], comparisons: Sequence[Comparison]) -> Runs | None:
    if not comparisons:
        return None
    base = comparisons[0].first
    names = dict.fromkeys([base, *everything])
    return runs.compare(base, {name: everything[name].evaluation for name in names}, comparisons)


def _check_baseline(name: str, comparisons: Iterable[Comparison], judged: Iterable[str]) -> None:
    """A baseline of other images must not let everything pass."""
    compared = {one.second for one in comparisons}
    for other in judged:
        if other not in compared:
            raise CelebtoolError(name, f"has no labelled image in common with {other}; expected the same images")
