import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from celebtool.errors import CelebtoolError, GateError
from celebtool.evaluation import comparison, gates
from celebtool.evaluation.gates import Demand, Verdict

FIGURES = {"accuracy": 0.95, "images": 100, "macro_f1": math.nan}
CLASSES = {"Madonna": {"recall": 0.8, "precision": math.nan}, "a],b]>=1": {"recall": 0.5}, "Beyoncé": {"recall": 1}}


def test_demands_are_read_in_order():
    assert gates.parse("accuracy>=0.95, recall[Madonna] >= .8,images<7,top_3_accuracy>95%") == (
        Demand("accuracy", None, ">=", 0.95),
        Demand("recall", "Madonna", ">=", 0.8),
        Demand("images", None, "<", 7),
        Demand("top_3_accuracy", None, ">", 0.95),
    )


@given(
    st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]), min_size=1).filter(lambda name: "]" not in name)
)
def test_any_name_without_a_bracket_is_read(name):
    (first, second) = gates.parse(f"recall[{name}]>=0.5,accuracy>0")
    assert (first.limit, second.figure) == (0.5, "accuracy")


def test_names_with_brackets_commas_and_decomposed_accents_are_found():
    demands = gates.parse("recall[a],b]>=1]>=0.5,recall[Beyonce\u0301]>=1")
    assert [demand.class_name for demand in demands] == ["a],b]>=1", "Beyoncé"]
    assert all(gates.judge("p.csv", demand, FIGURES, CLASSES).met for demand in demands)


@pytest.mark.parametrize(
    "text", ["", "accuracy", "accuracy>=", "accuracy=0.9", "accuracy>=a", ">=1", "accuracy>=0.9;", "recall[]>=1"]
)
def test_what_cannot_be_read_is_quoted(text):
    with pytest.raises(ValueError, match="cannot read"):
        gates.parse(text)


def test_a_figure_that_classes_do_not_have():
    with pytest.raises(ValueError, match="accuracy is no figure of a class; expected one of precision, precision_low"):
        gates.parse("accuracy[Madonna]>=0.5")


@pytest.mark.parametrize(
    ("text", "met", "found"),
    [
        ("accuracy>=0.95", True, "0.95"),
        ("accuracy>0.95", False, "0.95"),
        ("images<=100", True, "100"),
        ("images<100", False, "100"),
        ("macro_f1>=0", False, "not known"),
        ("macro_f1<=1", False, "not known"),
        ("precision[Madonna]>=0", False, "not known"),
    ],
)
def test_verdicts(text, met, found):
    (demand,) = gates.parse(text)
    verdict = gates.judge("p.csv", demand, FIGURES, CLASSES)
    assert (verdict.met, verdict.found) == (met, found)


def test_a_figure_is_compared_with_the_digits_that_are_printed():
    (demand,) = gates.parse("accuracy>=0.8")
    assert gates.judge("p.csv", demand, {"accuracy": (0.7 + 0.9) / 2 - 1e-16}, {}).met


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("acuracy>=1", "there is no figure acuracy; did you mean accuracy?"),
        ("part>=1", "there is no figure part; expected one of rows, images"),
        ("f1>=1", "there is no figure f1; did you mean macro_f1 or f1[CLASS]?"),
        ("support>=5", "there is no figure support; add [CLASS]"),
        ("recal[Madonna]>=1", "recal is no figure of a class; did you mean recall?"),
        ("accuracy>=95", "accuracy>=95: no accuracy is above 1; did you mean 95%?"),
    ],
)
def test_a_figure_that_does_not_exist_is_refused_before_anything_is_read(text, problem):
    with pytest.raises(ValueError, match=re.escape(problem)):
        gates.parse(text)


def test_a_class_that_does_not_exist_says_which_there_are():
    with pytest.raises(CelebtoolError, match=r"p.csv: has no class Cher, .* expected one of Madonna, a\],b"):
        gates.judge("p.csv", gates.parse("recall[Cher]>=1")[0], FIGURES, CLASSES)
    with pytest.raises(CelebtoolError, match="has no class madona, .*; did you mean Madonna"):
        gates.judge("p.csv", gates.parse("recall[madona]>=1")[0], FIGURES, CLASSES)


def test_what_is_not_met_ends_with_3_and_every_reason():
    met, missed, other = (
        Verdict("a", "x", True, "1"),
        Verdict("a", "x", False, "1", "no x"),
        Verdict("b", "y", False, "2", "no y"),
    )
    gates.enforce([met])
    with pytest.raises(GateError, match="^a: no x$"):
        gates.enforce([met, missed])
    with pytest.raises(GateError, match="^a, b: a: no x; b: no y$"):
        gates.enforce([missed, other])


def compared(only_first, only_second, images=1000):
    ours = {i: i < only_first or i >= only_first + only_second for i in range(images)}
    theirs = {i: i >= only_first for i in range(images)}
    return comparison.compare("old", ours, "new", theirs)


@pytest.mark.parametrize(
    ("only_first", "only_second", "max_drop", "met"),
    [
        (0, 0, None, [True]),
        (3, 0, None, [True]),  # p = 0.25
        (20, 2, None, [False]),
        (2, 20, 0.0, [True, True]),
        (3, 0, 0.0, [True, False]),
        (10, 0, 0.01, [False, True]),
        (11, 0, 0.01, [False, False]),
    ],
)
def test_a_baseline_must_not_be_lost(only_first, only_second, max_drop, met):
    assert [verdict.met for verdict in gates.against(compared(only_first, only_second), max_drop)] == met


def test_no_shared_image_is_no_pass():
    nothing = comparison.compare("old", {}, "new", {})
    assert math.isnan(nothing.gain)
    assert not gates.against(nothing, 0.5)[1].met


def test_a_limit_of_very_many_digits_is_read_in_no_time():
    with pytest.raises(ValueError, match="accuracy"):
        gates.parse("accuracy>=" + "1" * 100_000 + "x")
