"""``export``: a file that gives the same answers without celebtool, or none."""

import io
import json
import re
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from skimage import data

import celebtool
from celebtool.formats import manifest
from celebtool.formats.model_info import ModelInfo
from celebtool.inference.exporting import content
from celebtool.nn import classifier
from celebtool.nn.networks import pretrained
from tests.conftest import Result, run_installed
from tests.support.exported import with_points

DOCUMENT = Path(celebtool.__file__).parent.parent / "docs/export.md"
CROPS = {"size": 224, "margin": 0.4, "align": True, "format": "jpg"}
INFO = ModelInfo("face-sface", ("ann", "Zoë"), (124, 124), crops=CROPS)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory, _converted: None) -> Path:
    """A directory with a model of a face network, m.h5, and a crop."""
    root = tmp_path_factory.mktemp("export")
    made = with_points(INFO, strangers=3, width=128, threshold=-1.0)
    pretrained.load_faces(made.model, "face-sface")
    classifier.save(made, root / "m.h5")
    Image.fromarray(data.astronaut()[10:190, 130:310]).save(root / "crop.jpg")
    (root / "few").mkdir()
    Image.fromarray(data.astronaut()).save(root / "few" / "whole.png")
    return root


@pytest.fixture(scope="module")
def exported(place: Path) -> dict[str, Result]:
    lines = {"model.onnx": (), "model.tflite": ("--check", "few")}
    return {name: run_installed("export", "m.h5", name, *more, cwd=place) for name, more in lines.items()}


def description(place: Path, name: str) -> dict:
    written = (place / name).read_bytes()
    if name == "model.tflite":
        return json.loads(zipfile.ZipFile(io.BytesIO(written)).read("celebtool.json"))
    text = written.decode("latin1")
    return json.loads(text[text.rindex('{"celebtool":') :])


@pytest.mark.slow
@pytest.mark.parametrize(("name", "count"), [("model.onnx", "22 images"), ("model.tflite", "1 image")])
def test_the_file_is_written_checked_and_described(
    place: Path, exported: dict[str, Result], name: str, count: str
) -> None:
    result = exported[name]
    line = (
        rf"wrote {name}: 2 classes, 38\.[56] MB; answers for {count} differ by at most \de-0[6789] from the model's\n"
    )
    assert re.fullmatch(line, result.stderr.splitlines(keepends=True)[-1])
    assert (result.code, result.stdout) == (0, "")
    found = description(place, name)
    assert found["model"]["sha256"] == manifest.sha256(place / "m.h5")
    assert (found["class_names"], found["threshold"], found["crops"]) == (["ann", "Zoë"], -1.0, CROPS)
    assert (len(found["centroids"]), len(found["strangers"])) == (2, 3)


@pytest.mark.slow
def test_the_lines_of_the_document_name_whom_predict_names(
    celebtool: Callable[..., Result], place: Path, exported: dict[str, Result]
) -> None:
    assert len(exported) == 2
    row = json.loads(celebtool("predict", place / "m.h5", place / "crop.jpg", "--no-faces", "--format", "jsonl").stdout)
    blocks = re.findall(r"```python\n(.*?)```", DOCUMENT.read_text(encoding="utf-8"), re.DOTALL)
    assert len(blocks) == 2
    for code in blocks:
        more = "\nimport sys; assert 'celebtool' not in sys.modules\nprint(answer['score'][0] if 'answer' in vars() else score[0])"
        done = subprocess.run(
            [sys.executable, "-c", code + more], capture_output=True, text=True, cwd=place, check=True
        )
        name, score = done.stdout.splitlines()
        assert name == row["predicted"]
        assert float(score) == pytest.approx(float(row["score"]), abs=1e-5)


@pytest.fixture
def answering(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Let nothing be converted, and the file answer as the model of `place` does but for a difference."""
    from celebtool.inference import predictor, runtime

    def answer(difference: float) -> None:
        def load(made: bytes, output: Path) -> Callable[..., dict[str, np.ndarray]]:
            model = predictor.load(Path(made.decode()))

            def run(images: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
                found = model.answer([runtime.load(model.graphs[0]).features(images["image"])])
                return {"probabilities": found.probabilities, "score": found.scores + difference}

            return run

        monkeypatch.setattr(content, "make", lambda model, output, scratch: str(model).encode())
        monkeypatch.setattr(content, "load", load)

    return answer


@pytest.mark.slow
@pytest.mark.parametrize("difference", [2e-5, np.nan, np.inf])
def test_a_file_with_other_answers_is_not_written(
    celebtool: Callable[..., Result], place: Path, tmp_path: Path, answering: Callable[[float], None], difference: float
) -> None:
    answering(difference)
    out = tmp_path / "out.onnx"
    result = celebtool("export", place / "m.h5", out, "--quiet")
    said = "2e-05" if difference < 1 else "inf"
    instead = "--tolerance 0.0001 allows that" if difference < 1 else "1e-05 is allowed"
    problem = f"its answers would differ by {said} from the model's, so nothing is written; {instead}"
    assert (result.code, result.stderr) == (1, f"celebtool: error: {out}: {problem}\n")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_an_existing_file_is_replaced_only_with_overwrite(
    celebtool: Callable[..., Result],
    place: Path,
    tmp_path: Path,
    answering: Callable[[float], None],
    make_folder: Callable,
) -> None:
    answering(2e-5)
    out, folder = tmp_path / "out.tflite", make_folder({"ann": 2})
    out.write_bytes(b"old")
    line = ("export", place / "m.h5", out, "--check", folder, "--tolerance", "1e-4")
    result = celebtool(*line)
    assert (result.code, out.read_bytes()) == (1, b"old")
    assert result.stderr == f"celebtool: error: {out}: exists already; choose another name or add --overwrite\n"
    result = celebtool(*line, "--overwrite")
    assert (result.code, out.read_bytes()) == (0, str(place / "m.h5").encode())
    assert result.stderr.endswith("; answers for 2 images differ by at most 2e-05 from the model's\n")


def test_what_is_no_model_is_one_line(celebtool: Callable[..., Result], tmp_path: Path) -> None:
    (tmp_path / "text.h5").write_text("no model\n" * 30)
    for model, problem in {
        "text.h5": "is no HDF5 file; expected a model .h5 as Keras and celebtool write it",
        "txt.h5": f"No such file or directory; did you mean {tmp_path / 'text.h5'}?",
    }.items():
        result = celebtool("export", tmp_path / model, tmp_path / "out.tflite")
        assert (result.code, result.stderr) == (1, f"celebtool: error: {tmp_path / model}: {problem}\n")
    assert [path.name for path in tmp_path.iterdir()] == ["text.h5"]


def test_without_the_packages_the_extra_is_named(
    celebtool: Callable[..., Result], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(content, "_PACKAGES", ("numpy", "nowhere_1", "nowhere_2"))
    out = tmp_path / "out.onnx"
    result = celebtool("export", tmp_path / "m.h5", out)
    problem = "needs nowhere_1, nowhere_2 to be written; pip install 'celebtool[onnx]'"
    assert (result.code, result.stderr) == (1, f"celebtool: error: {out}: {problem}\n")
