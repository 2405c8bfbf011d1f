"""Read and write predictions: a row per image (or face), as CSV or as one JSON object per line.

Labels and class names stay text: ``NA``, ``007`` and ``True`` are read as they were written, so no library that
guesses types reads a cell. Every figure of a report depends on these rows: a table that contradicts itself is an
error that names file and line.
"""

import io
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

import numpy as np
from numpy.typing import NDArray

from celebtool.errors import CelebtoolError
from celebtool.formats import tables
from celebtool.formats.image_folder import MAX_CLASSES, PARTS, UNKNOWN
from celebtool.formats.prediction_row import (
    BOX_COLUMNS,
    PROBABILITY,
    Prediction,
    cell_text,
    json_value,
    read_cells,
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
        """All probabilities, as (n, classes); NaN in the rows of failed images."""
        nothing = np.full(len(self.class_names), np.nan)
        return np.array([nothing if row.probabilities is None else row.probabilities for row in self.rows])

    @property
    def parts(self) -> tuple[str, ...]:
        """The parts that occur, in the order train, val, test."""
        present = {row.part for row in self.rows}
        return tuple(part for part in PARTS if part in present)


class Writer:
    """Writes one prediction at a time to an open text stream (CSV: opened with ``newline=""``)."""

    def __init__(self, stream: TextIO, class_names: Sequence[str], *, boxes: bool = False, jsonl: bool = False) -> None:
        names = [PROBABILITY + name for name in class_names]
        columns = [*COLUMNS, *names, *(BOX_COLUMNS if boxes else ())]
        self._names = names
        self._columns = columns
        self._stream = stream
        self._table = None if jsonl else tables.Writer(stream, columns)

    def row(self, prediction: Prediction) -> None:
        """Write one prediction."""
        cells = write_cells(prediction, self._names)
        if self._table is not None:
            self._table.row({name: cell_text(value) for name, value in cells.items()})
        else:  # ASCII: a name never acts on a terminal, and bytes that are no UTF-8 survive
            values = {name: json_value(cells.get(name)) for name in self._columns}
            self._stream.write(json.dumps(values, ensure_ascii=True) + "\n")


def read(path: Path) -> Predictions:
    """Read a table of predictions from a file; see `parse`."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
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
    try:
        text = stream.read()
    except UnicodeDecodeError as error:
        raise CelebtoolError(where, "is not UTF-8; expected a table of predictions in UTF-8") from error
    if not text.strip():
        raise CelebtoolError(where, "is empty; expected the output of celebtool predict")
    if text.startswith("{"):
        rows, first_line = _json_rows(text, where), 1
    else:
        rows, first_line = tables.parse(io.StringIO(text, newline=""), where, COLUMNS), 2
    if not rows:
        raise CelebtoolError(where, "has a header and no rows; expected at least one prediction")
    names = _class_names(rows[0], where)
    numbered = dict(enumerate(rows, start=first_line))
    _check_unique(numbered, where)
    return Predictions(names, tuple(_rows(numbered, names, where)))


def _json_rows(text: str, where: object) -> list[dict[str, str]]:
    """JSON lines as the cells that the same rows have in CSV."""
    rows: list[dict[str, str]] = []
    for line, content in enumerate(text.rstrip("\n").split("\n"), start=1):
        try:
            values = json.loads(content)
        except (ValueError, RecursionError) as error:
            raise CelebtoolError(f"{where}:{line}", "is not JSON; expected one object per line") from error
        if not isinstance(values, dict):
            raise CelebtoolError(f"{where}:{line}", "is not a JSON object; expected one object per line")
        expected = rows[0] if rows else dict.fromkeys(COLUMNS)
        missing = [column for column in expected if column not in values]
        if missing:
            raise CelebtoolError(f"{where}:{line}", f"has no {missing[0]!r}; expected {', '.join(COLUMNS)}")
        rows.append({name: _json_text(value) for name, value in values.items()})
    return rows


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


def _check_unique(rows: Mapping[int, Mapping[str, str]], where: object) -> None:
    """Refuse an image that occurs twice; several faces of one photo differ in their boxes."""
    first: dict[tuple[str, ...], int] = {}
    for line, row in rows.items():
        key = (row["path"], *(row.get(column, "") for column in BOX_COLUMNS))
        if key in first:
            raise CelebtoolError(
                f"{where}:{line}", f"has {row['path']!r} again, first in line {first[key]}; expected each image once"
            )
        first[key] = line


def _rows(rows: Mapping[int, Mapping[str, str]], names: tuple[str, ...], where: object) -> Iterable[Prediction]:
    columns = [PROBABILITY + name for name in names]
    known = frozenset(names)
    for line, row in rows.items():
        try:
            yield read_cells(row, columns, known)
        except ValueError as error:
            raise CelebtoolError(f"{where}:{line}", str(error)) from error
