"""Say what a review page shows of the crop step: for each photo what was taken, what could be, and what is suspicious."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from celebtool.folders import suspects
from celebtool.folders.suspects import Portrait, Suspect
from celebtool.formats import manifest
from celebtool.formats.faces import FoundFace
from celebtool.formats.image_folder import UNKNOWN
from celebtool.formats.manifest import Row
from celebtool.formats.reasons import Reason, words
from celebtool.formats.text import natural_key

Found = Mapping[str, Sequence[FoundFace]]
"""The faces of each photo, by its source."""


@dataclass(frozen=True)
class Item:
    """A photo of the page, or one face of a photo that gives several crops.

    Args:
        path: of the photo.
        face: the number of the face that the item is about; 0: the whole photo.
        label: its class.
        crop: the path of its crop; empty if there is none.
        taken: the number of the face that was taken; 0 if there is none.
        reason: why there is no crop, or what a person decided; may be empty.
        detail: the same as a sentence.
        distance: from the class's person, if it is known.
        confidence: of the detector; 0 if it is not known.
        looks_like: the class that a suspect resembles.
        suspicion: why it is a suspect; empty if it is none.
    """

    path: str
    face: int
    label: str
    crop: str
    taken: int
    reason: str
    detail: str
    distance: float | None = None
    confidence: float = 0.0
    looks_like: str = ""
    suspicion: str = ""


@dataclass(frozen=True)
class Listing:
    """The items of a page by class, the doubtful last and then those without a crop; and the suspects.

    Args:
        by_class: in the order of the names.
        suspects: the surest first.
        notices: what is suspicious about whole classes.
    """

    by_class: Mapping[str, Sequence[Item]]
    suspects: Sequence[Item]
    notices: Sequence[str] = ()


def listing(rows: Sequence[Row], found: Found, *, all_faces: bool) -> Listing:
    """Return what there is to review.

    Args:
        rows: the manifest of the crops.
        found: ``faces.csv``.
        all_faces: whether every face of a photo gives a crop.
    """
    by_source: dict[str, list[Row]] = {}
    for row in rows:
        by_source.setdefault(row.source, []).append(row)
    items = [item for own in by_source.values() for item in _items(own, all_faces=all_faces)]
    suspicions = suspects.find(*_portraits(rows, found))
    of_crop = {each.path: each for each in suspicions if each.path}
    lookalikes = _lookalikes(rows, items, found)
    items = [_told(item, of_crop.get(item.crop), lookalikes.get(item.path, "")) for item in items]
    by_class: dict[str, list[Item]] = {}
    for item in sorted(items, key=_order):
        by_class.setdefault(item.label, []).append(item)
    rank = {path: number for number, path in enumerate(of_crop)}  # photos without a crop come after them
    return Listing(
        {label: by_class[label] for label in sorted(by_class, key=natural_key)},
        sorted((item for item in items if item.suspicion), key=lambda item: rank.get(item.crop, len(rank))),
        [f"{each.label} and {each.looks_like}: {each.detail}" for each in suspicions if not each.path],
    )


def _items(own: Sequence[Row], *, all_faces: bool) -> list[Item]:
    """Return a photo as one item; as one for each face if several of them have a row."""
    faces = [row for row in own if row.extra.get("face", "")]
    if all_faces or len(faces) > 1:
        return [_item(row, row.face) for row in faces or own]
    return [_item(max(own, key=lambda row: row.status == manifest.KEPT), 0)]


def _item(row: Row, face: int) -> Item:
    return Item(
        path=row.source,
        face=face,
        label=row.label,
        crop=row.path,
        taken=row.face if row.path else 0,
        reason=row.reason,
        detail=row.extra.get("detail", ""),
        distance=row.number("distance"),
        confidence=row.number("confidence") or 0.0,
    )


def _order(item: Item) -> tuple[bool, str, float, float, str]:
    """Return what items of a class are sorted by: taken, how doubtful, path; without a crop, reason, path."""
    if item.crop:
        return False, "", item.distance or 0.0, -item.confidence, item.path
    return True, item.reason, 0.0, 0.0, item.path


def _portraits(rows: Iterable[Row], found: Found) -> tuple[list[Portrait], list[list[int]]]:
    """Return the crops as `suspects.find` takes them, and which of them are of one photo file."""
    kept = [row for row in rows if row.path and row.label]
    portraits = [Portrait(row.path, row.label, _embedding(row, found)) for row in kept]
    copies: dict[tuple[str, str], list[int]] = {}
    for index, row in enumerate(kept):
        copies.setdefault((row.origin, row.extra.get("face", "")), []).append(index)
    return portraits, [each for each in copies.values() if len(each) > 1]


def _embedding(row: Row, found: Found) -> suspects.Points | None:
    faces = found.get(row.source, ())
    return faces[row.face - 1].embedding if 1 <= row.face <= len(faces) else None


def _lookalikes(rows: Sequence[Row], items: Sequence[Item], found: Found) -> dict[str, str]:
    """Return the class whose person a rejected photo shows, by the photo's path, where it shows one."""
    points: dict[str, list[suspects.Points]] = {}
    for row in rows:
        point = _embedding(row, found) if row.path and row.label not in {"", UNKNOWN} else None
        if point is not None:
            points.setdefault(row.label, []).append(point)
    if not points:
        return {}
    labels = sorted(points)
    means = np.stack([np.mean(points[label], axis=0) for label in labels])
    means /= np.maximum(np.linalg.norm(means, axis=1, keepdims=True), 1e-9)
    shown = {}
    for item in items:
        seen = [face.embedding for face in found.get(item.path, ()) if face.embedding is not None]
        if item.reason == Reason.OTHER_PERSON and seen:
            cosines = (np.stack(seen) @ means.T).max(axis=0)
            if cosines.max() >= suspects.NEAR:
                shown[item.path] = labels[int(cosines.argmax())]
    return shown


def _told(item: Item, suspect: Suspect | None, lookalike: str) -> Item:
    if suspect is not None and item.reason not in {Reason.CONFIRMED, Reason.MOVED, Reason.FACE_CHOSEN}:
        why = f"{words(suspect.reason)}: {suspect.detail}"
        return replace(item, looks_like=suspect.looks_like, suspicion=why)
    if lookalike not in {"", item.label}:
        return replace(item, looks_like=lookalike, suspicion=f"one of its faces looks like {lookalike}")
    return item
