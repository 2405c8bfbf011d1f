"""Read and write predictions: a row per image (or face), as CSV or as one JSON object per line.

Labels and class names stay text: ``NA``, ``007`` and ``True`` are read as they were written, so no library that
guesses types reads a cell. Every figure of a report depends on these rows: a table that contradicts itself is an
error that names file and line.
"""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import TextIO

import numpy as np
from numpy.typing import NDArray

from celebtool.errors import CelebtoolError
from celebtool.formats import guess_cells, guesses, spreadsheets, tables
from celebtool.formats.image_folder import MAX_CLASSES, PARTS, UNKNOWN
from celebtool.formats.prediction_cells import Classes, EachClass, read_cells
from celebtool.formats.prediction_row import (
    BOX_COLUMNS,
    FOLD,
    PROBABILITY,
    Prediction,
    cell_text,
    guess_columns,
    json_value,
    write_cells,
)

__all__ = ["COLUMNS", "Prediction", "Predictions", "Writer", "parse", "read"]

COLUMNS = ("path", "part", "label", "status", "reason", "predicted", "confidence", "score", "seen")


@dataclass(frozen=True)
class Predictions:
    """All rows of a table, and its classes in the model's order."""

    class_names: tuple[str, ...]
    rows: tuple[Prediction, ...]

    @property
    def probabilities(self) -> NDArray[np.float64]:
        """All probabilities, as (n, classes); NaN in the rows of failed images, and where they are not known."""
        count = len(self.class_names)
        nothing = np.full(count, np.nan)
        found = (row.probabilities for row in self.rows)
        rows = [nothing if each is None else guesses.whole(each, count, np.nan) for each in found]
        return np.array(rows, np.float64).reshape(len(rows), count)

    @property
    def parts(self) -> tuple[str, ...]:
        """The parts that occur, in the order train, val, test."""
        present = {row.part for row in self.rows}
        return tuple(part for part in PARTS if part in present)


class Writer:
    """Writes one prediction at a time to an open text stream (CSV: opened with ``newline=""``)."""

    def __init__(
        self,
        stream: TextIO,
        class_names: Sequence[str],
        *,
        boxes: bool = False,
        folds: bool = False,
        jsonl: bool = False,
        top: int | None = None,
    ) -> None:
        """Write the header.

        Args:
            stream: to write to.
            class_names: the model's classes.
            boxes: whether there are columns for boxes of faces.
            folds: whether there is one for the fold.
            jsonl: write JSON lines.
            top: write only so many classes of each image, the most probable, instead of a column per class.
        """
        names = guess_columns(min(top, len(class_names))) if top else [PROBABILITY + name for name in class_names]
        columns = [*COLUMNS, *names, *(BOX_COLUMNS if boxes else ()), *([FOLD] if folds else [])]
        self._class_names, self._top = class_names, top
        self._columns = columns
        self._stream = stream
        self._table = None if jsonl else tables.Writer(stream, columns)

    def row(self, prediction: Prediction) -> None:
        """Write one prediction."""
        cells = write_cells(prediction, self._class_names, self._top)
        if self._table is not None:
            self._table.row({name: cell_text(value) for name, value in cells.items()})
        else:  # ASCII: a name never acts on a terminal, and bytes that are no UTF-8 survive
            values = {name: json_value(cells.get(name)) for name in self._columns}
            self._stream.write(json.dumps(values, ensure_ascii=True) + "\n")


def read(path: Path) -> Predictions:
    """Read a table of predictions from a file; see `parse`."""
    try:
        with path.open("rb") as content, spreadsheets.text(content, path) as stream:
            return parse(stream, path)
    except OSError as error:
        raise CelebtoolError(path, f"cannot be read ({error.strerror}); expected a table of predictions") from error


