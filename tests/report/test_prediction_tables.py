from celebtool.evaluation import comparison
from celebtool.evaluation.gates import Verdict
from celebtool.report import prediction_tables
from celebtool.report.table import Cell, Mark
from tests.support.predictions import diagonal, evaluated, texts


def test_summary_puts_several_files_side_by_side():
    one, two = evaluated([[4, 0], [0, 4]], ["Ann", "Bob"]), evaluated(diagonal(4, 2), list("ABCD"))
    table = prediction_tables.summary([one, two], ["one.csv", "two.csv"])
    rows = {row[0]: row[1:] for row in table.rows}
    assert table.columns == ("", "one.csv", "two.csv")
    assert rows["images"] == ("8", "8")
    assert rows["accuracy"] == ("1.000 (0.631–1.000)",) * 2
    assert rows["top-3 accuracy"] == ("", "1.000")


def test_per_class_ends_with_the_averages():
    table = prediction_tables.per_class(evaluated([[3, 1], [0, 4]], ["Ann", "Bob"]))
    assert [texts(row) for row in table.rows] == [
        ["Ann", "1.000", "0.750 (0.194–0.994)", "0.857", "4"],
        ["Bob", "0.800", "1.000 (0.398–1.000)", "0.889", "4"],
    ]
    assert [texts(row) for row in table.totals] == [
        ["macro average", "0.900", "0.875 (0.481–0.998)", "0.873", "8"],
        ["weighted average", "0.900", "0.875 (0.473–0.997)", "0.873", "8"],
    ]
    assert table.rows[0][2] == Cell("0.750 (0.194–0.994)", Mark.WRONG)


def test_classes_stand_in_natural_order():
    table = prediction_tables.per_class(evaluated(diagonal(3, 2), ["s1", "s10", "s2"]))
    assert [row[0] for row in table.rows] == ["s1", "s2", "s10"]


def test_mistakes_say_how_many_there_are():
    table = prediction_tables.mistakes(evaluated([[3, 2], [0, 4]], ["Ann", "Bob"]), 1)
    assert table.title == "Mistakes, the most confident first: 1 of 2"
    assert table.columns == ("image", "true", "predicted", "confidence", "probability of true")
    assert [texts(row) for row in table.rows] == [["3.jpg", "Ann", "Bob", "0.900", "0.100"]]


def test_calibration_marks_what_is_more_than_chance():
    table = prediction_tables.calibration(evaluated([[50, 50], [0, 10]], ["Ann", "Bob"]))
    (row,) = table.rows
    assert texts(row) == ["0.87\u20130.93", "110", "0.900", "0.545 (0.448\u20130.641)", "+0.355"]
    assert row[-1] == Cell("+0.355", Mark.WRONG)


def test_comparisons_and_verdicts():
    one = comparison.compare("old.csv", {1: True, 2: False}, "new.csv", {1: True, 2: True})
    assert prediction_tables.comparisons([(one, "no difference")]).rows == [
        ("old.csv \u2013 new.csv", "2", "0", "1", "+0.500", "1", "no difference")
    ]
    missed = Verdict("p.csv", "accuracy >= 0.9", met=False, found="0.5")
    assert prediction_tables.verdicts([missed]).rows == [
        ("p.csv", "accuracy >= 0.9", "0.5", Cell("NOT MET", Mark.WRONG))
    ]
