"""Saving and loading: the same probabilities from celebtool and from plain Keras, and no trust in a description."""

import json
import shutil
import warnings
from dataclasses import replace
from pathlib import Path

import h5py
import keras
import numpy as np
import pytest

from celebtool.errors import CelebtoolError
from celebtool.formats import model_file, model_info
from celebtool.formats.model_info import ModelInfo
from celebtool.nn import classifier
from celebtool.nn.networks import build, pretrained
from tests.support import plain_keras
from tests.support.classifiers import INFO, SIZE, images, tiny
from tests.support.models import LIBVER


def test_a_classifier_comes_back(tmp_path: Path) -> None:
    saved = tiny()
    build.unfreeze(saved.model, 3)
    classifier.save(saved, tmp_path / "m.h5")
    loaded = classifier.load(tmp_path / "m.h5")
    batch = {SIZE: images(SIZE)}
    np.testing.assert_array_equal(classifier.probabilities(loaded, batch), classifier.probabilities(saved, batch))
    assert classifier.image_sizes(loaded) == [SIZE]
    assert [layer.trainable for layer in loaded.model.layers] == [layer.trainable for layer in saved.model.layers]
    assert replace(loaded.info, arrays=(), layers=(), arrays_sha256="", versions={}) == INFO
    assert set(loaded.info.versions) == {"celebtool", "keras", "tensorflow"}


