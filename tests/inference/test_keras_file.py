"""A model written without Keras is the file that Keras writes, byte for byte."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from celebtool.errors import CelebtoolError
from celebtool.formats import model_file
from celebtool.formats.history import Epoch
from celebtool.formats.model_info import ModelInfo
from celebtool.inference import embeddings, keras_file, predictor, runtime, sface_weights
from celebtool.training.calibrate import Layer
from tests.support import plain_keras
from tests.support.classifiers import images

pytestmark = pytest.mark.slow
NAMES = ("ann", "bob", "Zoë")
CROPS = {"size": 224, "margin": 0.4, "align": True}
INFO = ModelInfo("face-sface", NAMES, (124, 124), l2=3e-6, crops=CROPS, history=(Epoch(1, 0.5, 1.0, seconds=3.0),))
LAST = Layer(np.random.default_rng(1).normal(size=(128, 3)).astype(np.float32), np.arange(3, dtype=np.float32))


def write(path: Path, info: ModelInfo = INFO, last: Layer = LAST) -> ModelInfo:
    layout = keras_file.of_graph(embeddings.layout(0.4))
    backbone = [array for layer in sface_weights.from_package() for array in layer]
    return keras_file.write(layout, backbone, {"kernel": last.kernel, "bias": last.bias}, info, path)


@pytest.mark.parametrize("l2", [3e-6, 0.25, 0.0])
def test_the_bytes_are_those_that_keras_writes(tmp_path: Path, l2: float) -> None:
    from celebtool.nn import classifier
    from celebtool.nn.classifier import Classifier
    from celebtool.nn.networks import build, ensemble, pretrained

    info = replace(INFO, l2=l2)
    model = ensemble.build(info)
    pretrained.load_faces(model, "face-sface")
    build.freeze(model)
    model.get_layer("head_probabilities").set_weights([LAST.kernel, LAST.bias])
    classifier.save(Classifier(model, info), tmp_path / "keras.h5")
    written = write(tmp_path / "own.h5", info)
    assert (tmp_path / "own.h5").read_bytes() == (tmp_path / "keras.h5").read_bytes()
    assert replace(written, arrays_sha256="") == replace(model_file.read_info(tmp_path / "own.h5"), arrays_sha256="")


def test_plain_keras_and_predict_read_it_and_agree(tmp_path: Path) -> None:
    write(tmp_path / "m.h5")
    faces = images((124, 124))
    loaded = predictor.load(tmp_path / "m.h5")
    answers = loaded.answer(runtime.load(loaded.graphs[0])(faces))
    np.testing.assert_allclose(answers.probabilities, plain_keras.predict(tmp_path, {"m": faces})["m"], atol=1e-5)


def test_the_network_of_crop_faces_is_that_of_the_model(tmp_path: Path) -> None:
    """So that no conversion is needed between `train` and `predict`."""
    from celebtool.inference import cache

    write(tmp_path / "m.h5")
    (graph,) = predictor.load(tmp_path / "m.h5").graphs
    runtime.load(embeddings.graph(0.4))
    assert cache.read(graph.name) == cache.read(embeddings.graph(0.4).name)


def test_nan_is_not_written(tmp_path: Path) -> None:
    with pytest.raises(CelebtoolError, match="NaN or Inf in the head; train with other settings"):
        write(tmp_path / "m.h5", last=Layer(np.full((128, 3), np.nan, np.float32), LAST.bias))
    assert not (tmp_path / "m.h5").exists()


def test_other_weights_are_not_written(tmp_path: Path) -> None:
    with pytest.raises(CelebtoolError, match="its weights do not fit the network; install celebtool again"):
        write(tmp_path / "m.h5", last=Layer(LAST.kernel[:64], LAST.bias))
