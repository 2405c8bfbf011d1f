"""Precision, recall and F1 from the confusion matrix.

NumPy alone, because scikit-learn takes longer to import than a report may take; the tests check every
figure against it.
"""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from celebtool.evaluation import intervals
from celebtool.evaluation.counts import Counts
from celebtool.evaluation.intervals import NONE, Estimate, FloatArray, Redrawn, exact, f1_scores


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


def averages(counts: Counts, seed: int) -> tuple[Average, Average]:
    """Macro and support-weighted averages over the classes that have images.

    Args:
        counts: images by label and prediction.
        seed: of the draws behind the intervals.
    """
    support = counts.support
    if not support.any():
        nothing = Average(math.nan, NONE, NONE)
        return nothing, nothing
    redrawn = intervals.redraw(counts, seed)
    present = support > 0
    macro = _average(counts, present / present.sum(), redrawn)
    weighted = _average(counts, support / support.sum(), redrawn)
    # weighted recall is accuracy, whose interval is known without draws
    return macro, replace(weighted, recall=exact(int(counts.right.sum()), int(support.sum())))


def class_figures(counts: Counts, class_names: Sequence[str]) -> tuple[ClassFigures, ...]:
    """The figures of every class, in class order."""
    f1 = np.where(counts.support > 0, f1_scores(counts.right, np.maximum(counts.support, 1), counts.called), np.nan)
    columns = (counts.right.tolist(), counts.support.tolist(), counts.called.tolist(), f1.tolist())
    return tuple(
        ClassFigures(name, exact(right, called), exact(right, support), f1, support, called)
        for name, right, support, called, f1 in zip(class_names, *columns, strict=True)
    )


def confused_pairs(counts: Counts, class_names: Sequence[str]) -> tuple[ConfusedPair, ...]:
    """All pairs (label, predicted) that occur, most frequent first, then by share, then in class order."""
    support = counts.support.tolist()
    cells = zip(counts.labels.tolist(), counts.predicted.tolist(), counts.images.tolist(), strict=True)
    pairs = [
        ConfusedPair(class_names[label], class_names[predicted], images, images / support[label])
        for label, predicted, images in cells
        if predicted not in (label, counts.classes)
    ]
    return tuple(sorted(pairs, key=lambda pair: (-pair.count, -pair.share)))


def worst(classes: Sequence[ClassFigures], most: int | None) -> Sequence[ClassFigures]:
    """All classes; of more than `most`, those with the lowest F1. Classes without images come last."""
    if most is None or len(classes) <= most:
        return classes
    return sorted(classes, key=lambda each: (math.isnan(each.f1), each.f1))[:most]


def most_confused(pairs: Sequence[ConfusedPair], class_names: Sequence[str], most: int) -> list[int]:
    """The ids of all classes, in their order; of more than `most`, those that are confused most often, and then others."""
    ids = {name: class_id for class_id, name in enumerate(class_names)}
    confused = (ids[name] for pair in pairs for name in (pair.label, pair.predicted))
    return sorted(itertools.islice(dict.fromkeys(itertools.chain(confused, ids.values())), most))


def _average(counts: Counts, weights: FloatArray, redrawn: Redrawn) -> Average:
    """Average over classes; one that was never predicted has precision 0, as scikit-learn counts it."""
    support = np.maximum(counts.support, 1)
    precision = counts.right / np.maximum(counts.called, 1)
    recall = intervals.average(lambda right, _: (right / support) @ weights, counts, redrawn)
    f1 = intervals.average(lambda right, called: f1_scores(right, support, called) @ weights, counts, redrawn)
    return Average(float(precision @ weights), recall, f1)
