import csv
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from celebtool.architectures import LAST_LAYER
from celebtool.formats import history, model_file
from tests.conftest import Result, run_installed, tree
from tests.support import plain_keras as keras_process
from tests.support import terminal


def plain_keras(model: Path, files: list[Path]) -> np.ndarray:
    """What `keras.models.load_model` and nothing of celebtool predicts of images that Pillow has resized."""
    size = model_file.read_info(model).image_size[::-1]
    images = [np.asarray(Image.open(file).resize(size, Image.Resampling.BICUBIC)) for file in files]
    return keras_process.predict(model.parent, {model.stem: np.stack(images).astype("float32")})[model.stem]


@pytest.fixture(scope="module")
def face_model(face_parts: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    model = tmp_path_factory.mktemp("model") / "face.h5"
    result = run_installed("train", face_parts, model)
    assert (result.code, result.stdout) == (0, ""), result.stderr
    assert "warning" not in result.stderr
    return model


@pytest.mark.slow
def test_the_default_recognises_people_and_plain_keras_agrees(
    celebtool: Callable[..., Result], face_parts: Path, face_model: Path
) -> None:
    info = model_file.read_info(face_model)
    assert info.class_names == ("s1", "s2", "s3", "s4", "s5", "s6")
    assert info.crops == {"size": 224, "margin": 0.4, "align": True, "format": "jpg"}
    assert len(info.origins) == 36
    assert info.metrics["val_accuracy"] == 1.0
    assert info.acceptance.accepted >= 0.9
    assert info.acceptance.in_val < info.acceptance.known  # images of train count too, each measured without itself
    result = celebtool("predict", face_model, face_parts / "test")
    rows = list(csv.DictReader(result.stdout.splitlines()))
    assert [row["predicted"] for row in rows] == [row["label"] for row in rows]
    assert {row["seen"] for row in rows} == {"no"}
    expected = plain_keras(face_model, [face_parts / "test" / row["path"] for row in rows])
    predicted = np.array([[float(row[f"prob_{name}"]) for name in info.class_names] for row in rows])
    assert predicted == pytest.approx(expected, abs=1e-5)


@pytest.mark.slow
def test_the_same_again_is_finished_and_the_same_elsewhere_is_the_same_file(
    face_parts: Path, face_model: Path, tmp_path: Path
) -> None:
    again = run_installed("train", face_parts, face_model)
    assert (again.code, again.stderr) == (0, f"{face_model}: finished; nothing to do (--overwrite makes it anew)\n")
    assert run_installed("train", face_parts, tmp_path / "other.h5").code == 0
    assert (tmp_path / "other.h5").read_bytes() == face_model.read_bytes()
    other = run_installed("train", face_parts, face_model, "--l2", "0.01")
    assert (other.code, other.stderr) == (
        1,
        f"celebtool: error: {face_model}: exists already; choose another name or add --overwrite\n",
    )


@pytest.mark.slow
def test_a_network_from_scratch_with_its_history_then_finetuned(
    celebtool: Callable[..., Result], face_parts: Path, tmp_path: Path
) -> None:
    small = ("--arch", "cnn", "--image-size", "24x20", "--dense", "16", "--epochs", "3", "--batch-size", "8")
    result = celebtool("train", face_parts, tmp_path / "cnn.h5", *small, "--history", tmp_path / "cnn.csv")
    assert result.code == 0, result.stderr
    epochs = history.read(tmp_path / "cnn.csv")
    assert [row.epoch for row in epochs] == [1, 2, 3]
    assert epochs[-1].loss < epochs[0].loss
    assert "epoch 3/3: loss " in result.stderr
    info = model_file.read_info(tmp_path / "cnn.h5")
    assert (info.image_size, info.dense) == ((24, 20), (16,))
    assert info.threshold is None or info.acceptance.accepted >= 0.9
    assert re.search(r"about \d.* % of strangers (would pass|pass)", result.stderr)  # with a threshold, or without one
    line = ("finetune", tmp_path / "cnn.h5", face_parts, tmp_path / "tuned.h5", "--unfreeze", "3", "--epochs", "1")
    result = celebtool(*line, "--dense", "8", "--dropout", "0.1")
    assert result.code == 0, result.stderr
    tuned = model_file.read_info(tmp_path / "tuned.h5")
    assert (tuned.dense, tuned.dropout, tuned.architecture) == ((16, 8), 0.1, "cnn")
    norms = [layer for layer in tuned.layers if layer.kind == "BatchNormalization"]
    assert norms
    assert not any(layer.trainable for layer in norms)
    files = sorted((face_parts / "test").rglob("*.jpg"))[:4]
    rows = list(csv.DictReader(celebtool("predict", tmp_path / "tuned.h5", *files).stdout.splitlines()))
    predicted = np.array([[float(row[f"prob_{name}"]) for name in tuned.class_names] for row in rows])
    assert predicted == pytest.approx(plain_keras(tmp_path / "tuned.h5", files), abs=1e-5)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["cnn.csv", "cnn.h5", "tuned.h5"]


@pytest.fixture
def changed_parts(face_parts: Path, tmp_path: Path) -> Path:
    """The same crops, but each was changed by hand since `crop-faces` wrote it, in nothing that a decoder sees."""
    parts = tmp_path / "changed"
    shutil.copytree(face_parts, parts)
    for file in parts.glob("*/*/*.jpg"):
        file.write_bytes(file.read_bytes() + b"\0")
    return parts


@pytest.mark.slow
def test_what_crop_faces_computed_is_not_computed_again(
    celebtool: Callable[..., Result],
    face_parts: Path,
    changed_parts: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from celebtool.inference import runtime

    assert celebtool("train", changed_parts, tmp_path / "computed.h5").code == 0
    with monkeypatch.context() as patched:
        patched.setattr(runtime, "load", lambda *_, **__: pytest.fail("ran the network"))
        assert celebtool("train", face_parts, tmp_path / "known.h5").code == 0
    tables = [celebtool("predict", tmp_path / f"{name}.h5", face_parts / "test") for name in ("computed", "known")]
    first, second = (list(csv.DictReader(table.stdout.splitlines())) for table in tables)
    for one, other in zip(first, second, strict=True):
        assert float(one["confidence"]) == pytest.approx(float(other["confidence"]), abs=1e-4)
        assert float(one["score"]) == pytest.approx(float(other["score"]), abs=1e-5)


@pytest.mark.slow
def test_weights_from_a_file(
    celebtool: Callable[..., Result], face_model: Path, changed_parts: Path, tmp_path: Path
) -> None:
    assert celebtool("train", changed_parts, tmp_path / "own.h5").code == 0
    result = celebtool("train", changed_parts, tmp_path / "m.h5", "--weights", face_model)
    assert result.code == 0, result.stderr
    first, second = (model_file.read(path)[1] for path in (tmp_path / "own.h5", tmp_path / "m.h5"))
    head = {array for array in first if array.layer == LAST_LAYER}
    assert all(np.array_equal(first[array], second[array]) for array in first.keys() - head)
    for array in head:  # LiteRT computes the embeddings of the one, TensorFlow those of the other
        np.testing.assert_allclose(first[array], second[array], rtol=1e-3, atol=1e-3)


def test_the_table_of_architectures(celebtool: Callable[..., Result]) -> None:
    result = celebtool("train", "--arch", "list")
    assert result.code == 0
    for name in (
        "cnn",
        "inceptionv3",
        "mobilenetv2",
        "vgg16",
        "densenet121",
        "resnet50",
        "face-resnet29",
        "face-sface",
    ):
        assert f" {name} " in result.stdout


@pytest.mark.parametrize(
    ("options", "code", "message"),
    [
        (["--arch", "vgg61"], 1, "vgg61: no such architecture; did you mean vgg16?"),
        (["--arch", "yolo"], 1, "yolo: no such architecture; choose one of face-sface, face-resnet29, cnn"),
        (["--weights", "imagent"], 1, "imagent: no such file; expected imagenet, none or a .h5 with weights"),
        (["--epochs", "0"], 2, "--epochs 0: expected 1 or more"),
        (["--image-size", "axb"], 2, "--image-size axb: expected HEIGHT or HEIGHTxWIDTH, as 96 or 96x112"),
        (["--dense", "x"], 2, "--dense x: expected numbers of units, as 256 or 512,256"),
        (["--optimizer", "adagrad"], 2, "--optimizer adagrad: expected adam, adamw, sgd, lbfgs"),
        (["--no-such-option"], 2, "no option --no-such-option"),
    ],
)
def test_wrong_options(
    celebtool: Callable[..., Result],
    make_folder: Callable[..., Path],
    tmp_path: Path,
    options: list[str],
    code: int,
    message: str,
) -> None:
    root = make_folder({"a": 12, "b": 12})
    before = tree(tmp_path)
    result = celebtool("train", root, tmp_path / "m.h5", *options)
    assert (result.code, result.stdout) == (code, "")
    assert message in result.stderr
    assert tree(tmp_path) == before


@pytest.mark.parametrize(
    ("counts", "message"),
    [
        ({}, "faces: no such directory; expected a folder of images"),
        ({"a": 12}, "faces: has one class, a; a classifier needs two"),
    ],
)
def test_wrong_folders(
    celebtool: Callable[..., Result], make_folder: Callable[..., Path], tmp_path: Path, counts: dict, message: str
) -> None:
    make_folder(counts)
    result = celebtool("train", tmp_path / "faces", tmp_path / "m.h5")
    assert (result.code, result.stderr.splitlines()[-1]) == (1, f"celebtool: error: {tmp_path}/{message}")


def test_a_file_that_is_no_image(
    celebtool: Callable[..., Result], make_folder: Callable[..., Path], tmp_path: Path
) -> None:
    root = make_folder({"a": 12, "b": 12}, "parts/train").parent
    (root / "train/a/notes.txt").write_text("x")
    result = celebtool("train", root, tmp_path / "m.h5", "--arch", "cnn", "--image-size", "16", "--dense", "4")
    assert result.code == 1
    assert f"celebtool: error: {root}/train/a/notes.txt: is none of JPEG, PNG" in result.stderr
    assert not list(tmp_path.glob("*.h5*")) + list(tmp_path.glob(".*"))


def test_an_output_in_the_input(celebtool: Callable[..., Result], make_folder: Callable[..., Path]) -> None:
    root = make_folder({"a": 12, "b": 12})
    result = celebtool("train", root, root / "m.h5")
    assert result.code == 1
    assert f"{root}/m.h5: lies inside the input {root}; choose an output beside it" in result.stderr
    weights = root.with_name("weights.h5")
    weights.write_text("x")
    result = celebtool("train", root, weights, "--weights", weights, "--overwrite")
    problem = f"celebtool: error: {weights}: is the input as well; choose another name"
    assert (result.code, result.stderr.splitlines()[-1], weights.read_text()) == (1, problem, "x")


@pytest.mark.slow
def test_finetune_says_what_does_not_fit(
    celebtool: Callable[..., Result], make_folder: Callable[..., Path], face_model: Path, tmp_path: Path
) -> None:
    root = make_folder({"s1": 12, "s2": 12})
    result = celebtool("finetune", face_model, root, tmp_path / "x.h5")
    assert result.code == 1
    assert "faces: lacks the class s3, unlike the model; expected the 6 classes of the model" in result.stderr
    result = celebtool("finetune", root / "s1/000.png", root, tmp_path / "x.h5")
    assert (result.code, result.stderr.count("\n")) == (1, 1)
    result = celebtool("finetune", face_model, root, tmp_path / "x.h5", "--unfreeze", "some")
    assert result.code == 2
    assert "--unfreeze some: expected a number of layers or all" in result.stderr


@pytest.fixture
def raw_photos(att_faces: Path, tmp_path: Path) -> Path:
    """Six photos of each of two people, with a small face in each."""
    for label in ("s1", "s2"):
        (tmp_path / "photos" / label).mkdir(parents=True)
        for number in range(1, 7):
            canvas = Image.new("RGB", (640, 480), "grey")
            canvas.paste(Image.open(att_faces / label / f"{number}.pgm").resize((69, 84)), (300, 200))
            canvas.save(tmp_path / "photos" / label / f"{number}.jpg")
    return tmp_path / "photos"


SMALL = ("--arch", "cnn", "--image-size", "16", "--dense", "4", "--epochs", "2", "--batch-size", "4")


@pytest.mark.slow
def test_raw_photos_are_refused_with_the_command_to_type(
    celebtool: Callable[..., Result], raw_photos: Path, tmp_path: Path
) -> None:
    result = celebtool("train", raw_photos, tmp_path / "m.h5", *SMALL)
    assert result.code == 1
    error = result.stderr.splitlines()[-1]
    assert error.startswith(f"celebtool: error: {raw_photos}: looks uncropped: ")
    crop = f"celebtool crop-faces {raw_photos} faces"
    assert error.endswith(f"; crop the faces first: {crop} (or add --allow-uncropped)")
    assert [path.name for path in tmp_path.iterdir()] == ["photos"]
    allowed = celebtool("train", raw_photos, tmp_path / "m.h5", *SMALL, "--allow-uncropped")
    assert (allowed.code, "looks uncropped" in allowed.stderr) == (0, False)
    refused = celebtool("finetune", tmp_path / "m.h5", raw_photos, tmp_path / "n.h5", "--epochs", "1")
    assert (refused.code, "looks uncropped" in refused.stderr) == (1, True)


@pytest.mark.slow
def test_a_run_says_its_device_and_ends_with_what_was_written_and_what_comes_next(
    celebtool: Callable[..., Result], make_folder: Callable[..., Path], tmp_path: Path
) -> None:
    make_folder({"a": 4, "b": 4}, "parts/train")
    make_folder({"a": 1, "b": 1}, "parts/val")
    parts = make_folder({"a": 1, "b": 1}, "parts/test").parent
    result = celebtool("train", parts, tmp_path / "m.h5", *SMALL)
    assert re.search(r"^training on (the CPU \(\d+ cores?\); no GPU found|.+)$", result.stderr, re.MULTILINE)
    next_command = f"celebtool predict {tmp_path}/m.h5 {parts}/test | celebtool report"
    assert re.fullmatch(
        rf"wrote {tmp_path}/m\.h5: 2 classes, val accuracy [01]\.\d{{4}}; next: {re.escape(next_command)}",
        result.stderr.splitlines()[-1],
    )
    assert "top-5" not in result.stderr
    result = celebtool("finetune", tmp_path / "m.h5", parts, tmp_path / "n.h5", "--epochs", "1", "--unfreeze", "1")
    assert result.stderr.splitlines()[-1].startswith(f"wrote {tmp_path}/n.h5: 2 classes, val accuracy ")


@pytest.mark.slow
@pytest.mark.parametrize("columns", [80, 120])
def test_on_a_terminal_every_line_stands_by_itself(
    make_folder: Callable[..., Path], tmp_path: Path, columns: int
) -> None:
    make_folder({"a": 20, "b": 20}, "parts/train")
    make_folder({"a": 2, "b": 2}, "parts/val")
    slow = ("--image-size", "96", "--batch-size", "1")  # a bar is drawn ten times a second
    shown = terminal.run("train", "parts", "m.h5", *SMALL, *slow, columns=columns, cwd=tmp_path)
    assert shown.code == 0, shown.written
    for stage in ("loading TensorFlow", "looking for faces", "reading train", "reading val", "epoch 2/2"):
        assert f"\r{stage}" in shown.written
    assert re.search(r"\repoch 1/2: \d+/40 batches \|", shown.written)
    assert "?" not in shown.written
    beginnings = ["training on ", "epoch 1/2: loss ", "epoch 2/2: loss ", "cnn, 2 classes"]
    for beginning in (*beginnings, "┏━", "┃ part ", "│ train ", "│ val ", "└─", "wrote m.h5: 2 classes, "):
        assert sum(line.startswith(beginning) for line in shown.lines) == 1, (beginning, shown.lines)
    assert not any("batches" in line or "|" in line for line in shown.lines)


@pytest.mark.parametrize(
    ("line", "code", "right"),
    [
        ("train parts m.keras", 2, "m.keras: models are .h5 files; type m.h5"),
        ("train parts m", 2, "m: models are .h5 files; type m.h5"),
        ("train m.h5 parts", 2, "the arguments are in another order than expected; type celebtool train parts m.h5"),
        ("finetune m.h5 parts m", 2, "m: models are .h5 files; type m.h5"),
        ("finetune parts m.h5 n.h5", 2, "type celebtool finetune m.h5 parts n.h5"),
        ("finetune m.h5 n.h5 parts", 2, "type celebtool finetune m.h5 parts n.h5"),
        ("ensemble m.h5 m.h5 both", 2, "both: models are .h5 files; type both.h5"),
        ("ensemble both.h5 m.h5 m.h5", 2, "the model to write comes last; type celebtool ensemble m.h5 m.h5 both.h5"),
        ("train part m.h5", 1, "celebtool: error: part: no such directory; did you mean parts?"),
        (
            "train parts/manifest.csv m.h5",
            1,
            "parts/manifest.csv: is a file; expected a directory of images, such as parts",
        ),
        ("train parts m.h5 --arch facesnet", 1, "facesnet: no such architecture; "),
        ("train parts m.h5 --arch face-resnet", 1, "face-resnet: no such architecture; did you mean face-resnet29?"),
    ],
)
def test_mistakes_are_answered_by_what_to_type(
    celebtool: Callable[..., Result],
    make_folder: Callable[..., Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    line: str,
    code: int,
    right: str,
) -> None:
    make_folder({"a": 12, "b": 12}, "parts")
    (tmp_path / "parts/manifest.csv").write_text("path,label,source,origin,status,reason\n")
    (tmp_path / "m.h5").write_text("")
    monkeypatch.chdir(tmp_path)
    before = tree(tmp_path)
    result = celebtool(*line.split())
    assert result.code == code
    assert right in " ".join(result.stderr.split())
    assert tree(tmp_path) == before
