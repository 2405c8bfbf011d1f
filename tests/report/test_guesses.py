import numpy as np

from celebtool.formats.prediction_row import Prediction
from celebtool.report import guesses

NAMES = ("ann", "bob", "cho")
KNOWN = Prediction("a.jpg", np.array([0.1, 0.7, 0.2]), "bob", label="ann", score=0.9)
REJECTED = Prediction("b.jpg", np.array([0.1, 0.7, 0.2]), "unknown", score=0.4316)


def test_a_mistake_is_red_and_further_guesses_follow() -> None:
    assert guesses.cells(KNOWN, NAMES, 2, 0.5) == [
        ("a.jpg", ("bob", "red"), "0.7000", "ann"),
        ("", ("cho", "dim"), "0.2000", ""),
    ]


def test_unknown_shows_the_score_and_the_threshold_and_not_the_rejected_names_probability() -> None:
    assert guesses.cells(REJECTED, NAMES, 1, 0.5) == [("b.jpg", ("unknown", ""), "score 0.432 < 0.5", "")]
    assert guesses.cells(REJECTED, NAMES, 2, 0.5)[1:] == [
        ("", ("bob", "dim"), "0.7000", ""),
        ("", ("cho", "dim"), "0.2000", ""),
    ]


def test_a_failure_says_why() -> None:
    failed = Prediction("c.jpg", None, reason="no_face", label="ann")
    assert guesses.cells(failed, NAMES, 3, 0.5) == [("c.jpg", ("no face", "yellow"), "", "ann")]
