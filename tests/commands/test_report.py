import io
import json
import re
import shutil
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from celebtool.formats import history, model_file, predictions
from celebtool.formats.history import Epoch
from celebtool.formats.model_info import Layer, ModelInfo
from celebtool.formats.predictions import Prediction
from celebtool.inference import conversion
from tests.conftest import random_image
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
        f"note: {table}: 1 of 25 images failed and count as wrong: 1 unreadable\n"
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


@pytest.fixture
def model(tmp_path):
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
    return tmp_path / "m.h5"


def test_a_model(celebtool, model):
    result = celebtool("report", model)
    assert result.code == 0
    assert ["classes", "2: 007, NA"] in printed(result.stdout)
    assert "History: the best epoch is 2 of 2\n" in result.stdout
    assert "Dense" not in result.stdout


def test_the_layers_of_a_model(celebtool, model):
    assert ["dense", "Dense", "2", "8", "8"] in printed(celebtool("report", model, "--layers").stdout)
    assert csv_rows(celebtool("report", model, "--csv"))[0]["layer"] == "dense"


def test_the_json_of_a_model(celebtool, model):
    document = json.loads(celebtool("report", model, "--json").stdout)
    assert (document["kind"], document["parameters"], document["best_epoch"]) == ("model", 8, 2)


def test_the_plots_of_a_model(celebtool, model, tmp_path):
    assert celebtool("report", model, "--plots", tmp_path / "plots").code == 0
    assert {path.name for path in (tmp_path / "plots").iterdir()} == {"loss.png", "accuracy.png", "celebtool.json"}


def test_a_model_is_known_by_its_content(celebtool, model):
    model.rename(model.parent / "model")
    assert celebtool("report", model.parent / "model").code == 0


def test_a_model_and_a_folder_are_not_measured_and_it_says_how(celebtool, model, make_folder):
    root = make_folder({"007": 1, "NA": 1})
    line = f"celebtool predict {model} {root} | celebtool report"
    assert f"note: to measure the model on the folder's images: {line}\n" in celebtool("report", model, root).stderr


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
    assert "plots: finished; nothing to do (--overwrite makes it anew)" in result.stderr
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
            "--csv prints one table; choose one of --confusion, --per-class, --mistakes, --calibration",
        ),
        (["--images", "x"], "--images is for the pictures in --plots DIR or --html FILE; add one"),
        (["--limit", "0"], "--limit"),
        (["--max-drop", "0.1"], "--max-drop is measured against --baseline OLD.csv; add that"),
        (["--junit", "r.xml"], "--junit lists demands; add --require or --baseline"),
        (["--require", "accuracy"], "--require: cannot read 'accuracy'; expected as accuracy>=0.95,recall[NAME]>=0.8"),
    ],
)
def test_wrong_usage_ends_with_2(celebtool, table, arguments, problem):
    result = celebtool("report", table, *arguments)
    assert result.code == 2
    assert problem in result.stderr
    assert result.stdout == ""


