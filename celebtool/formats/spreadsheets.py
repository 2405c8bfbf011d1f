"""Undo what spreadsheet programs do to a table: another encoding, other separators, commas in numbers."""

import codecs
import io
import re
from collections.abc import Iterator, Sequence
from typing import BinaryIO, TextIO

from celebtool.errors import CelebtoolError

_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"  # how .xlsx and .ods begin, and .xls
_DECIMAL_COMMA = re.compile(r"[+-]?\d+,\d+(e[+-]?\d+)?", re.IGNORECASE | re.ASCII)


def text(stream: io.BufferedReader, where: object) -> TextIO:
    """Return the text of a table's bytes: UTF-8, or UTF-16 as Excel's "Unicode Text" is.

    Raises:
        CelebtoolError: it is no text, but a workbook.
    """
    return _text(stream, stream.peek(len(_OLE)), where)


def text_of(content: bytes, where: object) -> TextIO:
    """Return the text of a table's bytes, as `text` does."""
    return _text(io.BytesIO(content), content[: len(_OLE)], where)


def _text(stream: BinaryIO, head: bytes, where: object) -> TextIO:
    if head.startswith((_ZIP, _OLE)):
        raise CelebtoolError(
            where, "is a workbook of a spreadsheet program; expected a CSV table, so save it as CSV UTF-8"
        )
    return io.TextIOWrapper(stream, encoding=_encoding(head), newline="")


def _encoding(head: bytes) -> str:
    """Return what a table is written in; a table begins with the name of a column, so one byte of two tells."""
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    zeros = (head[:1] == b"\0", head[1:2] == b"\0")
    return {(False, True): "utf-16-le", (True, False): "utf-16-be"}.get(zeros, "utf-8-sig")


def number(cell: str) -> float:
    """Return a cell as a number; a comma may separate its decimals.

    Raises:
        ValueError: it is none.
    """
    return float(cell.replace(",", ".") if _DECIMAL_COMMA.fullmatch(cell) else cell)


def header(lines: Iterator[str]) -> tuple[str, int]:
    """Return the line of the header, and how many lines come before it: empty ones and ``sep=;`` may."""
    for skipped, line in enumerate(lines):
        bare = line.removeprefix("\ufeff")
        if bare.strip(' ,;\t"\r\n') and not re.fullmatch(r"\"?sep=.\"?\s*", bare):
            return bare, skipped
    return "", 0


def separator(line: str, required: Sequence[str]) -> str:
    """Return what separates the cells of a header that has some columns: a comma, a semicolon or a tab."""
    return next((each for each in ",;\t" if set(required) <= set(cells := columns(line, each)) and len(cells) > 1), ",")


def columns(line: str, separator: str) -> list[str]:
    """Return the names of the columns in a header, whose cells may be in quotes."""
    return [cell.strip().strip('"') for cell in line.split(separator)]
