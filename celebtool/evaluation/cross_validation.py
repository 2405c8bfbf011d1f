"""Figures of a cross-validation, in which every image is tested by a model that has not seen it.

The interval of the accuracy is the exact one of a share (`celebtool.evaluation.intervals.exact`) of as many trials as there are
independent pictures: images that show the same picture are taken to be right or wrong together, so n images in groups of m_g
count as n²/Σ m_g² (L. Kish, Survey Sampling, 1965, section 5.4). It holds for new photos and these models. It leaves out that
other folds would have made other models: their training images overlap, and no unbiased estimate of that variance exists (Y.
Bengio and Y. Grandvalet, No unbiased estimator of the variance of K-fold cross-validation, JMLR 5, 2004).
"""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from celebtool.evaluation.intervals import Estimate, exact
from celebtool.formats import guesses
from celebtool.formats.image_folder import UNKNOWN
from celebtool.formats.predictions import Prediction, Predictions


@dataclass(frozen=True)
class Fold:
    """The figures of one fold.

    Args:
        number: from 1.
        images: how many of known people it tests.
        strangers: how many of strangers.
        accuracy: share of the images whose most probable class is theirs.
        accepted: share of the images that are right and not called unknown.
        false_accepts: share of the strangers that get a name; NaN without any.
    """

    number: int
    images: int
    strangers: int
    accuracy: float
    accepted: float
    false_accepts: float


@dataclass(frozen=True)
class CrossValidation:
    """The figures of all folds, and of all images together: the means over folds, each with the weight of its images."""

    folds: tuple[Fold, ...]
    images: int
    accuracy: Estimate
    accepted: Estimate
    false_accepts: Estimate


def evaluate(table: Predictions, groups: Mapping[str, str]) -> CrossValidation:
    """Return the figures of out-of-fold predictions.

    Args:
        table: a row per image, which says the fold.
        groups: the set of copies that an image belongs to, by its path.
    """
    known = [row for row in table.rows if row.label != UNKNOWN]
    strangers = [row for row in table.rows if row.label == UNKNOWN]
    numbers = sorted({row.fold for row in table.rows if row.fold is not None})
    return CrossValidation(
        folds=tuple(_fold(number, known, strangers, table.class_names) for number in numbers),
        images=len(known),
        accuracy=_estimate([_is_right(row, table.class_names) for row in known], known, groups),
        accepted=_estimate([row.predicted == row.label for row in known], known, groups),
        false_accepts=_estimate([row.predicted != UNKNOWN for row in strangers], strangers, groups),
    )


def independent(sizes: Sequence[int]) -> float:
    """Return how many independent images those of groups of these sizes count as."""
    return sum(sizes) ** 2 / sum(size**2 for size in sizes) if sizes else 0.0


def _fold(number: int, known: Sequence[Prediction], strangers: Sequence[Prediction], names: Sequence[str]) -> Fold:
    own = [row for row in known if row.fold == number]
    foreign = [row for row in strangers if row.fold == number]
    return Fold(
        number=number,
        images=len(own),
        strangers=len(foreign),
        accuracy=_share([_is_right(row, names) for row in own]),
        accepted=_share([row.predicted == row.label for row in own]),
        false_accepts=_share([row.predicted != UNKNOWN for row in foreign]),
    )


def _is_right(row: Prediction, names: Sequence[str]) -> bool:
    """Say whether the most probable class is the right one; of equals, the one that was predicted."""
    if row.predicted != UNKNOWN or row.probabilities is None:
        return row.predicted == row.label
    return names[guesses.best(row.probabilities, 1)[0][0]] == row.label


def _share(hits: Sequence[bool]) -> float:
    return sum(hits) / len(hits) if hits else math.nan


def _estimate(hits: Sequence[bool], rows: Sequence[Prediction], groups: Mapping[str, str]) -> Estimate:
    trials = independent([*Counter(groups.get(row.path, row.path) for row in rows).values()])
    return exact(_share(hits) * trials, trials) if hits else exact(0, 0)
