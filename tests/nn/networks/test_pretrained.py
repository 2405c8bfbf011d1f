"""Where weights come from, and what is said when they do not."""

import shutil
from pathlib import Path

import h5py
import keras
import numpy as np
import pytest
from keras.src.legacy.saving.legacy_h5_format import load_attributes_from_hdf5_group, save_attributes_to_hdf5_group

from celebtool.errors import CelebtoolError
from celebtool.formats.hdf5 import reader
from celebtool.formats.model_info import ModelInfo
from celebtool.nn import classifier
from celebtool.nn.classifier import Classifier
from celebtool.nn.networks import build, imagenet_weights, pretrained
from tests.support import modules

random_weights = modules.load("examples/random_weights.py")
SIZE = (32, 32)


@pytest.fixture(scope="module")
def mobilenet() -> keras.Model:
    keras.utils.clear_session()
    keras.utils.set_random_seed(9)
    return keras.applications.MobileNetV2(include_top=True, weights=None, classes=7, input_shape=(*SIZE, 3))


def official(model: keras.Model, path: Path, root: str = "/", *, top: bool = True) -> Path:
    """Write weights as the official files hold them: by layer, names of fixed length."""
    with h5py.File(path, "w", libver=("earliest", "v108")) as file:
        group = file.require_group(root)
        layers = model.layers if top else model.layers[:-2]
        group.attrs["layer_names"] = np.array([layer.name.encode() for layer in layers])
        for layer in layers:
            inner = group.create_group(layer.name)
            names = [f"{layer.name}/{weight.name}:0".encode() for weight in layer.weights]
            inner.attrs["weight_names"] = np.array(names) if names else []
            for name, weight in zip(names, layer.weights, strict=True):
                inner.create_dataset(name, data=weight.numpy())
    return path


def assert_equal(model: keras.Model, source: keras.Model) -> None:
    by_name = {layer.name: layer for layer in source.layers}
    compared = 0
    for layer in build.backbone(model):
        for ours, theirs in zip(layer.get_weights(), by_name[layer.name].get_weights(), strict=True):
            assert np.array_equal(ours, theirs)
            compared += 1
    assert compared == 260


@pytest.mark.slow
@pytest.mark.parametrize(("root", "top"), [("/", True), ("/", False), ("model_weights", True)])
def test_official_files_with_and_without_top(tmp_path: Path, mobilenet: keras.Model, root: str, *, top: bool) -> None:
    path = official(mobilenet, tmp_path / "weights.h5", root, top=top)
    model = build.build("mobilenetv2", 3, image_size=SIZE)
    pretrained.load_file(model, "mobilenetv2", path)
    assert_equal(model, mobilenet)


@pytest.mark.slow
def test_a_file_that_keras_saved(tmp_path: Path, mobilenet: keras.Model) -> None:
    with classifier.model_file.new_for_keras(tmp_path / "m.h5") as file:
        classifier.save_model_to_hdf5(mobilenet, file, include_optimizer=False)
    model = build.build("mobilenetv2", 3, image_size=(96, 96))
    pretrained.load_file(model, "mobilenetv2", tmp_path / "m.h5")
    assert_equal(model, mobilenet)


@pytest.mark.slow
def test_a_network_within_another_in_one_h5_is_said_to_be_that(tmp_path: Path, mobilenet: keras.Model) -> None:
    outer = keras.Sequential([keras.Input((*SIZE, 3)), mobilenet, keras.layers.Dense(2)])
    with classifier.model_file.new_for_keras(tmp_path / "m.h5") as file:
        classifier.save_model_to_hdf5(outer, file, include_optimizer=False)
    with pytest.raises(CelebtoolError, match=r"m.h5: holds a whole network as one layer of another; save the weights"):
        pretrained.load_file(build.build("mobilenetv2", 3, image_size=SIZE), "mobilenetv2", tmp_path / "m.h5")


@pytest.mark.slow
@pytest.mark.parametrize("top", [True, False])
@pytest.mark.parametrize("nested", [True, False])
def test_what_save_weights_of_keras_3_wrote(tmp_path: Path, mobilenet: keras.Model, *, top: bool, nested: bool) -> None:
    source = mobilenet if top else keras.Model(mobilenet.input, mobilenet.layers[-3].output)
    saved = keras.Sequential([keras.Input((*SIZE, 3)), source, keras.layers.Dense(2)]) if nested else source
    saved.save_weights(tmp_path / "w.weights.h5")
    model = build.build("mobilenetv2", 3, image_size=SIZE)
    pretrained.load_file(model, "mobilenetv2", tmp_path / "w.weights.h5")
    assert_equal(model, mobilenet)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["vgg16", "densenet121", "resnet50", "inceptionv3", "mobilenetv2"])
