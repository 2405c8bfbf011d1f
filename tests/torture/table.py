"""The table of docs/reliability.md: what each promise was tried with, how often, and whether it held.

A run replaces the rows of what it tried and leaves the others, so that parts may be run one by one; a run of all
of tests/torture leaves no row that it did not make.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

BEGIN, END = "<!-- table: begin -->\n", "<!-- table: end -->\n"
HEADER = "| promise | tried | times | held | seconds | day |\n|---:|---|---:|---|---:|---|\n"
_ROW = re.compile(r"\| (\d+) \| (.*) \| ([\d,]+) \| (yes|no) \| (\d+) \| (\S+) \|")


@dataclass(frozen=True)
class Row:
    """What was tried for a promise, how often, whether all of it held, how long that took, and on which day (UTC)."""

    promise: int
    what: str
    tried: int
    held: bool
    seconds: float
    day: str

    @property
    def key(self) -> tuple[int, str]:
        """What tells a row from the others."""
        return self.promise, self.what

    def __add__(self, other: "Row") -> "Row":
        """Return one row for two tests that try the same."""
        held = self.held and other.held
        return Row(*self.key, self.tried + other.tried, held, self.seconds + other.seconds, max(self.day, other.day))


def summed(rows: Iterable[Row]) -> list[Row]:
    """Return one row for each thing that was tried, in the order of the promises."""
    found: dict[tuple[int, str], Row] = {}
    for row in rows:
        found[row.key] = found[row.key] + row if row.key in found else row
    return sorted(found.values(), key=lambda row: row.key)


def parse(text: str) -> list[Row]:
    """Return the rows of a document's table."""
    table = text[text.index(BEGIN) : text.index(END)]
    return [
        Row(int(promise), what, int(tried.replace(",", "")), held == "yes", float(seconds), day)
        for promise, what, tried, held, seconds, day in _ROW.findall(table)
    ]


def merged(text: str, rows: Iterable[Row], *, whole: bool) -> str:
    """Return a document with some rows put into its table, in the place of all others if they are the whole."""
    new = {row.key: row for row in rows}
    kept = () if whole else (row for row in parse(text) if row.key not in new)
    lines = [
        f"| {row.promise} | {row.what} | {row.tried:,} | {'yes' if row.held else 'no'} | {row.seconds:.0f} | {row.day} |\n"
        for row in sorted([*kept, *new.values()], key=lambda row: row.key)
    ]
    before, rest = text.split(BEGIN)
    return before + BEGIN + HEADER + "".join(lines) + END + rest.split(END)[1]


def write(path: Path, rows: Iterable[Row], *, whole: bool) -> None:
    """Put the rows of a run into a document."""
    path.write_text(merged(path.read_text(encoding="utf-8"), rows, whole=whole), encoding="utf-8")
