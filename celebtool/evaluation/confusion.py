"""The confusion matrix, and precision, recall and F1 from it.

NumPy alone, because scikit-learn takes longer to import than a report may take; the tests check every
figure against it.
"""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from celebtool.evaluation import intervals
from celebtool.evaluation.intervals import NONE, Estimate, FloatArray, IntArray, Redrawn, exact, f1_scores


@dataclass(frozen=True)
class Average:
    """Precision, recall and F1, averaged over the classes that have images."""

    precision: float
    recall: Estimate
    f1: Estimate


@dataclass(frozen=True)
class ClassFigures:
    """The figures of one class.

    Attributes:
        name: the class.
        precision: share of the images predicted as the class that are of it; NaN if none was predicted so.
        recall: share of the images of the class that were predicted as it; NaN without images.
        f1: the harmonic mean of the two; NaN without images.
        support: images of the class.
        predicted: images that were predicted as the class.
    """

    name: str
    precision: Estimate
    recall: Estimate
    f1: float
    support: int
    predicted: int


@dataclass(frozen=True)
class ConfusedPair:
    """The `count` of images of `label` that were predicted as `predicted`, and their `share` of the images of `label`."""

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
        seed: of the draws behind the intervals.
    """
    support = counts.sum(axis=1)
    if not support.any():
        nothing = Average(math.nan, NONE, NONE)
        return nothing, nothing
    redrawn = intervals.redraw(counts, seed)
    present = support > 0
    macro = _average(counts, present / present.sum(), redrawn)
    weighted = _average(counts, support / support.sum(), redrawn)
    # weighted recall is accuracy, whose interval is known without draws
    return macro, replace(weighted, recall=exact(int(np.trace(counts)), int(support.sum())))


def class_figures(counts: IntArray, class_names: Sequence[str]) -> tuple[ClassFigures, ...]:
    """The figures of every class, in class order, from what `matrix` returns."""
    right, support, called = np.diagonal(counts), counts.sum(axis=1), counts.sum(axis=0)[:-1]
    f1 = np.where(support > 0, f1_scores(right, np.maximum(support, 1), called), np.nan)
    columns = (right.tolist(), support.tolist(), called.tolist(), f1.tolist())
    return tuple(
        ClassFigures(name, exact(right, called), exact(right, support), f1, support, called)
        for name, right, support, called, f1 in zip(class_names, *columns, strict=True)
    )


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


def _average(counts: IntArray, weights: FloatArray, redrawn: Redrawn) -> Average:
    """Average over classes; one that was never predicted has precision 0, as scikit-learn counts it."""
    support, called = np.maximum(counts.sum(axis=1), 1), counts.sum(axis=0)[:-1]
    precision = np.diagonal(counts) / np.maximum(called, 1)
    recall = intervals.average(lambda right, _: (right / support) @ weights, counts, redrawn)
    f1 = intervals.average(lambda right, called: f1_scores(right, support, called) @ weights, counts, redrawn)
    return Average(float(precision @ weights), recall, f1)
