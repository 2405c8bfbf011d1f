"""What `report` refuses and what it demands: leaks, --require, --baseline, and the pages that say so."""

import json
from xml.etree import ElementTree as ET

import numpy as np
import pytest

from celebtool.formats import model_file, predictions
from celebtool.formats.model_info import ModelInfo
from celebtool.formats.predictions import Prediction
from tests.support.predictions import NAMES, PROBABILITIES, csv_rows, many, printed, write


@pytest.fixture
def table(tmp_path):
    return write(tmp_path / "p.csv", many())


def leaky(path, seen=7, part="test", label="007"):
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = predictions.Writer(stream, NAMES)
        for i in range(20):
            name = f"{part}/{label}/{i:02d}.png" if part else f"{label}/{i:02d}.png"
            writer.row(Prediction(name, np.array(PROBABILITIES["007"]), "007", part, label, seen=i < seen))
    return path


@pytest.mark.parametrize("part", ["test", "val", ""])
def test_images_that_were_trained_on_are_refused(celebtool, tmp_path, part):
    table = leaky(tmp_path / "leaky.csv", part=part)
    prefix = f"{part}/" if part else ""
    first = ", ".join(f"{prefix}007/{i:02d}.png" for i in range(5))
    refusal = (
        f"celebtool: error: {table}: 7 of its images were trained on: {first} and 2 more; "
        "predict images that the model has not seen, or add --allow-leak, which every report then says\n"
    )
    for form in ("--json", "--csv", "--markdown", "--mistakes"):
        result = celebtool("report", table, form, "--html", tmp_path / "r.html", "--plots", tmp_path / "plots")
        assert (result.code, result.stdout, result.stderr) == (1, "", refusal)
    assert not (tmp_path / "r.html").exists()
    assert not (tmp_path / "plots").exists()


def test_a_part_that_is_not_judged_must_not_leak_either(celebtool, tmp_path):
    rows = [("val/007/1.png", "007", "007", "val"), ("test/007/2.png", "007", "007", "test")]
    table = write(tmp_path / "p.csv", rows)
    table.write_text(table.read_text().replace("0.75,,no", "0.75,,yes", 1))
    assert "1 of its images were trained on: val/007/1.png;" in celebtool("report", table).stderr


def test_an_allowed_leak_is_said_in_every_form(celebtool, tmp_path):
    table = leaky(tmp_path / "leaky.csv")
    sentence = "7 of the 20 labelled images were trained on (--allow-leak): these figures say nothing about new photos"
    result = celebtool("report", table, "--allow-leak", "--html", tmp_path / "r.html")
    assert result.code == 0
    assert f"celebtool: warning: {table}: {sentence}\n" in result.stderr
    assert ["trained on (leak)", "7"] in printed(result.stdout)
    document = json.loads(celebtool("report", table, "--allow-leak", "--json").stdout)
    assert (document["allow_leak"], document["leaks"], document["seen"]) == (True, 7, 7)
    assert csv_rows(celebtool("report", table, "--allow-leak", "--csv"))[0]["leaks"] == "7"
    page = (tmp_path / "r.html").read_text(encoding="utf-8")
    assert f'<p class="alarm" role="alert">{table}: {sentence}</p>' in page
    markdown = celebtool("report", table, "--allow-leak", "--markdown").stdout
    assert "7 of the 20 labelled images were trained on" in markdown


def test_train_and_images_without_a_label_may_be_seen(celebtool, tmp_path):
    for number, table in enumerate((leaky(tmp_path / "a.csv", part="train"), leaky(tmp_path / "b.csv", label=""))):
        result = celebtool("report", table, "--json")
        document = json.loads(result.stdout)
        assert (result.code, document["leaks"], document["allow_leak"]) == (0, 0, False)
        assert document["seen"] == (7, 0)[number]


def test_a_baseline_must_not_leak(celebtool, table, tmp_path):
    result = celebtool("report", table, "--baseline", leaky(tmp_path / "old.csv"))
    assert (result.code, result.stdout) == (1, "")
    assert "old.csv: 7 of its images were trained on" in result.stderr


def test_a_model_trained_on_a_leak_says_so(celebtool, tmp_path):
    recipe = {"command": "train", "parameters": {"allow_leak": True}}
    with model_file.new_for_keras(tmp_path / "m.h5") as file:
        file.create_group("model_weights")
    model_file.write_info(tmp_path / "m.h5", ModelInfo("cnn", ("A", "B"), (9, 9), recipe=recipe))
    result = celebtool("report", tmp_path / "m.h5")
    assert "m.h5: trained with --allow-leak: it was measured on photos that it was trained on" in result.stderr
    assert "trained with --allow-leak" in result.stdout
    assert json.loads(celebtool("report", tmp_path / "m.h5", "--json").stdout)["allow_leak"] is True


