"""Compare the photos with what an earlier run of the same settings left: what still holds, and what a person changed.

The manifest of the earlier output names the crops that were written. A crop of it that is missing was deleted by hand,
and a file that it does not name was added by hand: both decisions are kept.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum, auto
from pathlib import Path

from celebtool.cropping.plan import Task
from celebtool.errors import CelebtoolError, listed
from celebtool.formats import faces, image_folder, manifest, provenance
from celebtool.formats.decisions import CELL, NONE, Decisions
from celebtool.formats.faces import FoundFace, PhotoResult
from celebtool.formats.reasons import BY_HAND, Reason, Rejection

DELETED = "(deleted by hand)"
"""Stands for the file of a crop that is gone."""


class _State(Enum):
    """What has become of a photo since an earlier run; all but `KNOWN` are cropped, again or for the first time."""

    NEW = auto()
    CHANGED = auto()
    """It has another content."""
    DECIDED = auto()
    """A person has decided otherwise about it."""
    RETRIED = auto()
    """It could not be opened, or the earlier tables do not fit together."""
    KNOWN = auto()


@dataclass(frozen=True)
class Earlier:
    """What an earlier output says of the photos of this run.

    Args:
        root: the earlier output; of no interest if there is none.
        known: what unchanged photos gave.
        remaining: the photos to crop, new or changed.
        deleted: the faces whose crops were deleted by hand, by photo and index; those photos are unchanged.
        added: the files in the earlier output that were added by hand.
        changed: how many of the remaining photos have another content than before.
        decided: how many of them are decided otherwise than before.
        retried: how many of them are not known well enough, such as files that could not be opened.
        gone: how many photos of the earlier run are no longer there.
        unrecorded: how many of the deleted crops the earlier tables still list.
    """

    root: Path
    known: Sequence[PhotoResult]
    remaining: Sequence[Task]
    deleted: frozenset[tuple[str, int]] = frozenset()
    added: Sequence[str] = ()
    changed: int = 0
    retried: int = 0
    gone: int = 0
    unrecorded: int = 0
    decided: int = 0

    @property
    def is_up_to_date(self) -> bool:
        """Whether the earlier tables say all that there is to say."""
        return not (self.remaining or self.gone or self.unrecorded)

    def summary(self) -> str:
        """Return the counts as a line: ``75 reused, 4 new, 2 gone; by hand: 1 added, 2 deleted``."""
        new = len(self.remaining) - self.changed - self.decided - self.retried
        told = ((self.changed, "changed"), (self.decided, "decided anew"), (self.retried, "tried again"))
        seldom = [f"{n} {what}" for n, what in told if n]
        photos = [f"{len(self.known)} reused", f"{new} new", *seldom, f"{self.gone} gone"]
        by_hand = [
            f"{len(files)} {what}" for what, files in (("added", self.added), ("deleted", self.deleted)) if files
        ]
        return ", ".join(photos) + (f"; by hand: {', '.join(by_hand)}" if by_hand else "")


def is_earlier_run(output: Path, recipe: Mapping[str, object]) -> bool:
    """Say whether an output was made with the recipe's settings, of whichever photos, so that its crops can be reused."""
    made_by = provenance.read(output) if output.is_dir() else None
    return made_by is not None and all(made_by.get(key) == recipe[key] for key in ("command", "parameters"))


def check_settings(output: Path, recipe: Mapping[str, object]) -> None:
    """Check that an earlier output can be updated.

    Raises:
        CelebtoolError: it was made by another command or with other settings; the message names those that differ.
    """
    made_by = provenance.read(output) if output.is_dir() else None
    if made_by is None:
        return
    if made_by.get("command") != recipe["command"]:
        raise CelebtoolError(
            output, f"was made by {made_by.get('command')}; expected an output of crop-faces to update"
        )
    old, new = made_by.get("parameters"), recipe["parameters"]
    differing = _differing(old, new) if isinstance(old, dict) and isinstance(new, dict) else ["its settings"]
    if differing:
        problem = f"was made with {listed(differing)}; give the same options to update it, or --overwrite to replace it"
        raise CelebtoolError(output, problem)


