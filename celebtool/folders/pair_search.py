"""Find the pairs of vectors whose scalar product reaches a limit, block by block, so that memory stays in proportion.

All pairs are looked at: at 100 numbers a vector a core does some ten million a second, and no index of vectors that are all a little
alike, as faces are, looks at fewer without missing some.
"""

from collections.abc import Iterable, Iterator
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Indices: TypeAlias = NDArray[np.intp]
Pairs: TypeAlias = tuple[Indices, Indices]
"""The first and the second of each pair, (n,) and (n,)."""
Vectors: TypeAlias = NDArray[np.float32]

BLOCK = 2048  # rows of a product: 16 megabytes


def every(left: Vectors, right: Vectors, limit: float) -> Iterator[Pairs]:
    """Yield the pairs i < j for which ``left[i] · right[j]`` is `limit` or more; both are (n, d)."""
    for top in range(0, len(left), BLOCK):
        for start in range(top, len(right), BLOCK):
            product = left[top : top + BLOCK] @ right[start : start + BLOCK].T
            rows, columns = np.nonzero(product >= limit)
            first, second = rows + top, columns + start
            is_new = first < second
            yield first[is_new], second[is_new]


def within(left: Vectors, right: Vectors, classes: Indices, limit: float) -> Iterator[Pairs]:
    """Yield such pairs of one class each; `classes`: (n,) integers."""
    order = np.argsort(classes, kind="stable")
    for members in np.split(order, np.flatnonzero(np.diff(classes[order])) + 1):
        for first, second in every(left[members], right[members], limit):
            yield members[first], members[second]


def across(left: Vectors, right: Vectors, classes: Indices, limit: float) -> Iterator[Pairs]:
    """Yield such pairs of two classes each; `classes`: (n,) integers."""
    for first, second in every(left, right, limit):
        is_across = classes[first] != classes[second]
        yield first[is_across], second[is_across]


def batched(found: Iterable[Pairs], size: int) -> Iterator[Pairs]:
    """Yield the pairs `size` at a time; the last ones may be fewer."""
    waiting: list[Pairs] = []
    count = 0
    for pairs in found:
        waiting.append(pairs)
        count += len(pairs[0])
        while count >= size:
            first, second = _joined(waiting)
            yield first[:size], second[:size]
            waiting, count = [(first[size:], second[size:])], count - size
    if count:
        yield _joined(waiting)


def _joined(waiting: list[Pairs]) -> Pairs:
    return np.concatenate([first for first, _ in waiting]), np.concatenate([second for _, second in waiting])