@pytest.fixture
def error(celebtool, table, tmp_path, monkeypatch):
    """Run a report that fails with 1 and prints one line; return what it says."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments):
        result = celebtool("report", *arguments)
        assert (result.code, result.stdout, result.stderr.count("\n")) == (1, "", 1)
        return result.stderr.removeprefix("celebtool: error: ").rstrip("\n")

    return run


def test_a_file_that_does_not_exist(error):
    kinds = "expected predictions, a history, a model or an image folder"
    assert error("no.h6") == f"no.h6: no such file or directory; {kinds}"
    assert error("prediction.csv") == "prediction.csv: no such file or directory; did you mean predictions.csv?"
    assert error("predictions.csv", "--baseline", "prediction.csv").endswith("did you mean predictions.csv?")


def test_a_model_that_does_not_exist(error, model):
    assert error("mm.h5") == "mm.h5: no such file or directory; did you mean m.h5?"


def test_a_directory_without_images(error, tmp_path):
    (tmp_path / "empty").mkdir()
    assert error("empty") == "empty: holds no images; expected an image folder"
    assert error(".") == ".: holds no images; did you mean predictions.csv?"


def test_a_file_that_describes_a_folder(error, make_folder):
    (make_folder({"Ann": 1}) / "manifest.csv").write_text("path\n")
    problem = "describes the image folder that it lies in; report on the folder: celebtool report faces"
    assert error("faces/manifest.csv") == f"faces/manifest.csv: {problem}"


def test_an_image(error, make_folder):
    make_folder({"Ann": 1})
    line = "celebtool predict MODEL.h5 faces/Ann/000.png | celebtool report"
    assert error("faces/Ann/000.png") == f"faces/Ann/000.png: is an image; predict it first: {line}"


def test_a_baseline_that_is_no_table(error, make_folder, model):
    make_folder({"Ann": 1})
    for name in ("faces", "m.h5"):
        line = "celebtool predict MODEL.h5 IMAGES -o old.csv"
        assert error("predictions.csv", "--baseline", name) == f"{name}: is no table of predictions; make one: {line}"


def test_a_damaged_table(error, table, tmp_path):
    (tmp_path / "bad.csv").write_text(table.read_text().replace("0.75", "many"))
    assert error("bad.csv") == "bad.csv:2: has 'many' in column 'prob_NA'; expected a number"
    (tmp_path / "m.h5").write_bytes(b"no model")
    assert error("m.h5").startswith("m.h5: ")


def test_an_empty_standard_input(error, stdin):
    stdin("")
    assert error() == "stdin: is empty; expected the output of celebtool predict"


def test_views_of_predictions_need_predictions(error, tmp_path):
    history.write(tmp_path / "h.csv", [Epoch(1, 0.5, 0.5)])
    views = "expected some for --confusion, --per-class, --mistakes, --calibration or --thresholds"
    assert error("h.csv", "--confusion") == f"h.csv: holds no predictions; {views}"
    assert error("h.csv", "--part", "val") == "h.csv: holds no predictions; expected some for --part"
    assert error("predictions.csv", "h.csv", "--csv") == (
        "--csv: writes one table; expected subjects of one kind, or --json"
    )


def test_pictures_that_are_not_there(error, tmp_path):
    assert (
        error("predictions.csv", "--images", "no", "--plots", "plots")
        == "no: no such directory; expected a folder of images"
    )
    (tmp_path / "images").mkdir()
    expected = "no such image; --images should be the folder that predict was given"
    arguments = ("predictions.csv", "--images", "images", "--plots", "plots")
    assert error(*arguments) == f"images/test/007/1.png: {expected}"
    assert not (tmp_path / "plots").exists()


def test_outputs_in_one_another(error, tmp_path):
    beside = "lies inside the output plots; choose an output beside it"
    arguments = ("predictions.csv", "--plots", "plots", "--html")
    assert error(*arguments, "plots/page.html") == f"plots/page.html: {beside}"
    assert error(*arguments, "plots") == "plots: is the output as well; choose another name"
    assert not (tmp_path / "plots").exists()


def parted(path):
    return write(path, [*many(wrong=0, part="train"), *many(wrong=3, part="val"), *many(wrong=6)])


def test_one_part_can_be_chosen(celebtool, tmp_path, error):
    table = parted(tmp_path / "p.csv")
    document = json.loads(celebtool("report", table, "--part", "val", "--json").stdout)
    assert (document["part"], document["accuracy"]) == ("val", 0.916667)
    result = celebtool("report", table, "--part", "val", "--per-class", "--confusion")
    assert "Classes, recall with 95 % intervals (val)\n" in result.stdout
    assert "Confusion, true by row, predicted by column (val)\n" in result.stdout
    assert celebtool("report", table, "--part", "val", "--require", "accuracy>=0.9").code == 0
    assert celebtool("report", table, "--require", "accuracy>=0.9").code == 3
    assert error("predictions.csv", "--part", "val") == "predictions.csv: has no images of the part val; it has test"
    assert celebtool("report", table, "--part", "tst").code == 2


def test_classes_of_several_parts_stand_side_by_side(celebtool, tmp_path):
    result = celebtool("report", parted(tmp_path / "p.csv"), "--per-class")
    assert "Classes on train, val, test\n" in result.stdout
    assert ["007", "1.000", "0.750", "0.500", "1.000", "0.857", "0.667", "12", "12", "12"] in printed(result.stdout)


def test_tables_of_train_val_and_test_show_overfitting_and_are_no_leak(celebtool, tmp_path):
    for part, wrong in (("train", 0), ("val", 3), ("test", 6)):
        rows = [(path.removeprefix(f"{part}/"), *others, "") for path, *others, _ in many(wrong=wrong, part=part)]
        table = write(tmp_path / f"{part}.csv", [(f"{part}-{path}", *others) for path, *others in rows])
        if part == "train":  # as predict writes it for parts/train alone: no part, every image seen
            table.write_text(table.read_text().replace("0.75,,no", "0.75,,yes"))
    names = [tmp_path / f"{part}.csv" for part in ("train", "val", "test")]
    result = celebtool("report", *names)
    assert (result.code, result.stderr) == (0, "")
    rows = {row[0]: row[1:] for row in printed(result.stdout)}
    assert [cell[:5] for cell in rows["accuracy"]] == ["1.000", "0.917", "0.833"]
    assert rows["part"] == ["train", "", ""]
    assert "Do they differ?" not in result.stdout
    assert celebtool("report", names[0]).code == 1  # by itself it may be a test that leaks


def test_only_tables_with_images_in_common_are_compared(celebtool, table, tmp_path):
    other = write(tmp_path / "other.csv", [(f"x{path}", *rest) for path, *rest in many(wrong=0)])
    result = celebtool("report", table, other)
    assert (result.code, result.stderr) == (0, "")
    assert "Do they differ?" not in result.stdout
    assert "Do they differ?" in celebtool("report", table, write(tmp_path / "same.csv", many(wrong=0))).stdout


def test_what_holds_for_several_tables_is_said_once(celebtool, tmp_path):
    one, two = (write(tmp_path / f"{name}.csv", many(count=3)) for name in ("one", "two"))
    said = "fewer than 10 images of every class: figures of single classes say little"
    assert celebtool("report", one, two).stderr == f"note: {one}, {two}: {said}\n"


def test_it_says_what_it_wrote(celebtool, table, tmp_path):
    outputs = ("--html", tmp_path / "r.html", "--plots", tmp_path / "plots")
    result = celebtool("report", table, *outputs)
    wrote = f"wrote {tmp_path}/plots: 3 plots\nwrote {tmp_path}/r.html: a page for a browser\n"
    assert (result.code, result.stderr) == (0, wrote)
    again = celebtool("report", table, *outputs)
    finished = "finished; nothing to do (--overwrite makes it anew)"
    assert (again.code, again.stderr) == (0, f"{tmp_path}/plots: {finished}\n{tmp_path}/r.html: {finished}\n")
    assert celebtool("report", table, *outputs, "--quiet", "--overwrite").stderr == ""


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


@pytest.fixture(scope="module")
def mixed_up(face_parts, tmp_path_factory):
    """Six people, split, and in it: two images in each other's class, and one that shows no face."""
    root = tmp_path_factory.mktemp("mixed") / "parts"
    shutil.copytree(face_parts, root)
    one, other = min((root / "train/s1").iterdir()), min((root / "train/s2").iterdir())
    one.rename(root / "train/s2/of-s1.jpg")
    other.rename(root / "train/s1/of-s2.jpg")
    random_image("no face", 224).save(root / "test/s3/nothing.jpg")
    return root


