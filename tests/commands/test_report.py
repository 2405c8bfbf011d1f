import io
import json
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from celebtool.formats import history, model_file, predictions
from celebtool.formats.history import Epoch
from celebtool.formats.model_info import Layer, ModelInfo
from celebtool.formats.predictions import Prediction
from tests.support.predictions import NAMES, csv_rows, many, printed, write


@pytest.fixture
def table(tmp_path):
    return write(tmp_path / "predictions.csv", many())


@pytest.fixture
def stdin(monkeypatch):
    """Make a text, or a terminal, the standard input."""

    def give(content=None):
        stream = io.TextIOWrapper(io.BytesIO((content or "").encode()))
        stream.isatty = lambda: content is None
        monkeypatch.setattr(sys, "stdin", stream)

    return give


def test_a_table_has_its_figures(celebtool, table):
    result = celebtool("report", table)
    assert result.code == 0
    assert result.stderr == ""
    figures = dict(printed(result.stdout)[1:])
    assert figures["accuracy"] == "0.972 (0.855–0.999)"
    assert figures["macro F1"].startswith("0.972 (")


def test_confusion_from_stdin(celebtool, table, stdin):
    stdin(table.read_text())
    result = celebtool("report", "--confusion")
    assert result.code == 0
    assert result.stdout.endswith(
        "Confusion, true by row, predicted by column (test)\n"
        "           1  2  3\n"
        "1 007     11  ·  1\n"
        "2 Beyoncé  · 12  ·\n"
        "3 NA       ·  · 12\n"
    )
    stdin(table.read_text())
    assert celebtool("report", "--confusion", "-").stdout == result.stdout


def test_a_pipe_is_read_once(table):
    command = f"{sys.executable} -c 'from celebtool.cli import main; main()' report --json <(cat {table}) <&-"
    run = subprocess.run(["bash", "-c", command], check=False, capture_output=True, text=True)
    assert json.loads(run.stdout)["accuracy"] == 0.972222
    assert run.stderr == ""


def test_json_has_accuracy_at_the_top_level(celebtool, table):
    document = json.loads(celebtool("report", table, "--json").stdout)
    assert document["kind"] == "predictions"
    assert document["accuracy"] == 0.972222
    assert document["macro_f1"] == 0.972174
    assert document["class_names"] == list(NAMES)


def test_json_of_several_is_a_list(celebtool, table, tmp_path):
    history.write(tmp_path / "h.csv", [Epoch(1, 0.5, 0.5)])
    document = json.loads(celebtool("report", table, tmp_path / "h.csv", "--json").stdout)
    assert [subject["kind"] for subject in document["subjects"]] == ["predictions", "history"]


def test_json_lines_are_read_too(celebtool, stdin):
    stream = io.StringIO()
    predictions.Writer(stream, NAMES, jsonl=True).row(Prediction("a.jpg", np.array([1.0, 0, 0]), "007", label="007"))
    stdin(stream.getvalue())
    assert json.loads(celebtool("report", "--json").stdout)["accuracy"] == 1


def test_csv_is_one_table(celebtool, table, tmp_path):
    rows = csv_rows(celebtool("report", table, "--csv"))
    assert [(row["part"], row["accuracy"], row["top_3_accuracy"]) for row in rows] == [("test", "0.972222", "")]
    rows = csv_rows(celebtool("report", table, "--csv", "--per-class"))
    assert [(row["class"], row["recall"]) for row in rows] == [("007", "0.916667"), ("Beyoncé", "1.0"), ("NA", "1.0")]
    rows = csv_rows(celebtool("report", table, "--csv", "--confusion"))
    assert rows[1] == {"label": "007", "predicted": "NA", "images": "1"}
    rows = csv_rows(celebtool("report", table, "--csv", "--mistakes"))
    assert [row["path"] for row in rows] == ["test/007/0.png"]
    other = write(tmp_path / "other.csv", many(wrong=0))
    rows = csv_rows(celebtool("report", table, other, "--csv"))
    assert [row["file"] for row in rows] == [str(table), str(other)]


def test_per_class_and_mistakes(celebtool, table):
    result = celebtool("report", table, "--per-class", "--mistakes", "--limit", 3)
    rows = printed(result.stdout)
    assert ["007", "1.000", "0.917 (0.615–0.998)", "0.957", "12"] in rows
    assert ["test/007/0.png", "007", "NA", "0.750", "0.000"] in rows


