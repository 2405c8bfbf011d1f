"""The confusion matrix as a table for a terminal, or as much of it as fits."""

import itertools
from collections.abc import Mapping, Sequence

import numpy as np

from celebtool.evaluation.evaluate import Evaluation
from celebtool.formats.text import display_width, natural_order, shorten
from celebtool.report.prediction_tables import LONGEST_NAME, number, of, titled
from celebtool.report.table import Cell, Mark, Row, Table

SHORTENED = 10  # letters that still tell most people apart, where a whole matrix would not fit otherwise


def confusion(evaluation: Evaluation, width: int, limit: int) -> Table:
    """The confusion matrix, or as much of it as `width` characters hold.

    All classes if they fit, their names shortened if need be; else those that have or cause a mistake; else the most
    confused pairs. A column is headed by its class's number, which stands before the name of the row.
    """
    everything = natural_order(evaluation.class_names)
    involved = _involved(evaluation)
    mistaken = [class_id for class_id in everything if class_id in involved]
    for classes, longest in itertools.product((everything, mistaken), (LONGEST_NAME, SHORTENED)):
        names = _row_names(evaluation, longest)
        if classes and _matrix_width(evaluation, classes, names) <= width:
            return _matrix(evaluation, classes, names)
    return confused_pairs(evaluation, limit)


def confused_pairs(evaluation: Evaluation, limit: int, longest: int = LONGEST_NAME) -> Table:
    """Which class was taken for which, most often first."""
    pairs = evaluation.confused_pairs
    rows = [
        (
            shorten(pair.label, longest),
            shorten(pair.predicted, longest),
            Cell(str(pair.count), Mark.WRONG),
            number(pair.share),
        )
        for pair in pairs[:limit]
    ]
    title = titled("Confused pairs" if pairs else "No class was taken for another", evaluation)
    title += of(len(rows), len(pairs))
    return Table(title, ("true", "predicted", "images", "share of true"), rows)


def _involved(evaluation: Evaluation) -> set[int]:
    """The classes that have or cause a mistake."""
    ids = {name: class_id for class_id, name in enumerate(evaluation.class_names)}
    pairs = {ids[name] for pair in evaluation.confused_pairs for name in (pair.label, pair.predicted)}
    return pairs | set(np.flatnonzero(evaluation.counts.failed).tolist())


def _cell_width(evaluation: Evaluation) -> int:
    return len(str(max(len(evaluation.class_names), int(evaluation.counts.images.max(initial=0)))))


def _row_names(evaluation: Evaluation, longest: int) -> dict[int, tuple[int, str]]:
    """Class id → its number on the screen, in natural order from 1, and the name of its row."""
    order = natural_order(evaluation.class_names)
    digits = len(str(len(order)))
    return {
        class_id: (place, f"{place:{digits}} {shorten(evaluation.class_names[class_id], longest)}")
        for place, class_id in enumerate(order, start=1)
    }


def _matrix_width(evaluation: Evaluation, classes: Sequence[int], names: Mapping[int, tuple[int, str]]) -> int:
    from_names = max(display_width(names[class_id][1]) for class_id in classes)
    columns = len(classes) + bool(evaluation.counts.failed.any()) * 2  # "failed" is about two cells wide
    return from_names + 1 + columns * (_cell_width(evaluation) + 1)


def _matrix(evaluation: Evaluation, classes: Sequence[int], names: Mapping[int, tuple[int, str]]) -> Table:
    width = _cell_width(evaluation)
    failed = bool(evaluation.counts.failed.any())
    columns = [*(f"{names[class_id][0]:{width}}" for class_id in classes), *(["failed"] if failed else [])]
    rows: list[Row] = []
    counts = evaluation.counts
    for true, shown in zip(classes, counts.part(classes, classes).tolist(), strict=True):
        cells = [_count(count, width, right=true == predicted) for predicted, count in zip(classes, shown, strict=True)]
        wrong = counts.support[true] != counts.right[true]
        row = [Cell(names[true][1], Mark.STRONG if wrong else Mark.PLAIN), *cells]
        rows.append([*row, _count(int(counts.failed[true]), len("failed"), right=False)] if failed else row)
    title = titled("Confusion, true by row, predicted by column", evaluation)
    if len(classes) < len(evaluation.class_names):
        title += f": the {len(classes)} of {len(evaluation.class_names)} classes with mistakes"
    return Table(title, ("", *columns), rows, compact=True)


def _count(count: int, width: int, *, right: bool) -> Cell:
    if not count:
        return Cell(f"{'·':>{width}}", Mark.FAINT)
    return Cell(f"{count:{width}}", Mark.FAINT if right else Mark.WRONG)
