"""Label conflicts: the same picture in several classes. One of the labels is wrong, and only a person knows which."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from celebtool.errors import CelebtoolError, listed
from celebtool.formats import tables
from celebtool.formats.manifest import Row

COLUMNS = ("conflict", "path", "label")
MOST_NAMED = 20

Conflict = Sequence[Row]
"""The copies of one picture, in several classes."""


class ConflictError(CelebtoolError):
    """A folder has label conflicts."""

    def __init__(
        self, where: object, conflicts: Sequence[Conflict], emptied: Sequence[str], file: Path | None = None
    ) -> None:
        """Name the conflicts.

        Args:
            where: the folder.
            conflicts: all of them.
            emptied: the classes that would have no image left without those of the conflicts.
            file: the table of all conflicts, if it is written.
        """
        count = len(conflicts)
        pictures = "1 picture is" if count == 1 else f"{count} pictures are"
        named = listed([" = ".join(row.source for row in conflict) for conflict in conflicts], MOST_NAMED)
        table = f" (table: {file})" if file else ""
        left = f" (then no image is left of {listed(emptied)})" if emptied else ""
        advice = f"remove the wrong ones, or leave out all {sum(map(len, conflicts))} with --conflicts drop{left}"
        super().__init__(where, f"{pictures} in several classes: {named}{table}; {advice}")
        self.conflicts, self.emptied = conflicts, emptied

    def with_table(self, file: Path) -> "ConflictError":
        """Return the error that names the table of the conflicts."""
        return ConflictError(self.where, self.conflicts, self.emptied, file)


def find(rows: Sequence[Row], copies: Sequence[int]) -> list[Conflict]:
    """Return the conflicts among images.

    Args:
        rows: of each image.
        copies: of each image, the smallest index of its copies (`duplicates.components`).
    """
    sets: dict[int, list[Row]] = {}
    for row, component in zip(rows, copies, strict=True):
        sets.setdefault(component, []).append(row)
    return [each for each in sets.values() if len({row.label for row in each}) > 1]


def emptied(rows: Sequence[Row], conflicts: Sequence[Conflict]) -> list[str]:
    """Return the classes all of whose images are in conflicts."""
    inside = {row.source for conflict in conflicts for row in conflict}
    return sorted({row.label for row in rows} - {row.label for row in rows if row.source not in inside})


def partner(row: Row, conflict: Conflict) -> Row:
    """Return the first copy of an image that has another label."""
    return next(other for other in conflict if other.label != row.label)


def write(file: Path, conflicts: Sequence[Conflict]) -> None:
    """Write a table: a row per image, with the number of its conflict."""
    rows = (
        {"conflict": str(number), "path": row.source, "label": row.label}
        for number, conflict in enumerate(conflicts, start=1)
        for row in conflict
    )
    tables.write(file, COLUMNS, rows)


def is_table(file: Path) -> bool:
    """Say whether a file is such a table, so that a newer one may replace it."""
    try:
        if not file.is_file():
            return False
        with file.open("rb") as stream:
            return stream.readline(100).strip() == ",".join(COLUMNS).encode()
    except OSError:
        return False


def by_source(conflicts: Sequence[Conflict]) -> Mapping[str, Conflict]:
    """Return the conflict of each image that is in one."""
    return {row.source: conflict for conflict in conflicts for row in conflict}
