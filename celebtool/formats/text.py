"""Text for people: shortened names, natural order, paths folded into lines."""

import operator
import re
import unicodedata
from collections.abc import Sequence

LEAST = 8  # characters that a column of a table keeps, however narrow the terminal

_DIGITS = re.compile(r"(\d+)")
_BREAKS = re.compile(r"[^/\s_-]*[/\s_-]+|[^/\s_-]+")  # a word and what separates it from the next


def shorten(name: str, longest: int) -> str:
    """Shorten a name to `longest` characters; an ellipsis in the middle leaves the start and the end readable."""
    if len(name) <= longest:
        return name
    head = (longest - 1) * 2 // 3
    return f"{name[:head]}\u2026{name[head + 1 - longest :]}"


def natural_key(name: str) -> tuple[tuple[int, int, str], ...]:
    """Return a sort key that compares numbers inside names by value: s2 before s10.

    Letters compare without case first, so that the order is that of an index; equal keys differ in the last element.
    """
    parts = _DIGITS.split(name)
    key = [
        (1, int(part), "") if part.isascii() and part.isdigit() else (2, 0, part.casefold()) for part in parts if part
    ]
    return (*key, (0, 0, name))


def natural_order(names: Sequence[str]) -> list[int]:
    """Return the indices of names, sorted naturally."""
    return sorted(range(len(names)), key=lambda index: natural_key(names[index]))


def display_width(text: str) -> int:
    """Return how many columns of a terminal a text takes: two per East Asian wide character, none per combining mark."""
    if text.isascii():
        return len(text)
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else not unicodedata.combining(c) for c in text)


def column_widths(rows: Sequence[Sequence[str]], room: int) -> list[int]:
    """Return the widths of a table's columns that fit into `room`.

    Heads (the first row) are folded between words first. If that is not enough, the widest columns give way, but to no
    less than `LEAST`.
    """
    heads, *body = rows
    cells = [max(map(display_width, column)) for column in zip(*body, strict=True)] or [0] * len(heads)
    floors = [max([width, *map(display_width, head.split())]) for width, head in zip(cells, heads, strict=True)]
    widths = [max(width, display_width(head)) for width, head in zip(cells, heads, strict=True)]
    for least_widths in (floors, [LEAST] * len(widths)):
        while sum(widths) > room and any(map(operator.gt, widths, least_widths)):
            widest = max((w, -i) for i, (w, floor) in enumerate(zip(widths, least_widths, strict=True)) if w > floor)
            widths[-widest[1]] -= 1
    return widths


def fold(text: str, width: int) -> str:
    """Break a text into lines of at most `width` columns, after ``/``, ``_``, ``-`` or a space.

    A word that is longer than a line is broken where the line ends, because nothing may be lost.
    """
    lines = [""]
    for piece in _BREAKS.findall(text):
        if lines[-1] and display_width(lines[-1] + piece.rstrip(" ")) > width:
            lines.append("")
        for character in piece:
            if display_width(lines[-1] + character) > width and character != " ":
                lines.append("")
            lines[-1] += character
    return "\n".join(line.rstrip(" ") for line in lines)
