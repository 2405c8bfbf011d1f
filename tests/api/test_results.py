from pathlib import Path

import numpy as np
import pytest

import celebtool
from celebtool.formats.manifest import Row
from celebtool.imaging.alignment import Box

ROWS = (
    celebtool.Prediction("a/1.jpg", np.array([0.75, 0.25]), "a<b", label="a<b", score=0.75, seen=False),
    celebtool.Prediction("a/2.jpg", None, label="a<b", reason="no_face"),
)
PREDICTIONS = celebtool.Predictions(("a<b", "c"), ROWS)


def test_predictions_are_a_sequence() -> None:
    assert (len(PREDICTIONS), PREDICTIONS[1], list(PREDICTIONS)) == (2, ROWS[1], list(ROWS))
    assert PREDICTIONS.probabilities.tolist()[0] == [0.75, 0.25]
    assert np.isnan(PREDICTIONS.probabilities[1]).all()
    assert PREDICTIONS[1:] == celebtool.Predictions(("a<b", "c"), ROWS[1:])


def test_a_frame_has_the_columns_of_the_table() -> None:
    frame = PREDICTIONS.to_frame()
    assert list(frame.columns) == [
        *("path", "part", "label", "status", "reason", "predicted", "confidence", "score", "seen", "prob_a<b", "prob_c")
    ]
    assert frame["prob_c"].tolist()[0] == 0.25
    assert frame["confidence"].isna().tolist() == [False, True]
    empty = celebtool.Predictions(("a", "c"), (), with_boxes=True).to_frame()
    assert (len(empty), list(empty.columns[-4:])) == (0, ["left", "top", "width", "height"])


def test_what_is_shown_is_short() -> None:
    assert repr(PREDICTIONS) == "Predictions(2 rows, 2 classes)"
    shown = PREDICTIONS._repr_html_()
    assert "a/1.jpg" in shown
    assert "a&lt;b" in shown
    assert "prob_" not in shown
    face = celebtool.Face(Box(1, 2, 3, 4), np.zeros((5, 2)), 0.5, np.zeros((224, 224, 3), np.uint8))
    assert "image" not in repr(face)
    crops = celebtool.Crops(Path("faces"), (Row("a/1.jpg", "a", "a/1.jpg", "00"),))
    assert repr(crops) == "Crops('faces': 1 crop from 1 photo)"
    assert repr(celebtool.evaluate(celebtool.Predictions(("a<b", "c"), ROWS))) == (
        "Figures(accuracy 0.500 [0.013, 0.987], macro F1 0.667 [0.040, 1.000], 2 images)"
    )


def test_a_table_is_not_replaced_unless_asked(tmp_path: Path) -> None:
    PREDICTIONS.write(tmp_path / "p.csv")
    with pytest.raises(celebtool.CelebtoolError, match=r"p\.csv: exists already"):
        PREDICTIONS.write(tmp_path / "p.csv")
    PREDICTIONS.write(str(tmp_path / "p.csv"), overwrite=True)
    assert celebtool.evaluate(tmp_path / "p.csv").accuracy.value == 0.5
