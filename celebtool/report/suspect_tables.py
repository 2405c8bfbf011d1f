"""Suspects of an image folder as a table, and as records of JSON and CSV."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from celebtool.formats.reasons import words
from celebtool.report import prediction_tables
from celebtool.report.prediction_records import Record, plain
from celebtool.report.table import Cell, Mark, Row, Table

if TYPE_CHECKING:  # it loads SciPy, which a report on a table has no need of
    from celebtool.folders.suspects import Suspect

COLUMNS = ("image", "class", "looks like", "by", "why")


def table(suspects: Sequence["Suspect"], limit: int | None) -> Table:
    """Return the first suspects, the surest first; None: all of them."""
    shown = suspects[:limit]
    rows = [_row(*texts(each)) for each in shown]
    return Table(title(len(shown), len(suspects)), COLUMNS, rows)


def records(suspects: Sequence["Suspect"]) -> list[Record]:
    """Return a record per suspect; `margin` is null where nothing was measured."""
    return [
        {
            "path": each.path,
            "face": each.face,
            "label": each.label,
            "looks_like": each.looks_like,
            "margin": plain(each.margin),
            "reason": str(each.reason),
            "detail": each.detail,
        }
        for each in suspects
    ]


def title(shown: int, total: int) -> str:
    """Return the title of a table that shows so many of all suspects."""
    return f"Suspects, the surest first{prediction_tables.of(shown, total) or f': {total}'}" if total else "No suspects"


def texts(suspect: "Suspect") -> list[str]:
    """Return the cells of a suspect, in the order of `COLUMNS`."""
    by = "" if suspect.margin is None else f"{suspect.margin:.2f}"
    why = f"{words(suspect.reason)}: {suspect.detail}"
    return [suspect.path or f"all of {suspect.label}", suspect.label, suspect.looks_like, by, why]


def _row(image: str, label: str, looks_like: str, by: str, why: str) -> Row:
    return image, label, Cell(looks_like, Mark.WRONG), by, why