def compare(tasks: Sequence[Task], old: Path | None, decisions: Decisions = NONE) -> Earlier:
    """Compare the photos with an earlier output of the same settings.

    A photo is unchanged if its content is the origin that its rows in the manifest name, and if they follow the same
    decisions.
    """
    if old is None:
        return Earlier(Path(), (), tasks)
    earlier: dict[str, list[manifest.Row]] = {}
    for row in manifest.read_all(old):
        earlier.setdefault(row.source, []).append(row)
    found = faces.read(old)
    inside = {sample.path for sample in image_folder.read(old).samples}
    known: list[PhotoResult] = []
    remaining: list[Task] = []
    deleted: set[tuple[str, int]] = set()
    states: Counter[_State] = Counter()
    for task in tasks:
        rows, own = earlier.get(task.source, []), found.get(task.source, ())
        state = _state(task, rows, own, decisions)
        states[state] += 1
        if state is _State.KNOWN:
            missing = _missing(rows, inside)
            known.append(_result(rows, own, missing, old))
            deleted |= {(task.source, index) for index in missing}
        else:
            remaining.append(task)
    written = {row.path for rows in earlier.values() for row in rows if row.path}
    return Earlier(
        old,
        known,
        remaining,
        frozenset(deleted),
        added=sorted(inside - written),
        changed=states[_State.CHANGED],
        retried=states[_State.RETRIED],
        gone=len(earlier.keys() - {task.source for task in tasks}),
        unrecorded=len(written - inside),
        decided=states[_State.DECIDED],
    )


def _state(task: Task, rows: Sequence[manifest.Row], found: Sequence[FoundFace], decisions: Decisions) -> _State:
    """Compare a photo with its rows in an earlier manifest, and with the faces that were found in it."""
    if not rows:
        return _State.NEW
    if rows[0].origin != task.check_unchanged():
        return _State.CHANGED
    if _cells(rows) != {each.cell for each in decisions.of(task.source)}:
        return _State.DECIDED
    return _State.KNOWN if not task.origin and _are_consistent(rows, found) else _State.RETRIED


def _differing(old: Mapping[str, object], new: Mapping[str, object]) -> list[str]:
    """Return the settings that differ: ``--size 100 (now 224)``."""
    return [
        f"{_option(name, old.get(name))} (now {_value(new.get(name))})"
        for name in {**new, **old}
        if old.get(name) != new.get(name)
    ]


def _option(name: str, value: object) -> str:
    return f"--{name.replace('_', '-')} {_value(value)}"


def _value(value: object) -> str:
    return {True: "yes", False: "no"}.get(value, str(value)) if isinstance(value, bool) else str(value)


def _cells(rows: Sequence[manifest.Row]) -> set[str]:
    """Return the decisions that the rows of a photo follow."""
    return {cell for row in rows if (cell := row.extra.get(CELL, ""))}


def _missing(rows: Sequence[manifest.Row], inside: set[str]) -> set[int]:
    """Return the indices of the faces whose crops were deleted, since the last run or before an earlier one."""
    gone = (row for row in rows if row.reason == Reason.DELETED or (row.path and row.path not in inside))
    return {row.face - 1 for row in gone if row.face}


def _are_consistent(rows: Sequence[manifest.Row], found: Sequence[FoundFace]) -> bool:
    """Say whether the rows of a photo and its faces fit together as `crop-faces` writes them: both may be untrusted."""
    written = {row.path for row in rows if row.path}
    reasons = {row.reason for row in rows if row.status == manifest.REJECTED}
    numbers = [row.face for row in rows if row.path or row.reason == Reason.DELETED]
    are_faces = all(1 <= number <= len(found) for number in numbers)
    has_origin = rows[0].origin != ""
    return has_origin and are_faces and {each.crop for each in found if each.crop} <= written and reasons <= set(Reason)


def _result(rows: Sequence[manifest.Row], found: Sequence[FoundFace], missing: set[int], old: Path) -> PhotoResult:
    """Return what a photo gave, as its worker left it; a crop that was deleted by hand has no file."""
    sharpness = {row.path: row.extra.get("sharpness", "") for row in rows}
    own = []
    for index, each in enumerate(found):
        crop = DELETED if index in missing else str(old / each.crop) if each.crop else ""
        own.append(replace(each, crop=crop, sharpness=sharpness.get(each.crop, "")))
    return PhotoResult(rows[0].source, rows[0].origin, tuple(own), _rejection(rows[0]))


def _rejection(row: manifest.Row) -> Rejection | None:
    """Return why a photo gave nothing; None for what the photos of its folder, or a person, decided."""
    if row.status != manifest.REJECTED or row.reason in {Reason.OTHER_PERSON, *BY_HAND}:
        return None
    return Rejection(Reason(row.reason), row.extra.get("detail", ""))
