import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.contingency_tables import mcnemar

from celebtool.evaluation import comparison


@settings(deadline=None, max_examples=200)
@given(st.integers(0, 3000), st.integers(0, 3000))
@example(10, 1065)
def test_the_p_value_is_statsmodels(only_first, only_second):
    ours = comparison.mcnemar(only_first, only_second)
    theirs = mcnemar([[0, only_first], [only_second, 0]], exact=True).pvalue if only_first + only_second else 1
    exact = exact_p(only_first, only_second)
    assert ours == pytest.approx(exact, rel=1e-7, abs=1e-300)
    # statsmodels rounds to 0 what still is a number (10 and 1065: 2.7e-300)
    assert ours == pytest.approx(min(1, theirs) if theirs else exact, rel=1e-7, abs=1e-300)


def exact_p(only_first, only_second):
    """The p-value in whole numbers, rounded once at the end."""
    count, term, total = only_first + only_second, 1, 0
    for k in range(min(only_first, only_second) + 1):
        total += term
        term = term * (count - k) // (k + 1)
    return float(min(Fraction(1), Fraction(2 * total, 2**count)))


def test_the_p_value_is_a_coins_even_of_many_throws():
    assert comparison.mcnemar(0, 0) == 1
    assert comparison.mcnemar(0, 5) == pytest.approx(2 / 32)
    assert comparison.mcnemar(50_000, 50_400) == pytest.approx(stats.binomtest(50_000, 100_400).pvalue, rel=1e-6)
    assert comparison.mcnemar(0, 100_000) == 0


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 2**32 - 1), st.integers(1, 60))
def test_only_shared_images_count(seed, n):
    rng = np.random.default_rng(seed)
    ours = {int(i): bool(rng.random() < 0.8) for i in rng.choice(100, n, replace=False)}
    theirs = {int(i): bool(rng.random() < 0.6) for i in rng.choice(100, n, replace=False)}
    result = comparison.compare("a", ours, "b", theirs)
    shared = [i for i in ours if i in theirs]
    assert result.images == len(shared)
    assert result.only_in_one == 2 * (n - len(shared))
    assert result.first_right - result.only_first_right == result.second_right - result.only_second_right
    if shared:
        assert result.gain == pytest.approx(np.mean([theirs[i] for i in shared]) - np.mean([ours[i] for i in shared]))
    else:
        assert math.isnan(result.gain)
