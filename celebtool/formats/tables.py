r"""CSV tables as celebtool writes and reads them: UTF-8, comma, ``\n``, every cell a text.

Two things are done to a cell, and undone on reading, so that every text comes back the same:

- Control characters (those that turn the direction of writing among them), bytes that are no UTF-8 and the
  backslash are written as ``\n``, ``\x1b``, ``\udcff``, ``\\``, so that a table never acts on a terminal and is
  always valid UTF-8. A text without any of them (nearly all) stays as it is.
- A text that a spreadsheet would run as a formula (it begins with = + - @, in any width, behind blanks or not), or
  that has a quote mark of this kind already, gets a ``'`` in front. Plain numbers such as -0.5 do not, but for a
  row's first cell: where a comma separates decimals, a spreadsheet takes the whole row for one cell, and begins
  another at each semicolon, so one before such a character is written as ``\x3b``.
"""

import csv
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import TextIO

from celebtool.errors import CelebtoolError
from celebtool.formats import spreadsheets

MAX_CELL = 1 << 20  # characters; Python's own limit of 128 K is less than a long list of landmarks may take
MAX_LINE = 1 << 24  # characters; a device or a file that is one hole has no end of line

_FORMULA = "=+@\\-\uff1d\uff0b\uff0d\uff20"
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?", re.IGNORECASE | re.ASCII)
_CONTROL = re.compile(rf"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff\\]|;(?=[\s\"]*[{_FORMULA}'])")
_AT_THE_START = re.compile(rf"\s*[{_FORMULA}]|'")
_ESCAPE = re.compile(r"\\(n|r|t|\\|x[0-9a-f]{2}|u[0-9a-f]{4})")
_SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t", "\\": "\\\\"}
_LONG = {escape[1:]: character for character, escape in _SHORT.items()}


class Writer:
    """Writes a header and then rows to an open text stream (opened with ``newline=""``)."""

    def __init__(self, stream: TextIO, columns: Sequence[str]) -> None:
        self._columns = list(columns)
        self._csv = csv.writer(stream, lineterminator="\n")
        self._csv.writerow(_guarded(columns))

    def row(self, row: Mapping[str, object]) -> None:
        """Write one row; a missing column is an empty cell."""
        self._csv.writerow(_guarded([str(row.get(column, "")) for column in self._columns]))


def write(path: Path, columns: Sequence[str], rows: Iterable[Mapping[str, object]]) -> None:
    """Write rows to a file, a header first."""
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = Writer(stream, columns)
        for row in rows:
            writer.row(row)


def read(path: Path, required: Sequence[str] = ()) -> list[dict[str, str]]:
    """Read a table from a file; see `numbered`."""
    return [row for _, row in read_numbered(path, required)]


def read_numbered(path: Path, required: Sequence[str] = ()) -> list[tuple[int, dict[str, str]]]:
    """Read a table from a file, each row with the number of the line that it ends in; see `numbered`."""
    return list(row_by_row(path, required))


def row_by_row(path: Path, required: Sequence[str] = ()) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield the rows of a file, each with the number of the line that it ends in, without holding them; see `numbered`."""
    try:
        with path.open("rb") as content, spreadsheets.text(content, path) as stream:
            yield from numbered(lines(stream, path), path, required)
    except OSError as error:
        raise CelebtoolError(path, f"cannot be read ({error.strerror}); expected a CSV table") from error


def parse(stream: TextIO, where: object, required: Sequence[str] = ()) -> list[dict[str, str]]:
    """Read a table from an open text stream: a mapping column → text per row; see `numbered`."""
    return [row for _, row in numbered(lines(stream, where), where, required)]


def numbered(lines: Iterator[str], where: object, required: Sequence[str] = ()) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield the rows of a table, each a mapping column → text, with the number of the line that each ends in.

    A table that a spreadsheet program has saved is read as it is meant: with a byte order mark, ``sep=;`` in its first
    line, semicolons or tabs between cells, empty rows and columns at its end.

    Raises:
        CelebtoolError: not UTF-8, a column twice or missing, a row of another length; names the line.
    """
    csv.field_size_limit(MAX_CELL)
    first, skipped = spreadsheets.header(lines)
    separator = spreadsheets.separator(first, required)
    rows = csv.reader(chain([first], lines), strict=True, delimiter=separator)
    try:
        columns = [_unguard(cell) for cell in next(rows, [])]
        while required and columns and not columns[-1]:
            columns.pop()
        _check_columns(columns, where, required)
        for cells in rows:
            if any(cells) if required else cells:
                yield rows.line_num + skipped, _row(cells, columns, where, rows.line_num + skipped)
    except csv.Error as error:
        raise CelebtoolError(
            f"{where}:{rows.line_num + skipped}", f"is not CSV ({error}); expected a CSV table"
        ) from error


def lines(stream: TextIO, where: object) -> Iterator[str]:
    """Yield the lines of a table.

    Raises:
        CelebtoolError: it is not UTF-8, or a line has no end.
    """
    try:
        while line := stream.readline(MAX_LINE):
            if len(line) == MAX_LINE:
                raise CelebtoolError(where, f"has a line of more than {MAX_LINE} characters; expected a CSV table")
            yield line
    except UnicodeError as error:
        expected = "expected a CSV table in UTF-8 (Excel calls it 'CSV UTF-8')"
        raise CelebtoolError(where, f"is not UTF-8; {expected}") from error


def _check_columns(columns: list[str], where: object, required: Sequence[str]) -> None:
    if len(set(columns)) != len(columns):
        double = Counter(columns).most_common(1)[0][0]
        raise CelebtoolError(where, f"has two columns {double!r}; expected each column once")
    missing = [column for column in required if column not in columns]
    if missing:
        raise CelebtoolError(where, f"has no column {missing[0]!r}; expected {', '.join(required)}")


def _row(cells: list[str], columns: list[str], where: object, line: int) -> dict[str, str]:
    cells = cells[: len(columns)] if not any(cells[len(columns) :]) else cells
    if len(cells) != len(columns):
        raise CelebtoolError(f"{where}:{line}", f"has {len(cells)} cells; expected {len(columns)}, as in the header")
    return dict(zip(columns, map(_unguard, cells), strict=True))


def _guarded(texts: Sequence[str]) -> list[str]:
    """Return the cells of a row."""
    return [_guard(text, is_first=not column) for column, text in enumerate(texts)]


def _guard(text: str, *, is_first: bool) -> str:
    text = _CONTROL.sub(_escape, text)
    is_number = not is_first and _NUMBER.fullmatch(text)
    return "'" + text if _AT_THE_START.match(text) and not is_number else text


def _unguard(cell: str) -> str:
    text = cell[1:] if cell[:1] == "'" else cell
    return _ESCAPE.sub(_unescape, text) if "\\" in text else text


def _escape(match: re.Match[str]) -> str:
    character = match[0]
    code = ord(character)
    return _SHORT.get(character) or (f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}")


def _unescape(match: re.Match[str]) -> str:
    return _LONG.get(match[1]) or chr(int(match[1][1:], 16))
