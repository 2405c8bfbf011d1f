"""Predictions as tables for a terminal: values, which `console.table` shows.

A cell is text, or (text, rich style). What is wrong is bold red, what is right is dim: the eye goes to the
mistakes; without colour they are the only digits beside the diagonal.
"""

import math
import unicodedata
from collections.abc import Iterable, Sequence
from typing import NamedTuple, TypeAlias

from celebtool.evaluation import FEW, Evaluation
from celebtool.intervals import Estimate

Cell: TypeAlias = str | tuple[str, str]

WRONG, RIGHT = "bold red", "dim"
LONGEST_NAME = 24  # characters of a class name in a table of many columns
LONGEST_FILE = 32  # the same of a file's name


class Table(NamedTuple):
    """A table to show; `compact` is for many narrow columns."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    compact: bool = False


def summary(evaluations: Sequence[Evaluation], names: Sequence[str]) -> Table:
    """All figures of one or more tables of predictions, side by side."""
    figures = [_figures(evaluation) for evaluation in evaluations]
    rows = [(figure, *(column.get(figure, "") for column in figures)) for figure in _merged(figures)]
    return Table("Predictions, with 95 % intervals", ("", *(clip(name, LONGEST_FILE) for name in names)), rows)


def parts(evaluations: Sequence[Evaluation]) -> Table:
    """The parts of one table beneath each other: train far above test is overfitting."""
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


def per_class(evaluation: Evaluation) -> Table:
    """Precision, recall, F1 and support of every class, and their averages."""
    rows: list[Sequence[Cell]] = [
        (
            figures.name,
            *(_share(value) for value in (figures.precision, figures.recall, figures.f1)),
            str(figures.support),
        )
        for figures in evaluation.classes
    ]
    for name, average in (("macro average", evaluation.macro), ("weighted average", evaluation.weighted)):
        shares = (average.precision, average.recall, average.f1.value)
        rows.append(tuple((cell, "bold") for cell in (name, *map(number, shares), str(evaluation.images))))
    return Table(_titled("Classes", evaluation), ("class", "precision", "recall", "F1", "images"), rows)


def called(evaluation: Evaluation) -> Table:
    """How many images were called what: all there is to say when no image has a label."""
    rows = [(clip(name), str(count)) for name, count in evaluation.called.items()]
    return Table(
        _titled("No labels to compare with; images by what they were called", evaluation), ("called", "images"), rows
    )


def confusion(evaluation: Evaluation, width: int, limit: int) -> Table:
    """The confusion matrix, or as much of it as `width` characters hold.

    All classes if they fit; else those that have or cause a mistake; else the most confused pairs. A column
    is headed by its class's number, which stands before the name of the row.
    """
    everything = list(range(len(evaluation.class_names)))
    involved = sorted(_involved(evaluation))
    for classes in (everything, involved):
        if classes and _matrix_width(evaluation, classes) <= width:
            return _matrix(evaluation, classes)
    return confused_pairs(evaluation, limit)


def confused_pairs(evaluation: Evaluation, limit: int) -> Table:
    """Which label was called what, most often first."""
    pairs = evaluation.confused_pairs
    rows = [
        (clip(pair.label), clip(pair.predicted), (str(pair.count), WRONG), number(pair.share)) for pair in pairs[:limit]
    ]
    what = "Most confused" if pairs else "No class was taken for another"
    title = _titled(what, evaluation) + _of(len(rows), len(pairs), "pairs")
    return Table(title, ("label", "called", "images", "of label"), rows)


def mistakes(evaluation: Evaluation, limit: int) -> Table:
    """The images with the wrong name, the most confident first."""
    rows = [
        (
            mistake.prediction.path,
            clip(mistake.prediction.label),
            (clip(mistake.predicted), WRONG),
            number(mistake.confidence),
            number(mistake.label_probability),
        )
        for mistake in evaluation.mistakes[:limit]
    ]
    title = _titled("Worst mistakes", evaluation) + _of(len(rows), len(evaluation.mistakes), "mistakes")
    return Table(title, ("image", "label", "called", "confidence", "of label"), rows)


def remarks(evaluation: Evaluation) -> list[str]:
    """What the figures leave out or cannot carry, a sentence each."""
    said = []
    if evaluation.failures:
        reasons = ", ".join(f"{reason} {count}" for reason, count in evaluation.failures.items())
        said.append(
            f"{sum(evaluation.failures.values())} of {evaluation.rows} images failed and count as wrong: {reasons}"
        )
    if evaluation.strangers:
        said.append(f"{evaluation.strangers} images of strangers (label unknown) are left out of all figures")
    unlabelled = evaluation.rows - evaluation.images - evaluation.strangers
    if unlabelled:
        said.append(f"{unlabelled} of {evaluation.rows} images have no label and are left out of all figures")
    if evaluation.images and evaluation.absent:
        said.append(f"no image of {_some(evaluation.absent)}: these classes are in no average")
    few = [figures.name for figures in evaluation.classes if 0 < figures.support < FEW]
    if few:
        said.append(f"fewer than {FEW} images of {_some(few)}: their own figures say little")
    return said


def number(value: float) -> str:
    """A share with three digits; nothing for NaN."""
    return "" if math.isnan(value) else f"{value:.3f}"


def estimate(figure: Estimate) -> str:
    """A share and its interval: ``0.975 (0.913\u20130.993)``."""
    return "" if math.isnan(figure.value) else f"{figure.value:.3f} ({figure.low:.3f}\u2013{figure.high:.3f})"


def clip(name: str, longest: int = LONGEST_NAME) -> str:
    """A name, shortened in the middle so that what tells it from its neighbours is likely to stay."""
    if len(name) <= longest:
        return name
    head = (longest - 1) * 2 // 3
    return f"{name[:head]}\u2026{name[head + 1 - longest :]}"


def _figures(evaluation: Evaluation) -> dict[str, str]:
    macro, weighted = evaluation.macro, evaluation.weighted
    top = {f"top-{k} accuracy": number(share) for k, share in evaluation.top.items()}
    return {
        **({"part": evaluation.part} if evaluation.part else {}),
        "images": str(evaluation.images),
        "coverage": number(evaluation.coverage),
        "accuracy": estimate(evaluation.accuracy),
        **top,
        "balanced accuracy": number(evaluation.balanced_accuracy),
        "macro precision": number(macro.precision),
        "macro recall": number(macro.recall),
        "macro F1": estimate(macro.f1),
        "weighted precision": number(weighted.precision),
        "weighted recall": number(weighted.recall),
        "weighted F1": estimate(weighted.f1),
    }


def _merged(columns: Sequence[dict[str, str]]) -> Iterable[str]:
    """The figures of all columns, in the order of the column that has most."""
    return max(columns, key=len) | {figure: "" for column in columns for figure in column}


def _share(value: float) -> Cell:
    return (number(value), WRONG if value < 0.8 else "")


def _involved(evaluation: Evaluation) -> set[int]:
    ids = {name: class_id for class_id, name in enumerate(evaluation.class_names)}
    pairs = {ids[name] for pair in evaluation.confused_pairs for name in (pair.label, pair.predicted)}
    return pairs | {class_id for class_id, row in enumerate(evaluation.confusion) if row[-1]}


def _cell_width(evaluation: Evaluation) -> int:
    return len(str(max(len(evaluation.class_names), int(evaluation.confusion.max()))))


def _row_name(evaluation: Evaluation, class_id: int) -> str:
    digits = len(str(len(evaluation.class_names)))
    return f"{class_id + 1:{digits}} {clip(evaluation.class_names[class_id])}"


def _matrix_width(evaluation: Evaluation, classes: Sequence[int]) -> int:
    from_names = max(_width(_row_name(evaluation, class_id)) for class_id in classes)
    columns = len(classes) + bool(evaluation.confusion[:, -1].any()) * 2  # "failed" is about two cells wide
    return from_names + 1 + columns * (_cell_width(evaluation) + 1)


def _width(text: str) -> int:
    """How many columns of a terminal a text takes: Chinese and its like two, combining marks none."""
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else not unicodedata.combining(c) for c in text)


def _matrix(evaluation: Evaluation, classes: Sequence[int]) -> Table:
    width = _cell_width(evaluation)
    failed = bool(evaluation.confusion[:, -1].any())
    columns = [*(f"{class_id + 1:{width}}" for class_id in classes), *(["failed"] if failed else [])]
    rows: list[Sequence[Cell]] = []
    for label in classes:
        counts = evaluation.confusion[label]
        cells = [_count(int(counts[called]), width, right=label == called) for called in classes]
        name = _row_name(evaluation, label)
        wrong = counts.sum() != counts[label]
        row: list[Cell] = [(name, "bold") if wrong else name, *cells]
        rows.append([*row, _count(int(counts[-1]), len("failed"), right=False)] if failed else row)
    title = _titled("Confusion, a row per label", evaluation)
    title += _of(len(classes), len(evaluation.class_names), "classes, those with mistakes")
    return Table(title, ("", *columns), rows, compact=True)


def _count(count: int, width: int, *, right: bool) -> Cell:
    if not count:
        return (f"{'·':>{width}}", RIGHT)
    return (f"{count:{width}}", RIGHT if right else WRONG)


def _titled(title: str, evaluation: Evaluation) -> str:
    return f"{title} ({evaluation.part})" if evaluation.part else title


def _of(shown: int, total: int, what: str) -> str:
    return f", {shown} of {total} {what}" if shown < total else ""


def _some(names: Sequence[str], most: int = 5) -> str:
    """The first names of a list and how many more there are."""
    listed = ", ".join(names[:most])
    return f"{listed} and {len(names) - most} more" if len(names) > most else listed
