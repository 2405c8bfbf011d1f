"""The content of exported files: the network, and the description where readers look for it."""

import io
import zipfile
from pathlib import Path

import numpy as np
import onnxruntime
import pytest

from celebtool.errors import CelebtoolError
from celebtool.formats import manifest
from celebtool.inference import runtime
from celebtool.nn import classifier
from celebtool.nn.exporting import files
from tests.support.classifiers import INFO, SIZE, images
from tests.support.exported import by_onnxruntime, with_points

DESCRIPTION = '{"celebtool":"1","class_names":["ann"]}'


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("files") / "m.h5"
    classifier.save(with_points(INFO, strangers=40), path)
    return path


@pytest.fixture(scope="module")
def made(model: Path) -> dict[str, bytes]:
    digest = manifest.sha256(model)
    return {"onnx": files.as_onnx(digest, model, DESCRIPTION), "tflite": files.as_tflite(digest, model, DESCRIPTION)}


def test_both_formats_answer_alike(made: dict[str, bytes]) -> None:
    batch = images(SIZE, 30)
    by_onnx = by_onnxruntime(made["onnx"], image=batch)
    by_litert = runtime.signature(made["tflite"])({"image": batch})
    assert set(by_onnx) == set(by_litert) == {"probabilities", "score", "embedding"}
    for name, values in by_onnx.items():
        assert (values.dtype, values.shape) == (np.float32, by_litert[name].shape)
        np.testing.assert_allclose(by_litert[name], values, atol=5e-6)
    assert (by_onnx["score"] < 0).any()


def test_readers_find_the_description(made: dict[str, bytes]) -> None:
    with zipfile.ZipFile(io.BytesIO(made["tflite"])) as archive:
        assert archive.testzip() is None
        assert archive.read("celebtool.json").decode() == DESCRIPTION
    assert made["tflite"][4:8] == b"TFL3"
    metadata = onnxruntime.InferenceSession(made["onnx"]).get_modelmeta().custom_metadata_map
    assert metadata == {"celebtool": DESCRIPTION}
    text = made["onnx"].decode("latin1")
    assert text[text.rindex('{"celebtool":') :] == DESCRIPTION  # as a browser finds it


def test_equal_models_make_equal_bytes(model: Path, made: dict[str, bytes]) -> None:
    digest = manifest.sha256(model)
    assert files.as_onnx(digest, model, DESCRIPTION) == made["onnx"]
    assert files.as_tflite(digest, model, DESCRIPTION) == made["tflite"]


def test_a_model_that_is_another_by_now_is_an_error(model: Path) -> None:
    with pytest.raises(CelebtoolError, match="changed while the run was under way; run the command again"):
        files.as_onnx("0" * 64, model, DESCRIPTION)
