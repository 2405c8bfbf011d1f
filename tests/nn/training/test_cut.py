import keras
import numpy as np
import pytest

from celebtool.nn.networks import build
from celebtool.nn.training.cut import cut

IMAGES = np.random.default_rng(0).integers(0, 256, (2, 96, 96, 3)).astype("float32")


def trained_alike(name: str, unfreeze: int, size: int = 96) -> keras.Model:
    model = build.build(name, 3, image_size=(size, size))
    build.unfreeze(model, unfreeze)
    return model


def run(model: keras.Model) -> np.ndarray:
    parts = cut(model)
    crossing = keras.tree.flatten(parts.prefix(IMAGES))
    return keras.ops.convert_to_numpy(parts.suffix(crossing if len(crossing) > 1 else crossing[0]))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "unfreeze", "tensors"), [("inceptionv3", 63, 2), ("mobilenetv2", 54, None), ("resnet50", 0, 1)]
)
def test_prefix_and_suffix_are_the_model(name: str, unfreeze: int, tensors: int | None) -> None:
    model = trained_alike(name, unfreeze)
    assert run(model) == pytest.approx(keras.ops.convert_to_numpy(model(IMAGES)), abs=1e-6)
    if tensors:
        assert len(cut(model).suffix.inputs) == tensors


def test_a_suffix_has_all_that_is_trainable_and_no_frozen_convolution() -> None:
    model = trained_alike("mobilenetv2", 4)
    suffix = cut(model).suffix
    assert {id(v) for v in suffix.trainable_variables} == {id(v) for v in model.trainable_variables}
    assert not any(layer.name == "Conv1" for layer in suffix.layers)


def test_a_network_without_frozen_layers_is_not_cut() -> None:
    model = build.build("cnn", 3, image_size=(32, 32), dense=(8,))
    parts = cut(model)
    assert parts.prefix is None
    assert parts.suffix is model


def test_dropout_is_never_computed_once() -> None:
    inputs = keras.Input((4,))
    x = keras.layers.Dense(30, trainable=False)(inputs)
    x = keras.layers.Dropout(0.5)(x)
    x = keras.layers.Dense(3, trainable=False)(x)
    parts = cut(keras.Model(inputs, keras.layers.Dense(2)(x)))
    assert [type(layer).__name__ for layer in parts.suffix.layers] == ["InputLayer", "Dropout", "Dense", "Dense"]