def test_what_is_required_and_met_ends_with_0(celebtool, table):
    result = celebtool("report", table, "--require", "accuracy>=0.95,recall[007]>=90%,recall[Beyoncé]>=1", "--json")
    assert (result.code, result.stderr) == (0, "")
    demands = json.loads(result.stdout)["demands"]
    assert [(one["demand"], one["met"]) for one in demands] == [
        ("accuracy >= 0.95", True),
        ("recall[007] >= 0.9", True),
        ("recall[Beyoncé] >= 1", True),
    ]


def test_what_is_required_and_missed_ends_with_3_and_every_reason(celebtool, table, tmp_path):
    line = ("report", table, "--require", "accuracy>=0.99,images>=30,recall[007]>=0.95")
    result = celebtool(*line, "--html", tmp_path / "r.html")
    assert result.code == 3
    assert result.stderr == (
        f"wrote {tmp_path}/r.html: a page for a browser\n"
        f"celebtool: error: {table}: accuracy is 0.972222 (required: >= 0.99); recall[007] is 0.916667 (required: >= 0.95)\n"
    )
    assert "NOT MET" in result.stdout
    assert "NOT MET" in (tmp_path / "r.html").read_text(encoding="utf-8")
    result = celebtool(*line, "--markdown", "--quiet")
    assert result.code == 3
    assert result.stdout.startswith("# celebtool: 2 of 3 demands not met\n")
    other = write(tmp_path / "other.csv", many(wrong=2))
    result = celebtool("report", table, other, "--require", "accuracy>=0.99")
    assert f"{table}, {other}: {table}: accuracy is 0.972222 (required: >= 0.99); {other}: accuracy" in result.stderr


@pytest.mark.parametrize(
    ("require", "problem"),
    [
        ("acuracy>=0.5", "there is no figure acuracy; did you mean accuracy?"),
        ("zzz>=0.5", "there is no figure zzz; expected one of rows, images,"),
        ("recal[007]>=0.5", "recal is no figure of a class; did you mean recall?"),
        ("recall>=0.5", "there is no figure recall; did you mean macro_recall or recall[CLASS]?"),
        ("accuracy>=95", "accuracy>=95: no accuracy is above 1; did you mean 95%?"),
    ],
)
def test_a_figure_that_does_not_exist_is_wrong_usage(celebtool, tmp_path, require, problem):
    result = celebtool("report", tmp_path / "not-even-read.csv", "--require", require)
    assert (result.code, result.stdout) == (2, "")
    assert problem in result.stderr


def test_demands_are_written_as_junit_xml_whether_met_or_not(celebtool, table, tmp_path):
    file = tmp_path / "r.xml"
    result = celebtool("report", table, "--require", "accuracy>=0.9,images>=100", "--junit", file)
    assert result.code == 3
    assert f"wrote {file}: 2 demands\n" in result.stderr
    suite = ET.fromstring(file.read_bytes())[0]
    assert (suite.get("name"), suite.get("tests"), suite.get("failures")) == (str(table), "2", "1")
    assert [each.get("message") for each in suite.iter("failure")] == ["images is 36 (required: >= 100)"]


def test_a_class_that_does_not_exist_ends_with_1(celebtool, table):
    result = celebtool("report", table, "--require", "recall[Beyonce]>=0.5")
    problem = "has no class Beyonce, which --require recall[Beyonce] >= 0.5 names"
    assert (result.code, result.stderr) == (1, f"celebtool: error: {table}: {problem}; did you mean Beyoncé?\n")
    result = celebtool("report", table, "--require", "recall[Cher]>=0.5")
    assert result.stderr.endswith("names; expected one of 007, Beyoncé, NA\n")


def test_a_baseline_that_is_lost_ends_with_3(celebtool, tmp_path):
    old, same = write(tmp_path / "old.csv", many(wrong=0)), write(tmp_path / "same.csv", many(wrong=0))
    one, ten = write(tmp_path / "one.csv", many(wrong=1)), write(tmp_path / "ten.csv", many(wrong=10))
    assert celebtool("report", same, "--baseline", old, "--max-drop", "0").code == 0
    assert celebtool("report", one, "--baseline", old).code == 0
    result = celebtool("report", one, "--baseline", old, "--max-drop", 0.01)
    assert result.code == 3
    assert f"{one}: accuracy is more than 0.01 below {old}'s (-0.0278 on 36 images, p = 1)" in result.stderr
    result = celebtool("report", ten, "--baseline", old)
    assert result.code == 3
    assert f"{ten}: accuracy is significantly worse than {old}'s (-0.2778 on 36 images, p = 0.002)" in result.stderr
    assert celebtool("report", old, "--baseline", ten, "--max-drop", 0).code == 0


def test_a_baseline_in_another_folder_is_of_the_same_images(celebtool, table, tmp_path):
    bare = [(path.removeprefix("test/"), label, predicted, "") for path, label, predicted, _ in many()]
    document = json.loads(celebtool("report", table, "--baseline", write(tmp_path / "bare.csv", bare), "--json").stdout)
    assert (document["comparisons"][0]["images"], document["comparisons"][0]["only_in_one"]) == (36, 0)


