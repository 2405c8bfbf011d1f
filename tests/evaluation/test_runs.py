import numpy as np
import pytest

from celebtool.evaluation import comparison, judge
from celebtool.evaluation.judge import Gates
from celebtool.formats.predictions import Prediction, Predictions

NAMES = ("A", "B")


def table(wrong, images=range(20), part=""):
    """A table of images of A; those in `wrong` are called B, the first with most confidence."""
    rows = []
    for i in images:
        share = 0.9 - i / 100 if i in wrong else 0.2
        rows.append(
            Prediction(f"{part}{i}.jpg", np.array([1 - share, share]), NAMES[i in wrong], part[:-1], "A", seen=False)
        )
    return Predictions(NAMES, tuple(rows))


def judged(gates=None, **tables):
    return judge.judge(tables, gates or Gates())


def only_wrong(runs):
    return {name: [one.prediction.path for one in mistakes] for name, mistakes in runs.only_wrong.items()}


def test_mistakes_that_only_one_run_makes():
    made = judged(a=table({1, 2, 3}), b=table({2, 5, 4}), c=table({2, 3}))
    assert only_wrong(made.runs) == {"a": ["1.jpg"], "b": ["4.jpg", "5.jpg"], "c": []}
    assert (made.runs.in_all, made.runs.in_some, made.runs.apart) == (20, 0, [])


def test_images_are_matched_without_their_part():
    made = judged(a=table({1}), b=table(set(), part="test/"), c=table({1, 3}))
    assert only_wrong(made.runs) == {"a": [], "b": [], "c": ["3.jpg"]}


def test_images_that_not_all_have_judged_count_for_nobody():
    made = judged(a=table({1, 15}), b=table({4}, range(10)), c=table({16}, range(5, 20)))
    assert only_wrong(made.runs) == {"a": [], "b": [], "c": []}
    assert (made.runs.in_all, made.runs.in_some) == (5, 15)
    assert [(one.second, one.images) for one in made.comparisons] == [("b", 10), ("c", 15)]


def test_a_table_without_an_image_in_common_is_not_compared():
    made = judged(a=table({1}), b=table({2}), c=table({3}, range(100, 120)), d=table({4}))
    assert (made.runs.apart, list(made.runs.only_wrong)) == (["c"], ["a", "b", "d"])
    assert list(made.runs.evaluations) == ["a", "b", "c", "d"]
    assert (made.runs.in_all, made.runs.in_some) == (20, 0)


def test_a_baseline_is_the_first_run():
    made = judged(Gates(baseline=("old", table({1}))), a=table({2}), b=table({3}))
    assert (made.runs.base, list(made.runs.evaluations), list(made.judged)) == ("old", ["old", "a", "b"], ["a", "b"])
    assert only_wrong(made.runs) == {"old": ["1.jpg"], "a": ["2.jpg"], "b": ["3.jpg"]}


def test_one_table_or_tables_of_other_images_are_no_runs():
    assert judged(a=table({1})).runs is None
    assert judged(a=table({1}), b=table({1}, range(30, 40)), c=table({1}, range(50, 60))).runs is None


def test_verdicts_rest_on_corrected_p_values():
    """Six images that only one has wrong are p = 0.031: real alone, and not among two such comparisons."""
    made = judged(a=table(set()), b=table(set(range(6))), c=table(set(range(6))))
    assert [one.p_value for one in made.comparisons] == [pytest.approx(0.03125)] * 2
    assert [made.p_value(one) for one in made.comparisons] == [pytest.approx(0.0625)] * 2
    two = judged(a=table(set()), b=table(set(range(6))))
    assert (two.are_several, two.p_value(two.comparisons[0])) == (False, pytest.approx(0.03125))


def test_holm_is_statsmodels():
    from statsmodels.stats.multitest import multipletests

    rng = np.random.default_rng(0)
    for size in (1, 2, 3, 8):
        values = [*rng.random(size) ** 3]
        assert comparison.holm(values) == pytest.approx(multipletests(values, method="holm")[1])
    assert comparison.holm([]) == []
    assert comparison.holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
