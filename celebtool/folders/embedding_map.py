"""Lay a folder's embeddings out in a plane, so that faces that look alike lie close together.

PCA takes the embeddings to 50 numbers, t-SNE to two. Both run in one thread with a fixed seed: the order in which threads
add numbers up would change every position. Which of very many images are shown depends on their paths, not on their order.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from celebtool.folders.sampling import chance
from celebtool.folders.suspects import NO_CLASSES, Portrait, Suspect
from celebtool.formats.text import natural_key

MOST = 2000  # images on a map
LEAST = 3  # different embeddings
FEW = 20  # different embeddings below which t-SNE has no neighbours to keep together
PERPLEXITY = 30.0  # about the number of neighbours that t-SNE keeps together; it needs three times as many points
COMPONENTS = 50  # numbers that PCA leaves of an embedding for t-SNE

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Mark:
    """An image on the map: x to the right and y upwards, from 0 to 1; why it is a suspect, or None."""

    portrait: Portrait
    x: float
    y: float
    suspect: Suspect | None


@dataclass(frozen=True)
class EmbeddingMap:
    """The map of a folder's faces.

    Attributes:
        marks: the images on it, the suspects last; none if there is no map.
        images: labelled images whose embeddings are known.
        unknown: labelled images whose embeddings are not known.
        method: how the places were computed, as users know it.
        problem: why there is no map; empty if there is one.
    """

    marks: tuple[Mark, ...] = ()
    images: int = 0
    unknown: int = 0
    method: str = ""
    problem: str = ""

    @property
    def labels(self) -> list[str]:
        """The labels on the map: people in natural order, then those of no class."""
        found = {mark.portrait.label for mark in self.marks}
        return sorted(found, key=lambda label: (label in NO_CLASSES, natural_key(label)))


def lay_out(portraits: Sequence[Portrait], suspects: Sequence[Suspect], seed: int = 0) -> EmbeddingMap:
    """Place labelled images on a map: all, or 2,000 of them with every suspect among these (the surest, if they are more).

    Args:
        portraits: of the folder.
        suspects: the surest first.
        seed: same seed, same map, on the same machine.
    """
    known = [each for each in portraits if each.embedding is not None]
    unknown = len(portraits) - len(known)
    if not known:
        problem = "no embedding of a face is known; crop-faces writes them, and --suspects computes them"
        return EmbeddingMap(unknown=unknown, problem=problem)
    suspected = {each.path: each for each in reversed(suspects) if each.path}
    shown = _chosen(known, suspected, seed)
    points = np.array([each.embedding for each in shown], np.float64)
    different, which = np.unique(points, axis=0, return_inverse=True)
    if len(different) < LEAST:
        problem = (
            f"it takes {LEAST} different faces, and there {'is' if len(different) == 1 else 'are'} {len(different)}"
        )
        return EmbeddingMap(images=len(known), unknown=unknown, problem=problem)
    places = _scaled(_plane(different, seed))[which.ravel()]
    marks = [
        Mark(each, float(x), float(y), suspected.get(each.path)) for each, (x, y) in zip(shown, places, strict=True)
    ]
    method = "PCA" if len(different) < FEW else "PCA, then t-SNE"
    marks.sort(key=lambda mark: mark.suspect is not None)
    return EmbeddingMap(tuple(marks), len(known), unknown, method)


def _chosen(known: Sequence[Portrait], suspected: dict[str, Suspect], seed: int) -> list[Portrait]:
    """Return what is shown, in the order given: suspects first of all, of the others as large a share of every class."""
    if len(known) <= MOST:
        return list(known)
    rank = {path: number for number, path in enumerate(reversed(suspected))}  # the surest has 0
    order: dict[str, tuple[float, float]] = {}
    by_class: dict[str, list[tuple[float, str]]] = {}
    for each in known:
        by_class.setdefault(each.label, []).append((chance(seed, each.path), each.path))
    for drawn in by_class.values():
        for number, (value, path) in enumerate(sorted(drawn)):
            order[path] = (number + 0.5) / len(drawn), value
    first = sorted(known, key=lambda each: (rank.get(each.path, len(rank)), order[each.path], each.path))
    kept = {each.path for each in first[:MOST]}
    return [each for each in known if each.path in kept]


def _plane(points: Floats, seed: int) -> Floats:
    """Return the places of different points (n, d), as (n, 2)."""
    import threadpoolctl  # noqa: PLC0415 - only who draws a map needs it
    from sklearn.decomposition import PCA
    from sklearn.manifold import TSNE

    is_small = len(points) < FEW
    components = 2 if is_small else min(COMPONENTS, *points.shape)
    reduce: Any = PCA(components, svd_solver="full")
    with threadpoolctl.threadpool_limits(1):
        reduced = reduce.fit_transform(points)
        if not is_small:
            perplexity = min(PERPLEXITY, (len(points) - 1) / 3)
            embed: Any = TSNE(perplexity=perplexity, init="pca", learning_rate="auto", random_state=seed)
            reduced = embed.fit_transform(reduced)
    return np.asarray(reduced, np.float64)


def _scaled(places: Floats) -> Floats:
    """Return places (n, 2) within 0 to 1, in the middle, with their proportions."""
    low, high = places.min(axis=0), places.max(axis=0)
    return np.asarray(0.5 + (places - (low + high) / 2) / max(float((high - low).max()), 1e-9))
