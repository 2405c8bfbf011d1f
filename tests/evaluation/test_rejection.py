import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics
from statsmodels.stats.proportion import proportion_confint

from celebtool.evaluation import rejection
from celebtool.evaluation.rejection import Faces


@st.composite
def faces(draw):
    """Known faces and strangers with scores on a coarse grid, so that many are equal."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    grid = draw(st.sampled_from([5, 50, 10_000]))
    n, m = draw(st.integers(1, 80)), draw(st.integers(1000, 2500))

    def scores(count, mean):
        return np.round(rng.normal(mean, 1, count) * grid) / grid

    known, strangers = scores(n, 2), scores(m, 0)
    known[rng.random(n) < 0.1] = -math.inf  # failed images
    right = (rng.random(n) < 0.9) & np.isfinite(known)
    return Faces(known, known >= 1, right), Faces(strangers, strangers >= 1, np.zeros(m, bool))


@settings(deadline=None, max_examples=80)
@given(faces())
def test_true_accepts_are_on_scikit_learns_curve(given_faces):
    known, strangers = given_faces
    result = rejection.evaluate(known, strangers)
    labels = np.concatenate([np.ones(len(known.scores)), np.zeros(len(strangers.scores))])
    lowest = min(strangers.scores.min(), known.scores[np.isfinite(known.scores)].min(initial=0)) - 1
    scores = np.concatenate(
        [np.where(known.right, known.scores, lowest), strangers.scores]
    )  # a wrong name is no accept
    false, true, thresholds = metrics.roc_curve(labels, scores, drop_intermediate=False)
    for share, operating in result.at.items():
        possible = (false <= share) & (thresholds > lowest)
        assert operating.true_accepts.value == pytest.approx(true[possible].max())
        passing = (strangers.scores > operating.threshold).mean()
        assert passing <= share
    assert set(result.at) == {0.05, 0.01, 0.001}


@settings(deadline=None, max_examples=40)
@given(faces())
def test_shares_and_intervals_are_those_of_statsmodels(given_faces):
    known, strangers = given_faces
    result = rejection.evaluate(known, strangers)
    for ours, chosen in (
        (result.accepted, known.accepted),
        (result.true_accepts, known.accepted & known.right),
        (result.false_accepts, strangers.accepted),
    ):
        low, high = proportion_confint(chosen.sum(), len(chosen), method="beta")
        assert (ours.value, ours.low, ours.high) == pytest.approx((chosen.mean(), low, high), abs=1e-9)


def test_too_few_strangers_show_no_share_that_one_of_them_exceeds():
    known = Faces(np.array([0.9]), np.array([True]), np.array([True]))

    def shares(count):
        scores = np.linspace(0, 0.5, count)
        return set(rejection.evaluate(known, Faces(scores, scores > 1, scores > 1)).at)

    assert shares(19) == set()
    assert shares(20) == shares(99) == {0.05}
    assert shares(100) == shares(999) == {0.05, 0.01}
    assert shares(1000) == {0.05, 0.01, 0.001}


def test_without_scores_or_strangers_there_are_no_thresholds():
    one = Faces(np.array([math.nan]), np.array([True]), np.array([True]))
    many = Faces(np.zeros(1000), np.zeros(1000, bool), np.zeros(1000, bool))
    none = Faces(np.zeros(0), np.zeros(0, bool), np.zeros(0, bool))
    assert rejection.evaluate(one, many).at == {}
    result = rejection.evaluate(one, none)
    assert (result.accepted.value, result.strangers) == (1, 0)
    assert math.isnan(result.false_accepts.value)
    assert math.isnan(rejection.evaluate(none, many).accepted.value)


def test_strangers_of_one_score_pass_together_or_not_at_all():
    known = Faces(np.array([0.5, 0.6]), np.ones(2, bool), np.ones(2, bool))
    strangers = Faces(np.repeat([0.5, 0.1], [3, 97]), np.zeros(100, bool), np.zeros(100, bool))
    operating = rejection.evaluate(known, strangers).at[0.01]
    assert (operating.threshold, operating.true_accepts.value) == (0.5, 0.5)
