import numpy as np

from celebtool import evaluation
from celebtool.formats.predictions import Prediction, Predictions
from celebtool.rendering import terminal


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
    return evaluation.evaluate(Predictions(tuple(names), tuple(rows)))


def diagonal(classes, count=10):
    return (np.eye(classes, dtype=int) * count).tolist()


def text(row):
    return [cell[0] if isinstance(cell, tuple) else cell for cell in row]


def test_confusion_numbers_the_columns_and_draws_the_eye_to_mistakes():
    table = terminal.confusion(judged([[9, 1, 0], [0, 10, 0], [2, 0, 8]], ["Ann", "Bob", "Cid"]), 80, 10)
    assert table.title == "Confusion, a row per label"
    assert list(table.columns) == ["", " 1", " 2", " 3"]
    assert [text(row) for row in table.rows] == [
        ["1 Ann", " 9", " 1", " ·"],
        ["2 Bob", " ·", "10", " ·"],
        ["3 Cid", " 2", " ·", " 8"],
    ]
    assert table.rows[0] == [("1 Ann", "bold"), (" 9", "dim"), (" 1", "bold red"), (" ·", "dim")]
    assert table.rows[1][0] == "2 Bob"


def test_confusion_has_a_column_for_failed_images_only_if_there_are_any():
    table = terminal.confusion(judged([[3, 0], [0, 3]], ["Ann", "Bob"], failed=["Bob"]), 80, 10)
    assert table.columns[-1] == "failed"
    assert text(table.rows[1]) == ["2 Bob", "·", "3", "     1"]


def test_confusion_of_many_classes_shows_those_with_mistakes():
    counts = diagonal(40)
    counts[3][7] = 2
    table = terminal.confusion(judged(counts, [f"person {i:02d}" for i in range(40)]), 80, 10)
    assert table.title == "Confusion, a row per label, 2 of 40 classes, those with mistakes"
    assert list(table.columns) == ["", " 4", " 8"]
    assert text(table.rows[0]) == [" 4 person 03", "10", " 2"]


def test_confusion_that_does_not_fit_lists_pairs():
    counts = np.array(diagonal(40))
    counts[np.arange(40), (np.arange(40) + 1) % 40] = 1
    counts[5, 6] = 3
    table = terminal.confusion(judged(counts.tolist(), [f"person {i:02d}" for i in range(40)]), 80, 2)
    assert table.title == "Most confused, 2 of 40 pairs"
    assert [text(row) for row in table.rows] == [
        ["person 05", "person 06", "3", "0.231"],
        ["person 00", "person 01", "1", "0.091"],
    ]


def test_confusion_without_a_mistake_of_too_many_classes_lists_none():
    table = terminal.confusion(judged(diagonal(60), [f"person {i:02d}" for i in range(60)]), 80, 10)
    assert (table.title, table.rows) == ("No class was taken for another", [])


def test_wide_names_take_two_columns_each():
    one = judged(diagonal(20), ["成" * 20 + str(i) for i in range(20)])
    assert terminal.confusion(one, 104, 10).rows == []  # 3 + 42 + 1 + 20 × 3 = 106
    assert len(terminal.confusion(one, 106, 10).rows) == 20


def test_summary_puts_several_files_side_by_side():
    one, two = judged([[4, 0], [0, 4]], ["Ann", "Bob"]), judged(diagonal(4, 2), list("ABCD"))
    table = terminal.summary([one, two], ["one.csv", "two.csv"])
    rows = {row[0]: row[1:] for row in table.rows}
    assert table.columns == ("", "one.csv", "two.csv")
    assert rows["images"] == ("8", "8")
    assert rows["accuracy"] == ("1.000 (0.676–1.000)",) * 2
    assert rows["top-3 accuracy"] == ("", "1.000")


def test_per_class_ends_with_the_averages():
    table = terminal.per_class(judged([[3, 1], [0, 4]], ["Ann", "Bob"]))
    assert [text(row) for row in table.rows] == [
        ["Ann", "1.000", "0.750", "0.857", "4"],
        ["Bob", "0.800", "1.000", "0.889", "4"],
        ["macro average", "0.900", "0.875", "0.873", "8"],
        ["weighted average", "0.900", "0.875", "0.873", "8"],
    ]
    assert table.rows[0][2] == ("0.750", "bold red")


def test_mistakes_say_how_many_there_are():
    table = terminal.mistakes(judged([[3, 2], [0, 4]], ["Ann", "Bob"]), 1)
    assert table.title == "Worst mistakes, 1 of 2 mistakes"
    assert [text(row) for row in table.rows] == [["3.jpg", "Ann", "Bob", "0.900", "0.100"]]


def test_remarks_say_what_is_left_out():
    rows = [
        Prediction("a.jpg", np.array([0.9, 0.1, 0]), "Ann", label="Ann"),
        Prediction("b.jpg", None, label="Bob", reason="no_face"),
        Prediction("c.jpg", np.array([0.9, 0.1, 0]), "Ann", label="unknown"),
        Prediction("d.jpg", np.array([0.9, 0.1, 0]), "Ann"),
    ]
    one = evaluation.evaluate(Predictions(("Ann", "Bob", "Cid"), tuple(rows)))
    assert terminal.remarks(one) == [
        "1 of 4 images failed and count as wrong: no_face 1",
        "1 images of strangers (label unknown) are left out of all figures",
        "1 of 4 images have no label and are left out of all figures",
        "no image of Cid: these classes are in no average",
        "fewer than 10 images of Ann, Bob: their own figures say little",
    ]


def test_long_names_keep_their_ends():
    clipped = terminal.clip("a" * 20 + "b" * 20, 24)
    assert len(clipped) == 24
    assert clipped.startswith("aaaa")
    assert clipped.endswith("bbbb")
    assert terminal.clip("short") == "short"
