import io
import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from celebtool.errors import CelebtoolError
from celebtool.formats import predictions
from celebtool.formats.predictions import Prediction, Writer

HEADER = "path,part,label,status,reason,predicted,confidence,score,seen,prob_Ann,prob_Bob\n"
GOOD = "a.jpg,test,Ann,predicted,,Ann,0.9,0.9,no,0.9,0.1\n"


def parse(text, where="p.csv"):
    return predictions.parse(io.StringIO(text, newline=""), where)


def written(rows, names, **options):
    stream = io.StringIO(newline="")
    writer = Writer(stream, names, **options)
    for row in rows:
        writer.row(row)
    return stream.getvalue()


def test_the_columns_are_those_of_the_format():
    row = Prediction("test/Ann/a.jpg", np.array([0.25, 0.75]), "Bob", "test", "Ann", score=0.5, seen=False)
    assert written([row], ["Ann", "Bob"]) == HEADER + "test/Ann/a.jpg,test,Ann,predicted,,Bob,0.75,0.5,no,0.25,0.75\n"


def test_boxes_come_last():
    row = Prediction("a.jpg", np.array([1.0]), "Ann", box=(1.5, 2, 30, 40))
    text = written([row], ["Ann"], boxes=True)
    assert text.splitlines()[0].endswith("seen,prob_Ann,left,top,width,height")
    assert text.splitlines()[1].endswith(",1,1.5,2,30,40")
    assert parse(text).rows[0].box == (1.5, 2, 30, 40)


def test_a_failed_image_keeps_its_row():
    text = written([Prediction("a.jpg", None, label="Ann", reason="unreadable")], ["Ann", "Bob"])
    assert text == HEADER + "a.jpg,,Ann,failed,unreadable,,,,,,\n"
    row = parse(text).rows[0]
    assert row.failed
    assert row.confidence is None
    assert np.isnan(parse(text).probabilities).all()


def test_json_lines_have_the_same_names():
    row = Prediction("a\n.jpg", np.array([0.25, 0.75]), "Bob", label="Ann", seen=True)
    text = written([row], ["Ann", "Bob"], jsonl=True)
    assert json.loads(text) == {
        "path": "a\n.jpg",
        "part": None,
        "label": "Ann",
        "status": "predicted",
        "reason": None,
        "predicted": "Bob",
        "confidence": 0.75,
        "score": None,
        "seen": True,
        "prob_Ann": 0.25,
        "prob_Bob": 0.75,
    }


names = st.text(st.characters(codec="utf-8"), min_size=1, max_size=8).filter(lambda name: name != "unknown")
odd = st.sampled_from(
    ["NA", "None", "nan", "007", "True", "1e5", "=1+1", "+a", "-b", "@c", "'d", "a,b", 'q"', "\udcff"]
)


@settings(deadline=None)
@given(
    st.lists(names | odd, min_size=1, max_size=5, unique=True),
    st.lists(names | odd, min_size=1, max_size=5, unique=True),
    st.booleans(),
    st.integers(0, 2**32 - 1),
)
def test_every_text_comes_back_as_it_was(class_names, paths, jsonl, seed):
    rng = np.random.default_rng(seed)
    rows = []
    for path in paths:
        shares = rng.dirichlet(np.ones(len(class_names)))
        predicted = class_names[int(shares.argmax())]
        label = class_names[int(rng.integers(len(class_names)))]
        rows.append(Prediction(path, shares, predicted, "val", label, seen=bool(rng.integers(2)), score=0.5))
    back = parse(written(rows, class_names, jsonl=jsonl))
    assert back.class_names == tuple(class_names)
    for row, read in zip(rows, back.rows, strict=True):
        assert (row.path, row.predicted, row.part, row.label, row.seen, row.score) == (
            read.path,
            read.predicted,
            read.part,
            read.label,
            read.seen,
            read.score,
        )
        assert read.probabilities == pytest.approx(row.probabilities, abs=1e-6)


