"""A table as values and marks; each form of output (terminal, Markdown, HTML) shows the marks in its own way."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import NamedTuple, TypeAlias


class Mark(Enum):
    """Why a cell looks different from others."""

    PLAIN = auto()
    WRONG = auto()
    """A mistake, or a figure that is not good enough."""
    FAINT = auto()
    """As it should be: the eye may pass over it."""
    STRONG = auto()
    """A name that deserves attention."""
    BEST = auto()
    """The best of its kind."""


class Cell(NamedTuple):
    """A text and its mark."""

    text: str
    mark: Mark = Mark.PLAIN


Row: TypeAlias = Sequence[str | Cell]
"""The cells of a row; plain text is a cell without a mark."""


@dataclass(frozen=True)
class Table:
    """A table to show.

    Attributes:
        title: what it shows.
        columns: the heads.
        rows: one cell per column.
        totals: rows of sums and averages, which stay at the foot when the others are sorted.
        compact: whether it has many narrow columns, so that lines between them would take too much room.
    """

    title: str
    columns: Sequence[str]
    rows: Sequence[Row]
    totals: Sequence[Row] = ()
    compact: bool = False


def cells(rows: Sequence[Row]) -> Iterator[list[Cell]]:
    """Return rows with every cell as a `Cell`."""
    for row in rows:
        yield [cell if isinstance(cell, Cell) else Cell(cell) for cell in row]
