"""The most probable classes of an image: all that is kept of its probabilities where a table would have too many columns."""

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class Guesses:
    """Some classes of an image, the most probable first.

    Attributes:
        cells: (2, k), class ids and probabilities; one array, because there may be millions of them.
    """

    cells: NDArray[np.float64]

    @property
    def class_ids(self) -> NDArray[np.int64]:
        """The classes, (k,)."""
        return np.asarray(self.cells[0], np.int64)

    @property
    def probabilities(self) -> NDArray[np.float64]:
        """Their probabilities, (k,), which sum to less than 1."""
        return np.asarray(self.cells[1])


Probabilities: TypeAlias = NDArray[np.float64] | Guesses
"""Of an image: all of them, (classes,), or those of some classes."""


def largest(found: Probabilities) -> float:
    """Return the largest probability."""
    return float(found.probabilities[0] if isinstance(found, Guesses) else found.max())


def best(found: Probabilities, count: int) -> list[tuple[int, float]]:
    """Return so many classes with their probabilities, the most probable first; of equals, the first class."""
    if isinstance(found, Guesses):
        return list(zip(found.class_ids[:count].tolist(), found.probabilities[:count].tolist(), strict=True))
    order = (-found).argsort(kind="stable")[:count]
    return list(zip(order.tolist(), found[order].tolist(), strict=True))


def of_class(found: Probabilities, class_id: int) -> float:
    """Return the probability of a class; NaN if it is not known."""
    if not isinstance(found, Guesses):
        return float(found[class_id])
    place = np.flatnonzero(found.class_ids == class_id)
    return float(found.probabilities[place[0]]) if len(place) else np.nan


def rank(found: Probabilities, class_id: int) -> int:
    """Return how many classes are more probable than one; of equals, the first class is. If it is not known: than all known."""
    if not isinstance(found, Guesses):
        own = found[class_id]
        return int((found > own).sum() + (found[:class_id] == own).sum())
    place = np.flatnonzero(found.class_ids == class_id)
    return int(place[0]) if len(place) else found.cells.shape[1]


def known(found: Probabilities) -> int:
    """Return of how many classes the probabilities are known."""
    return found.cells.shape[1] if isinstance(found, Guesses) else len(found)


def whole(found: Probabilities, classes: int, otherwise: float) -> NDArray[np.float64]:
    """Return a probability for each of so many classes; `otherwise` where it is not known."""
    if not isinstance(found, Guesses):
        return found
    every = np.full(classes, otherwise)
    every[found.class_ids] = found.probabilities
    return every
