import math

import numpy as np
import pytest

from celebtool.evaluation import cross_validation
from celebtool.evaluation.intervals import exact
from celebtool.formats.predictions import Prediction, Predictions

NAMES = ("ann", "bob")


def row(path: str, label: str, predicted: str, fold: int, ann: float | None = None) -> Prediction:
    """A row; `ann` is the probability of ann, if `predicted` does not say who is more probable."""
    share = (0.9 if predicted == "ann" else 0.1) if ann is None else ann
    return Prediction(path, np.array([share, 1 - share]), predicted, label=label, seen=False, fold=fold)


def test_independent_images_count_one_by_one_and_copies_once() -> None:
    assert cross_validation.independent([1, 1, 1, 1]) == 4
    assert cross_validation.independent([2, 2]) == 2
    assert cross_validation.independent([3, 1]) == pytest.approx(1.6)  # 16 / (9 + 1)
    assert cross_validation.independent([]) == 0


def test_the_figures_of_two_folds() -> None:
    rows = (
        row("1", "ann", "ann", 1),
        row("2", "bob", "ann", 1),
        row("3", "ann", "ann", 2),
        row("4", "bob", "unknown", 2, ann=0.2),  # right, but not accepted
        row("5", "unknown", "bob", 2),
        row("6", "unknown", "unknown", 2, ann=0.6),
    )
    found = cross_validation.evaluate(Predictions(NAMES, rows), {})
    first, second = found.folds
    assert (first.number, first.images, first.strangers, first.accuracy, first.accepted) == (1, 2, 0, 0.5, 0.5)
    assert math.isnan(first.false_accepts)
    assert (second.images, second.strangers, second.accuracy, second.accepted) == (2, 2, 1.0, 0.5)
    assert second.false_accepts == 0.5
    assert found.images == 4
    assert found.accuracy == exact(3, 4)
    assert found.accepted == exact(2, 4)
    assert found.false_accepts == exact(1, 2)


def test_copies_widen_the_interval_and_not_the_figure() -> None:
    rows = tuple(row(str(number), "ann", "ann" if number < 6 else "bob", 1) for number in range(8))
    alone = cross_validation.evaluate(Predictions(NAMES, rows), {})
    pairs = cross_validation.evaluate(Predictions(NAMES, rows), {str(number): str(number // 2) for number in range(8)})
    assert alone.accuracy == exact(6, 8)
    assert pairs.accuracy == exact(3, 4)
    assert pairs.accuracy.value == alone.accuracy.value


def test_the_interval_holds_when_copies_are_right_or_wrong_together() -> None:
    """Twenty pictures in groups of one to four copies: 95 in a hundred intervals hold the truth."""
    rng = np.random.default_rng(0)
    held = 0
    for _ in range(100):
        sizes = rng.integers(1, 5, 20)
        right = np.repeat(rng.random(20) < 0.9, sizes)
        trials = cross_validation.independent(sizes.tolist())
        interval = exact(right.mean() * trials, trials)
        held += interval.low <= 0.9 <= interval.high
    assert held >= 95