def test_a_baseline_of_other_images_is_an_error_not_a_pass(celebtool, table, tmp_path):
    other = write(tmp_path / "other.csv", [("x.png", "007", "007", "")])
    result = celebtool("report", table, "--baseline", other, "--max-drop", 1)
    assert result.code == 1
    assert f"{other}: has no labelled image in common with {table}; expected the same images" in result.stderr
    unlabelled = write(tmp_path / "unlabelled.csv", [("x.png", "", "007", "")])
    assert celebtool("report", unlabelled, "--baseline", table).code == 1


def test_gates_are_for_predictions(celebtool, make_folder, table):
    root = make_folder({"Ann": 1})
    for option in (("--require", "accuracy>=0.5"), ("--baseline", table)):
        result = celebtool("report", root, *option)
        assert (result.code, f"expected some for {option[0]}" in result.stderr) == (1, True)


def test_markdown_is_inert_whatever_names_hold(celebtool, tmp_path):
    names = ("<img src=x onerror=alert(1)>", "a|b `c` *d* [e](http://f) @everyone", "\x1b[31m\u202e")
    table = tmp_path / "p.csv"
    with table.open("w", encoding="utf-8", newline="") as stream:
        writer = predictions.Writer(stream, names)
        for i, name in enumerate(names):
            writer.row(Prediction(f"{i}.jpg", np.roll([1.0, 0, 0], i), name, label=name, seen=False))
    text = celebtool("report", table, "--markdown", "--per-class").stdout
    assert "&lt;img src=x onerror=alert\\(1\\)&gt;" in text
    assert "| a\\|b \\`c\\` \\*d\\* \\[e\\]\\(http&#58;//f\\) &#64;everyone |" in text
    assert "\x1b" not in text
    assert "\u202e" not in text


def strangers(path, accepted=3):
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = predictions.Writer(stream, NAMES)
        for i in range(30):
            called = "unknown" if i < 2 else "007"
            writer.row(
                Prediction(f"007/{i}.png", np.array(PROBABILITIES["007"]), called, "", "007", score=i / 10, seen=False)
            )
        for i in range(200):
            called = "NA" if i < accepted else "unknown"
            shares = np.array(PROBABILITIES["NA"])
            writer.row(Prediction(f"x/{i}.png", shares, called, "", "unknown", score=2 - i / 100, seen=False))
    return path


def test_thresholds_to_choose_from(celebtool, tmp_path):
    table = strangers(tmp_path / "p.csv")
    result = celebtool("report", table, "--thresholds")
    rows = printed(result.stdout)
    assert ["threshold", "known faces accepted", "accepted and right", "strangers accepted"] in rows
    assert ["1.97", "0.333", "0.333", "0.020"] in rows
    listed = csv_rows(celebtool("report", table, "--thresholds", "--csv"))
    assert [row for row in listed if row["threshold"] == "1.97"] == [
        {"threshold": "1.97", "accepted": "0.333333", "true_accepts": "0.333333", "false_accepts": "0.02"}
    ]
    assert json.loads(celebtool("report", table, "--json").stdout)["thresholds"][0]["false_accepts"] == 1
    assert celebtool("report", table, "--plots", tmp_path / "plots", "-q").code == 0
    assert (tmp_path / "plots/thresholds.png").stat().st_size > 10_000


def test_strangers_have_figures_of_their_own(celebtool, tmp_path):
    table = strangers(tmp_path / "p.csv")
    result = celebtool("report", table, "--mistakes")
    rows = printed(result.stdout)
    figures = {row[0]: row[1][:5] for row in rows}
    assert figures["accuracy"] == "1.000"
    assert figures["known faces accepted"] == "0.933"
    assert figures["strangers accepted"] == "0.015"
    assert figures["true accepts at 1 %"] == "0.333"  # scores above 1.98: 2.0 to 2.9
    assert ["x/0.png", "NA", "0.750", "2.000"] in rows
    assert "200 images of strangers are too few to measure 0.1 % of false accepts; that takes 1,000" in result.stderr
    document = json.loads(celebtool("report", table, "--json").stdout)
    assert document["accepted_strangers"][0] == {"path": "x/0.png", "predicted": "NA", "confidence": 0.75, "score": 2}
    assert document["threshold_at_1_percent"] == 1.98
    assert celebtool("report", table, "--require", "false_accepts<=0.01").code == 3


def test_calibration_as_a_table_and_as_csv(celebtool, table):
    result = celebtool("report", table, "--calibration")
    assert "Calibration, expected error 0.222 (test)" in result.stdout
    assert ["0.73–0.80", "36", "0.750", "0.972 (0.855–0.999)", "-0.222"] in printed(result.stdout)
    (row,) = csv_rows(celebtool("report", table, "--calibration", "--csv"))
    assert (row["images"], row["confidence"], row["accuracy"]) == ("36", "0.75", "0.972222")
