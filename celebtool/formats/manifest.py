"""``manifest.csv``: a row per output and per rejected input of the command that wrote a folder.

Every input is the `source` of some row, so inputs = outputs + rejects. `origin` is the SHA-256 of the first file of the
chain (the photo). Every command copies it, so that copies of one photo can be recognised.
"""

import hashlib
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from celebtool.formats import image_folder, spreadsheets, tables
from celebtool.system import system_faults

FILE = "manifest.csv"
COLUMNS = ("path", "label", "source", "origin", "status", "reason")
KEPT, REJECTED = "kept", "rejected"

_FACE = re.compile(r"[0-9]{1,6}")


@dataclass(frozen=True)
class Row:
    """One line: `path` of the output in its folder (empty for a reject), `source` in the input folder."""

    path: str
    label: str
    source: str
    origin: str
    status: str = KEPT
    reason: str = ""
    extra: Mapping[str, str] = field(default_factory=dict)

    @property
    def face(self) -> int:
        """The number of the face that the row is about, from 1; 0 if it has none: a manifest may be untrusted."""
        text = self.extra.get("face", "")
        return int(text) if _FACE.fullmatch(text) else 0

    def number(self, column: str) -> float | None:
        """Return an extra column as a finite number; None if it holds none: a manifest may be untrusted."""
        try:
            value = spreadsheets.number(self.extra.get(column, ""))
        except ValueError:
            return None
        return value if math.isfinite(value) else None


def read(root: Path) -> dict[str, Row]:
    """Read the rows of a folder's outputs by path; nothing if the folder has no manifest."""
    return {row.path: row for row in read_all(root) if row.path}


def read_all(root: Path) -> list[Row]:
    """Read all rows of a folder's manifest, rejects included."""
    file = image_folder.sidecar(root, FILE)
    return [_row(cells) for cells in tables.read(file, required=COLUMNS)] if file else []


def write(root: Path, rows: Iterable[Row], extra_columns: Sequence[str] = ()) -> None:
    """Write the manifest of a folder, sorted by source and path."""
    cells = ({c: getattr(row, c) for c in COLUMNS} | dict(row.extra) for row in sorted(rows, key=_order))
    tables.write(root / FILE, (*COLUMNS, *extra_columns), cells)


def origin(rows: Mapping[str, Row], path: str, file: Path) -> str:
    """Return the origin of an image: what its folder's manifest says, or the SHA-256 of the file itself."""
    known = rows.get(path)
    return known.origin if known and known.origin else sha256(file)


def sha256(file: Path) -> str:
    """Return the SHA-256 of a file's bytes in hexadecimal.

    Raises:
        SystemFaultError: it can't be read.
    """

    def attempt() -> str:
        with file.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()

    return system_faults.tried_again(file, attempt)


def _order(row: Row) -> tuple[str, str]:
    return row.source, row.path


def _row(cells: dict[str, str]) -> Row:
    extra = {column: text for column, text in cells.items() if column not in COLUMNS}
    return Row(**{column: cells[column] for column in COLUMNS}, extra=extra)
