# ruff: noqa: PLW0108 - each test builds its layers anew
"""Every kind of layer computes in ONNX what it computes in Keras."""

from collections.abc import Callable

import keras
import numpy as np
import pytest
from keras import layers

from celebtool.formats.model_info import ModelInfo
from celebtool.nn.exporting import onnx_layers, onnx_model
from tests.support.classifiers import images
from tests.support.exported import by_onnxruntime

INFO = ModelInfo("cnn", ("ann", "bob"), (13, 10))
Body = Callable[[keras.KerasTensor], keras.KerasTensor]
BODIES: dict[str, Body] = {
    "convolutions": lambda x: layers.Conv2D(4, 3, strides=2, padding="same", activation="relu")(
        layers.Conv2D(3, (2, 3), strides=(1, 2))(x)
    ),
    "a convolution of stride 2 on both parities": lambda x: layers.Conv2D(2, 4, strides=2, padding="same")(x),
    "depthwise": lambda x: layers.DepthwiseConv2D(3, strides=2, padding="same", depth_multiplier=2)(x),
    "dilated": lambda x: layers.Conv2D(2, 3, dilation_rate=2, padding="same")(x),
    "normalised": lambda x: layers.BatchNormalization(scale=False)(layers.BatchNormalization()(x)),
    "rectified": lambda x: layers.Activation("relu")(layers.ReLU(6.0)(layers.ReLU()(x))),
    "parametric": lambda x: layers.PReLU(shared_axes=[1, 2], alpha_initializer="random_normal")(x),
    "pooled": lambda x: layers.AveragePooling2D(3, strides=1, padding="same")(layers.MaxPooling2D(3, 2, "same")(x)),
    "pooled without padding": lambda x: layers.MaxPooling2D(2)(layers.AveragePooling2D(2, strides=1)(x)),
    "cut and padded": lambda x: layers.ZeroPadding2D(((0, 2), (1, 0)))(layers.Cropping2D(((1, 2), (0, 3)))(x)),
    "rescaled by channel": lambda x: layers.Rescaling([0.1, 0.2, 0.3], offset=[1.0, 2.0, 3.0])(x),
    "joined": lambda x: layers.Add()([layers.Concatenate()([x, x]), layers.Conv2D(6, 1)(x)]),
    "a sum of three": lambda x: layers.Add()([x, x, x]),
    "dropped": lambda x: layers.Dropout(0.5)(x),
}


@pytest.mark.parametrize("kind", BODIES)
def test_a_layer_computes_the_same(kind: str) -> None:
    keras.utils.clear_session()
    keras.utils.set_random_seed(3)
    image = keras.Input((13, 10, 3), name="image")
    x = layers.Flatten()(BODIES[kind](layers.Rescaling(1 / 127.5, offset=-1.0)(image)))
    model = keras.Model(image, layers.Dense(2, activation="softmax")(layers.UnitNormalization()(x)))
    vary(model)
    batch = images((13, 10), 3)
    found = by_onnxruntime(onnx_model.of(model, INFO).SerializeToString(), image=batch)
    expected = model(batch.astype(np.float32), training=False).numpy()
    np.testing.assert_allclose(found["probabilities"], expected, atol=1e-6)
    np.testing.assert_allclose(found["score"], expected.max(axis=1), atol=1e-6)


def vary(model: keras.Model) -> None:
    """Give normalisations other numbers than those that they begin with."""
    rng = np.random.default_rng(4)
    for layer in model.layers:
        if isinstance(layer, layers.BatchNormalization):
            layer.set_weights([values + rng.uniform(0, 1, values.shape) for values in layer.get_weights()])


def test_a_global_mean_is_one() -> None:
    image = keras.Input((13, 10, 3), name="image")
    model = keras.Model(image, layers.Activation("softmax")(layers.GlobalAveragePooling2D()(image)))
    batch = images((13, 10), 3)
    info = ModelInfo("cnn", ("ann", "bob", "cay"), (13, 10))
    found = by_onnxruntime(onnx_model.of(model, info).SerializeToString(), image=batch)
    np.testing.assert_allclose(found["probabilities"], model(batch.astype(np.float32)).numpy(), atol=1e-6)


def test_a_layer_that_no_network_has_is_refused() -> None:
    image = keras.Input((13, 10, 3), name="image")
    model = keras.Model(image, layers.LayerNormalization(name="odd")(image))
    with pytest.raises(NotImplementedError, match="a layer LayerNormalization \\(odd\\) in ONNX"):
        onnx_model.of(model, INFO)


def test_every_kind_that_can_be_written_is_tried_above() -> None:
    tried = {"Dense", "Flatten", "GlobalAveragePooling2D", "UnitNormalization"}
    for body in BODIES.values():
        image = keras.Input((13, 10, 3))
        tried |= {type(layer).__name__ for layer in keras.Model(image, body(image)).layers}
    assert set(onnx_layers._WRITERS) == tried - {"InputLayer"}
