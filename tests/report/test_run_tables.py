"""Which columns a table of runs has."""

import numpy as np

from celebtool.evaluation import judge
from celebtool.evaluation.judge import Gates
from celebtool.formats.prediction_row import Prediction
from celebtool.formats.predictions import Predictions
from celebtool.report import run_tables
from celebtool.report.table import Cell, Mark


def table(wrong, strangers=0, failed=0, part=""):
    shares = np.array([0.75, 0.25])
    rows = [
        Prediction(
            f"{i}.jpg", shares[::-1] if i in wrong else shares, "AB"[i in wrong], part, "A", score=0.75, seen=False
        )
        for i in range(8)
    ]
    rows += [Prediction(f"f{i}.jpg", None, part=part, label="A", reason="no_face") for i in range(failed)]
    rows += [
        Prediction(f"u{i}.jpg", shares, "A" if i < 2 else "unknown", part, "unknown", score=i / 1000, seen=False)
        for i in range(strangers)
    ]
    return Predictions(("A", "B"), tuple(rows))


def judged(**tables):
    return judge.judge(tables, Gates())


def test_figures_that_no_run_has_have_no_column():
    made = run_tables.figures(judged(a=table({1}), b=table({2}), c=table(set())).runs)
    assert made.title == "3 runs, accuracy with 95 % intervals"
    assert made.columns == ("run", "images", "accuracy", "macro F1", "calibration error")
    assert made.rows[2] == ["c", "8", "1.000 (0.631–1.000)", "1.000", "0.250"]


def test_figures_that_one_run_has_are_a_column():
    made = run_tables.figures(
        judged(a=table({1}), b=table({2}, strangers=100), c=table(set(), failed=2, part="val")).runs
    )
    assert made.columns == (
        *("run", "part", "images", "coverage", "accuracy", "macro F1", "calibration error"),
        *("known faces accepted", "accepted and right", "strangers", "strangers accepted", "true accepts at 1 %"),
    )
    assert [row[1:4] for row in made.rows] == [["", "8", ""], ["", "8", ""], ["val", "10", "0.800"]]
    assert [row[7:] for row in made.rows] == [[""] * 5, ["1.000", "0.875", "100", "0.020", "0.875"], [""] * 5]


def test_differences_name_the_first_and_shorten_long_names():
    made = run_tables.differences(judged(**{"a" * 40: table({1, 2}), "b": table({2}), "c": table(set())}))
    assert made.title == f"Do they differ from {'a' * 20}…{'a' * 11}, the first?"
    assert made.rows[1] == ("c", "8", "0", "2", "+0.250", "0.5", "1", "no significant difference")


def test_mistakes_of_one_run_alone_are_limited_for_each():
    runs = judged(a=table({1, 2}), b=table({4}), c=table(set())).runs
    made = run_tables.only_wrong(runs, 1)
    assert made.title == "Mistakes that only one run makes: 2 of 3"
    assert made.rows == [
        ("a", "1.jpg", "A", Cell("B", Mark.WRONG), "0.750"),
        ("b", "4.jpg", "A", Cell("B", Mark.WRONG), "0.750"),
    ]
    same = judged(a=table({1}), b=table({1}), c=table({1})).runs
    assert run_tables.only_wrong(same, 1).title == "No mistake that only one run makes"
