import math

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy.stats import beta, binom, binomtest
from sklearn import metrics

from celebtool.evaluation import confusion, counts, intervals
from tests.support.modules import load

benchmark = load("benchmarks/intervals.py")


@given(st.integers(1, 5000), st.data())
def test_the_exact_interval_is_scipys(trials, data):
    successes = data.draw(st.integers(0, trials))
    estimate = intervals.exact(successes, trials)
    expected = binomtest(successes, trials).proportion_ci(method="exact")
    assert estimate.value == successes / trials
    assert (estimate.low, estimate.high) == pytest.approx((expected.low, expected.high), abs=1e-9)
    assert 0 <= estimate.low <= estimate.value <= estimate.high <= 1


@given(st.floats(1e-6, 1 - 1e-6), st.floats(0.01, 1e5), st.floats(0.01, 1e5))
@example(0.025, 1e6, 1.0)
@settings(deadline=None)
def test_quantiles_of_beta_are_scipys(probability, a, b):
    found = intervals.beta_quantile(probability, a, b)
    expected = float(beta.ppf(probability, a, b))
    # where the distribution is flat or steep beyond the digits of a float, only one of the two can agree
    assert found == pytest.approx(expected, abs=1e-9) or beta.cdf(found, a, b) == pytest.approx(probability, rel=1e-6)


def test_an_interval_of_nothing_is_nothing():
    assert math.isnan(intervals.exact(0, 0).value)


@pytest.mark.parametrize("trials", [1, 2, 3, 6, 10, 40])
def test_the_exact_interval_holds_the_truth_at_least_as_often_as_it_says_whatever_the_truth(trials):
    estimates = [intervals.exact(successes, trials) for successes in range(trials + 1)]
    for share in np.linspace(0.001, 0.999, 333):
        held = [estimate.low <= share <= estimate.high for estimate in estimates]
        assert binom.pmf(range(trials + 1), trials, share)[held].sum() >= 0.95 - 1e-9


def averages(table, seed=0):
    matrix = np.column_stack([table, np.zeros(len(table), dtype=np.int64)])
    return confusion.averages(counts.of_matrix(matrix), seed)


def test_averages_are_seeded_and_lie_in_their_intervals():
    table = np.array([[8, 2], [1, 6]])
    assert averages(table) == averages(table)
    assert averages(table) != averages(table, seed=4)
    macro, _ = averages(table)
    assert macro.f1.value == pytest.approx((16 / 19 + 12 / 15) / 2)
    assert 0 < macro.f1.low < macro.f1.value < macro.f1.high < 1


def test_averages_of_what_is_all_right_are_not_certain():
    macro, _ = averages(np.diag([5, 7]))
    assert (macro.f1.value, macro.f1.high) == (1, 1)
    assert macro.f1.low == pytest.approx(intervals.exact(12, 12).low, abs=0.05)
    assert macro.recall.low == pytest.approx(intervals.exact(12, 12).low, abs=0.05)


def test_one_image_per_class_has_an_interval_of_f1_about_as_wide_as_that_of_accuracy():
    """14 classes, one image each, one of them wrong: by resampling within classes, nothing would ever vary."""
    table = np.eye(14, dtype=np.int64)
    table[0, 0], table[0, 1] = 0, 1
    macro, weighted = averages(table)
    accuracy = intervals.exact(13, 14)
    assert weighted.recall == accuracy
    assert macro.recall.low == pytest.approx(accuracy.low, abs=0.05)
    assert macro.f1.low < accuracy.low + 0.05
    assert macro.f1.high > 0.95


def test_the_interval_of_weighted_recall_is_that_of_accuracy():
    _, weighted = averages(np.array([[3, 1], [0, 1]]))
    assert weighted.recall == intervals.exact(4, 5)


@pytest.mark.slow
@pytest.mark.parametrize(("classes", "images"), [(2, 1), (2, 3), (5, 2), (20, 1), (20, 10)])
@pytest.mark.parametrize("mistakes", ["anybody", "one class", "unequal numbers"])
def test_intervals_hold_the_truth_in_nine_of_ten_samples(classes, images, mistakes):
    """A small share of benchmarks/intervals.py, at the accuracies where too narrow intervals show first."""
    for accuracy in (0.5, 0.9, 0.97):
        held, _ = benchmark.coverage(classes, images, accuracy, mistakes, samples=60)
        assert held.min() >= 0.9 - 0.05  # of 60 samples, two standard deviations below 0.9 wanted and 0.95 claimed


def test_equally_good_models_are_rarely_called_different():
    assert max(benchmark.false_alarms(20, accuracy, samples=400) for accuracy in (0.5, 0.9)) <= 0.05


@settings(deadline=None, max_examples=10)
@given(st.integers(0, 2**32 - 1), st.integers(2, 5))
def test_averages_are_scikit_learns(seed: int, classes: int) -> None:
    rng = np.random.default_rng(seed)
    labels = np.repeat(np.arange(classes), rng.integers(1, 20, classes))
    predicted = np.where(rng.random(len(labels)) < 0.8, labels, rng.integers(0, classes, len(labels)))
    macro, weighted = averages(metrics.confusion_matrix(labels, predicted, labels=range(classes)))
    for average, kind in ((macro, "macro"), (weighted, "weighted")):
        expected = metrics.f1_score(labels, predicted, average=kind, zero_division=0)
        assert average.f1.value == pytest.approx(expected)
        assert average.f1.low <= expected <= average.f1.high
