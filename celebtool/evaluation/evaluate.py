"""Evaluate predictions: every figure comes from the same rows, so that no two figures can disagree.

Accuracy, F1, the confusion matrix and the calibration are closed-set: the class of the largest probability
against the known label. Images of strangers (label ``unknown``) have figures of their own, images without a label none.
An image that failed counts as wrong. Classes are matched by name; the average over classes (macro) is over the classes
that have images, so a class missing from the test part is named, neither scored nor shifted.
"""

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from celebtool.evaluation import calibration_error, confusion, counts, rejection, thresholds
from celebtool.evaluation.calibration_error import CalibrationCurve
from celebtool.evaluation.confusion import Average, ClassFigures, ConfusedPair
from celebtool.evaluation.counts import Counts, IntArray
from celebtool.evaluation.intervals import Estimate, exact
from celebtool.evaluation.rejection import Faces, Rejection
from celebtool.evaluation.thresholds import Threshold
from celebtool.formats import guesses
from celebtool.formats.image_folder import UNKNOWN
from celebtool.formats.predictions import Prediction, Predictions

TOP = (3, 5)
FEW = 10  # images of a class below which its own recall says little: 9 of 10 is anything from 0.55 to 1.00


@dataclass(frozen=True)
class Mistake:
    """An image with the wrong name: the name given, the model's confidence in it and in the true one."""

    prediction: Prediction
    predicted: str
    confidence: float
    label_probability: float


Key: TypeAlias = tuple[str, str, tuple[float, ...]]
"""Identifies an image in several tables: its path without its part, its label, its box."""


@dataclass(frozen=True)
class Evaluation:
    """All figures of one part of a table of predictions.

    Attributes:
        class_names: the model's classes, in their order.
        part: which part; None for the whole table.
        rows: images (or faces) in it; of these `images` have a known label, `strangers` the label unknown.
        seen: paths of labelled rows whose photo the model was trained on: of train all, of another part a leak.
        untold: images with a prediction of which the table does not say whether they were trained on.
        failures: reason → rows of any label without a prediction.
        predicted: class name or ``unknown`` → rows of any label that were predicted so.
        top: k → share of images whose label is among the k most probable classes, for the k of `TOP` that
            are fewer than the classes, and no more than the table lists.
        accuracy: share of the images whose most probable class is their label.
        macro, weighted: averages over the classes that have images, all alike or by their images.
        classes: the figures of each, in class order.
        counts: images by label and prediction.
        confused_pairs: which class was taken for which, most frequent first.
        mistakes: the wrong ones, most confident first; failed images are not among them.
        calibration: of the images with a prediction.
        rejection: None when there is no stranger and nobody was taken for one.
        thresholds: what other thresholds for strangers would do; none without strangers or scores.
        accepted_strangers: those that got a name, highest score first.
        outcomes: every image → whether it is right.
    """

    class_names: tuple[str, ...]
    part: str | None
    rows: int
    images: int
    strangers: int
    seen: tuple[str, ...]
    untold: int
    failures: dict[str, int]
    predicted: dict[str, int]
    accuracy: Estimate
    top: dict[int, float]
    macro: Average
    weighted: Average
    classes: tuple[ClassFigures, ...]
    counts: Counts
    confused_pairs: tuple[ConfusedPair, ...]
    mistakes: tuple[Mistake, ...]
    calibration: CalibrationCurve
    rejection: Rejection | None
    thresholds: tuple[Threshold, ...]
    accepted_strangers: tuple[Prediction, ...]
    outcomes: dict[Key, bool]

    @property
    def confusion(self) -> IntArray:
        """Images by (label, predicted), as (classes, classes + 1); the last column counts failures."""
        return self.counts.matrix

    @property
    def balanced_accuracy(self) -> float:
        """Mean recall of the classes that have images."""
        return self.macro.recall.value

    @property
    def coverage(self) -> float:
        """Share of the rows that have a prediction."""
        return 1 - sum(self.failures.values()) / self.rows if self.rows else math.nan

    @property
    def leaks(self) -> tuple[str, ...]:
        """Paths of images that the figures claim are new to the model and that it was trained on."""
        return () if self.part == "train" else self.seen

    @property
    def absent(self) -> tuple[str, ...]:
        """The classes without an image."""
        return tuple(figures.name for figures in self.classes if not figures.support)