def test_several_files_stand_side_by_side(celebtool, table, tmp_path):
    other = write(tmp_path / "other.csv", many(wrong=0))
    result = celebtool("report", table, other, "--confusion")
    assert result.stderr == ""
    unfolded = "".join(result.stdout.split())  # a long title is folded
    assert f"{table}:Confusion,truebyrow,predictedbycolumn(test)" in unfolded
    (row,) = (row for row in printed(result.stdout) if row[0] == "accuracy")
    assert [cell[:5] for cell in row[1:]] == ["0.972", "1.000"]
    fewer = write(tmp_path / "fewer.csv", many(count=11))
    assert (
        f"{table} and {tmp_path}/fewer.csv are not of the same images: 33 are in both, 3 in one only"
        in celebtool("report", table, fewer).stderr
    )


def test_parts_and_the_gap_between_them(celebtool, tmp_path):
    table = write(tmp_path / "p.csv", [*many(wrong=0, part="train"), *many(wrong=6)])
    result = celebtool("report", table, "--json")
    document = json.loads(result.stdout)
    assert document["part"] == "test"
    assert document["accuracy"] == 0.833333
    assert {part: one["accuracy"] for part, one in document["parts"].items()} == {"train": 1, "test": 0.833333}
    assert [row[0] for row in printed(celebtool("report", table).stdout) if row[0] in ("train", "test")] == [
        "train",
        "test",
    ]


def test_failed_images_and_missing_classes_are_said(celebtool, tmp_path):
    rows = [row for row in many() if row[1] != "Beyoncé"]
    table = write(tmp_path / "p.csv", [*rows, ("test/NA/x.png", "NA", None, "test")])
    result = celebtool("report", table)
    assert result.stderr == (
        f"note: {table}: 1 of 25 images failed and count as wrong: unreadable 1\n"
        f"note: {table}: no image of Beyoncé: these classes are in no average\n"
    )
    assert celebtool("report", table, "--quiet").stderr == ""


def test_no_labels_at_all(celebtool, tmp_path):
    table = write(tmp_path / "p.csv", [("a.jpg", "", "NA", ""), ("b.jpg", "", "007", "")])
    result = celebtool("report", table, "--confusion")
    assert result.code == 0
    assert "No labels to compare with; images by predicted class" in result.stdout
    document = json.loads(celebtool("report", table, "--json").stdout)
    assert (document["accuracy"], document["called"]) == (None, {"007": 1, "NA": 1})


def test_a_history(celebtool, tmp_path):
    history.write(tmp_path / "h.csv", [Epoch(1, 0.5, 0.5, 0.5, 0.5), Epoch(2, 0.25, 0.75, 0.75, 0.5)])
    result = celebtool("report", tmp_path / "h.csv")
    assert result.stdout.startswith(f"{tmp_path}/h.csv: the best epoch is 1 of 2\n")


def test_an_image_folder(celebtool, make_folder):
    root = make_folder({"train/Ann": 3, "train/Bob": 2, "val/Ann": 1})
    (root / "val/Ann/broken.jpg").write_bytes(b"no image")
    result = celebtool("report", root)
    assert result.code == 0
    assert ["Bob", "2", "0", "2"] in printed(result.stdout)
    assert ["height", "32", "32", "32"] in printed(result.stdout)
    assert result.stderr == (
        f"note: {root}/val/Ann/broken.jpg: is none of JPEG, PNG, WEBP, AVIF, BMP, GIF, PPM\n"
        "note: no image in val/ of Bob\n"
    )
    document = json.loads(celebtool("report", root, "--json").stdout)
    assert document["parts"] == {"train": {"Ann": 3, "Bob": 2}, "val": {"Ann": 2}}