def test_no_warning_of_what_keras_does_reaches_the_program(tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        classifier.save(tiny(), tmp_path / "m.h5")


def test_probabilities_are_those_of_the_model(tmp_path: Path) -> None:
    saved = tiny()
    expected = saved.model(images(SIZE).astype(np.float32), training=False).numpy()
    got = classifier.probabilities(saved, {SIZE: images(SIZE)})
    np.testing.assert_allclose(got, expected, atol=1e-6)
    assert got.dtype == np.float32


def test_the_layer_table_adds_up(tmp_path: Path) -> None:
    saved = tiny()
    build.freeze(saved.model)
    rows = classifier.described(saved).info.layers
    assert sum(row.parameters for row in rows) == saved.model.count_params()
    assert sum(row.trainable_parameters for row in rows) == 512 * 4 + 4 + 4 * 3 + 3
    assert (rows[0].name, rows[0].kind, rows[0].output_shape) == ("image", "InputLayer", (16, 16, 3))


def test_equal_classifiers_are_equal_bytes_whatever_was_built_before(tmp_path: Path) -> None:
    classifier.save(tiny(), tmp_path / "1.h5")
    keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
    classifier.save(tiny(), tmp_path / "another name.h5")
    classifier.save(classifier.load(tmp_path / "1.h5"), tmp_path / "3.h5")
    first = (tmp_path / "1.h5").read_bytes()
    assert (tmp_path / "another name.h5").read_bytes() == first
    assert (tmp_path / "3.h5").read_bytes() == first


@pytest.mark.slow
def test_plain_keras_predicts_the_same_as_train_and_finetune_wrote(tmp_path: Path) -> None:
    info = ModelInfo("mobilenetv2", ("a", "b", "c"), (32, 32), seed=2, dense=(8,), dropout=0.2, l2=0.01)
    saved = tiny(info)
    build.unfreeze(saved.model, 20)
    saved.model.compile("adam", "sparse_categorical_crossentropy")
    saved.model.fit(images((32, 32), 12).astype(np.float32), np.arange(12) % 3, verbose=0)
    classifier.save(saved, tmp_path / "m.h5")
    got = plain_keras.predict(tmp_path, {"m": images((32, 32))})["m"]
    np.testing.assert_allclose(got, classifier.probabilities(saved, {(32, 32): images((32, 32))}), atol=1e-5)


@pytest.mark.slow
def test_plain_keras_opens_every_kind_of_network(tmp_path: Path) -> None:
    sizes = {"face-sface": (124, 124), "face-resnet29": (150, 150), "inceptionv3": (75, 75), "resnet50": (32, 32)}
    expected = {}
    for name, size in sizes.items():
        saved = tiny(ModelInfo(name, ("a", "b"), size))
        if name.startswith("face-"):
            pretrained.load_faces(saved.model, name)
        classifier.save(saved, tmp_path / f"{name}.h5")
        expected[name] = classifier.probabilities(classifier.load(tmp_path / f"{name}.h5"), {size: images(size, 2)})
    for name, got in plain_keras.predict(tmp_path, {name: images(size, 2) for name, size in sizes.items()}).items():
        np.testing.assert_allclose(got, expected[name], atol=1e-5)


def test_nan_is_neither_saved_nor_a_prediction(tmp_path: Path) -> None:
    broken = tiny()
    layer = broken.model.get_layer("head_probabilities")
    layer.set_weights([np.full((4, 3), np.nan, np.float32), np.zeros(3, np.float32)])
    with pytest.raises(CelebtoolError, match="NaN or Inf in head_probabilities"):
        classifier.save(broken, tmp_path / "m.h5")
    assert not (tmp_path / "m.h5").exists()
    with pytest.raises(CelebtoolError, match="NaN or Inf as a probability"):
        classifier.probabilities(broken, {SIZE: images(SIZE)})


def lie(source: Path, path: Path, **fields: object) -> Path:
    """Copy a model with another description, its digests right."""
    shutil.copy(source, path)
    info = replace(model_file.read_info(path), **fields)  # type: ignore[arg-type]
    with h5py.File(path, "r+", libver=LIBVER) as file:
        del file["celebtool"]
    model_file.write_info(path, info)
    return path


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"architecture": "alexnet"}, "is of unknown architecture alexnet"),
        ({"architecture": "mobilenetv2", "image_size": (32, 32)}, "has 290867 parameters, the network it .* 2263123;"),
        ({"dense": (65536,)}, "has 290867 parameters, the network it describes 34105379;"),
        ({"dense": (4, 65536)}, "has 290867 parameters, the network it describes 815143;"),
        ({"dense": ()}, "has not the arrays of a cnn"),
        ({"class_names": tuple(map(str, range(10_000)))}, "has not the arrays of a cnn"),
        ({"class_names": ("a",)}, "has not the arrays of a cnn"),
        ({"image_size": (1024, 1024)}, "has 290867 parameters, the network it describes 8677427;"),
    ],
)
def test_a_description_that_the_arrays_do_not_bear_out(tmp_path: Path, fields: dict[str, object], problem: str) -> None:
    classifier.save(tiny(), tmp_path / "m.h5")
    with pytest.raises(CelebtoolError, match=problem):
        classifier.load(lie(tmp_path / "m.h5", tmp_path / "lie.h5", **fields))


def test_keras_deserializer_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file whose Keras part asks for a Lambda is, to celebtool, a model like any other."""
    saved = tiny()
    classifier.save(saved, tmp_path / "m.h5")
    with h5py.File(tmp_path / "m.h5", "r+", libver=LIBVER) as file:
        config = json.loads(file.attrs["model_config"])
        config["config"]["layers"][1] = {"class_name": "Lambda", "config": {"name": "x", "function": "os.system"}}
        file.attrs["model_config"] = json.dumps(config)

    def forbidden(*_: object, **__: object) -> None:
        pytest.fail("Keras' deserializer was called")

    for module in (keras.saving, keras.models):
        for name in ("deserialize_keras_object", "load_model", "model_from_json"):
            if hasattr(module, name):
                monkeypatch.setattr(module, name, forbidden)
    loaded = classifier.load(tmp_path / "m.h5")
    batch = {SIZE: images(SIZE)}
    np.testing.assert_array_equal(classifier.probabilities(loaded, batch), classifier.probabilities(saved, batch))


def test_the_description_is_all_that_is_read_of_the_json(tmp_path: Path) -> None:
    classifier.save(tiny(), tmp_path / "m.h5")
    info = model_file.read_info(tmp_path / "m.h5")
    assert model_info.from_json(model_info.to_json(info)) == info