@pytest.mark.parametrize("column", ["path", "label", "status", "predicted", "confidence", "seen"])
def test_a_missing_column_is_named(column):
    header = HEADER.replace(column + ",", "", 1)
    with pytest.raises(CelebtoolError, match=f"p.csv: has no column '{column}'"):
        parse(header + GOOD)


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ("b.jpg,test,Ann,predicted,,Ann,0.9,,no,many,0.1", "has 'many' in column 'prob_Ann'; expected a number"),
        ("b.jpg,test,Ann,predicted,,Ann,0.9,,no,nan,0.1", "has 'nan' in column 'prob_Ann'; expected a number"),
        ("b.jpg,test,Ann,predicted,,Ann,0.9,,no,,0.1", "has '' in column 'prob_Ann'; expected a number"),
        (
            "b.jpg,test,Ann,predicted,,Ann,0.9,,no,1.2,-0.2",
            "has 1.2 in column 'prob_Ann'; expected a number from 0 to 1",
        ),
        ("b.jpg,test,Ann,predicted,,Ann,0.5,,no,0.5,0.4", "has probabilities that sum to 0.9; expected 1"),
        ("b.jpg,test,Ann,predicted,,Ann,high,,no,0.9,0.1", "has 'high' in column 'confidence'; expected a number"),
        (
            "b.jpg,test,Ann,predicted,,Ann,0.7,,no,0.9,0.1",
            "has confidence 0.7; expected the largest probability, 0.9",
        ),
        (
            "b.jpg,test,Ann,predicted,,Bob,0.9,,no,0.9,0.1",
            "is predicted as 'Bob'; expected 'Ann', which has the largest probability",
        ),
        (
            "b.jpg,test,Cid,predicted,,Ann,0.9,,no,0.9,0.1",
            "has the label 'Cid'; expected one of the 2 classes that have a prob_ column, unknown or nothing",
        ),
        (
            "b.jpg,test,Ann,predicted,,Cid,0.9,,no,0.9,0.1",
            "has the predicted 'Cid'; expected one of the 2 classes that have a prob_ column, or unknown",
        ),
        ("b.jpg,dev,Ann,predicted,,Ann,0.9,,no,0.9,0.1", "has the part 'dev'; expected train, val, test or nothing"),
        ("b.jpg,test,Ann,ok,,Ann,0.9,,no,0.9,0.1", "has the status 'ok'; expected predicted or failed"),
        ("b.jpg,test,Ann,predicted,,Ann,0.9,,maybe,0.9,0.1", "has the seen 'maybe'; expected yes, no or nothing"),
        ("b.jpg,test,Ann,predicted,,Ann,0.9,x,no,0.9,0.1", "has 'x' in column 'score'; expected a number"),
        (
            "b.jpg,test,Ann,failed,,Ann,0.9,,no,0.9,0.1",
            "has status failed and a 'predicted'; expected that cell to be empty",
        ),
        (",test,Ann,predicted,,Ann,0.9,,no,0.9,0.1", "has no path; expected the image's"),
        (
            "a.jpg,test,Ann,predicted,,Ann,0.9,,no,0.9,0.1",
            "has 'a.jpg' again, first in line 2; expected each image once",
        ),
        ("b.jpg,test,Ann", "has 3 cells; expected 11, as in the header"),
    ],
)
def test_a_wrong_row_is_named_with_its_line(row, problem):
    with pytest.raises(CelebtoolError) as error:
        parse(HEADER + GOOD + row + "\n")
    assert str(error.value) == f"p.csv:3: {problem}"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "p.csv: is empty; expected the output of celebtool predict"),
        (HEADER, "p.csv: has a header and no rows; expected at least one prediction"),
        (
            "path,part,label,status,reason,predicted,confidence,score,seen\na.jpg,,,failed,,,,,\n",
            "p.csv: has no column prob_<class>; expected one per class, as predict writes",
        ),
        (
            HEADER.replace("Bob", "unknown") + GOOD,
            "p.csv: has a column 'prob_unknown'; unknown is never a class",
        ),
        ('{"path": "a.jpg"}\n', "p.csv:1: has no 'part'; expected " + ", ".join(predictions.COLUMNS)),
        ("{path}\n", "p.csv:1: is not JSON; expected one object per line"),
    ],
)
def test_a_wrong_table_is_named(text, problem):
    with pytest.raises(CelebtoolError) as error:
        parse(text)
    assert str(error.value) == problem


