"""Images counted by label and prediction: a confusion matrix of which only the cells that are not zero are kept.

With 10,000 classes the whole matrix has a hundred million cells.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

IntArray = NDArray[np.int64]


@dataclass(frozen=True)
class Counts:
    """The cells of a confusion matrix that are not zero, row by row.

    Attributes:
        classes: how many there are.
        labels: class ids, as (n,).
        predicted: class ids, as (n,); `classes` stands for no prediction.
        images: how many, as (n,).
    """

    classes: int
    labels: IntArray
    predicted: IntArray
    images: IntArray

    @cached_property
    def right(self) -> IntArray:
        """Images of each class that are right, as (classes,)."""
        hits = self.labels == self.predicted
        return self._sums(self.labels[hits], self.images[hits])[:-1]

    @cached_property
    def support(self) -> IntArray:
        """Images of each class, as (classes,)."""
        return self._sums(self.labels, self.images)[:-1]

    @cached_property
    def called(self) -> IntArray:
        """Images that were predicted as each class, as (classes,)."""
        return self._sums(self.predicted, self.images)[:-1]

    @cached_property
    def failed(self) -> IntArray:
        """Images of each class without a prediction, as (classes,)."""
        none = self.predicted == self.classes
        return self._sums(self.labels[none], self.images[none])[:-1]

    def row(self, label: int) -> tuple[IntArray, IntArray]:
        """Return as which classes the images of one were predicted, in order, and how many of them: (k,) and (k,)."""
        start, end = np.searchsorted(self.labels, [label, label + 1])
        return self.predicted[start:end], self.images[start:end]

    def part(self, labels: Sequence[int], predicted: Sequence[int]) -> IntArray:
        """Return the rows and columns of some classes as a matrix; `classes` stands for no prediction."""
        column = np.full(self.classes + 1, -1)
        column[list(predicted)] = np.arange(len(predicted))
        found = np.zeros((len(labels), len(predicted)), np.int64)
        for place, label in enumerate(labels):
            called, images = self.row(label)
            shown = column[called] >= 0
            found[place, column[called[shown]]] = images[shown]
        return found

    @property
    def matrix(self) -> IntArray:
        """The whole matrix, (classes, classes + 1)."""
        return self.part(range(self.classes), range(self.classes + 1))

    def _sums(self, ids: IntArray, images: IntArray) -> IntArray:
        return np.bincount(ids, images, minlength=self.classes + 1).astype(np.int64)


def of(labels: IntArray, predicted: IntArray, classes: int) -> Counts:
    """Count images.

    Args:
        labels: class ids, as (n,).
        predicted: class ids, as (n,); `classes` stands for no prediction.
        classes: how many there are.
    """
    cells, images = np.unique(labels * (classes + 1) + predicted, return_counts=True)
    return Counts(classes, cells // (classes + 1), cells % (classes + 1), images)


def of_matrix(matrix: IntArray) -> Counts:
    """Return the counts of a matrix (classes, classes + 1)."""
    labels, predicted = np.nonzero(matrix)
    return Counts(len(matrix), labels, predicted, matrix[labels, predicted])
