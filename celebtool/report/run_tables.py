"""Several tables of predictions as experiments: a row per run, what each alone gets wrong, and the same as records."""

import math
from collections.abc import Callable, Sequence

from celebtool.evaluation.comparison import Comparison
from celebtool.evaluation.evaluate import Evaluation
from celebtool.evaluation.judge import Judgement
from celebtool.evaluation.rejection import Rejection
from celebtool.evaluation.runs import Runs
from celebtool.formats.text import shorten
from celebtool.report import prediction_records, remarks
from celebtool.report.prediction_records import Record
from celebtool.report.prediction_tables import LONGEST_FILE, LONGEST_NAME, estimate, number, of
from celebtool.report.table import Cell, Mark, Row, Table

_Figure = Callable[[Evaluation], str]
AT = 0.01  # share of false accepts at which true accepts are shown


def figures(runs: Runs, longest: int = LONGEST_FILE) -> Table:
    """A row per run, the one that the others are compared with first; a column per figure that a run has."""
    columns: dict[str, _Figure] = {
        "part": lambda one: one.part or "",
        "images": lambda one: str(one.images),
        "coverage": lambda one: number(one.coverage) if one.failures else "",
        "accuracy": lambda one: estimate(one.accuracy),
        "macro F1": lambda one: number(one.macro.f1.value),
        "calibration error": lambda one: number(one.calibration.error),
        "known faces accepted": lambda one: _of(one.rejection, lambda it: it.accepted.value),
        "accepted and right": lambda one: _of(one.rejection, lambda it: it.true_accepts.value),
        "strangers": lambda one: str(one.strangers) if one.strangers else "",
        "strangers accepted": lambda one: _of(one.rejection, lambda it: it.false_accepts.value),
        f"true accepts at {100 * AT:g} %": lambda one: _of(
            one.rejection, lambda it: it.at[AT].true_accepts.value if AT in it.at else math.nan
        ),
    }
    cells = {name: [figure(one) for one in runs.evaluations.values()] for name, figure in columns.items()}
    shown = {name: column for name, column in cells.items() if any(column)}
    names = [shorten(name, longest) for name in runs.evaluations]
    rows = [list(row) for row in zip(names, *shown.values(), strict=True)]
    return Table(f"{len(names)} runs, accuracy with 95 % intervals", ("run", *shown), rows)


def differences(judgement: Judgement, longest: int = LONGEST_FILE) -> Table:
    """A row per run: how it differs from the first, by McNemar's test with Holm's correction."""
    rows = [_difference(one, judgement.p_value(one), longest) for one in judgement.comparisons]
    first = shorten(judgement.comparisons[0].first, longest)
    columns = ("run", "images", "only first right", "only this right", "gain", "p", "p (Holm)", "McNemar's test")
    return Table(f"Do they differ from {first}, the first?", columns, rows)


def only_wrong(runs: Runs, limit: int) -> Table:
    """The mistakes that one run alone makes, run by run, the most confident first, `limit` of each."""
    rows: list[Row] = [
        (
            shorten(name, LONGEST_FILE),
            one.prediction.path,
            shorten(one.prediction.label, LONGEST_NAME),
            Cell(shorten(one.predicted, LONGEST_NAME), Mark.WRONG),
            number(one.confidence),
        )
        for name, mistakes in runs.only_wrong.items()
        for one in mistakes[:limit]
    ]
    what = "Mistakes that only one run makes" if rows else "No mistake that only one run makes"
    total = sum(map(len, runs.only_wrong.values()))
    return Table(what + of(len(rows), total), ("run", "image", "true", "predicted", "confidence"), rows)


def record(runs: Runs, limit: int) -> Record:
    """Runs as JSON: the images that they share, and the mistakes that only one makes, `limit` of each."""
    return {
        "first": runs.base,
        "images_in_all": runs.in_all,
        "images_in_some": runs.in_some,
        "not_compared": runs.apart,
        "only_wrong": {
            name: {"count": len(mistakes), "mistakes": prediction_records.mistakes(mistakes[:limit])}
            for name, mistakes in runs.only_wrong.items()
        },
    }


def _difference(one: Comparison, p_value: float, longest: int) -> Sequence[str]:
    return (
        shorten(one.second, longest),
        str(one.images),
        str(one.only_first_right),
        str(one.only_second_right),
        f"{one.gain:+.3f}",
        f"{one.p_value:.2g}",
        f"{p_value:.2g}",
        remarks.verdict(one, p_value),
    )


def _of(rejection: Rejection | None, figure: Callable[[Rejection], float]) -> str:
    return number(figure(rejection)) if rejection else ""
