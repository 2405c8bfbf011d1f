"""Strangers: how many of them get a name, and how many of the known keep theirs.

A face is accepted when its score reaches a threshold. The model's own threshold shows in what it called
``unknown``; thresholds for a wanted share of false accepts are found in the scores.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from celebtool.evaluation.intervals import Estimate, FloatArray, exact

FALSE_ACCEPTS = (0.05, 0.01, 0.001)  # shares of strangers at which models of faces are compared

BoolArray = NDArray[np.bool_]


@dataclass(frozen=True)
class Faces:
    """The predictions of some faces, each as (n,): their scores, whether they got a name, whether the right one.

    A score is -inf where the image failed, which no threshold accepts. No stranger's name is right.
    """

    scores: FloatArray
    accepted: BoolArray
    right: BoolArray


@dataclass(frozen=True)
class Operating:
    """A threshold that few enough strangers pass: scores above it are accepted.

    `true_accepts` is the share of the known that is then accepted and right.
    """

    threshold: float
    true_accepts: Estimate


@dataclass(frozen=True)
class Rejection:
    """The figures of a model on strangers.

    Attributes:
        strangers: how many there are with a prediction; failed ones say nothing and are left out.
        accepted: share of the known that got a name; a failed image did not.
        true_accepts: share of the known that got the right name.
        false_accepts: share of the strangers that got a name.
        at: share of strangers that may pass → threshold and true accepts; without those shares that so few
            strangers cannot show (one of them is more), and empty without scores.
    """

    strangers: int
    accepted: Estimate
    true_accepts: Estimate
    false_accepts: Estimate
    at: Mapping[float, Operating]


def evaluate(known: Faces, strangers: Faces) -> Rejection:
    """Compute all figures of rejection.

    Args:
        known: faces of the classes.
        strangers: faces of nobody in them, without those that failed. NaN scores: there are none.
    """
    scored = not (np.isnan(known.scores).any() or np.isnan(strangers.scores).any())
    possible = [share for share in FALSE_ACCEPTS if scored and _allowed(share, strangers)]
    return Rejection(
        strangers=len(strangers.scores),
        accepted=_share(known.accepted),
        true_accepts=_share(known.accepted & known.right),
        false_accepts=_share(strangers.accepted),
        at={share: _operating(known, strangers, _allowed(share, strangers)) for share in possible},
    )


def _operating(known: Faces, strangers: Faces, allowed: int) -> Operating:
    """The lowest threshold that `allowed` strangers pass: the score of the next one."""
    threshold = float(np.sort(strangers.scores)[-allowed - 1])
    return Operating(threshold, _share((known.scores > threshold) & known.right))


def _allowed(share: float, strangers: Faces) -> int:
    return int(share * len(strangers.scores) + 1e-9)


def _share(chosen: BoolArray) -> Estimate:
    return exact(int(chosen.sum()), len(chosen))
