import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics

from celebtool.evaluation import thresholds
from celebtool.evaluation.rejection import Faces
from celebtool.evaluation.thresholds import Threshold


def faces(scores, right=None):
    scores = np.array(scores, dtype=float)
    return Faces(scores, scores > 0, np.array(right if right is not None else [False] * len(scores), dtype=bool))


def test_the_shares_at_each_score():
    known = faces([0.9, 0.8, 0.5, -math.inf], right=[True, False, True, False])
    strangers = faces([0.6, 0.5])
    assert thresholds.sweep(known, strangers) == (
        Threshold(0.5, 0.75, 0.5, 1.0),
        Threshold(0.6, 0.5, 0.25, 0.5),
        Threshold(0.8, 0.5, 0.25, 0.0),
        Threshold(0.9, 0.25, 0.25, 0.0),
    )


@pytest.mark.parametrize(
    ("known", "strangers"),
    [([], [0.5]), ([0.5], []), ([math.nan], [0.5]), ([0.5], [math.nan]), ([-math.inf], [-math.inf])],
)
def test_without_scores_of_both_there_are_no_thresholds(known, strangers):
    assert thresholds.sweep(faces(known), faces(strangers)) == ()


@settings(deadline=None, max_examples=50)
@given(st.integers(0, 2**32 - 1), st.integers(1, 3000), st.integers(1, 3000))
def test_the_shares_are_those_of_scikit_learn(seed, n, m):
    rng = np.random.default_rng(seed)
    known, strangers = np.round(rng.normal(1, 1, n), 2), np.round(rng.normal(0, 1, m), 2)
    swept = thresholds.sweep(faces(known, right=[True] * n), faces(strangers))
    labels = np.concatenate([np.ones(n), np.zeros(m)])
    false, true, at = metrics.roc_curve(labels, np.concatenate([known, strangers]), drop_intermediate=False)
    expected = {float(value): (t, f) for value, t, f in zip(at, true, false, strict=True)}
    assert len(swept) <= thresholds.EVENLY + len(thresholds.SHARES)
    for each in swept:
        assert (each.true_accepts, each.false_accepts) == pytest.approx(expected[each.value])
        assert each.accepted == each.true_accepts  # all are right
    finite = [value for value in expected if math.isfinite(value)]
    assert (swept[0].value, swept[-1].value) == (min(finite), max(finite))


def test_the_lowest_thresholds_for_chosen_shares_of_strangers_are_shown():
    strangers = faces(np.arange(10_000) / 10_000)
    swept = thresholds.sweep(faces([0.4, 2.0], right=[True] * 2), strangers)
    shown = thresholds.shown(swept)
    assert [each.false_accepts for each in shown] == list(thresholds.SHARES)
    assert [each.value for each in shown] == pytest.approx([1 - share for share in thresholds.SHARES[:-1]] + [2.0])
    assert thresholds.shown(()) == []


def test_thresholds_that_no_stranger_is_between_are_shown_once():
    swept = thresholds.sweep(faces([0.4, 0.9], right=[True] * 2), faces([0.5]))
    assert [(each.value, each.true_accepts) for each in thresholds.shown(swept)] == [(0.9, 0.5)]