def test_official_files_and_save_weights_of_each_network(tmp_path: Path, name: str) -> None:
    """Files count the layers, and the layers of each class, as our backbone does."""
    keras.utils.clear_session()
    size = (75, 75, 3) if name == "inceptionv3" else (*SIZE, 3)
    top = name == "vgg16"
    file, application = random_weights.FILES[name]
    source = application(include_top=top, weights=None, input_shape=size, **({"classes": 2} if top else {}))
    model = build.build(name, 3, image_size=size[:2])
    written = random_weights.write(name, source.layers, tmp_path / file)
    pretrained.load_file(model, name, tmp_path / file)
    assert_backbone(model, written, top=top)
    source.save_weights(tmp_path / "w.weights.h5")
    pretrained.load_file(model, name, tmp_path / "w.weights.h5")
    assert_backbone(model, [array for layer in source.layers for array in layer.get_weights()], top=top)


def assert_backbone(model: keras.Model, arrays: list[np.ndarray], *, top: bool) -> None:
    """The backbone has these arrays, but for the last layer's if they are of a network with its top."""
    ours = [array for layer in build.backbone(model) for array in layer.get_weights()]
    assert len(ours) == len(arrays) - 2 * top
    assert all(np.array_equal(a, b) for a, b in zip(ours, arrays, strict=False))


@pytest.mark.slow
def test_what_save_weights_wrote_of_another_network(tmp_path: Path) -> None:
    keras.Sequential([keras.Input((8,)), keras.layers.Dense(2)]).save_weights(tmp_path / "w.weights.h5")
    model = build.build("mobilenetv2", 3, image_size=SIZE)
    with pytest.raises(
        CelebtoolError, match=r"w.weights.h5: has nothing where Conv1 needs .*; expected weights of this"
    ):
        pretrained.load_file(model, "mobilenetv2", tmp_path / "w.weights.h5")


@pytest.mark.slow
def test_a_model_of_celebtool_gives_its_backbone(tmp_path: Path) -> None:
    source = build.build("mobilenetv2", 5, image_size=SIZE, dense=(8,), seed=3)
    info = ModelInfo("mobilenetv2", tuple("abcde"), SIZE, dense=(8,), dropout=0.2)
    classifier.save(Classifier(source, info), tmp_path / "m.h5")
    model = build.build("mobilenetv2", 3, image_size=SIZE)
    pretrained.load_file(model, "mobilenetv2", tmp_path / "m.h5")
    assert_equal(model, source)
    with pytest.raises(CelebtoolError, match="is a mobilenetv2; expected a resnet50"):
        pretrained.load_file(model, "resnet50", tmp_path / "m.h5")


def small(path: Path, kernel: np.ndarray) -> Path:
    with h5py.File(path, "w", libver=("earliest", "v108")) as file:
        file.attrs["layer_names"] = np.array([b"a"])
        file.create_group("a").attrs["weight_names"] = np.array([b"a/kernel:0"])
        file["a/a/kernel:0"] = kernel
    return path


def test_weights_of_another_network_are_named(tmp_path: Path) -> None:
    model = build.build("cnn", 3, image_size=(16, 16), dense=(4,))
    with pytest.raises(
        CelebtoolError, match=r"x.h5: has \(3, 3\) where block_1_conv_1 needs \(3, 3, 3, 32\), \(32,\); expected"
    ):
        pretrained.load_file(model, "cnn", small(tmp_path / "x.h5", np.zeros((3, 3), "f4")))


