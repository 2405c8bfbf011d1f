import json
from dataclasses import asdict
from pathlib import Path

import numpy as np

from celebtool.evaluation import comparison, evaluate
from celebtool.evaluation.gates import Verdict
from celebtool.folders.inspection import Inspection
from celebtool.formats.history import Epoch
from celebtool.formats.image_folder import ImageFolder, Sample
from celebtool.formats.model_info import ModelInfo
from celebtool.formats.predictions import Prediction, Predictions
from celebtool.report import prediction_records, subject_records

TABLE = Predictions(
    ("Ann", "Bob", "NA"),
    (
        Prediction("1.jpg", np.array([0.75, 0.25, 0]), "Ann", "test", "Ann"),
        Prediction("2.jpg", np.array([0.25, 0.75, 0]), "Bob", "test", "Bob"),
        Prediction("3.jpg", np.array([0.75, 0.25, 0]), "Ann", "test", "Bob"),
        Prediction("4.jpg", None, part="test", label="Bob", reason="unreadable"),
    ),
)


def test_the_keys_of_predictions_are_stable():
    one = evaluate.evaluate(TABLE, "test")
    document = prediction_records.of_predictions("p.csv", one, [one], 10)
    assert {key: document[key] for key in list(document)[:13]} == {
        "kind": "predictions",
        "file": "p.csv",
        "part": "test",
        "rows": 4,
        "images": 4,
        "strangers": 0,
        "seen": 0,
        "leaks": 0,
        "coverage": 0.75,
        "accuracy": 0.5,
        "accuracy_low": 0.067586,
        "accuracy_high": 0.932414,
        "top_3_accuracy": None,
    }
    assert document["macro_f1"] == 0.583333
    assert document["balanced_accuracy"] == document["macro_recall"] == 0.666667
    assert document["failures"] == {"unreadable": 1}
    assert document["called"] == {"Ann": 2, "Bob": 1}
    assert document["absent_classes"] == ["NA"]
    assert document["classes"]["Bob"] == {
        "precision": 1,
        "precision_low": 0.025,
        "precision_high": 1,
        "recall": 0.333333,
        "recall_low": 0.00840376,
        "recall_high": 0.905701,
        "f1": 0.5,
        "support": 3,
        "predicted": 1,
    }
    nothing = {key: value for key, value in document["classes"]["NA"].items() if value is not None}
    assert nothing == {"support": 0, "predicted": 0}
    assert document["confusion"] == [[1, 0, 0], [1, 1, 0], [0, 0, 0]]
    assert document["confused_pairs"] == [{"label": "Bob", "predicted": "Ann", "count": 1, "share": 0.333333}]
    assert document["mistakes"] == [
        {"path": "3.jpg", "label": "Bob", "predicted": "Ann", "confidence": 0.75, "label_probability": 0.25}
    ]
    assert document["parts"]["test"]["accuracy"] == 0.5
    json.loads(prediction_records.dumps(document))


def test_confusion_rows_name_failed_images_with_an_empty_cell():
    rows = prediction_records.confusion_rows(evaluate.evaluate(TABLE))
    assert rows[1:] == [
        {"label": "Bob", "predicted": "Ann", "images": 1},
        {"label": "Bob", "predicted": "Bob", "images": 1},
        {"label": "Bob", "predicted": "", "images": 1},
    ]


def test_json_does_nothing_to_a_terminal_and_shows_every_script():
    text = prediction_records.dumps({"Beyoncé 成龍": "\x1b[31m\u202e\udcff\n\U000e0001"})
    assert text == '{\n  "Beyoncé 成龍": "\\u001b[31m\\u202e\\udcff\\n\\udb40\\udc01"\n}'
    assert json.loads(text) == {"Beyoncé 成龍": "\x1b[31m\u202e\udcff\n\U000e0001"}


def test_every_key_is_in_the_documentation():
    text = (Path(__file__).parents[2] / "docs/report.md").read_text(encoding="utf-8")
    one = evaluate.evaluate(TABLE)
    folder = ImageFolder(Path("faces"), (Sample("Ann/1", "Ann"),))
    compared = comparison.compare("a", {1: True}, "b", {1: False})
    documents = [
        prediction_records.of_comparison(compared),
        asdict(Verdict("p.csv", "accuracy >= 0.5", met=True, found="1")),
        prediction_records.of_predictions("p.csv", one, [one], 10),
        subject_records.of_history("h.csv", [Epoch(1, 0.5, 0.5)]),
        subject_records.of_folder("faces", folder, Inspection(((1, 2),))),
        subject_records.of_model("m.h5", ModelInfo("cnn", ("Ann",), (9, 9))),
    ]
    assert [key for document in documents for key in document if f"`{key}`" not in text] == []


def test_rejection_and_calibration_are_null_or_numbers():
    unknown = [
        Prediction(
            f"u{i}.jpg", np.array([0.5, 0.25, 0.25]), ("Ann", "unknown")[i > 0], "test", "unknown", score=i / 200
        )
        for i in range(200)
    ]
    known = [
        Prediction(f"k{i}.jpg", np.array([0.75, 0.25, 0]), "Ann", "test", "Ann", score=0.9 + i / 100) for i in range(10)
    ]
    one = evaluate.evaluate(Predictions(TABLE.class_names, (*known, *unknown)))
    figures = prediction_records.part_record(one)
    assert figures["calibration_error"] == 0.25
    assert (figures["accepted"], figures["true_accepts"], figures["false_accepts"]) == (1, 1, 0.005)
    assert figures["threshold_at_1_percent"] == 0.985  # 0.99 and 0.995 pass it
    assert figures["true_accepts_at_1_percent"] == 0.1  # 0.99; 0.98 and below do not
    assert figures["true_accepts_at_0_1_percent"] is figures["threshold_at_0_1_percent"] is None
    assert prediction_records.stranger_rows(one, 5) == [
        {"path": "u0.jpg", "predicted": "Ann", "confidence": 0.5, "score": 0.0}
    ]
    assert [row["images"] for row in prediction_records.bin_rows(one)] == [10]
    nothing = prediction_records.part_record(evaluate.evaluate(TABLE))
    assert nothing.keys() == figures.keys()
    assert nothing["accepted"] is None
