"""The content of exported files: the network, and the description where readers look for it."""

import io
import zipfile
from pathlib import Path

import numpy as np
import onnxruntime
import pytest

from celebtool.errors import CelebtoolError
from celebtool.formats import manifest
from celebtool.formats.model_info import ModelInfo
from celebtool.inference import runtime
from celebtool.nn import classifier
from celebtool.nn.exporting import files
from celebtool.training import ensembles
from tests.support.classifiers import INFO, SIZE, images, tiny
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


def test_an_ensemble_has_its_inputs_by_name(tmp_path: Path) -> None:
    sizes = ((16, 16), (24, 16))
    for number, size in enumerate(sizes):
        member = tiny(ModelInfo("cnn", ("ann", "bob"), size, seed=number, dense=(4,)))
        classifier.save(member, tmp_path / f"{number}.h5")
    pair = [classifier.model_file.read(tmp_path / f"{number}.h5") for number in range(2)]
    made = classifier.restore(*ensembles.combine(pair, [0.7, 0.3], {}), tmp_path)
    path = tmp_path / "both.h5"
    classifier.save(made, path)
    batch = {size: images(size) for size in sizes}
    named = {"image_16x16": batch[16, 16], "image_24x16": batch[24, 16]}
    expected = classifier.probabilities(made, batch)
    digest = manifest.sha256(path)
    for found in (
        by_onnxruntime(files.as_onnx(digest, path, DESCRIPTION), **named),
        runtime.signature(files.as_tflite(digest, path, DESCRIPTION))(named),
    ):
        assert set(found) == {"probabilities", "score"}
        np.testing.assert_allclose(found["probabilities"], expected, atol=1e-6)
        np.testing.assert_allclose(found["score"], expected.max(axis=1), atol=1e-6)


def test_a_model_that_is_another_by_now_is_an_error(model: Path) -> None:
    with pytest.raises(CelebtoolError, match="changed while the run was under way; run the command again"):
        files.as_onnx("0" * 64, model, DESCRIPTION)
