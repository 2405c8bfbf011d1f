"""Figures of predictions as tables."""

import math
from collections.abc import Iterable, Sequence

from celebtool.evaluation import confusion, thresholds
from celebtool.evaluation.comparison import Comparison
from celebtool.evaluation.confusion import ClassFigures
from celebtool.evaluation.evaluate import Evaluation
from celebtool.evaluation.gates import Verdict
from celebtool.evaluation.intervals import Estimate
from celebtool.evaluation.rejection import FALSE_ACCEPTS, Rejection
from celebtool.formats.text import natural_key, shorten
from celebtool.report.table import Cell, Mark, Row, Table

LONGEST_NAME = 24  # characters of a class name in a table of many columns
LONGEST_FILE = 32  # the same of a file's name
WHOLE = 10_000  # the same where there is room: no name is shortened
_FIGURES = (("precision", "recall", "F1", "images"), ("recall", "F1", "images"), ("F1", "images"), ("F1",))
LOW = 0.8  # shares of a class below it are marked


def summary(evaluations: Sequence[Evaluation], names: Sequence[str]) -> Table:
    """All figures of one or more tables of predictions, side by side."""
    figures = [_figures(evaluation) for evaluation in evaluations]
    rows = [(figure, *(column.get(figure, "") for column in figures)) for figure in _merged(figures)]
    return Table("Predictions, with 95 % intervals", ("", *(shorten(name, LONGEST_FILE) for name in names)), rows)


def parts(evaluations: Sequence[Evaluation]) -> Table:
    """Compare the parts of one table: train far above test is overfitting."""
    columns = ("part", "images", "coverage", "accuracy", "macro F1", "mistakes")
    rows = [
        (
            evaluation.part or "",
            str(evaluation.images),
            number(evaluation.coverage),
            estimate(evaluation.accuracy),
            number(evaluation.macro.f1.value),
            str(len(evaluation.mistakes)),
        )
        for evaluation in evaluations
    ]
    return Table("Parts", columns, rows)


def per_class(evaluation: Evaluation, most: int | None = None) -> Table:
    """Precision, recall, F1 and images of every class, in natural order, and their averages.

    `most`: of more classes than that, show those with the lowest F1.
    """
    shown = confusion.worst(evaluation.classes, most)
    rows: list[Row] = [
        (each.name, _share(each.precision.value), _share_and_interval(each.recall), _share(each.f1), str(each.support))
        for each in sorted(shown, key=lambda each: natural_key(each.name))
    ]
    totals = [
        (name, number(average.precision), estimate(average.recall), number(average.f1.value), str(evaluation.images))
        for name, average in (("macro average", evaluation.macro), ("weighted average", evaluation.weighted))
    ]
    return Table(
        titled("Classes, recall with 95 % intervals", evaluation) + of(len(shown), len(evaluation.classes)),
        ("class", "precision", "recall", "F1", "images"),
        rows,
        totals,
    )


def per_class_of_parts(evaluations: Sequence[Evaluation], width: int, most: int | None = None) -> Table:
    """The figures of every class on each part side by side: as many figures as `width` characters hold.

    `most`: of more classes than that, show those with the lowest F1 on the last part.
    """
    parts = [evaluation.part or "" for evaluation in evaluations]
    names = sorted((each.name for each in confusion.worst(evaluations[-1].classes, most)), key=natural_key)
    room = width - min(LONGEST_NAME, max(map(len, names))) - 4
    shown = next(
        (each for each in _FIGURES if sum(max(len(part), len(f)) + 3 for part in parts for f in each) <= room),
        _FIGURES[-1],
    )
    by_name = [{each.name: each for each in evaluation.classes} for evaluation in evaluations]
    rows: list[Row] = [
        (shorten(name, LONGEST_NAME), *(_of_class(of_part[name], figure) for figure in shown for of_part in by_name))
        for name in names
    ]
    columns = ("class", *(f"{part} {figure}" for figure in shown for part in parts))
    title = f"Classes on {', '.join(parts)}" + of(len(names), len(evaluations[-1].classes))
    return Table(title, columns, rows)


def _of_class(figures: ClassFigures, figure: str) -> Cell:
    if figure == "images":
        return Cell(str(figures.support))
    return _share({"precision": figures.precision.value, "recall": figures.recall.value, "F1": figures.f1}[figure])


def predicted(evaluation: Evaluation, longest: int = LONGEST_NAME) -> Table:
    """Count images by predicted class, which is all there is to say when no image has a label."""
    names = sorted(evaluation.predicted, key=natural_key)
    rows = [(shorten(name, longest), str(evaluation.predicted[name])) for name in names]
    title = titled("No labels to compare with; images by predicted class", evaluation)
    return Table(title, ("predicted", "images"), rows)


def mistakes(evaluation: Evaluation, limit: int) -> Table:
    """The images with the wrong name, the most confident first."""
    rows = [
        (
            mistake.prediction.path,
            shorten(mistake.prediction.label, LONGEST_NAME),
            Cell(shorten(mistake.predicted, LONGEST_NAME), Mark.WRONG),
            number(mistake.confidence),
            number(mistake.label_probability),
        )
        for mistake in evaluation.mistakes[:limit]
    ]
    what = "Mistakes, the most confident first" if rows else "No mistakes"
    title = titled(what, evaluation) + of(len(rows), len(evaluation.mistakes))
    return Table(title, ("image", "true", "predicted", "confidence", "probability of true"), rows)


