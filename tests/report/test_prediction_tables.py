import numpy as np

from celebtool.evaluation import comparison, evaluate
from celebtool.evaluation.gates import Verdict
from celebtool.formats.predictions import Prediction, Predictions
from celebtool.report import prediction_tables


def judged(counts, names, failed=()):
    """An evaluation of a table with `counts[label][predicted]` images, and a failed image of each of `failed`."""
    rows = []
    for label, row in enumerate(counts):
        for predicted, count in enumerate(row):
            for _ in range(count):
                shares = np.full(len(names), 0.1 / (len(names) - 1))
                shares[predicted] = 0.9
                rows.append(Prediction(f"{len(rows)}.jpg", shares, names[predicted], label=names[label]))
    rows += [Prediction(f"{name}-failed.jpg", None, label=name, reason="unreadable") for name in failed]
    return evaluate.evaluate(Predictions(tuple(names), tuple(rows)))


def diagonal(classes, count=10):
    return (np.eye(classes, dtype=int) * count).tolist()


def text(row):
    return [cell[0] if isinstance(cell, tuple) else cell for cell in row]


def test_summary_puts_several_files_side_by_side():
    one, two = judged([[4, 0], [0, 4]], ["Ann", "Bob"]), judged(diagonal(4, 2), list("ABCD"))
    table = prediction_tables.summary([one, two], ["one.csv", "two.csv"])
    rows = {row[0]: row[1:] for row in table.rows}
    assert table.columns == ("", "one.csv", "two.csv")
    assert rows["images"] == ("8", "8")
    assert rows["accuracy"] == ("1.000 (0.676–1.000)",) * 2
    assert rows["top-3 accuracy"] == ("", "1.000")


def test_per_class_ends_with_the_averages():
    table = prediction_tables.per_class(judged([[3, 1], [0, 4]], ["Ann", "Bob"]))
    assert [text(row) for row in table.rows] == [
        ["Ann", "1.000", "0.750", "0.857", "4"],
        ["Bob", "0.800", "1.000", "0.889", "4"],
        ["macro average", "0.900", "0.875", "0.873", "8"],
        ["weighted average", "0.900", "0.875", "0.873", "8"],
    ]
    assert table.rows[0][2] == ("0.750", "bold red")


def test_mistakes_say_how_many_there_are():
    table = prediction_tables.mistakes(judged([[3, 2], [0, 4]], ["Ann", "Bob"]), 1)
    assert table.title == "Worst mistakes, 1 of 2 mistakes"
    assert [text(row) for row in table.rows] == [["3.jpg", "Ann", "Bob", "0.900", "0.100"]]


def test_long_names_keep_their_ends():
    clipped = prediction_tables.clip("a" * 20 + "b" * 20, 24)
    assert len(clipped) == 24
    assert clipped.startswith("aaaa")
    assert clipped.endswith("bbbb")
    assert prediction_tables.clip("short") == "short"


def test_calibration_marks_what_is_more_than_chance():
    table = prediction_tables.calibration(judged([[50, 50], [0, 10]], ["Ann", "Bob"]))
    (row,) = table.rows
    assert text(row) == ["0.87\u20130.93", "110", "0.900", "0.545 (0.452\u20130.635)", "+0.355"]
    assert row[-1] == ("+0.355", "bold red")


def test_comparisons_and_verdicts():
    one = comparison.compare("old.csv", {1: True, 2: False}, "new.csv", {1: True, 2: True})
    assert prediction_tables.comparisons([(one, "no difference")]).rows == [
        ("old.csv \u2013 new.csv", "2", "0", "1", "+0.500", "1", "no difference")
    ]
    missed = Verdict("p.csv", "accuracy >= 0.9", met=False, found="0.5")
    assert prediction_tables.verdicts([missed]).rows == [("p.csv", "accuracy >= 0.9", "0.5", ("NOT MET", "bold red"))]