def evaluate(predictions: Predictions, part: str | None = None, seed: int = 0) -> Evaluation:
    """Compute all figures of one part (None: of all rows).

    Args:
        predictions: the table.
        part: only its rows of train, val or test.
        seed: of the draws behind the intervals of averages.
    """
    rows = [row for row in predictions.rows if part in (None, row.part)]
    known = [row for row in rows if row.label not in ("", UNKNOWN)]
    ids = {name: class_id for class_id, name in enumerate(predictions.class_names)}
    labels = np.array([ids[row.label] for row in known], dtype=np.int64)
    predicted = np.array([_class_id(row, ids) for row in known], dtype=np.int64)
    counted = counts.of(labels, predicted, len(ids))
    macro, weighted = confusion.averages(counted, seed)
    right = labels == predicted
    strangers = [row for row in rows if row.label == UNKNOWN and not row.failed]
    faces = _faces(known, right), _faces(strangers, np.zeros(len(strangers), dtype=bool))
    return Evaluation(
        class_names=predictions.class_names,
        part=part,
        rows=len(rows),
        images=len(known),
        strangers=sum(row.label == UNKNOWN for row in rows),
        seen=tuple(row.path for row in rows if row.seen and row.label),
        untold=sum(row.seen is None and not row.failed for row in known),
        failures=_tally(row.reason or "failed" for row in rows if row.failed),
        predicted=_tally(row.predicted for row in rows if not row.failed),
        accuracy=exact(int(counted.right.sum()), len(known)),
        top=_top(known, labels, predicted, len(ids)),
        macro=macro,
        weighted=weighted,
        classes=confusion.class_figures(counted, predictions.class_names),
        counts=counted,
        confused_pairs=confusion.confused_pairs(counted, predictions.class_names),
        mistakes=_mistakes(known, labels, predicted, predictions.class_names),
        calibration=_calibration(known, right),
        rejection=rejection.evaluate(*faces) if any(UNKNOWN in (row.label, row.predicted) for row in rows) else None,
        thresholds=thresholds.sweep(*faces),
        accepted_strangers=_accepted_strangers(strangers),
        outcomes={key(row): bool(is_right) for row, is_right in zip(known, right, strict=True)},
    )


def key(row: Prediction) -> Key:
    """Return what identifies the image of a row in several tables."""
    return row.path.removeprefix(f"{row.part}/") if row.part else row.path, row.label, row.box or ()


def _tally(words: Iterable[str]) -> dict[str, int]:
    """Count words; in their order, not in that of the rows."""
    return dict(sorted(Counter(words).items()))


def _calibration(known: Sequence[Prediction], right: NDArray[np.bool_]) -> CalibrationCurve:
    answered = np.array([not row.failed for row in known], dtype=bool)
    confidences = np.array([row.confidence for row in known if not row.failed], dtype=np.float64)
    return calibration_error.calibration(confidences, right[answered])


def _faces(rows: Sequence[Prediction], right: NDArray[np.bool_]) -> Faces:
    scores = [-math.inf if row.failed else math.nan if row.score is None else row.score for row in rows]
    accepted = [not row.failed and row.predicted != UNKNOWN for row in rows]
    return Faces(np.array(scores, dtype=np.float64), np.array(accepted, dtype=bool), right)


def _accepted_strangers(strangers: Sequence[Prediction]) -> tuple[Prediction, ...]:
    accepted = [row for row in strangers if row.predicted != UNKNOWN]
    return tuple(sorted(accepted, key=lambda row: (-(row.score if row.score is not None else 0), row.path)))


def _class_id(row: Prediction, ids: dict[str, int]) -> int:
    """The closed-set prediction: the class of the largest probability; of equals, the one that was predicted."""
    if row.probabilities is None:
        return len(ids)
    return ids[row.predicted] if row.predicted in ids else guesses.best(row.probabilities, 1)[0][0]


def _top(rows: Sequence[Prediction], labels: IntArray, predicted: IntArray, classes: int) -> dict[int, float]:
    """Share of images whose label is among the k most probable; of equals, the first class comes first."""
    ranks = np.full(len(rows), classes)
    listed = classes
    for index, row in enumerate(rows):
        if row.probabilities is not None:
            ahead = guesses.rank(row.probabilities, labels[index])
            ranks[index] = 0 if labels[index] == predicted[index] else max(ahead, 1)
            listed = min(listed, guesses.known(row.probabilities))
    return {k: float((ranks < k).mean()) if rows else math.nan for k in TOP if k < classes and k <= listed}


def _mistakes(
    rows: Sequence[Prediction], labels: IntArray, predicted: IntArray, class_names: Sequence[str]
) -> tuple[Mistake, ...]:
    wrong = [
        Mistake(
            row,
            class_names[predicted[index]],
            guesses.of_class(row.probabilities, predicted[index]),
            guesses.of_class(row.probabilities, labels[index]),
        )
        for index, row in enumerate(rows)
        if row.probabilities is not None and labels[index] != predicted[index]
    ]
    return tuple(sorted(wrong, key=lambda mistake: (-mistake.confidence, mistake.prediction.path)))
