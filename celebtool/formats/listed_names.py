"""Read a list of files on stdin, one a line or ended by NUL, as other programs write it."""

import codecs
import os
import re
import urllib.parse
from collections.abc import Iterator

from celebtool.errors import CelebtoolError

MAX_NAME = 1 << 16  # bytes

_URI = re.compile(rb"file:(?://(?:localhost)?)?(/[^/].*)")


def read(separator: bytes) -> Iterator[str]:
    """Yield the names that stdin holds, without waiting for its end.

    Args:
        separator: what stands between them: a newline, or NUL.

    Raises:
        CelebtoolError: it is no such list; a name that does not exist is yielded as it stands.
    """
    rest, begins = b"", True
    while chunk := os.read(0, 1 << 16):
        _check_text(chunk, separator, begins=begins)
        *names, rest = (rest + chunk).split(separator)
        if len(rest) > MAX_NAME:
            raise CelebtoolError("stdin", f"has a name of more than {MAX_NAME} bytes; expected one file a line, or -0")
        for name in names:
            yield from _name(name, begins=begins)
            begins = False
    yield from _name(rest, begins=begins)


def _check_text(chunk: bytes, separator: bytes, *, begins: bool) -> None:
    """Refuse what holds NUL, which no name does, where names do not end with it."""
    if separator == b"\0":
        return
    if begins and chunk.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise CelebtoolError("stdin", "is UTF-16, as PowerShell writes; expected names in UTF-8, one a line")
    if b"\0" in chunk:
        expected = "expected names in UTF-8, one a line; for names that end with NUL (find -print0), add -0"
        raise CelebtoolError("stdin", f"has NUL bytes in its lines; {expected}")


def _name(name: bytes, *, begins: bool) -> Iterator[str]:
    """Yield a name of a list, unless it is empty: the first of its meanings that exists, else without what ends a line."""
    meanings = list(_meanings(name, begins=begins))
    if meanings[0]:
        found = next((each for each in (name, *meanings) if os.path.lexists(each)), meanings[0])
        yield os.fsdecode(found)


def _meanings(name: bytes, *, begins: bool) -> Iterator[bytes]:
    r"""Yield what a line can mean besides itself.

    Windows ends lines with ``\r\n``, begins files with a byte order mark, and separates directories by backslashes. Its
    "copy as path" and ``ls -Q`` put quotes around a name, and file managers copy an address (``file:///a%20b.jpg``).
    """
    bare = name.removesuffix(b"\r")
    if begins:
        yield bare.removeprefix(codecs.BOM_UTF8)
        yield name.removeprefix(codecs.BOM_UTF8)
    yield bare
    bare = bare.removeprefix(codecs.BOM_UTF8).strip() if begins else bare.strip()
    if bare[:1] in (b'"', b"'") and bare[:1] == bare[-1:]:
        bare = bare[1:-1]
    if uri := _URI.fullmatch(bare):
        bare = urllib.parse.unquote_to_bytes(uri[1])
    if bare:
        yield bare
        yield bare.replace(b"\\", b"/")
