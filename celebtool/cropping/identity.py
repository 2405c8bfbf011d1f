"""Find the person that recurs in the photos of a folder.

Every face is a point on a sphere, its embedding; distances are cosine distances. The method:

1. Each face counts the photos, its own included, in which some face lies within `SAME` of it. The face with the most
   photos is the centre of the densest identity.
2. Of each photo with a face within `SAME` of that centre, the nearest face is taken; their mean is the identity. Twice
   more, the faces nearest to the mean and within `LIMIT` of it give a new mean.
3. The face of a photo is the one nearest to the mean if it lies within `LIMIT`; otherwise the photo shows other people.

An identity counts if it is found in three different photos and in a fifth of those that show a face. How the thresholds
were chosen is in docs/methods.md.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

SAME = 0.55
LIMIT = 0.63
SHARED = 0.3
FEWEST, SMALLEST_SHARE = 3, 0.2
MOST = 1000  # photos in which the densest identity is searched, because time grows with the square
ROUNDS = 3

Points = NDArray[np.float64]


@dataclass(frozen=True)
class Identity:
    """A person: the direction of the mean of their faces (128,), and in how many photos of how many they were found."""

    mean: Points
    photos: int
    of: int


def recurring(photos: Sequence[Points]) -> Identity | None:
    """Return the identity that appears in most photos; None if nothing recurs.

    Args:
        photos: for each photo with a face, the embeddings of its faces (n, 128), n at least 1; copies of a photo once.
    """
    if len(photos) < FEWEST:
        return None
    points = np.concatenate(photos)
    owners = np.repeat(np.arange(len(photos)), [len(faces) for faces in photos])
    mean = _densest(points, owners)
    members = 0
    for limit in (SAME, *[LIMIT] * (ROUNDS - 1)):
        nearest = _nearest(distances(points, mean), owners, limit)
        members = len(nearest)
        if members < max(FEWEST, SMALLEST_SHARE * len(photos)):
            return None
        mean = _direction(points[nearest])
    return Identity(mean, members, len(photos))


def distances(points: Points, mean: Points) -> Points:
    """Return the cosine distance of each point (n, 128) from a mean (128,), all of length 1, as (n,)."""
    return np.asarray(1 - points @ mean, np.float64)


def shared(identities: Mapping[str, Identity]) -> list[tuple[str, str, float]]:
    """Return the pairs of names whose identities belong to one person, with the distance of their means."""
    names = sorted(identities)
    if len(names) < 2:
        return []
    means = np.stack([identities[name].mean for name in names])
    apart = 1 - means @ means.T
    pairs = np.argwhere(np.triu(apart < SHARED, 1))
    return [(names[i], names[j], float(apart[i, j])) for i, j in pairs]


def guests(photos: Sequence[Points], own: Identity, identities: Mapping[str, Identity]) -> dict[str, list[int]]:
    """Return the photos of a folder, by index, that lack its own person and show another folder's.

    A person counts only if found in enough photos to recur, so that one look-alike is not reported.
    """
    missing = [index for index, faces in enumerate(photos) if distances(faces, own.mean).min() > LIMIT]
    shown = {}
    for name, other in sorted(identities.items()):
        found = [index for index in missing if distances(photos[index], other.mean).min() <= LIMIT]
        if len(found) >= max(FEWEST, SMALLEST_SHARE / 2 * len(photos)):
            shown[name] = found
    return shown


def _direction(points: Points) -> Points:
    """Return the mean of points (n, 128), stretched to length 1."""
    mean = points.mean(axis=0)
    return np.asarray(mean / max(float(np.linalg.norm(mean)), 1e-9))


def _densest(points: Points, owners: NDArray[np.intp]) -> Points:
    """Return the point with near points in most photos; of equal ones, that whose near points are nearest."""
    count = owners[-1] + 1
    if count > MOST:
        chosen = np.isin(owners, np.linspace(0, count - 1, MOST).round().astype(int))
        points, owners = points[chosen], np.unique(owners[chosen], return_inverse=True)[1]
    starts = np.flatnonzero(np.diff(owners, prepend=-1))
    nearest = np.minimum.reduceat(1 - points @ points.T, starts, axis=1)  # (faces, photos)
    near = nearest < SAME
    closeness = np.where(near, SAME - nearest, 0).sum(axis=1)
    return np.asarray(points[np.lexsort((closeness, near.sum(axis=1)))[-1]])


def _nearest(apart: Points, owners: NDArray[np.intp], limit: float) -> NDArray[np.intp]:
    """Return the index of each photo's nearest face within the limit."""
    order = np.lexsort((apart, owners))
    first = order[np.flatnonzero(np.diff(owners[order], prepend=-1))]
    return np.asarray(first[apart[first] <= limit])
