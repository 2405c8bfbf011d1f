"""Find the images of a folder that are probably not of the person whose name they carry.

Every image is compared with the mean of the other images of its class and with the means of all other classes, by the
cosine of embeddings. Wrong images move the means; so suspects are left out of them, and all images are judged again,
until nothing changes. In one round a class loses at most half of its images, the worst ones. What the limits
find, and what they suspect wrongly, is measured by `benchmarks/suspects.py`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from celebtool.formats.image_folder import UNGROUPED, UNKNOWN

NEAR = 0.37  # cosine to the mean of a person's images: `crop-faces` takes no face below it for the folder's person
NEAR_FEW, FEW = 0.3, 5  # below it if the mean is of fewer than five images; the mean of one says too little
LONE = 0.6  # to another class, of an image that has no other one of its own class to be compared with
SHARED = 0.3  # distance of the means of two classes that show one person
ROUNDS = 8
BLOCK = 4096  # rows of a product

Points = NDArray[np.float32]
Bools = NDArray[np.bool_]
_NOBODY = -1
NO_CLASSES = frozenset({UNKNOWN, UNGROUPED})
"""Labels of faces that are not of one person each."""


class Why(StrEnum):
    """Why an image is a suspect, in the order in which suspects are listed."""

    SHARED_PERSON = "shared_person"
    OTHER_PERSON = "other_person"
    COPY = "copy"
    CONTRADICTED = "contradicted"
    NOBODY = "nobody"
    NO_FACE = "no_face"


@dataclass(frozen=True)
class Portrait:
    """An image, or a face of a photo.

    Args:
        path: of the file.
        label: whose it is said to be; ``unknown`` for strangers.
        embedding: (128,) of length 1; None if it is not known.
        face: its number in the photo, if the file is a photo.
        faceless: whether it is known that the image shows no face.
    """

    path: str
    label: str
    embedding: Points | None
    face: str = ""
    faceless: bool = False


@dataclass(frozen=True)
class Suspect:
    """An image that is probably not of the person whose name it carries.

    Args:
        path: of the file; empty if the whole class is meant.
        face: its number in the photo, if the file is a photo.
        label: the name that it carries.
        looks_like: the class that it resembles; empty if it resembles none.
        margin: by how much: how much nearer that class is than its own, or how far what was measured is beyond the limit;
            None if nothing was measured.
        reason: why.
        detail: the reason as a sentence.
    """

    path: str
    face: str
    label: str
    looks_like: str
    margin: float | None
    reason: Why
    detail: str


@dataclass(frozen=True)
class _Near:
    """How near each image is to its own class without itself, and to the nearest other class.

    Args:
        own: (n,) cosines; NaN where the class has no other image.
        others: (n,) how many other images of the class the mean is of.
        other: (n,) cosines.
        which: (n,) the nearest other class.
        directions: (classes, 128), the means of length 1; 0 for a class without an image.
    """

    own: Points
    others: NDArray[np.intp]
    other: Points
    which: NDArray[np.intp]
    directions: Points


def find(images: Sequence[Portrait], copies: Sequence[Sequence[int]] = ()) -> list[Suspect]:
    """Return the suspects among labelled images: whole classes first, then the most certain.

    Args:
        images: all images of a folder, with their labels.
        copies: sets of images, by index, that show the same picture.
    """
    found = _by_embedding(images)
    found += _copies(images, copies, {suspect.path for suspect in found})
    found += [_suspect(image, "", None, Why.NO_FACE, "no face was found in it") for image in images if image.faceless]
    return ordered(found)


def ordered(found: Sequence[Suspect]) -> list[Suspect]:
    """Return suspects by reason, of each the most certain first."""
    order = list(Why)
    return sorted(found, key=lambda each: (order.index(each.reason), -(each.margin or 0), each.label, each.path))


def _by_embedding(images: Sequence[Portrait]) -> list[Suspect]:
    known = [image for image in images if image.embedding is not None]
    names = sorted({image.label for image in known} - NO_CLASSES)
    if not names:
        return []
    points = np.stack([image.embedding for image in known if image.embedding is not None]).astype(np.float32)
    index = {name: class_id for class_id, name in enumerate(names)} | dict.fromkeys(NO_CLASSES, _NOBODY)
    class_ids = np.array([index[image.label] for image in known])
    near = _judged(points, class_ids, len(names))
    pairs = _shared(near.directions)
    same = {pair for a, b, _ in pairs for pair in ((a, b), (b, a))}
    of_same = np.array([pair in same for pair in zip(class_ids, near.which, strict=True)])
    rows = np.flatnonzero((_is_wrong(near) & ~of_same) | _is_nobody(near))
    classes = [_of_classes(names[a], names[b], apart) for a, b, apart in pairs]
    return classes + [_of_image(known[row], near, int(row), names) for row in rows]


def _judged(points: Points, class_ids: NDArray[np.intp], classes: int) -> _Near:
    """Judge all images by means that suspects are left out of."""
    trusted = class_ids != _NOBODY
    near = _compare(points, class_ids, trusted, classes)
    for _ in range(ROUNDS):
        better = _trusted(near, class_ids)
        if (better == trusted).all():
            break
        trusted = better
        near = _compare(points, class_ids, trusted, classes)
    return near


def _compare(points: Points, class_ids: NDArray[np.intp], trusted: Bools, classes: int) -> _Near:
    sums = np.zeros((classes, points.shape[1]), np.float32)
    np.add.at(sums, class_ids[trusted], points[trusted])
    counts = np.bincount(class_ids[trusted], minlength=classes)
    directions = _unit(sums)
    inside = class_ids != _NOBODY
    rest = np.where(inside[:, None], sums[class_ids] - points * trusted[:, None], 0)
    others = np.where(inside, counts[class_ids] - trusted, 0)
    own = np.where(others > 0, np.einsum("nd,nd->n", points, _unit(rest)), np.nan)
    other, which = np.empty(len(points), np.float32), np.empty(len(points), np.intp)
    for start in range(0, len(points), BLOCK):
        rows = slice(start, start + BLOCK)
        cosines = points[rows] @ directions.T
        cosines[:, counts == 0] = -1
        numbers = np.flatnonzero(inside[rows])
        cosines[numbers, class_ids[rows][numbers]] = -1
        which[rows] = cosines.argmax(axis=1)
        other[rows] = cosines.max(axis=1)
    return _Near(own, others, other, which, directions)


def _trusted(near: _Near, class_ids: NDArray[np.intp]) -> Bools:
    """Return the images that the means may rest on: of each class at least half, the best."""
    doubtful = _is_wrong(near) | _is_nobody(near)
    worst = np.lexsort((np.nan_to_num(near.own) - near.other, ~doubtful, class_ids))
    sizes = np.bincount(class_ids + 1)
    rank = np.empty(len(class_ids), np.intp)
    rank[worst] = np.arange(len(worst)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    return np.asarray((class_ids != _NOBODY) & ~(doubtful & (rank < sizes[class_ids + 1] // 2)))


def _is_wrong(near: _Near) -> Bools:
    return np.asarray(np.where(np.isnan(near.own), near.other >= LONE, near.other > near.own))


def _is_nobody(near: _Near) -> Bools:
    return np.asarray((near.others > 1) & (near.own < _limit(near.others)))


def _limit(others: NDArray[np.intp]) -> Points:
    """Return the cosine to the mean of so many images that those of one person reach."""
    return np.asarray(np.where(others < FEW, NEAR_FEW, NEAR), np.float32)


def _shared(directions: Points) -> list[tuple[int, int, float]]:
    """Return the pairs of classes whose means are as near as those of one person, with their distance."""
    pairs = []
    for start in range(0, len(directions), BLOCK):
        apart = 1 - directions[start : start + BLOCK] @ directions[start:].T
        close = np.argwhere(np.triu(apart < SHARED, 1))
        pairs += [(int(a) + start, int(b) + start, float(apart[a, b])) for a, b in close]
    return pairs


def _of_classes(one: str, other: str, apart: float) -> Suspect:
    detail = f"the means of their faces are {apart:.2f} apart; less than {SHARED:g} is one person"
    return Suspect("", "", one, other, SHARED - apart, Why.SHARED_PERSON, detail)


def _of_image(image: Portrait, near: _Near, row: int, names: Sequence[str]) -> Suspect:
    own, other, which = float(near.own[row]), float(near.other[row]), names[near.which[row]]
    limit = float(_limit(near.others[row : row + 1])[0])
    if np.isnan(own):
        alone = "for people of no class" if image.label in NO_CLASSES else "the only image to go by"
        detail = f"cosine {other:.2f} to {which}, and {image.label} is {alone}"
        return _suspect(image, which, other - LONE, Why.OTHER_PERSON, detail)
    if other > own and other >= limit:
        detail = f"cosine {other:.2f} to {which}, {own:.2f} to {image.label}'s other images"
        return _suspect(image, which, other - own, Why.OTHER_PERSON, detail)
    detail = f"cosine {own:.2f} to {image.label}'s other images; a person's own reach {limit:g}"
    return _suspect(image, "", max(limit - own, 0.0), Why.NOBODY, detail)


def _copies(images: Sequence[Portrait], copies: Sequence[Sequence[int]], told: set[str]) -> list[Suspect]:
    """Return copies under several names, unless it is known already which of them is wrong."""
    suspects = []
    for each in copies:
        carried = {images[index].label for index in each}
        if len(carried) < 2 or any(images[index].path in told for index in each):
            continue
        for index in each:
            twin = next(images[other] for other in each if images[other].label != images[index].label)
            suspects.append(_suspect(images[index], twin.label, None, Why.COPY, f"the same picture as {twin.path}"))
    return suspects


def _suspect(image: Portrait, looks_like: str, margin: float | None, reason: Why, detail: str) -> Suspect:
    return Suspect(image.path, image.face, image.label, looks_like, margin, reason, detail)


def _unit(vectors: Points) -> Points:
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(vectors / np.maximum(lengths, 1e-9), np.float32)
