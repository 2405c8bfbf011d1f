"""Who is taken for whom, counted once: precision, recall and F1 all come from this one matrix.

NumPy alone, because scikit-learn takes longer to import than a report may take; the tests check every
figure against it.
"""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from celebtool.evaluation.intervals import Estimate, FloatArray, IntArray, bootstrap_f1, f1_scores


@dataclass(frozen=True)
class Average:
    """Precision, recall and F1, averaged over the classes that have images."""

    precision: float
    recall: float
    f1: Estimate


@dataclass(frozen=True)
class ClassFigures:
    """One class: how much of what was called so is so, how much of what is so was called so.

    `precision` is NaN when nothing was called so, `recall` and `f1` when there is no image of the class.
    """

    name: str
    precision: float
    recall: float
    f1: float
    support: int
    predicted: int


@dataclass(frozen=True)
class ConfusedPair:
    """So many images of `label` were called `predicted`; `share` is of all images of `label`."""

    label: str
    predicted: str
    count: int
    share: float


def matrix(labels: IntArray, predicted: IntArray, classes: int) -> IntArray:
    """Count images by (label, predicted), as (classes, classes + 1).

    Args:
        labels: class ids, as (n,).
        predicted: class ids, as (n,); `classes` stands for no prediction, the last column.
        classes: how many there are.
    """
    cells = labels * (classes + 1) + predicted
    return np.bincount(cells, minlength=classes * (classes + 1)).reshape(classes, classes + 1)


def averages(counts: IntArray, seed: int) -> tuple[Average, Average]:
    """Macro and support-weighted averages over the classes that have images.

    Args:
        counts: as `matrix` returns.
        seed: of the bootstrap behind the intervals of F1.
    """
    support = counts.sum(axis=1)
    if not support.any():
        nothing = Average(math.nan, math.nan, Estimate(math.nan, math.nan, math.nan))
        return nothing, nothing
    precision, recall = _precision_recall(counts)

    def average(weights: FloatArray) -> Average:
        # A class that was never predicted has no precision: 0, as scikit-learn counts it.
        shares = float(np.nan_to_num(precision) @ weights), float(np.nan_to_num(recall) @ weights)
        return Average(*shares, bootstrap_f1(counts, weights, seed))

    present = support > 0
    return average(present / present.sum()), average(support / support.sum())


def class_figures(counts: IntArray, class_names: Sequence[str]) -> tuple[ClassFigures, ...]:
    """The figures of every class, in class order, from what `matrix` returns."""
    support, called = counts.sum(axis=1), counts.sum(axis=0)[:-1]
    precision, recall = _precision_recall(counts)
    f1 = np.where(support > 0, f1_scores(np.diagonal(counts), np.maximum(support, 1), called), np.nan)
    columns = (precision.tolist(), recall.tolist(), f1.tolist(), support.tolist(), called.tolist())
    return tuple(ClassFigures(*figures) for figures in zip(class_names, *columns, strict=True))


def confused_pairs(counts: IntArray, class_names: Sequence[str]) -> tuple[ConfusedPair, ...]:
    """All pairs (label, predicted) that occur, most frequent first, then by share, then in class order."""
    support = counts.sum(axis=1)
    pairs = [
        ConfusedPair(class_names[a], class_names[b], int(counts[a, b]), float(counts[a, b] / support[a]))
        for a, b in np.argwhere(counts[:, :-1]).tolist()
        if a != b
    ]
    return tuple(sorted(pairs, key=lambda pair: (-pair.count, -pair.share)))


def most_confused(pairs: Sequence[ConfusedPair], class_names: Sequence[str], most: int) -> list[int]:
    """The ids of all classes, in their order; of more than `most`, those that are confused most often, and then others."""
    ids = {name: class_id for class_id, name in enumerate(class_names)}
    confused = (ids[name] for pair in pairs for name in (pair.label, pair.predicted))
    return sorted(itertools.islice(dict.fromkeys(itertools.chain(confused, ids.values())), most))


def _divide(above: IntArray, below: IntArray) -> FloatArray:
    """Element-wise quotient, NaN where there is nothing to divide by."""
    return np.where(below > 0, above / np.maximum(below, 1), np.nan)


def _precision_recall(counts: IntArray) -> tuple[FloatArray, FloatArray]:
    right = np.diagonal(counts)
    return _divide(right, counts.sum(axis=0)[:-1]), _divide(right, counts.sum(axis=1))