@pytest.mark.slow
def test_suspects_of_crops_are_listed_with_what_they_look_like_and_why(celebtool, mixed_up):
    rows = csv_rows(celebtool("report", mixed_up, "--csv", "--suspects"))
    assert [(row["path"], row["label"], row["looks_like"], row["reason"]) for row in rows[2:]] == [
        ("test/s3/nothing.jpg", "s3", "", "no_face")
    ]
    assert {(row["path"], row["label"], row["looks_like"], row["reason"]) for row in rows[:2]} == {
        ("train/s1/of-s2.jpg", "s1", "s2", "other_person"),
        ("train/s2/of-s1.jpg", "s2", "s1", "other_person"),
    }
    assert float(rows[0]["margin"]) > float(rows[1]["margin"]) > 0.3
    assert re.fullmatch(r"cosine 0\.\d\d to s[12], -?0\.\d\d to s[12]'s other images", rows[0]["detail"])


@pytest.mark.slow
def test_suspects_are_in_the_tables_and_the_json_of_crops_unasked(celebtool, mixed_up):
    shown = celebtool("report", mixed_up, "--limit", "2")
    assert "Suspects, the surest first: 2 of 3\n" in shown.stdout
    assert "nothing.jpg" not in shown.stdout.split("Suspects")[1]
    assert "nothing.jpg" in celebtool("report", mixed_up, "--limit", "2", "--suspects").stdout.split("Suspects")[1]
    document = json.loads(celebtool("report", mixed_up, "--json", "--limit", "2").stdout)
    assert len(document["suspects"]) == 3
    assert document["suspects"][2] == {
        "path": "test/s3/nothing.jpg",
        "face": "",
        "label": "s3",
        "looks_like": "",
        "margin": None,
        "reason": "no_face",
        "detail": "no face was found in it",
    }


