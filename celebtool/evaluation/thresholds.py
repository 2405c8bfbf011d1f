"""What each threshold for strangers would do: how many known faces keep their names, how many strangers get one."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from celebtool.evaluation.intervals import FloatArray
from celebtool.evaluation.rejection import Faces

EVENLY = 200  # thresholds of a sweep that lie evenly among the scores
SHARES = (0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005, 0.002, 0.001, 0.0)
"""Shares of strangers whose thresholds are in every sweep; these are the ones that a table shows."""


@dataclass(frozen=True)
class Threshold:
    """What a threshold does: faces whose score is not below it are accepted, as `predict --threshold` does.

    Attributes:
        value: the threshold.
        accepted: share of the known faces that get a name.
        true_accepts: share of the known faces that get the right name.
        false_accepts: share of the strangers that get a name.
    """

    value: float
    accepted: float
    true_accepts: float
    false_accepts: float


def sweep(known: Faces, strangers: Faces) -> tuple[Threshold, ...]:
    """Return what the thresholds do at which the shares change, ascending; of many, some evenly, and those of `SHARES`.

    Args:
        known: faces of the classes.
        strangers: faces of nobody in them, without those that failed.

    Returns:
        Nothing without scores, and nothing if there are no faces of one of the two kinds.
    """
    scores = np.concatenate([known.scores, strangers.scores])
    if np.isnan(scores).any() or not len(known.scores) or not len(strangers.scores):
        return ()
    values = np.unique(scores[np.isfinite(scores)])
    if not len(values):
        return ()
    passing = _reaching(strangers.scores, values)
    lowest = [int((passing > share).sum()) for share in SHARES]
    places = {*lowest, *np.linspace(0, len(values) - 1, EVENLY).round().astype(int).tolist()}
    values = values[sorted(place for place in places if place < len(values))]
    shares = zip(
        _reaching(known.scores, values),
        _reaching(known.scores[known.right], values, len(known.scores)),
        _reaching(strangers.scores, values),
        strict=True,
    )
    return tuple(Threshold(float(value), *map(float, share)) for value, share in zip(values, shares, strict=True))


def shown(swept: Sequence[Threshold]) -> list[Threshold]:
    """Return the lowest thresholds that let at most `SHARES` of the strangers pass, ascending."""
    lowest = {
        next((number for number, each in enumerate(swept) if each.false_accepts <= share), None) for share in SHARES
    }
    return [swept[number] for number in sorted(number for number in lowest if number is not None)]


def _reaching(scores: FloatArray, values: FloatArray, count: int | None = None) -> FloatArray:
    """Return the share of `scores` that reach each value, of `count` (by default: all of them)."""
    below = np.searchsorted(np.sort(scores), values, side="left")
    return (len(scores) - below) / (len(scores) if count is None else count)
