"""How good predictions are: every figure from one confusion matrix, so that no two figures can disagree.

All figures are closed-set: the class of the largest probability against the known label. Images of strangers
(label ``unknown``) and images without a label are counted and left out. An image that failed counts as
wrong. Classes are matched by name; the average over classes (macro) is over the classes that have images,
so a class missing from the test part is named, neither scored nor shifted.

NumPy alone, because scikit-learn takes longer to import than a report may take; the tests check every
figure against it.
"""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from celebtool.formats.image_folder import UNKNOWN
from celebtool.formats.predictions import Prediction, Predictions
from celebtool.intervals import Estimate, FloatArray, IntArray, bootstrap_f1, f1_scores, wilson

TOP = (3, 5)
FEW = 10  # images of a class below which its own recall is an anecdote: 9 of 10 is anything from 0.60 to 0.98


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


@dataclass(frozen=True)
class Mistake:
    """An image with the wrong name: the name given, the model's confidence in it and in the true one."""

    prediction: Prediction
    predicted: str
    confidence: float
    label_probability: float


@dataclass(frozen=True)
class Evaluation:
    """All figures of one part of a table of predictions.

    Attributes:
        part: which part; None for the whole table.
        rows: images (or faces) in it; of these `images` have a known label, `strangers` the label unknown.
        failures: reason → rows of any label without a prediction.
        called: class name or ``unknown`` → rows of any label that were predicted so.
        top: k → share of images whose label is among the k most probable classes, for the k of `TOP` that
            are fewer than the classes.
        balanced_accuracy: mean recall of the classes that have images.
        confusion: images by (label, predicted), as (classes, classes + 1); the last column counts failures.
        mistakes: the wrong ones, most confident first; failed images are not among them.
    """

    class_names: tuple[str, ...]
    part: str | None
    rows: int
    images: int
    strangers: int
    failures: dict[str, int]
    called: dict[str, int]
    accuracy: Estimate
    top: dict[int, float]
    balanced_accuracy: float
    macro: Average
    weighted: Average
    classes: tuple[ClassFigures, ...]
    confusion: IntArray
    confused_pairs: tuple[ConfusedPair, ...]
    mistakes: tuple[Mistake, ...]

    @property
    def coverage(self) -> float:
        """Share of the rows that have a prediction."""
        return 1 - sum(self.failures.values()) / self.rows if self.rows else math.nan

    @property
    def absent(self) -> tuple[str, ...]:
        """The classes without an image."""
        return tuple(figures.name for figures in self.classes if not figures.support)


def evaluate(predictions: Predictions, part: str | None = None, seed: int = 0) -> Evaluation:
    """Compute all figures of one part (None: of all rows).

    Args:
        predictions: the table.
        part: only its rows of train, val or test.
        seed: of the bootstrap behind the intervals of F1.
    """
    rows = [row for row in predictions.rows if part in (None, row.part)]
    known = [row for row in rows if row.label not in ("", UNKNOWN)]
    ids = {name: class_id for class_id, name in enumerate(predictions.class_names)}
    labels = np.array([ids[row.label] for row in known], dtype=np.int64)
    predicted = np.array([_class_id(row, ids) for row in known], dtype=np.int64)
    matrix = confusion_matrix(labels, predicted, len(ids))
    correct = int(np.trace(matrix))
    macro, weighted = _averages(matrix, seed)
    return Evaluation(
        class_names=predictions.class_names,
        part=part,
        rows=len(rows),
        images=len(known),
        strangers=sum(row.label == UNKNOWN for row in rows),
        failures=dict(sorted(Counter(row.reason or "failed" for row in rows if row.failed).items())),
        called=dict(sorted(Counter(row.predicted for row in rows if not row.failed).items())),
        accuracy=wilson(correct, len(known)),
        top=_top(known, labels, predicted, len(ids)),
        balanced_accuracy=macro.recall,
        macro=macro,
        weighted=weighted,
        classes=_class_figures(matrix, predictions.class_names),
        confusion=matrix,
        confused_pairs=_confused_pairs(matrix, predictions.class_names),
        mistakes=_mistakes(known, labels, predicted, predictions.class_names),
    )


