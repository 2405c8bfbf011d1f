"""Sort faces by who they are, without knowing anybody: average linkage of embeddings (UPGMA).

At first every face is a group of its own. In each round, groups that are nearest to each other are merged if the mean cosine
between their faces is higher than that of two people's faces is likely to be. That depends on how many faces it is the mean of: a pair of faces
says less than two groups of twenty. So the mean cosine is measured in standard deviations of what it is between groups of that size of
different people. Many groups make a chance likelihood of one pair more likely; from about a hundred groups on, a higher limit
is asked for. The limits are learnt in `benchmarks/grouping.py`, which leaves out the set that it measures.

Memory grows with the number of faces, not with its square: products are taken in blocks, and only the nearest group of each is kept.

Sources: R. Sokal and C. Michener, A statistical method for evaluating systematic relationships, 1958 (average linkage);
F. Murtagh, A survey of recent advances in hierarchical clustering algorithms, 1983 (reciprocal nearest neighbours).
"""

import numpy as np
from numpy.typing import NDArray
from scipy import special

STRANGERS = 0.11  # the mean cosine of faces of different people
PEOPLE = 0.003  # the variance of that mean over pairs of people,
PHOTOS = 0.003  # and over photos of one person
LIMIT = 3.5  # standard deviations
FEWEST = 3  # faces of a group
BLOCK = 1024  # rows of a product
UNGROUPED = -1

Floats = NDArray[np.float32]
Numbers = NDArray[np.intp]


def group(points: Floats) -> Numbers:
    """Return the number of each face's group (n,), the largest first, from 0; `UNGROUPED` for a face of no group.

    Args:
        points: the embeddings of faces (n, 128), of length 1.
    """
    clusters = _Clusters(points)
    limit = np.inf
    while (lower := _limit(clusters.groups)) < limit:  # the fewer groups are left, the lower the limit
        limit = lower
        while clusters.merge(limit):
            pass
    return _numbered(clusters.members)


def _limit(groups: int) -> float:
    """Return the limit that one pair of so many groups exceeds by chance."""
    pairs = max(groups * (groups - 1) / 2, 1)
    return max(LIMIT, float(-special.ndtri(min(1 / pairs, 0.5))))


def _numbered(members: Numbers) -> Numbers:
    """Number the groups by size; those of equal size by their first face."""
    _, first, index, sizes = np.unique(members, return_index=True, return_inverse=True, return_counts=True)
    order = np.lexsort((first, -sizes))
    number = np.empty(len(order), np.intp)
    number[order] = np.arange(len(order))
    return np.asarray(np.where(sizes[index] >= FEWEST, number[index], UNGROUPED))


class _Clusters:
    """Groups of faces, and the nearest other group of each.

    Attributes:
        members: (n,) the group of each face.
    """

    def __init__(self, points: Floats) -> None:
        count = len(points)
        self.members = np.arange(count)
        self._sums = points.astype(np.float32)
        self._counts = np.ones(count, np.float32)
        self._best = np.full(count, -np.inf, np.float32)
        self._nearest = np.zeros(count, np.intp)
        self._compare(np.arange(count))

    @property
    def groups(self) -> int:
        """How many groups have enough faces; at first, how many there are."""
        enough = int((self._counts >= FEWEST).sum())
        return enough or len(self._counts)

    def merge(self, limit: float) -> bool:
        """Merge all pairs that are nearest to each other and near enough; say whether there was any."""
        first = np.arange(len(self._counts))
        pairs = (self._nearest[self._nearest] == first) & (first < self._nearest) & (self._best >= limit)
        if not pairs.any():  # of equally near groups, each may be nearest to another one
            if not len(first) or self._best.max() < limit:
                return False
            pairs[self._best.argmax()] = True
        kept, lost = first[pairs], self._nearest[pairs]
        self._sums[kept] += self._sums[lost]
        self._counts[kept] += self._counts[lost]
        self._drop(kept, lost)
        return True

    def _drop(self, kept: Numbers, lost: Numbers) -> None:
        """Remove the groups that were merged into others, and find the nearest group of those that this changes."""
        survives = np.ones(len(self._counts), np.bool_)
        survives[lost] = False
        place = np.cumsum(survives) - 1
        place[lost] = place[kept]
        self.members = place[self.members]
        self._sums, self._counts = self._sums[survives], self._counts[survives]
        self._best, self._nearest = self._best[survives], place[self._nearest[survives]]
        is_new = np.zeros(len(self._counts), np.bool_)
        is_new[place[kept]] = True
        touched = np.flatnonzero(is_new[self._nearest] & ~is_new)
        before = self._best[touched]
        self._best[touched] = self._best[is_new] = -np.inf
        self._compare(np.flatnonzero(is_new))
        self._compare(touched[self._best[touched] < before])  # another group may be nearer now

    def _compare(self, rows: Numbers) -> None:
        """Find the nearest group of some groups, and of the others if it is one of these."""
        means, spread = self._sums / self._counts[:, None], PHOTOS / self._counts
        for start in range(0, len(rows), BLOCK):
            part = rows[start : start + BLOCK]
            scores = means[part] @ means.T
            scores -= STRANGERS
            scores /= np.sqrt(PEOPLE + spread[part, None] + spread)
            scores[np.arange(len(part)), part] = -np.inf
            self._nearest[part], self._best[part] = scores.argmax(axis=1), scores.max(axis=1)
            if len(rows) < len(means):
                highest = scores.max(axis=0)
                nearer = np.flatnonzero(highest > self._best)
                self._best[nearer], self._nearest[nearer] = highest[nearer], part[scores[:, nearer].argmax(axis=0)]
