import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest
from sklearn import metrics, utils

from celebtool.evaluation import intervals


@given(st.integers(1, 5000), st.data())
def test_wilson_is_scipys(trials, data):
    successes = data.draw(st.integers(0, trials))
    estimate = intervals.wilson(successes, trials)
    expected = binomtest(successes, trials).proportion_ci(method="wilson")
    assert estimate.value == successes / trials
    assert (estimate.low, estimate.high) == pytest.approx((expected.low, expected.high), abs=1e-9)
    assert 0 <= estimate.low <= estimate.value <= estimate.high <= 1


def test_wilson_of_nothing_is_nothing():
    assert math.isnan(intervals.wilson(0, 0).value)


def test_bootstrap_is_seeded_and_surrounds_the_figure():
    confusion = np.array([[8, 2, 0], [1, 6, 1], [0, 0, 4]])  # the last column: failed images
    weights = np.array([0.5, 0.5])
    confusion = confusion[:2]
    first, again = (intervals.bootstrap_f1(confusion, weights, seed=3) for _ in range(2))
    assert first == again
    assert first != intervals.bootstrap_f1(confusion, weights, seed=4)
    assert first.value == pytest.approx((16 / 19 + 12 / 16) / 2)
    assert 0 < first.low < first.value < first.high < 1


def test_bootstrap_of_what_is_all_right_is_a_point():
    confusion = np.array([[5, 0, 0], [0, 7, 0]])
    estimate = intervals.bootstrap_f1(confusion, np.array([0.5, 0.5]), seed=0)
    assert (estimate.value, estimate.low, estimate.high) == (1, 1, 1)


def test_bootstrap_covers_the_truth_about_as_often_as_it_says():
    """The true macro F1 of a known confusion lies in the interval in most of 200 draws (a percentile interval is a
    little narrow for samples this small)."""
    rng = np.random.default_rng(0)
    shares = np.array([[0.9, 0.1], [0.2, 0.8]])
    truth = np.mean([2 * 0.9 / (1 + 1.1), 2 * 0.8 / (1 + 0.9)])
    weights = np.array([0.5, 0.5])
    hits = 0
    for seed in range(200):
        confusion = np.column_stack([rng.multinomial(60, shares), [0, 0]])
        estimate = intervals.bootstrap_f1(confusion, weights, seed)
        hits += estimate.low <= truth <= estimate.high
    assert hits >= 180


@pytest.mark.slow
@settings(deadline=None, max_examples=10)
@given(st.integers(0, 2**32 - 1), st.integers(2, 5))
def test_the_bootstrap_is_scikit_learns_on_images_drawn_class_by_class(seed: int, classes: int) -> None:
    """From counts, as ours, or from images drawn one by one: the same interval but for chance."""
    rng = np.random.default_rng(seed)
    labels = np.repeat(np.arange(classes), rng.integers(20, 60, classes))
    predicted = np.where(rng.random(len(labels)) < 0.8, labels, rng.integers(0, classes, len(labels)))
    ours = intervals.bootstrap_f1(metrics.confusion_matrix(labels, predicted), np.full(classes, 1 / classes), seed=0)
    drawn = []
    for draw in range(300):
        rows = utils.resample(np.arange(len(labels)), stratify=labels, random_state=draw)
        drawn.append(metrics.f1_score(labels[rows], predicted[rows], average="macro", zero_division=0))
    assert ours.value == pytest.approx(metrics.f1_score(labels, predicted, average="macro", zero_division=0))
    assert (ours.low, ours.high) == pytest.approx(tuple(np.percentile(drawn, (2.5, 97.5))), abs=0.03)
