"""``decisions.csv``: what a person decided about the photos or images of a folder.

A row is about a photo or, if `face` is not empty, about one face of it: keep it, drop it, move it to another class, or take
this face instead of the one that was chosen. `digest` is the SHA-256 of the photo that was looked at; if the photo has
changed since, the decision is not applied.
"""

import hashlib
import json
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from celebtool.errors import CelebtoolError
from celebtool.formats import tables
from celebtool.formats.reasons import Reason
from celebtool.formats.recipes import Recipe
from celebtool.suggestions import did_you_mean

FILE = "decisions.csv"
COLUMNS = ("path", "face", "decision", "label", "note", "digest")
REQUIRED = ("path", "decision")
CELL = "decision"
"""The column of a manifest that names the decision which a row follows."""

_FACE = re.compile(r"0*([1-9]\d{0,5})(?:[.,]0*)?")  # some programs write 2.0 where a column has empty cells


class Verb(StrEnum):
    """What is decided."""

    KEEP = "keep"
    DROP = "drop"
    MOVE = "move"
    TAKE = "take"


REASONS = {
    Verb.KEEP: Reason.CONFIRMED,
    Verb.DROP: Reason.DROPPED,
    Verb.MOVE: Reason.MOVED,
    Verb.TAKE: Reason.FACE_CHOSEN,
}
_COUNTED = {Verb.DROP: "dropped", Verb.MOVE: "moved", Verb.TAKE: "face{} chosen", Verb.KEEP: "kept"}


@dataclass(frozen=True)
class Decision:
    """One row: `face` is a number from 1, None for the whole photo; `label` where it is moved to; `line` where it stands."""

    path: str
    verb: Verb
    face: int | None = None
    label: str = ""
    note: str = ""
    digest: str = ""
    line: int = field(default=0, compare=False)

    @property
    def cell(self) -> str:
        """The decision as a manifest names it: ``drop``, ``take 2``, ``move 2 to ann``."""
        face = f" {self.face}" if self.face else ""
        return f"{self.verb}{face}{f' to {self.label}' if self.verb == Verb.MOVE else ''}"

    @property
    def detail(self) -> str:
        """The decision as a sentence of a manifest, with its note."""
        what = {
            Verb.KEEP: "kept",
            Verb.DROP: "dropped",
            Verb.MOVE: f"moved to {self.label}",
            Verb.TAKE: f"face {self.face} chosen",
        }[self.verb]
        return f"{what} by {FILE}{f': {self.note}' if self.note else ''}"


@dataclass(frozen=True)
class Decisions:
    """The decisions of a table, those that are to be applied by path, and warnings about the others.

    Args:
        file: where they were read.
        rows: all of them.
        by_path: those that apply, after `decision_targets.resolve`.
        warnings: for the user.
    """

    file: Path = Path(FILE)
    rows: tuple[Decision, ...] = ()
    by_path: Mapping[str, tuple[Decision, ...]] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()

    def where(self, decision: Decision) -> str:
        """Return the place of a decision for a message: ``decisions.csv:7``."""
        return f"{self.file}:{decision.line}"

    def of(self, path: str) -> tuple[Decision, ...]:
        """Return the decisions that apply to a photo: one, or one for each of several faces."""
        return self.by_path.get(path, ())


NONE = Decisions()


def read(file: Path) -> Decisions:
    """Read a table of decisions; rows whose `decision` is empty say nothing.

    Raises:
        CelebtoolError: a row is no decision; names the line.
    """
    rows = (_decision(cells, f"{file}:{line}", line) for line, cells in tables.read_numbered(file, REQUIRED))
    return Decisions(file, tuple(row for row in rows if row is not None))


def write(root: Path, decisions: Decisions) -> None:
    """Write the table of a folder, sorted by path and face."""
    cells = (
        {"path": row.path, "face": row.face or "", "decision": row.verb, "label": row.label, "note": row.note}
        | {"digest": row.digest}
        for row in in_order(decisions.rows)
    )
    tables.write(root / FILE, COLUMNS, cells)


def with_decisions(recipe: Recipe, decisions: Decisions) -> Recipe:
    """Return the recipe of a run that applies decisions: they are a part of its input."""
    if not decisions.rows:
        return recipe
    cells = [
        [row.path, row.face, row.verb, row.label, row.note, row.digest, bool(decisions.of(row.path))]
        for row in in_order(decisions.rows)
    ]
    digest = hashlib.sha256(json.dumps(cells).encode("ascii")).hexdigest()
    return {**recipe, "input": {**recipe["input"], "decisions": digest}}


def summary(decisions: Decisions) -> str:
    """Return how many decisions apply: ``3 dropped, 2 moved, 1 face chosen by decisions.csv``; "" if none."""
    counts = Counter(each.verb for own in decisions.by_path.values() for each in own)
    told = [
        f"{counts[verb]} {text.format('s' * (counts[verb] != 1))}" for verb, text in _COUNTED.items() if counts[verb]
    ]
    return f"{', '.join(told)} by {FILE}" if told else ""


def _decision(cells: Mapping[str, str], where: str, line: int) -> Decision | None:
    path, word = cells["path"], cells["decision"].strip()
    if not word:
        return None
    verb = next((verb for verb in Verb if verb == word.casefold()), None)
    if verb is None:
        expected = f"expected keep, drop, move or take{did_you_mean(word, Verb)}"
        raise CelebtoolError(where, f"decision {word!r} is not known; {expected}")
    if not path.strip():
        raise CelebtoolError(where, "has no path; expected the path of a photo, as ann/1.jpg")
    label = unicodedata.normalize("NFC", cells.get("label", ""))
    face = _face(cells.get("face", ""), where)
    if verb == Verb.TAKE and face is None:
        raise CelebtoolError(where, "take needs a face; write its number into the column face")
    if verb == Verb.MOVE and not label.strip():
        raise CelebtoolError(where, "move needs a class; write its name into the column label")
    return Decision(path, verb, face, label, cells.get("note", ""), cells.get("digest", "").strip().lower(), line)


def _face(text: str, where: str) -> int | None:
    match = _FACE.fullmatch(text.strip())
    if match is None and text.strip():
        raise CelebtoolError(where, f"face {text!r} is no number; expected 1, 2, … or nothing")
    return int(match[1]) if match else None


def in_order(rows: Iterable[Decision]) -> Iterator[Decision]:
    """Yield decisions sorted by path and face."""
    yield from sorted(rows, key=lambda row: (row.path, row.face or 0))
