"""The confusion matrix as a table for a terminal, or as much of it as fits."""

import itertools
import unicodedata
from collections.abc import Sequence

from celebtool.evaluation.evaluate import Evaluation
from celebtool.report.prediction_tables import LONGEST_NAME, RIGHT, WRONG, Cell, Table, clip, number, of, titled

SHORTENED = 10  # letters that still tell most people apart, where a whole matrix would not fit otherwise


def confusion(evaluation: Evaluation, width: int, limit: int) -> Table:
    """The confusion matrix, or as much of it as `width` characters hold.

    All classes if they fit, their names shortened if need be; else those that have or cause a mistake; else the most
    confused pairs. A column is headed by its class's number, which stands before the name of the row.
    """
    everything = list(range(len(evaluation.class_names)))
    involved = sorted(_involved(evaluation))
    for classes, longest in itertools.product((everything, involved), (LONGEST_NAME, SHORTENED)):
        if classes and _matrix_width(evaluation, classes, longest) <= width:
            return _matrix(evaluation, classes, longest)
    return confused_pairs(evaluation, limit)


def confused_pairs(evaluation: Evaluation, limit: int, longest: int = LONGEST_NAME) -> Table:
    """Which label was called what, most often first."""
    pairs = evaluation.confused_pairs
    rows = [
        (clip(pair.label, longest), clip(pair.predicted, longest), (str(pair.count), WRONG), number(pair.share))
        for pair in pairs[:limit]
    ]
    what = "Most confused" if pairs else "No class was taken for another"
    title = titled(what, evaluation) + of(len(rows), len(pairs), "pairs")
    return Table(title, ("label", "called", "images", "of label"), rows)


def _involved(evaluation: Evaluation) -> set[int]:
    ids = {name: class_id for class_id, name in enumerate(evaluation.class_names)}
    pairs = {ids[name] for pair in evaluation.confused_pairs for name in (pair.label, pair.predicted)}
    return pairs | {class_id for class_id, row in enumerate(evaluation.confusion) if row[-1]}


def _cell_width(evaluation: Evaluation) -> int:
    return len(str(max(len(evaluation.class_names), int(evaluation.confusion.max()))))


def _row_name(evaluation: Evaluation, class_id: int, longest: int) -> str:
    digits = len(str(len(evaluation.class_names)))
    return f"{class_id + 1:{digits}} {clip(evaluation.class_names[class_id], longest)}"


def _matrix_width(evaluation: Evaluation, classes: Sequence[int], longest: int) -> int:
    from_names = max(_width(_row_name(evaluation, class_id, longest)) for class_id in classes)
    columns = len(classes) + bool(evaluation.confusion[:, -1].any()) * 2  # "failed" is about two cells wide
    return from_names + 1 + columns * (_cell_width(evaluation) + 1)


def _width(text: str) -> int:
    """How many columns of a terminal a text takes: Chinese and its like two, combining marks none."""
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else not unicodedata.combining(c) for c in text)


def _matrix(evaluation: Evaluation, classes: Sequence[int], longest: int) -> Table:
    width = _cell_width(evaluation)
    failed = bool(evaluation.confusion[:, -1].any())
    columns = [*(f"{class_id + 1:{width}}" for class_id in classes), *(["failed"] if failed else [])]
    rows: list[Sequence[Cell]] = []
    for label in classes:
        counts = evaluation.confusion[label]
        cells = [_count(int(counts[called]), width, right=label == called) for called in classes]
        name = _row_name(evaluation, label, longest)
        wrong = counts.sum() != counts[label]
        row: list[Cell] = [(name, "bold") if wrong else name, *cells]
        rows.append([*row, _count(int(counts[-1]), len("failed"), right=False)] if failed else row)
    title = titled("Confusion, a row per label", evaluation)
    title += of(len(classes), len(evaluation.class_names), "classes, those with mistakes")
    return Table(title, ("", *columns), rows, compact=True)


def _count(count: int, width: int, *, right: bool) -> Cell:
    if not count:
        return (f"{'·':>{width}}", RIGHT)
    return (f"{count:{width}}", RIGHT if right else WRONG)
