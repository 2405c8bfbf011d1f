import math
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics

from celebtool.evaluation import evaluate
from celebtool.formats.predictions import Prediction, Predictions

NAMES = ("007", "Beyoncé", "NA", "नरेन्द्र", "True")


def make(labels, probabilities, names=NAMES, parts=None, failed=()):
    """A table from label names and an (n, classes) list of probabilities; `failed` are indices."""
    rows = []
    for i, (label, shares) in enumerate(zip(labels, probabilities, strict=True)):
        row = np.array(shares, dtype=float)
        part = parts[i] if parts else ""
        if i in failed:
            rows.append(Prediction(f"{i}.jpg", None, label=label, part=part, reason="unreadable"))
        else:
            rows.append(Prediction(f"{i}.jpg", row, names[int(row.argmax())], label=label, part=part))
    return Predictions(tuple(names), tuple(rows))


def sure(predicted, names=NAMES, confidence=0.9):
    """Probabilities of a model that is sure of each name given."""
    rest = (1 - confidence) / (len(names) - 1)
    return [[confidence if name == one else rest for name in names] for one in predicted]


@st.composite
def tables(draw):
    classes = draw(st.integers(2, 7))
    n = draw(st.integers(1, 40))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    names = tuple(f"class {i}" for i in range(classes))
    labels = rng.integers(0, draw(st.integers(1, classes)), n)
    probabilities = rng.dirichlet(np.ones(classes) * 0.5, n)
    probabilities[np.arange(n), labels] += draw(st.sampled_from([0, 0.5, 2]))
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    failed = tuple(i for i in range(n) if draw(st.booleans())) if draw(st.booleans()) else ()
    return make([names[label] for label in labels], probabilities, names, failed=failed)


@settings(deadline=None, max_examples=150)
@given(tables())
def test_every_figure_is_scikit_learns(table):
    result = evaluate.evaluate(table)
    labels = [row.label for row in table.rows]
    predicted = [row.predicted or "(failed)" for row in table.rows]
    present = sorted(set(labels), key=table.class_names.index)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # "y_pred contains classes not in y_true"
        assert result.accuracy.value == metrics.accuracy_score(labels, predicted)
        assert result.balanced_accuracy == pytest.approx(metrics.balanced_accuracy_score(labels, predicted))
        for average in ("macro", "weighted"):
            precision, recall, f1, _ = metrics.precision_recall_fscore_support(
                labels, predicted, labels=present, average=average, zero_division=0
            )
            ours = getattr(result, average)
            assert (ours.precision, ours.recall.value, ours.f1.value) == pytest.approx((precision, recall, f1))
        each = metrics.precision_recall_fscore_support(
            labels, predicted, labels=table.class_names, average=None, zero_division=np.nan
        )
    for figures, precision, recall, f1, support in zip(result.classes, *each, strict=True):
        assert figures.support == support
        assert figures.precision.value == pytest.approx(precision, nan_ok=True)
        assert figures.recall.value == pytest.approx(recall, nan_ok=True)
        assert figures.f1 == pytest.approx(f1 if support else math.nan, nan_ok=True)
    matrix = metrics.confusion_matrix(labels, predicted, labels=[*table.class_names, "(failed)"])
    assert (result.confusion == matrix[:-1]).all()


@settings(deadline=None, max_examples=60)
@given(tables())
def test_top_k_is_scikit_learns(table):
    rows = [row for row in table.rows if not row.failed]
    result = evaluate.evaluate(Predictions(table.class_names, tuple(rows)))
    assert set(result.top) == {k for k in (3, 5) if k < len(table.class_names)}
    for k, share in result.top.items():
        if len(table.class_names) > 2 and rows:
            expected = metrics.top_k_accuracy_score(
                [row.label for row in rows],
                [row.probabilities for row in rows],
                k=k,
                labels=list(table.class_names),
            )
            assert share == pytest.approx(expected)


@settings(deadline=None, max_examples=60)
@given(tables())
def test_figures_agree_with_one_another(table):
    result = evaluate.evaluate(table)
    failed = sum(row.failed for row in table.rows)
    wrong = sum(pair.count for pair in result.confused_pairs)
    assert wrong == len(result.mistakes)
    assert round(result.accuracy.value * result.images) + wrong + failed == result.images == result.confusion.sum()
    assert result.coverage == pytest.approx(1 - failed / result.rows)
    assert result.macro.recall.value == result.balanced_accuracy
    assert result.weighted.recall == result.accuracy
    for k, share in result.top.items():
        assert result.accuracy.value <= share <= 1 - failed / result.rows + 1e-9, k


def test_a_class_missing_from_test_is_named_and_nothing_is_shifted():
    names = ("Ann", "Bob", "Cid")
    table = make(["Ann", "Cid", "Cid"], sure(["Ann", "Cid", "Bob"], names), names)
    result = evaluate.evaluate(table)
    assert result.absent == ("Bob",)
    assert result.accuracy.value == pytest.approx(2 / 3)
    assert result.balanced_accuracy == pytest.approx(0.75)
    assert result.confusion.tolist() == [[1, 0, 0, 0], [0, 0, 0, 0], [0, 1, 1, 0]]
    assert math.isnan(result.classes[1].recall.value)
    assert result.classes[1].precision.value == 0


def test_failed_images_count_as_wrong_and_are_covered():
    table = make(["NA", "NA", "007", "007"], sure(["NA", "NA", "007", "007"]), failed=(1,))
    result = evaluate.evaluate(table)
    assert result.accuracy.value == 0.75
    assert result.coverage == 0.75
    assert result.failures == {"unreadable": 1}
    assert result.mistakes == ()
    assert result.classes[2].recall.value == 0.5
    assert result.classes[2].precision.value == 1