def strangers(evaluation: Evaluation, limit: int) -> Table:
    """The strangers that got a name, the highest score first."""
    rows = [
        (row.path, Cell(shorten(row.predicted, LONGEST_NAME), Mark.WRONG), number(row.confidence), number(row.score))
        for row in evaluation.accepted_strangers[:limit]
    ]
    title = titled("Strangers that got a name", evaluation) + of(len(rows), len(evaluation.accepted_strangers))
    return Table(title, ("image", "predicted", "confidence", "score"), rows)


def calibration(evaluation: Evaluation) -> Table:
    """Compare confidence with accuracy, bin by bin; a distance that is more than chance is marked."""
    rows: list[Row] = []
    for each in evaluation.calibration.bins:
        if each.images:
            beyond_chance = not each.accuracy.low <= each.confidence <= each.accuracy.high
            gap = Cell(f"{each.confidence - each.accuracy.value:+.3f}", Mark.WRONG if beyond_chance else Mark.PLAIN)
            limits = f"{each.low:.2f}\u2013{each.high:.2f}"
            rows.append((limits, str(each.images), number(each.confidence), estimate(each.accuracy), gap))
    title = f"Calibration, expected error {number(evaluation.calibration.error)}"
    return Table(titled(title, evaluation), ("confidence", "images", "mean", "accuracy", "too confident by"), rows)


def choices(evaluation: Evaluation) -> Table:
    """What thresholds for strangers would do, to choose one for `predict --threshold`."""
    rows = [
        (f"{each.value:.6g}", number(each.accepted), number(each.true_accepts), number(each.false_accepts))
        for each in thresholds.shown(evaluation.thresholds)
    ]
    title = "Thresholds, for predict --threshold" if rows else "No thresholds: there are no scores of strangers"
    columns = ("threshold", "known faces accepted", "accepted and right", "strangers accepted")
    return Table(titled(title, evaluation), columns, rows)


def comparisons(made: Sequence[tuple[Comparison, str]]) -> Table:
    """Compare tables on the images they share, each comparison with the verdict of McNemar's test."""
    rows: list[Row] = [
        (
            f"{shorten(one.first, LONGEST_FILE)} – {shorten(one.second, LONGEST_FILE)}",
            str(one.images),
            str(one.only_first_right),
            str(one.only_second_right),
            "" if math.isnan(one.gain) else f"{one.gain:+.3f}",
            f"{one.p_value:.2g}",
            said,
        )
        for one, said in made
    ]
    columns = ("first – second", "images", "only first right", "only second right", "gain", "p", "McNemar's test")
    return Table("Do they differ?", columns, rows)


def verdicts(given: Sequence[Verdict]) -> Table:
    """List what was demanded, what was found, and whether it is met."""
    rows: list[Row] = [
        (shorten(one.file, LONGEST_FILE), one.demand, one.found, "met" if one.met else Cell("NOT MET", Mark.WRONG))
        for one in given
    ]
    return Table("Demands", ("file", "demand", "found", ""), rows)


def number(value: float | None) -> str:
    """A share with three digits; nothing for NaN or None."""
    return "" if value is None or math.isnan(value) else f"{value:.3f}"


def estimate(figure: Estimate) -> str:
    """A share and its interval: ``0.975 (0.913\u20130.993)``."""
    return "" if math.isnan(figure.value) else f"{figure.value:.3f} ({figure.low:.3f}\u2013{figure.high:.3f})"


def _figures(evaluation: Evaluation) -> dict[str, str]:
    macro, weighted = evaluation.macro, evaluation.weighted
    top = {f"top-{k} accuracy": number(share) for k, share in evaluation.top.items()}
    return {
        **({"part": evaluation.part} if evaluation.part else {}),
        "images": str(evaluation.images),
        **({"trained on (leak)": str(len(evaluation.leaks))} if evaluation.leaks else {}),
        "coverage": number(evaluation.coverage),
        "accuracy": estimate(evaluation.accuracy),
        **top,
        "balanced accuracy": estimate(macro.recall),
        "macro precision": number(macro.precision),
        "macro recall": estimate(macro.recall),
        "macro F1": estimate(macro.f1),
        "weighted precision": number(weighted.precision),
        "weighted recall": estimate(weighted.recall),
        "weighted F1": estimate(weighted.f1),
        "calibration error": number(evaluation.calibration.error),
        **(_rejection(evaluation.rejection) if evaluation.rejection else {}),
    }


def _rejection(figures: Rejection) -> dict[str, str]:
    known = {"known faces accepted": estimate(figures.accepted), "accepted and right": estimate(figures.true_accepts)}
    if not figures.strangers:
        return known
    at = {
        f"true accepts at {100 * share:g} %": estimate(figures.at[share].true_accepts)
        if share in figures.at
        else f"{figures.strangers} strangers are too few to say"
        for share in FALSE_ACCEPTS
        if figures.at or figures.strangers * share < 1
    }
    return {"strangers": str(figures.strangers), **known, "strangers accepted": estimate(figures.false_accepts), **at}


def _merged(columns: Sequence[dict[str, str]]) -> Iterable[str]:
    """The figures of all columns, in the order of the column that has most."""
    return max(columns, key=len) | {figure: "" for column in columns for figure in column}


def _share(value: float) -> Cell:
    return Cell(number(value), Mark.WRONG if value < LOW else Mark.PLAIN)


def _share_and_interval(share: Estimate) -> Cell:
    return Cell(estimate(share), Mark.WRONG if share.value < LOW else Mark.PLAIN)


def titled(title: str, evaluation: Evaluation) -> str:
    """A title that says which part a table is of."""
    return f"{title} ({evaluation.part})" if evaluation.part else title


def of(shown: int, total: int) -> str:
    """The end of a title when a table does not show everything: ``: 10 of 24``."""
    return f": {shown} of {total}" if shown < total else ""
