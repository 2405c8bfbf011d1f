import numpy as np

from celebtool.report import matrix
from celebtool.report.table import Mark
from tests.support.predictions import diagonal, evaluated, marks, texts


def test_confusion_numbers_the_columns_and_draws_the_eye_to_mistakes():
    table = matrix.confusion(evaluated([[9, 1, 0], [0, 10, 0], [2, 0, 8]], ["Ann", "Bob", "Cid"]), 80, 10)
    assert table.title == "Confusion, true by row, predicted by column"
    assert list(table.columns) == ["", " 1", " 2", " 3"]
    assert [texts(row) for row in table.rows] == [
        ["1 Ann", " 9", " 1", " ·"],
        ["2 Bob", " ·", "10", " ·"],
        ["3 Cid", " 2", " ·", " 8"],
    ]
    assert marks(table.rows[0]) == [Mark.STRONG, Mark.FAINT, Mark.WRONG, Mark.FAINT]
    assert marks(table.rows[1]) == [Mark.PLAIN, Mark.FAINT, Mark.FAINT, Mark.FAINT]


def test_confusion_has_a_column_for_failed_images_only_if_there_are_any():
    table = matrix.confusion(evaluated([[3, 0], [0, 3]], ["Ann", "Bob"], failed=["Bob"]), 80, 10)
    assert table.columns[-1] == "failed"
    assert texts(table.rows[1]) == ["2 Bob", "·", "3", "     1"]


def test_confusion_of_many_classes_shows_those_with_mistakes():
    counts = diagonal(40)
    counts[3][7] = 2
    table = matrix.confusion(evaluated(counts, [f"person {i:02d}" for i in range(40)]), 80, 10)
    assert table.title == ("Confusion, true by row, predicted by column: the 2 of 40 classes with mistakes")
    assert list(table.columns) == ["", " 4", " 8"]
    assert texts(table.rows[0]) == [" 4 person 03", "10", " 2"]


def test_confusion_that_does_not_fit_lists_pairs():
    counts = np.array(diagonal(40))
    counts[np.arange(40), (np.arange(40) + 1) % 40] = 1
    counts[5, 6] = 3
    table = matrix.confusion(evaluated(counts.tolist(), [f"person {i:02d}" for i in range(40)]), 80, 2)
    assert table.title == "Confused pairs: 2 of 40"
    assert [texts(row) for row in table.rows] == [
        ["person 05", "person 06", "3", "0.231"],
        ["person 00", "person 01", "1", "0.091"],
    ]


def test_confusion_without_a_mistake_of_too_many_classes_lists_none():
    table = matrix.confusion(evaluated(diagonal(60), [f"person {i:02d}" for i in range(60)]), 80, 10)
    assert (table.title, table.rows) == ("No class was taken for another", [])


def test_names_are_shortened_before_classes_are_left_out():
    one = evaluated(diagonal(20), [f"{i:02d} of a long family name" for i in range(20)])
    assert matrix.confusion(one, 88, 10).rows[0][0].text == " 1 00 of a long family name"
    assert matrix.confusion(one, 87, 10).rows[0][0].text == " 1 00 of …ame"
    assert matrix.confusion(one, 73, 10).rows == []  # 3 + 10 + 1 + 20 x 3 = 74


def test_wide_names_take_two_columns_each():
    one = evaluated(diagonal(20), ["成" * 20 + str(i) for i in range(20)])
    names = [[row[0].text for row in matrix.confusion(one, width, 10).rows] for width in (106, 105, 81)]
    assert names[0][0] == " 1 " + "成" * 20 + "0"  # 3 + 41 + 1 + 20 x 3 = 105, and two digits are wider by one
    assert names[1][19] == "20 成成成成成成…成19"
    assert names[2] == []


def test_classes_stand_in_natural_order():
    table = matrix.confusion(evaluated([[3, 1, 0], [0, 4, 0], [0, 0, 5]], ["s1", "s10", "s2"]), 80, 10)
    assert list(table.columns) == ["", "1", "2", "3"]
    assert [texts(row) for row in table.rows] == [
        ["1 s1", "3", "·", "1"],
        ["2 s2", "·", "5", "·"],
        ["3 s10", "·", "·", "4"],
    ]