def test_strangers_and_unlabelled_images_are_counted_and_left_out():
    table = make(["NA", "unknown", ""], sure(["NA", "007", "007"]))
    result = evaluate.evaluate(table)
    assert (result.rows, result.images, result.strangers) == (3, 1, 1)
    assert result.accuracy.value == 1


def test_a_table_without_labels_has_no_figures():
    result = evaluate.evaluate(make(["", ""], sure(["NA", "007"])))
    assert (result.rows, result.images) == (2, 0)
    assert math.isnan(result.accuracy.value)
    assert math.isnan(result.macro.f1.value)
    assert math.isnan(result.top[3])
    assert result.mistakes == ()


def test_an_image_called_unknown_is_scored_by_its_largest_probability():
    row = Prediction("a.jpg", np.array([0.3, 0.7]), "unknown", label="Bob")
    result = evaluate.evaluate(Predictions(("Ann", "Bob"), (row,)))
    assert result.accuracy.value == 1


def test_of_equal_probabilities_the_predicted_one_counts():
    row = Prediction("a.jpg", np.array([0.5, 0.5, 0, 0]), "B", label="B")
    result = evaluate.evaluate(Predictions(("A", "B", "C", "D"), (row,)))
    assert result.accuracy.value == 1
    assert result.top == {3: 1.0}


def test_parts_are_evaluated_apart():
    table = make(["NA", "NA", "007"], sure(["NA", "007", "007"]), parts=["train", "test", "test"])
    assert evaluate.evaluate(table, "train").accuracy.value == 1
    assert evaluate.evaluate(table, "test").accuracy.value == 0.5
    assert evaluate.evaluate(table).images == 3


def test_confused_pairs_and_mistakes_come_worst_first():
    names = ("A", "B", "C")
    probabilities = [
        *sure(["B", "B"], names, 0.6),
        *sure(["C"], names, 0.8),
        *sure(["C"], names, 0.99),
        *sure(["B"], names),
    ]
    table = make(["A", "A", "A", "B", "B"], probabilities, names)
    result = evaluate.evaluate(table)
    assert [(p.label, p.predicted, p.count) for p in result.confused_pairs] == [
        ("A", "B", 2),
        ("B", "C", 1),
        ("A", "C", 1),
    ]
    assert result.confused_pairs[1].share == 0.5
    assert [(m.prediction.path, m.predicted, m.confidence) for m in result.mistakes] == [
        ("3.jpg", "C", 0.99),
        ("2.jpg", "C", 0.8),
        ("0.jpg", "B", 0.6),
        ("1.jpg", "B", 0.6),
    ]
    assert result.mistakes[0].label_probability == pytest.approx(0.005)


def test_strangers_are_rejected_or_accepted_apart_from_accuracy():
    def row(name, label, predicted, score, failed=False):
        shares = None if failed else np.array([0.25, 0.75])
        return Prediction(name, shares, "" if failed else predicted, "test", label, score=None if failed else score)

    rows = (
        row("test/1", "Bob", "Bob", 0.9),
        row("test/2", "Bob", "unknown", 0.2),
        row("test/3", "Ann", "Bob", 0.8),
        row("test/4", "Ann", "", 0, failed=True),
        row("test/5", "unknown", "unknown", 0.1),
        row("test/6", "unknown", "Bob", 0.6),
        row("test/7", "unknown", "Bob", 0.7),
        row("test/8", "unknown", "", 0, failed=True),
    )
    result = evaluate.evaluate(Predictions(("Ann", "Bob"), rows), "test")
    assert result.accuracy.value == 0.5  # closed-set: the rejected Bob is right
    assert result.strangers == 4
    assert result.rejection.strangers == 3
    assert result.rejection.accepted.value == 0.5
    assert result.rejection.true_accepts.value == 0.25
    assert result.rejection.false_accepts.value == pytest.approx(2 / 3)
    assert [one.path for one in result.accepted_strangers] == ["test/7", "test/6"]
    assert result.calibration.images == 3
    assert result.outcomes == {
        ("1", "Bob", ()): True,
        ("2", "Bob", ()): True,
        ("3", "Ann", ()): False,
        ("4", "Ann", ()): False,
    }


def test_without_a_stranger_there_is_no_rejection_unless_somebody_was_taken_for_one():
    assert evaluate.evaluate(make(["NA"], sure(["NA"]))).rejection is None
    row = Prediction("a.jpg", np.array([0.3, 0.7]), "unknown", label="Bob")
    result = evaluate.evaluate(Predictions(("Ann", "Bob"), (row,)))
    assert (result.rejection.accepted.value, result.rejection.strangers) == (0, 0)


def test_seen_images_leak_unless_they_are_of_train():
    shares = np.array([1.0, 0])
    rows = tuple(
        Prediction(f"{part}/{label}/{seen}", shares, "A", part, label, seen=seen)
        for part in ("train", "test")
        for label in ("A", "")
        for seen in (True, False, None)
    )
    table = Predictions(("A", "B"), rows)
    train, test = evaluate.evaluate(table, "train"), evaluate.evaluate(table, "test")
    assert (train.seen, train.leaks, train.untold) == (("train/A/True",), (), 1)
    assert (test.seen, test.leaks, test.untold) == (("test/A/True",), ("test/A/True",), 1)


@settings(deadline=None, max_examples=40)
@given(tables())
def test_calibration_is_of_the_images_with_a_prediction(table):
    result = evaluate.evaluate(table)
    rows = [row for row in table.rows if not row.failed]
    assert result.calibration.images == len(rows)
    right = sum(each.accuracy.value * each.images for each in result.calibration.bins if each.images)
    assert right == pytest.approx(sum(row.predicted == row.label for row in rows))