def test_the_line_of_json_counts_from_one():
    line = written([Prediction("a.jpg", np.array([0.9, 0.1]), "Ann")], ["Ann", "Bob"], jsonl=True)
    with pytest.raises(CelebtoolError, match=r"p.csv:2: has 'a.jpg' again, first in line 1"):
        parse(line + line)


def test_unknown_is_a_label_and_a_prediction_but_no_class():
    table = parse(HEADER + "a.jpg,test,unknown,predicted,,unknown,0.6,0.2,no,0.6,0.4\n")
    assert table.class_names == ("Ann", "Bob")
    assert table.rows[0].predicted == table.rows[0].label == "unknown"
    assert table.rows[0].confidence == 0.6


def test_columns_may_stand_in_any_order_and_others_are_ignored():
    text = "note,prob_Bob," + HEADER.replace(",prob_Bob", "") + "x,0.1,a.jpg,test,Ann,predicted,,Ann,0.9,,no,0.9\n"
    table = parse(text)
    assert table.class_names == ("Bob", "Ann")
    assert table.rows[0].probabilities.tolist() == [0.1, 0.9]


def test_two_faces_of_one_photo_are_two_rows():
    header = HEADER.rstrip() + ",left,top,width,height\n"
    table = parse(header + GOOD.rstrip() + ",1,1,9,9\n" + GOOD.rstrip() + ",20,1,9,9\n")
    assert [row.box[0] for row in table.rows] == [1, 20]


def test_read_names_a_file_that_is_not_there(tmp_path):
    with pytest.raises(CelebtoolError, match=r"no\.csv: cannot be read \(No such file or directory\)"):
        predictions.read(tmp_path / "no.csv")


def test_read_takes_a_spreadsheets_byte_order_mark_and_refuses_other_encodings(tmp_path):
    file = tmp_path / "p.csv"
    file.write_bytes(("\ufeff" + HEADER + GOOD).encode())
    assert predictions.read(file).rows[0].label == "Ann"
    file.write_bytes(HEADER.encode() + b"\xff\xfe")
    with pytest.raises(CelebtoolError, match="is not UTF-8"):
        predictions.read(file)


@settings(deadline=None, max_examples=300)
@given(st.data(), st.booleans())
def test_damage_is_an_error_that_names_the_file(data, jsonl):
    rows = [Prediction(f"{i}.jpg", np.array([0.9, 0.1]), "Ann", "test", "Bob", box=(1, 2, 3, 4)) for i in range(2)]
    text = written(rows, ["Ann", "Bob"], boxes=True, jsonl=jsonl)
    start = data.draw(st.integers(0, len(text)))
    stop = data.draw(st.integers(start, min(start + 8, len(text))))
    damaged = text[:start] + data.draw(st.text(max_size=4)) + text[stop:]
    try:
        table = parse(damaged)
    except CelebtoolError as error:
        where = error.where
    else:
        where = "p.csv"
        assert all(row.failed or abs(row.probabilities.sum() - 1) <= 0.001 for row in table.rows)
    assert str(where).startswith("p.csv")


def test_more_classes_than_a_matrix_can_hold_are_an_error(monkeypatch):
    monkeypatch.setattr(predictions, "MAX_CLASSES", 1)
    with pytest.raises(CelebtoolError, match="p.csv: has 2 classes; expected at most 1"):
        parse(HEADER + GOOD)


TOUCHED_HEADER = "path,part,label,status,reason,predicted,confidence,score,seen,prob_007,prob_True,prob_x"


