import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from sklearn.calibration import calibration_curve

from celebtool.evaluation import calibration_error


@st.composite
def answers(draw):
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n = draw(st.integers(1, 200))
    confidences = rng.beta(draw(st.floats(0.5, 8)), 1, n)
    return confidences, rng.random(n) < confidences ** draw(st.floats(0.2, 3))


@settings(deadline=None, max_examples=100)
@given(answers())
def test_bins_and_error_are_those_of_scikit_learn_and_scipy(given_answers):
    confidences, right = given_answers
    result = calibration_error.calibration(confidences, right)
    filled = [each for each in result.bins if each.images]
    accuracies, means = calibration_curve(right, confidences, n_bins=15)
    assert [each.accuracy.value for each in filled] == pytest.approx(accuracies)
    assert [each.confidence for each in filled] == pytest.approx(means)
    counts = stats.binned_statistic(confidences, None, "count", bins=15, range=(0, 1)).statistic
    assert [each.images for each in result.bins] == counts.tolist()
    gaps = stats.binned_statistic(confidences, confidences - right, "sum", bins=15, range=(0, 1)).statistic
    assert result.error == pytest.approx(np.abs(gaps).sum() / len(right))
    assert result.images == len(right)


def test_an_edge_belongs_to_the_bin_below():
    result = calibration_error.calibration(np.array([3 / 15, 1.0, 1e-9]), np.array([True, True, False]))
    assert [i for i, each in enumerate(result.bins) if each.images] == [0, 2, 14]


def test_what_is_always_right_and_always_sure_has_no_error():
    assert calibration_error.calibration(np.ones(5), np.ones(5, bool)).error == 0
    assert calibration_error.calibration(np.ones(5), np.zeros(5, bool)).error == 1


def test_nothing_has_no_error():
    result = calibration_error.calibration(np.zeros(0), np.zeros(0, bool))
    assert math.isnan(result.error)
    assert len(result.bins) == 15
    assert result.images == 0