def test_a_model(celebtool, tmp_path):
    with model_file.new_for_keras(tmp_path / "m.h5") as file:
        file.create_group("model_weights")
    info = ModelInfo(
        "cnn",
        ("007", "NA"),
        (100, 100),
        history=(Epoch(1, 0.5, 0.5), Epoch(2, 0.25, 0.75)),
        layers=(Layer("dense", "Dense", (2,), 8, 8, True),),
    )
    model_file.write_info(tmp_path / "m.h5", info)
    result = celebtool("report", tmp_path / "m.h5")
    assert result.code == 0
    assert ["2 classes", "007, NA"] in printed(result.stdout)
    assert "History: the best epoch is 2 of 2\n" in result.stdout
    assert ["dense", "Dense", "2", "8", "8"] in printed(result.stdout)
    document = json.loads(celebtool("report", tmp_path / "m.h5", "--json").stdout)
    assert (document["kind"], document["parameters"], document["best_epoch"]) == ("model", 8, 2)
    assert csv_rows(celebtool("report", tmp_path / "m.h5", "--csv"))[0]["layer"] == "dense"
    assert celebtool("report", tmp_path / "m.h5", "--plots", tmp_path / "plots").code == 0
    assert {path.name for path in (tmp_path / "plots").iterdir()} == {"loss.png", "accuracy.png", "celebtool.json"}
    (tmp_path / "model").write_bytes((tmp_path / "m.h5").read_bytes())
    assert celebtool("report", tmp_path / "model").code == 0


def test_predictions_csv_is_the_default_on_a_terminal(celebtool, table, stdin, monkeypatch):
    monkeypatch.chdir(table.parent)
    stdin(None)
    result = celebtool("report", "--json")
    assert (result.code, json.loads(result.stdout)["file"]) == (0, "predictions.csv")
    table.unlink()
    stdin(None)
    result = celebtool("report")
    assert result.code == 2
    assert "nothing to read: no FILE, no stdin and no ./predictions.csv" in result.stderr


PLOTS = {
    "confusion_matrix.png",
    "calibration.png",
    "predictions.png",
    "mistakes.png",
    "distribution.png",
    "samples.png",
    "celebtool.json",
}


@pytest.mark.slow
def test_all_seven_plots(celebtool, make_folder, tmp_path):
    root = make_folder({f"test/{name}": 12 for name in NAMES})
    table = write(
        tmp_path / "p.csv", [(f"test/{name}/{i:03d}.png", name, "NA", "test") for name in NAMES for i in range(12)]
    )
    history.write(tmp_path / "h.csv", [Epoch(1, 0.5, 0.5), Epoch(2, 0.25, 0.75)])
    arguments = ["report", table, tmp_path / "h.csv", "--images", root, "--plots"]
    assert celebtool(*arguments, tmp_path / "plots").code == 0
    files = {path.name: path.read_bytes() for path in (tmp_path / "plots").iterdir()}
    assert files.keys() == PLOTS | {"loss.png", "accuracy.png"}
    assert celebtool(*arguments, tmp_path / "again").code == 0
    assert {path.name: path.read_bytes() for path in (tmp_path / "again").iterdir()} == files
    result = celebtool(*arguments, tmp_path / "plots")
    assert result.code == 0
    assert "plots: finished; the plots are there (--overwrite makes them anew)" in result.stderr
    result = celebtool("report", table, "--plots", tmp_path / "plots")
    assert result.code == 1
    assert result.stderr.endswith("plots: exists already; choose another name or add --overwrite\n")
    assert celebtool("report", table, "--plots", tmp_path / "plots", "--overwrite").code == 0
    left = {path.name for path in (tmp_path / "plots").iterdir()}
    assert left == {"confusion_matrix.png", "calibration.png", "distribution.png", "celebtool.json"}


def test_plots_of_two_tables_are_numbered(celebtool, table, tmp_path):
    other = write(tmp_path / "other.csv", many(wrong=0))
    assert celebtool("report", table, other, "--plots", tmp_path / "plots").code == 0
    names = {path.name for path in (tmp_path / "plots").iterdir()}
    kinds = ("confusion_matrix.png", "calibration.png")
    assert names == {"distribution.png", "celebtool.json", *(f"{n}-{kind}" for n in (1, 2) for kind in kinds)}


def test_a_broken_image_is_a_grey_square(celebtool, make_folder, tmp_path):
    root = make_folder({"Ann": 2})
    Image.new("RGB", (8, 8)).save(root / "Ann/001.png")
    (root / "Ann/000.png").write_bytes(b"no image")
    assert celebtool("report", root, "--plots", tmp_path / "plots").code == 0
    assert (tmp_path / "plots/samples.png").is_file()