def test_one_array_of_many_names_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A megabyte named 2,500 times would be gigabytes, and the error a page of shapes."""
    model = build.build("cnn", 3, image_size=(16, 16), dense=(4,))
    path = small(tmp_path / "x.h5", np.zeros(250_000, "f4"))
    with h5py.File(path, "r+", libver=("earliest", "v108")) as file:
        file["a"].attrs["weight_names"] = np.array([b"a/kernel:0"] * 2500)
    monkeypatch.setattr(reader.File, "array", lambda *_: pytest.fail("read before its shape was compared"))
    shapes = ", ".join([r"\(250000,\)"] * 5)
    with pytest.raises(CelebtoolError, match=f"has {shapes} and 2495 more where block_1_conv_1 needs"):
        pretrained.load_file(model, "cnn", path)


def test_names_that_keras_splits(tmp_path: Path) -> None:
    """Keras numbers the parts 0, 1, 2 …, whatever each of them holds."""
    names = [f"layer_{number:05}_{'x' * 90}" for number in range(2000)]
    with h5py.File(tmp_path / "x.h5", "w", libver=("earliest", "v108")) as file:
        save_attributes_to_hdf5_group(file, "layer_names", [name.encode() for name in names])
        assert {"layer_names0", "layer_names1", "layer_names2"} <= set(file.attrs)
        assert load_attributes_from_hdf5_group(file, "layer_names") == names
        file.attrs["weight_names0"] = np.array([], "S1")  # no end, if the parts were counted by their names
    with reader.open_file(tmp_path / "x.h5") as file:
        assert pretrained._names(file, (), "layer_names") == names
        assert pretrained._names(file, (), "weight_names") == []


def test_files_that_are_no_weights(tmp_path: Path) -> None:
    model = build.build("cnn", 3, image_size=(16, 16), dense=(4,))
    (tmp_path / "text.h5").write_text("no weights\n" * 20)
    with h5py.File(tmp_path / "empty.h5", "w", libver=("earliest", "v108")):
        pass
    for name, problem in {
        "text.h5": "is no HDF5 file",
        "empty.h5": "has nothing where",
        "none.h5": "No such file",
    }.items():
        with pytest.raises(CelebtoolError, match=f"{name}: .*{problem}"):
            pretrained.load_file(model, "cnn", tmp_path / name)


def test_without_a_network_the_way_out_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    model = build.build("cnn", 3, image_size=(16, 16), dense=(4,))
    with pytest.raises(CelebtoolError, match="cnn has no ImageNet weights"):
        pretrained.load_imagenet(model, "cnn")

    def unreachable(*_: object, **__: object) -> None:
        raise Exception("URL fetch failure")  # noqa: TRY002 - what Keras raises

    monkeypatch.setattr(keras.utils, "get_file", unreachable)
    with pytest.raises(
        CelebtoolError, match="can't be downloaded from https://.*; use --weights none, or .*--weights FILE.h5"
    ):
        pretrained.load_imagenet(model, "resnet50")


def test_offline_means_offline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.setenv("CELEBTOOL_OFFLINE", "1")
    monkeypatch.setattr(keras.utils, "get_file", lambda *_, **__: pytest.fail("asked for a download"))
    model = build.build("cnn", 3, image_size=(16, 16), dense=(4,))
    with pytest.raises(CelebtoolError, match="CELEBTOOL_OFFLINE is set; use --weights none"):
        pretrained.load_imagenet(model, "resnet50")


def test_a_download_is_checked_before_it_has_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A half-finished or wrong file never lies where the right one is looked for."""
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    source = tmp_path / "source"
    source.write_bytes(b"half a file")

    def fetch(name: str, url: str, cache_dir: str, cache_subdir: str) -> str:
        target = Path(cache_dir) / cache_subdir / name
        shutil.copy(source, target)
        return str(target)

    monkeypatch.setattr(keras.utils, "get_file", fetch)
    model = build.build("cnn", 3, image_size=(16, 16), dense=(4,))
    with pytest.raises(CelebtoolError, match="gave another file than expected"):
        pretrained.load_imagenet(model, "resnet50")
    assert list((tmp_path / "models").iterdir()) == []


@pytest.mark.slow
def test_a_file_in_the_cache_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mobilenet: keras.Model) -> None:
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.setenv("CELEBTOOL_OFFLINE", "1")
    (tmp_path / "models").mkdir()
    download = imagenet_weights.DOWNLOADS["mobilenetv2"]
    path = official(mobilenet, tmp_path / "models" / download.name, top=False)
    monkeypatch.setitem(
        imagenet_weights.DOWNLOADS, "mobilenetv2", imagenet_weights.Download(download.path, None, path.stat().st_size)
    )
    model = build.build("mobilenetv2", 3, image_size=SIZE)
    pretrained.load_imagenet(model, "mobilenetv2")
    assert_equal(model, mobilenet)
