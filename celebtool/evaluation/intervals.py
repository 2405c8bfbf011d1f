"""95 % intervals that hold for few images, also for one image per class."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from celebtool.evaluation.counts import Counts, IntArray

DRAWS = 400  # of a confusion matrix; their variance is known to about 7 %
TAIL = 0.025

_PRIOR = 2.0  # images of the overall accuracy that are added to each class
_SPREAD = 1.0  # mistakes of a class that are added to its own and spread over all classes
_TERMS = 10_000  # of the continued fraction; it needs about the square root of the images

FloatArray = NDArray[np.float64]
Score = Callable[[FloatArray, FloatArray], FloatArray]
"""A figure of confusion matrices: (right, called), each as (…, classes), to (…)."""


@dataclass(frozen=True)
class Estimate:
    """A figure and its 95 % interval; NaN where there are no images."""

    value: float
    low: float
    high: float


NONE = Estimate(math.nan, math.nan, math.nan)


@dataclass(frozen=True)
class Redrawn:
    """Confusion matrices as another sample of the same size could have given them.

    Attributes:
        right: images of each class that are right, as (draws, classes).
        called: images that are called as each class, as (draws, classes).
        expected_right: the mean of `right`, as (classes,).
        expected_called: the mean of `called`, as (classes,).
    """

    right: FloatArray
    called: FloatArray
    expected_right: FloatArray
    expected_called: FloatArray


@lru_cache(maxsize=1 << 16)
def exact(successes: float, trials: float) -> Estimate:
    """A share and its exact interval, which holds the truth in at least 95 % of samples, whatever the truth is.

    Source: C. Clopper and E. Pearson, The use of confidence or fiducial limits, Biometrika 26 (1934). Numbers that are
    not whole are allowed, as in E. Korn and B. Graubard, Confidence intervals for proportions with small expected number
    of positive counts estimated from survey data, Survey Methodology 24 (1998).
    """
    if not trials:
        return NONE
    failures = max(0.0, trials - successes)
    low = 0.0 if successes <= 0 else beta_quantile(TAIL, successes, failures + 1)
    high = 1.0 if failures <= 0 else beta_quantile(1 - TAIL, successes + 1, failures)
    return Estimate(successes / trials, low, high)


def beta_quantile(probability: float, a: float, b: float) -> float:
    """The value below which a beta-distributed number lies with a probability, by bisection."""
    low, high = 0.0, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if _beta_below(middle, a, b) < probability else (low, middle)
    return (low + high) / 2


def f1_scores(right: FloatArray | IntArray, support: IntArray, called: FloatArray | IntArray) -> FloatArray:
    """F1, the harmonic mean of precision and recall, straight from counts; 0 when nothing was right.

    Args:
        right: images of the class that were called so, as (…, classes).
        support: images of the class, as (classes,); at least 1.
        called: images that were called so, as (…, classes).
    """
    return np.asarray(2 * right / (support + called), dtype=np.float64)


def redraw(counts: Counts, seed: int) -> Redrawn:
    """Draw confusion matrices of the same number of images per class.

    The shares of each class are smoothed first: its accuracy towards that of all classes, its mistakes towards all other
    classes. Without that, a class with one image, or a model without a mistake, would never vary.

    Args:
        counts: images by label and prediction.
        seed: same seed, same draws.
    """
    classes, support = counts.classes, counts.support
    generator = np.random.default_rng(seed)
    overall = (counts.right.sum() + 1) / (support.sum() + 2)
    right = np.zeros((DRAWS + 1, classes))  # the last row: expectations
    called = np.zeros((DRAWS + 1, classes + 1))
    spread = np.zeros(DRAWS + 1)
    for class_id in np.flatnonzero(support).tolist():
        columns, shares = _smoothed(*counts.row(class_id), class_id, overall)
        images = int(support[class_id])
        drawn = np.vstack([generator.multinomial(images, shares, size=DRAWS), images * shares])
        called[:, columns] += drawn[:, :-1]
        right[:, class_id] = drawn[:, 0]
        spread += drawn[:, -1]
    evenly = np.full(classes, 1 / classes)
    called[:-1, :classes] += generator.multinomial(spread[:-1].astype(np.int64), evenly)
    called[-1, :classes] += spread[-1] * evenly
    return Redrawn(right[:-1], called[:-1, :classes], right[-1], called[-1, :classes])


def average(score: Score, counts: Counts, redrawn: Redrawn) -> Estimate:
    """An average over classes and its interval.

    The interval is the exact one of a share that rests on fewer images: on so many that its variance is that of the
    redrawn figure, at most on all (Korn and Graubard, see `exact`). The distance between the mean of the redrawn figures
    and the figure that they were drawn from is the bias of few images; the interval is moved by it.

    Args:
        score: the figure.
        counts: as for `redraw`.
        redrawn: what that returned.
    """
    value = float(score(counts.right.astype(np.float64), counts.called.astype(np.float64)))
    truth = float(score(redrawn.expected_right, redrawn.expected_called))
    figures = score(redrawn.right, redrawn.called)
    images, variance = float(counts.images.sum()), float(figures.var())
    effective = min(images, truth * (1 - truth) / variance) if variance else images
    centre = min(1.0, max(0.0, value - (float(figures.mean()) - truth)))
    interval = exact(effective * centre, effective)
    return Estimate(value, min(interval.low, value), max(interval.high, value))


def _smoothed(columns: IntArray, images: IntArray, class_id: int, overall: float) -> tuple[IntArray, FloatArray]:
    """The columns that a class occurs in, its own first, and their shares; the last share is spread over all classes."""
    is_wrong = columns != class_id
    mistakes = images[is_wrong]
    accuracy = (images.sum() - mistakes.sum() + _PRIOR * overall) / (images.sum() + _PRIOR)
    shares = np.append(mistakes, _SPREAD) / (mistakes.sum() + _SPREAD)
    return np.append(class_id, columns[is_wrong]), np.append(accuracy, (1 - accuracy) * shares)


def _beta_below(x: float, a: float, b: float) -> float:
    """The regularised incomplete beta function, by its continued fraction on the side where that converges fast.

    Source: NIST Digital Library of Mathematical Functions, 8.17.22, evaluated by Lentz's method.
    """
    if x > (a + 1) / (a + b + 2):
        return 1 - _beta_below(1 - x, b, a)
    if x <= 0:
        return 0.0
    logarithm = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x)
    c, d = 1.0, 1 / _nonzero(1 - (a + b) * x / (a + 1))
    fraction = d
    for m in range(1, _TERMS):
        for term in (
            m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
            -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)),
        ):
            c, d = _nonzero(1 + term / c), 1 / _nonzero(1 + term * d)
            fraction *= c * d
        if abs(c * d - 1) < 1e-13:
            break
    return math.exp(logarithm) * fraction / a


def _nonzero(value: float) -> float:
    return value if abs(value) > 1e-300 else 1e-300