def test_names_that_no_font_has_get_a_legend(celebtool, tmp_path):
    name = "\U0001fffe"
    table = tmp_path / "p.csv"
    with table.open("w", encoding="utf-8", newline="") as stream:
        writer = predictions.Writer(stream, ["Ann", name])
        for i in range(10):
            writer.row(Prediction(f"{i}.jpg", np.array([0.25, 0.75]), name, label=("Ann", name)[i % 2]))
    result = celebtool("report", table, "--plots", tmp_path / "plots")
    assert result.code == 0
    assert "no installed font can write" in result.stderr
    assert (tmp_path / "plots/legend.csv").read_text(encoding="utf-8").startswith("number,name\n2,")


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["--json", "--csv"], "--json, --csv, --markdown: print one of them"),
        (
            ["--csv", "--confusion", "--mistakes"],
            "--csv: prints one table; choose one of --confusion, --per-class, --mistakes, --calibration",
        ),
        (["--images", "x"], "--images: is for the pictures in --plots DIR or --html FILE; add one"),
        (["--limit", "0"], "--limit"),
        (["--max-drop", "0.1"], "--max-drop: is measured against --baseline OLD.csv; add that"),
        (["--require", "accuracy"], "--require: cannot read 'accuracy'; expected as accuracy>=0.95,recall[NAME]>=0.8"),
    ],
)
def test_wrong_usage_ends_with_2(celebtool, table, arguments, problem):
    result = celebtool("report", table, *arguments)
    assert result.code == 2
    assert problem in result.stderr
    assert result.stdout == ""


def test_wrong_input_ends_with_1_and_one_line(celebtool, table, tmp_path, stdin, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def error(*arguments):
        result = celebtool("report", *arguments)
        assert (result.code, result.stdout) == (1, "")
        return result.stderr.removeprefix("celebtool: error: ")

    kinds = "expected predictions, a history, a model or an image folder"
    assert error("no.csv") == f"no.csv: cannot be read (No such file or directory); {kinds}\n"
    (tmp_path / "empty").mkdir()
    assert error("empty") == "empty: holds no images; expected an image folder\n"
    (tmp_path / "bad.csv").write_text(table.read_text().replace("0.75", "many"))
    assert error("bad.csv") == "bad.csv:2: has 'many' in column 'prob_NA'; expected a number\n"
    (tmp_path / "m.h5").write_bytes(b"no model")
    assert error("m.h5").startswith("m.h5: ")
    history.write(tmp_path / "h.csv", [Epoch(1, 0.5, 0.5)])
    views = "expected some for --confusion, --per-class, --mistakes or --calibration"
    assert error("h.csv", "--confusion") == f"h.csv: holds no predictions; {views}\n"
    assert error(table, "h.csv", "--csv") == "--csv: writes one table; expected subjects of one kind, or --json\n"
    assert error(table, "--images", "no", "--plots", "plots") == "no: no such directory\n"
    (tmp_path / "images").mkdir()
    expected = "no such image; --images should be the folder that predict was given"
    assert error(table, "--images", "images", "--plots", "plots") == f"images/test/007/1.png: {expected}\n"
    beside = "lies inside the output plots; choose an output beside it"
    assert error(table, "--plots", "plots", "--html", "plots/page.html") == f"{tmp_path}/plots/page.html: {beside}\n"
    same = f"{tmp_path}/plots: is the output as well; choose another name\n"
    assert error(table, "--plots", "plots", "--html", "plots") == same
    assert not (tmp_path / "plots").exists()
    stdin("")
    assert error() == "stdin: is empty; expected the output of celebtool predict\n"


def test_a_reader_that_has_had_enough_ends_it_quietly(table):
    command = f"{sys.executable} -c 'from celebtool.cli import main; main()' report --confusion < {table}"
    script = f"{command} | head -1; exit ${{PIPESTATUS[0]}}"
    run = subprocess.run(["bash", "-c", script], check=False, capture_output=True, text=True)
    assert run.stdout == "Predictions, with 95 % intervals\n"
    assert run.stderr == ""
    assert run.returncode in (0, 141)  # 0 when everything was in the pipe before head closed it


def test_a_report_loads_no_heavy_library(table):
    """Two seconds wall for a report allow neither TensorFlow nor scikit-learn nor, without plots, matplotlib."""
    code = (
        "import sys; from celebtool.cli import main\n"
        "try: main()\n"
        "finally: print({'tensorflow', 'sklearn', 'scipy', 'pandas', 'matplotlib'} & set(sys.modules), file=sys.stderr)"
    )
    command = [sys.executable, "-c", code, "report", str(table)]
    run = subprocess.run(command, check=False, capture_output=True, text=True)
    assert run.stderr == "set()\n"
