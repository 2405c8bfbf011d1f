"""Undo what spreadsheet programs do to a table: another encoding, other separators, commas in numbers."""

import codecs
import io
import re
from collections.abc import Iterator, Sequence
from typing import BinaryIO, TextIO

_DECIMAL_COMMA = re.compile(r"[+-]?\d+,\d+(e[+-]?\d+)?", re.IGNORECASE | re.ASCII)


def text(stream: io.BufferedReader) -> TextIO:
    """Return the text of a table's bytes: UTF-8, or UTF-16 as Excel's "Unicode Text" is."""
    return _text(stream, stream.peek(2))


def text_of(content: bytes) -> TextIO:
    """Return the text of a table's bytes, as `text` does."""
    return _text(io.BytesIO(content), content)


def _text(stream: BinaryIO, head: bytes) -> TextIO:
    is_utf16 = head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    return io.TextIOWrapper(stream, encoding="utf-16" if is_utf16 else "utf-8-sig", newline="")


def number(cell: str) -> float:
    """Return a cell as a number; a comma may separate its decimals.

    Raises:
        ValueError: it is none.
    """
    return float(cell.replace(",", ".") if _DECIMAL_COMMA.fullmatch(cell) else cell)


def header(lines: Iterator[str]) -> tuple[str, int]:
    """Return the line of the header, and how many lines come before it: ``sep=;`` may."""
    first = next(lines, "").removeprefix("\ufeff")
    return (next(lines, ""), 1) if re.fullmatch(r"\"?sep=.\"?\s*", first) else (first, 0)


def separator(line: str, required: Sequence[str]) -> str:
    """Return what separates the cells of a header that has some columns: a comma, a semicolon or a tab."""
    return next((each for each in ",;\t" if set(required) <= set(cells := columns(line, each)) and len(cells) > 1), ",")


def columns(line: str, separator: str) -> list[str]:
    """Return the names of the columns in a header, whose cells may be in quotes."""
    return [cell.strip().strip('"') for cell in line.split(separator)]