@pytest.mark.parametrize(
    ("row", "wanted"),
    [
        ("a,,7,predicted,,7,0.9,0.9,no,0.9,0.1,0", ("007", "007", [0.9, 0.1, 0])),
        ("a,,TRUE,predicted,,TRUE,0.9,0.9,no,0.1,0.9,0", ("True", "True", [0.1, 0.9, 0])),
        ("a,,x,predicted,,x,0.34,0.34,no,0.33,0.33,0.33", ("x", "x", [1 / 3] * 3)),
        ("a,,x,predicted,,x,0.335,0.3,no,0.333,0.333,0.335", ("x", "x", [0.332667, 0.332667, 0.334665])),
        ('a,,x,predicted,,x,"0,9","0,9",no,"0,05","0,05","0,9"', ("x", "x", [0.05, 0.05, 0.9])),
        ('a,,x,predicted,,x,"9,0E-1",1,no,"5,0E-2","5,0E-2","9,0E-1"', ("x", "x", [0.05, 0.05, 0.9])),
    ],
)
def test_what_a_spreadsheet_did_to_labels_and_numbers_is_undone(row, wanted):
    (found,) = predictions.parse(io.StringIO(f"{TOUCHED_HEADER}\n{row}\n", newline=""), "p.csv").rows
    assert (found.label, found.predicted) == wanted[:2]
    assert found.probabilities == pytest.approx(wanted[2], abs=1e-5)


GUESSES = "path,part,label,status,reason,predicted,confidence,score,seen,guess_1,probability_1,guess_2,probability_2\n"


def test_the_best_guesses_take_the_place_of_a_column_per_class():
    names = ["Ann", "Bob", "Cid"]
    rows = [
        Prediction("a.jpg", np.array([0.2, 0.7, 0.1]), "Bob", label="Dan", seen=False),
        Prediction("b.jpg", np.array([0.1, 0.1, 0.8]), "unknown", label="unknown", score=0.1),
        Prediction("c.jpg", None, reason="unreadable"),
    ]
    text = written(rows, names, top=2)
    assert text == (
        GUESSES
        + "a.jpg,,Dan,predicted,,Bob,0.7,,no,Bob,0.7,Ann,0.2\n"
        + "b.jpg,,unknown,predicted,,unknown,0.8,0.1,,Cid,0.8,Ann,0.1\n"
        + "c.jpg,,,failed,unreadable,,,,,,,,\n"
    )
    assert [json.loads(line)["guess_2"] for line in written(rows[:2], names, top=2, jsonl=True).splitlines()] == [
        "Ann"
    ] * 2
    found = parse(text)
    assert found.class_names == ("Ann", "Bob", "Cid", "Dan")
    assert [row.confidence for row in found.rows] == [0.7, 0.8, None]
    nan = np.nan
    expected = [[0.2, 0.7, nan, nan], [0.1, nan, 0.8, nan], [nan] * 4]
    np.testing.assert_array_equal(found.probabilities, expected)
    assert written(found.rows, found.class_names, top=2) == text
    assert written(rows[:1], names, top=9).splitlines()[0].endswith("guess_3,probability_3")


@pytest.mark.parametrize(
    ("cells", "problem"),
    [
        ("Ann,0.6,,Ann,0.6,Ann,0.1", "has the guesses Ann, Ann; expected different classes"),
        ("Ann,0.6,,Ann,0.6,unknown,0.1", "has the guesses Ann, unknown; expected different classes"),
        ("Ann,0.4,,Ann,0.4,Bob,0.6", "has the probabilities [0.4, 0.6]; expected falling ones that sum to 1 at most"),
        ("Ann,0.7,,Ann,0.7,Bob,0.6", "has the probabilities [0.7, 0.6]; expected falling ones that sum to 1 at most"),
        ("Ann,0.9,,Ann,0.6,Bob,0.1", "has confidence 0.9; expected the largest probability, 0.6"),
        ("Bob,0.6,,Ann,0.6,Bob,0.1", "is predicted as 'Bob'; expected 'Ann', which has the largest probability"),
        ("Ann,0.6,,Ann,x,Bob,0.1", "has 'x' in column 'probability_1'; expected a number"),
        ("Ann,0.6,,,0.6,,", "has '' in column 'guess_1'; expected something"),
        ("Ann,0.6,,Ann,0.6,,0.1", "has '0.1' in column 'probability_2'; expected nothing"),
    ],
)
def test_guesses_that_contradict_themselves_are_errors(cells, problem):
    predicted, confidence, score, *pairs = cells.split(",")
    line = f"a.jpg,,Ann,predicted,,{predicted},{confidence},{score},no,{','.join(pairs)}\n"
    with pytest.raises(CelebtoolError) as caught:
        parse(GUESSES + line)
    assert str(caught.value) == f"p.csv:2: {problem}"