@pytest.mark.slow
def test_it_says_that_the_networks_are_prepared(celebtool, att_faces, tmp_path, monkeypatch):
    prepare = conversion.prepare

    def prepared(graphs, say=lambda _: None):
        say(f"preparing {', '.join(graph.title for graph in graphs)}")
        prepare(graphs)

    monkeypatch.setattr(conversion, "prepare", prepared)
    shutil.copytree(att_faces / "s1", tmp_path / "photos/s1", ignore=shutil.ignore_patterns("*.py*"))
    said = celebtool("report", tmp_path / "photos", "--suspects").stderr.splitlines()
    assert [line for line in said if "preparing" in line] == [f"preparing {'face detector, ' * 3}face-sface"]


@pytest.mark.slow
def test_suspects_are_on_the_page_with_their_pictures(celebtool, mixed_up, tmp_path):
    outputs = ("--html", tmp_path / "p.html", "--plots", tmp_path / "plots")
    assert celebtool("report", mixed_up, *outputs).code == 0
    text = (tmp_path / "p.html").read_text()
    part = text.split("<h3>Suspects, the surest first: 3</h3>")[1].split("</table>")[0]
    assert part.count("<img") == 3
    assert '<td data-column="looks like" class="wrong">s2</td>' in part
    marks = text.split("<h3>Map of the faces</h3>")[1].split("</svg>")[0]
    assert marks.count("<circle ") == 2  # the third suspect shows no face, so it has no place
    assert "<li>Not on the map: 1 image without a known embedding.</li>" in marks
    assert (tmp_path / "plots/map.png").is_file()


@pytest.mark.slow
def test_faces_of_photos_are_compared_if_suspects_are_asked_for(celebtool, att_faces, tmp_path):
    for person in ("s1", "s2"):
        ignore = shutil.ignore_patterns("*.py*")
        shutil.copytree(att_faces / person, tmp_path / "photos" / person, ignore=ignore)
    (tmp_path / "photos/s1/1.pgm").rename(tmp_path / "photos/s2/of-s1.pgm")
    assert json.loads(celebtool("report", tmp_path / "photos", "--json").stdout)["suspects"] == []
    (row,) = csv_rows(celebtool("report", tmp_path / "photos", "--csv", "--suspects"))
    assert (row["path"], row["label"], row["looks_like"]) == ("s2/of-s1.pgm", "s2", "s1")


@pytest.mark.slow
def test_a_folder_without_suspects_says_so_if_asked(celebtool, face_parts):
    assert "uspects" not in celebtool("report", face_parts).stdout
    assert "No suspects\n" in celebtool("report", face_parts, "--suspects").stdout


def test_suspects_are_of_an_image_folder(celebtool, table):
    result = celebtool("report", table, "--suspects")
    assert result.code == 1
    assert f"{table}: is no image folder; expected one for --suspects" in result.stderr