def parse(stream: TextIO, where: object) -> Predictions:
    """Read predictions, CSV or JSON lines, from an open text stream.

    Args:
        stream: UTF-8 text, opened with ``newline=""``.
        where: what to call the stream in an error.

    Raises:
        CelebtoolError: naming `where` and the line: a column is missing, a cell is no number, probabilities
            do not sum to 1, a label is no class, a path occurs twice, …
    """
    lines = tables.lines(stream, where)
    first = next(lines, "")
    while first and not first.strip():
        first = next(lines, "")
    if not first:
        raise CelebtoolError(where, "is empty; expected the output of celebtool predict")
    whole = chain([first], lines)
    rows = _json_rows(whole, where) if first.startswith("{") else tables.numbered(whole, where, COLUMNS)
    head = next(rows, None)
    if head is None:
        raise CelebtoolError(where, "has a header and no rows; expected at least one prediction")
    whole_rows = chain([head], rows)
    if not guess_cells.are_in(head[1]):
        classes = EachClass(_class_names(head[1], where))
        return Predictions(classes.class_names, tuple(_rows(whole_rows, classes, where)))
    guessed = guess_cells.GuessedClasses(head[1])
    found = tuple(_rows(whole_rows, guessed, where))
    names = guessed.settle(found)
    if len(names) > MAX_CLASSES:
        raise CelebtoolError(where, f"has {len(names)} classes; expected at most {MAX_CLASSES}")
    return Predictions(names, found)


def _json_rows(lines: Iterable[str], where: object) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield JSON lines, numbered, as the cells that the same rows have in CSV."""
    expected: Collection[str] = COLUMNS
    last = 0  # line that is not blank: the file may end with blank ones
    for line, content in enumerate(lines, start=1):
        if not content.strip():
            continue
        if line > last + 1:
            raise CelebtoolError(f"{where}:{last + 1}", "is not JSON; expected one object per line")
        values = _json_object(content, f"{where}:{line}")
        missing = [column for column in expected if column not in values]
        if missing:
            raise CelebtoolError(f"{where}:{line}", f"has no {missing[0]!r}; expected {', '.join(COLUMNS)}")
        if line == 1:
            expected = values.keys()
        last = line
        yield line, {name: _json_text(value) for name, value in values.items()}


def _json_object(text: str, where: str) -> dict[str, object]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise CelebtoolError(where, "is not JSON; expected one object per line") from error
    if not isinstance(value, dict):
        raise CelebtoolError(where, "is not a JSON object; expected one object per line")
    return value


def _json_text(value: object) -> str:
    return repr(value) if isinstance(value, float) else cell_text(value)


def _class_names(row: Mapping[str, str], where: object) -> tuple[str, ...]:
    names = tuple(column.removeprefix(PROBABILITY) for column in row if column.startswith(PROBABILITY))
    if not names:
        raise CelebtoolError(where, f"has no column {PROBABILITY}<class>; expected one per class, as predict writes")
    if len(names) > MAX_CLASSES:
        raise CelebtoolError(where, f"has {len(names)} classes; expected at most {MAX_CLASSES}")
    if UNKNOWN in names or "" in names:
        wrong = UNKNOWN if UNKNOWN in names else ""
        raise CelebtoolError(where, f"has a column '{PROBABILITY}{wrong}'; {wrong or 'an empty name'} is never a class")
    return names


def _rows(rows: Iterable[tuple[int, Mapping[str, str]]], classes: Classes, where: object) -> Iterator[Prediction]:
    """Yield rows once they are checked; an image that occurs twice is an error, several faces of one photo are not."""
    seen: dict[object, int] = {}
    for line, row in rows:
        box = tuple(row.get(column, "") for column in BOX_COLUMNS)
        first = seen.setdefault((row["path"], box) if any(box) else row["path"], line)
        if first != line:
            problem = f"has {row['path']!r} again, first in line {first}; expected each image once"
            raise CelebtoolError(f"{where}:{line}", problem)
        try:
            yield read_cells(row, classes)
        except ValueError as error:
            raise CelebtoolError(f"{where}:{line}", str(error)) from error
