"""95 % intervals: what a figure from so few images can carry."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

RESAMPLES = 1000

_NORMAL_QUANTILE = 1.959963984540054  # of 0.975

IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class Estimate:
    """A figure and its 95 % interval; NaN where there are no images."""

    value: float
    low: float
    high: float


def wilson(successes: int, trials: int) -> Estimate:
    """A share and its interval by Wilson's score method, which holds for few trials and for 100 %.

    Source: E. B. Wilson, Probable inference, the law of succession, and statistical inference, JASA 22 (1927).
    """
    if not trials:
        return Estimate(math.nan, math.nan, math.nan)
    share, z2 = successes / trials, _NORMAL_QUANTILE**2
    centre = (share + z2 / (2 * trials)) / (1 + z2 / trials)
    half = math.sqrt(z2 * (share * (1 - share) / trials + z2 / (4 * trials**2))) / (1 + z2 / trials)
    low = 0.0 if successes == 0 else centre - half
    high = 1.0 if successes == trials else centre + half
    return Estimate(share, low, high)


def f1_scores(right: IntArray, support: IntArray, called: IntArray) -> FloatArray:
    """F1, the harmonic mean of precision and recall, straight from counts; 0 when nothing was right.

    Args:
        right: images of the class that were called so, as (…, classes).
        support: images of the class, as (classes,); at least 1.
        called: images that were called so, as (…, classes).
    """
    return np.asarray(2 * right / (support + called), dtype=np.float64)


def bootstrap_f1(confusion: IntArray, weights: FloatArray, seed: int) -> Estimate:
    """The average F1 over classes and its interval by the percentile bootstrap.

    Each class is resampled within itself: drawing from all images at once would lose small classes from a
    sample and push the interval below the figure. When nothing is wrong there is nothing to resample
    and the interval is the point 1.0. Source: B. Efron and R. Tibshirani, An Introduction to the
    Bootstrap (1993), sections 8.2 (several samples) and 13.3 (percentile interval).

    Args:
        confusion: images by (label, predicted), as (classes, columns); columns beyond the classes are
            predictions of no class.
        weights: of each class in the average, as (classes,), summing to 1; 0 for classes without images.
        seed: same seed, same interval.
    """
    classes = len(confusion)
    support = confusion.sum(axis=1)
    generator = np.random.default_rng(seed)
    right = np.zeros((RESAMPLES + 1, classes), dtype=np.int64)
    called = np.zeros((RESAMPLES + 1, confusion.shape[1]), dtype=np.int64)
    right[0], called[0] = np.diagonal(confusion), confusion.sum(axis=0)  # the figure itself, then the samples
    for class_id in np.flatnonzero(support):
        columns = np.flatnonzero(confusion[class_id])
        shares = confusion[class_id, columns] / support[class_id]
        drawn = generator.multinomial(int(support[class_id]), shares, size=RESAMPLES)
        called[1:, columns] += drawn
        right[1:, class_id] = drawn[:, columns == class_id].sum(axis=1)
    averages = f1_scores(right, np.maximum(support, 1), called[:, :classes]) @ weights
    low, high = np.percentile(averages[1:], (2.5, 97.5))
    return Estimate(float(averages[0]), float(low), float(high))