def confusion_matrix(labels: IntArray, predicted: IntArray, classes: int) -> IntArray:
    """Count images by (label, predicted), as (classes, classes + 1).

    Args:
        labels: class ids, as (n,).
        predicted: class ids, as (n,); `classes` stands for no prediction, the last column.
        classes: how many there are.
    """
    cells = labels * (classes + 1) + predicted
    return np.bincount(cells, minlength=classes * (classes + 1)).reshape(classes, classes + 1).astype(np.int64)


def _class_id(row: Prediction, ids: dict[str, int]) -> int:
    """The closed-set prediction: the class of the largest probability; of equals, the one that was predicted."""
    if row.probabilities is None:
        return len(ids)
    return ids[row.predicted] if row.predicted in ids else int(row.probabilities.argmax())


def _top(rows: Sequence[Prediction], labels: IntArray, predicted: IntArray, classes: int) -> dict[int, float]:
    """Share of images whose label is among the k most probable; of equals, the first class comes first."""
    ranks = np.full(len(rows), classes)
    for index, row in enumerate(rows):
        if row.probabilities is not None:
            own = row.probabilities[labels[index]]
            ahead = int((row.probabilities > own).sum() + (row.probabilities[: labels[index]] == own).sum())
            ranks[index] = 0 if labels[index] == predicted[index] else max(ahead, 1)
    return {k: float((ranks < k).mean()) if rows else math.nan for k in TOP if k < classes}


def _divide(above: IntArray, below: IntArray) -> FloatArray:
    """Element-wise quotient, NaN where there is nothing to divide by."""
    return np.where(below > 0, above / np.maximum(below, 1), np.nan)


def _averages(matrix: IntArray, seed: int) -> tuple[Average, Average]:
    """Macro and support-weighted averages over the classes that have images."""
    support = matrix.sum(axis=1)
    if not support.any():
        nothing = Average(math.nan, math.nan, Estimate(math.nan, math.nan, math.nan))
        return nothing, nothing
    precision, recall = _precision_recall(matrix)

    def average(weights: FloatArray) -> Average:
        # A class that was never predicted has no precision: 0, as scikit-learn counts it.
        shares = float(np.nan_to_num(precision) @ weights), float(np.nan_to_num(recall) @ weights)
        return Average(*shares, bootstrap_f1(matrix, weights, seed))

    present = support > 0
    return average(present / present.sum()), average(support / support.sum())


def _precision_recall(matrix: IntArray) -> tuple[FloatArray, FloatArray]:
    right = np.diagonal(matrix)
    return _divide(right, matrix.sum(axis=0)[:-1]), _divide(right, matrix.sum(axis=1))


def _class_figures(matrix: IntArray, class_names: Sequence[str]) -> tuple[ClassFigures, ...]:
    support, called = matrix.sum(axis=1), matrix.sum(axis=0)[:-1]
    precision, recall = _precision_recall(matrix)
    f1 = np.where(support > 0, f1_scores(np.diagonal(matrix), np.maximum(support, 1), called), np.nan)
    columns = (precision.tolist(), recall.tolist(), f1.tolist(), support.tolist(), called.tolist())
    return tuple(ClassFigures(*figures) for figures in zip(class_names, *columns, strict=True))


def _confused_pairs(matrix: IntArray, class_names: Sequence[str]) -> tuple[ConfusedPair, ...]:
    """All pairs (label, predicted) that occur, most frequent first, then by share, then in class order."""
    wrong = matrix[:, :-1] * ~np.eye(len(matrix), dtype=bool)
    support = matrix.sum(axis=1)
    pairs = [
        ConfusedPair(class_names[a], class_names[b], int(wrong[a, b]), float(wrong[a, b] / support[a]))
        for a, b in zip(*np.nonzero(wrong), strict=True)
    ]
    return tuple(sorted(pairs, key=lambda pair: (-pair.count, -pair.share)))


def _mistakes(
    rows: Sequence[Prediction], labels: IntArray, predicted: IntArray, class_names: Sequence[str]
) -> tuple[Mistake, ...]:
    wrong = [
        Mistake(
            row,
            class_names[predicted[index]],
            float(row.probabilities[predicted[index]]),
            float(row.probabilities[labels[index]]),
        )
        for index, row in enumerate(rows)
        if row.probabilities is not None and labels[index] != predicted[index]
    ]
    return tuple(sorted(wrong, key=lambda mistake: (-mistake.confidence, mistake.prediction.path)))
