"""Compare confidence with accuracy: the expected calibration error and the bins of its diagram."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from celebtool.evaluation.intervals import Estimate, FloatArray, exact

BINS = 15  # as in the paper below, so that figures can be compared with published ones


@dataclass(frozen=True)
class Bin:
    """The images whose confidence is above `low` and at most `high`.

    `confidence` is their mean, NaN in an empty bin; `accuracy` the share of them that is right.
    """

    low: float
    high: float
    images: int
    confidence: float
    accuracy: Estimate


@dataclass(frozen=True)
class CalibrationCurve:
    """The bins, and the mean distance between confidence and accuracy, weighted by images; NaN without any."""

    error: float
    bins: tuple[Bin, ...]

    @property
    def images(self) -> int:
        """The number of images in all bins."""
        return sum(each.images for each in self.bins)


def calibration(confidences: FloatArray, right: NDArray[np.bool_]) -> CalibrationCurve:
    """Compare confidence with accuracy in 15 bins of equal width.

    Source: Guo, Pleiss, Sun and Weinberger, On calibration of modern neural networks, ICML 2017, section 2.

    Args:
        confidences: the largest probability of each image, as (n,).
        right: whether that class is the label, as (n,).
    """
    edges = np.linspace(0, 1, BINS + 1)
    places = np.searchsorted(edges[1:-1], confidences)  # a confidence on an edge belongs to the bin below
    bins = tuple(_bin(edges[i : i + 2], confidences[places == i], right[places == i]) for i in range(BINS))
    if not len(confidences):
        return CalibrationCurve(math.nan, bins)
    gaps = (each.images * abs(each.confidence - each.accuracy.value) for each in bins if each.images)
    return CalibrationCurve(math.fsum(gaps) / len(confidences), bins)


def _bin(edges: FloatArray, confidences: FloatArray, right: NDArray[np.bool_]) -> Bin:
    images = len(confidences)
    mean = float(confidences.mean()) if images else math.nan
    return Bin(float(edges[0]), float(edges[1]), images, mean, exact(int(right.sum()), images))
