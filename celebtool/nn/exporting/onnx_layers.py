"""Write each kind of Keras layer that celebtool's networks have as operations of ONNX.

Keras has images as (n, height, width, channels), ONNX as (n, channels, height, width): kernels are turned accordingly, and
what is flattened is turned back first. Every function adds a layer's operations and returns the name of its output.
"""

from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np
from keras import layers
from numpy.typing import NDArray

from celebtool.nn.exporting.onnx_nodes import Nodes

Floats = NDArray[np.float32]
Names = Sequence[str]

_CHANNELS_FIRST, _CHANNELS_LAST = (0, 3, 1, 2), (0, 2, 3, 1)
_ACTIVATIONS = {"relu": "Relu", "softmax": "Softmax"}


def write(nodes: Nodes, layer: keras.Layer, inputs: Names) -> str:
    """Add a layer.

    Args:
        nodes: the graph.
        layer: of a model; not an input.
        inputs: the names of what it reads.

    Raises:
        NotImplementedError: no network of celebtool's has such a layer.
    """
    kind = type(layer).__name__
    if kind not in _WRITERS:
        raise NotImplementedError(f"a layer {kind} ({layer.name}) in ONNX")
    return _WRITERS[kind](nodes, layer, inputs)


def pixels(nodes: Nodes, name: str) -> str:
    """Add what turns an input (n, height, width, 3) uint8 into numbers (n, 3, height, width) float32."""
    turned = nodes.add("Transpose", [name], f"{name}/channels_first", perm=_CHANNELS_FIRST)
    return nodes.add("Cast", [turned], f"{name}/float", to=1)  # TensorProto.FLOAT


def _convolution(nodes: Nodes, layer: layers.Conv2D, inputs: Names) -> str:
    kernel, *bias = layer.get_weights()
    return _convolved(nodes, layer, inputs, kernel.transpose(3, 2, 0, 1), bias, layer.groups)


def _depthwise(nodes: Nodes, layer: layers.DepthwiseConv2D, inputs: Names) -> str:
    kernel, *bias = layer.get_weights()
    height, width, channels, multiplier = kernel.shape
    turned = kernel.transpose(2, 3, 0, 1).reshape(channels * multiplier, 1, height, width)
    return _convolved(nodes, layer, inputs, turned, bias, channels)


def _convolved(
    nodes: Nodes, layer: keras.Layer, inputs: Names, kernel: Floats, bias: Sequence[Floats], group: int
) -> str:
    weights = _weights(nodes, layer, kernel, bias)
    attributes = {"strides": layer.strides, "dilations": layer.dilation_rate, "group": group}
    pads = _pads(layer, [(side - 1) * by + 1 for side, by in zip(kernel.shape[2:], layer.dilation_rate, strict=True)])
    return _activated(nodes, layer, "Conv", [*inputs, *weights], kernel_shape=kernel.shape[2:], pads=pads, **attributes)


def _dense(nodes: Nodes, layer: layers.Dense, inputs: Names) -> str:
    kernel, *bias = layer.get_weights()
    return _activated(nodes, layer, "Gemm", [*inputs, *_weights(nodes, layer, kernel, bias)])


def _weights(nodes: Nodes, layer: keras.Layer, kernel: Floats, bias: Sequence[Floats]) -> list[str]:
    """Add a layer's kernel, and its bias if it has one."""
    return [nodes.constant(f"{layer.name}/kernel", kernel), *(nodes.constant(f"{layer.name}/bias", b) for b in bias)]


def _activated(nodes: Nodes, layer: keras.Layer, kind: str, inputs: Names, **attributes: Any) -> str:  # noqa: ANN401
    """Add an operation, and the layer's activation behind it."""
    activation = layer.activation.__name__
    if activation == "linear":
        return nodes.add(kind, inputs, layer.name, **attributes)
    return nodes.add(
        _ACTIVATIONS[activation], [nodes.add(kind, inputs, f"{layer.name}/linear", **attributes)], layer.name
    )


def _activation(nodes: Nodes, layer: layers.Activation, inputs: Names) -> str:
    return nodes.add(_ACTIVATIONS[layer.activation.__name__], inputs, layer.name)


def _relu(nodes: Nodes, layer: layers.ReLU, inputs: Names) -> str:
    if layer.max_value is None:
        return nodes.add("Relu", inputs, layer.name)
    limits = [
        nodes.constant(f"{layer.name}/{name}", np.array(value, np.float32))
        for name, value in (("least", 0), ("most", layer.max_value))
    ]
    return nodes.add("Clip", [*inputs, *limits], layer.name)


def _prelu(nodes: Nodes, layer: layers.PReLU, inputs: Names) -> str:
    (slope,) = layer.get_weights()
    return nodes.add("PRelu", [*inputs, nodes.constant(f"{layer.name}/slope", slope.transpose(2, 0, 1))], layer.name)


def _normalisation(nodes: Nodes, layer: layers.BatchNormalization, inputs: Names) -> str:
    width = layer.moving_mean.shape[0]
    scale = np.ones(width, np.float32) if layer.gamma is None else layer.gamma.numpy()
    offset = np.zeros(width, np.float32) if layer.beta is None else layer.beta.numpy()
    arrays = {
        "scale": scale,
        "offset": offset,
        "mean": layer.moving_mean.numpy(),
        "variance": layer.moving_variance.numpy(),
    }
    constants = [nodes.constant(f"{layer.name}/{name}", array) for name, array in arrays.items()]
    return nodes.add("BatchNormalization", [*inputs, *constants], layer.name, epsilon=layer.epsilon)


def _rescaling(nodes: Nodes, layer: layers.Rescaling, inputs: Names) -> str:
    scale, offset = (_by_channel(value, len(layer.input.shape)) for value in (layer.scale, layer.offset))
    scaled = nodes.add("Mul", [*inputs, nodes.constant(f"{layer.name}/scale", scale)], f"{layer.name}/scaled")
    return nodes.add("Add", [scaled, nodes.constant(f"{layer.name}/offset", offset)], layer.name)


def _by_channel(value: float | Sequence[float], rank: int) -> Floats:
    array = np.asarray(value, np.float32)
    return array.reshape(-1, 1, 1) if array.ndim and rank == 4 else array


def _padding(nodes: Nodes, layer: layers.ZeroPadding2D, inputs: Names) -> str:
    (top, bottom), (left, right) = layer.padding
    pads = nodes.constant(f"{layer.name}/pads", np.array([0, 0, top, left, 0, 0, bottom, right], np.int64))
    return nodes.add("Pad", [*inputs, pads], layer.name)


def _cropping(nodes: Nodes, layer: layers.Cropping2D, inputs: Names) -> str:
    (top, _), (left, _) = layer.cropping
    height, width = layer.output.shape[1:3]
    bounds = {"starts": [top, left], "ends": [top + height, left + width], "axes": [2, 3]}
    constants = [nodes.constant(f"{layer.name}/{name}", np.array(value, np.int64)) for name, value in bounds.items()]
    return nodes.add("Slice", [*inputs, *constants], layer.name)


def _pooling(kind: str) -> Callable[[Nodes, keras.Layer, Names], str]:
    def add(nodes: Nodes, layer: keras.Layer, inputs: Names) -> str:
        pads = _pads(layer, layer.pool_size)
        return nodes.add(kind, inputs, layer.name, kernel_shape=layer.pool_size, strides=layer.strides, pads=pads)

    return add


def _global_pooling(nodes: Nodes, layer: layers.GlobalAveragePooling2D, inputs: Names) -> str:
    return nodes.add("ReduceMean", inputs, layer.name, axes=[2, 3], keepdims=0)


def _flatten(nodes: Nodes, layer: layers.Flatten, inputs: Names) -> str:
    turned = nodes.add("Transpose", inputs, f"{layer.name}/channels_last", perm=_CHANNELS_LAST)
    return nodes.add("Flatten", [turned], layer.name)


def _unit(nodes: Nodes, layer: layers.UnitNormalization, inputs: Names) -> str:
    return nodes.add("LpNormalization", inputs, layer.name, axis=-1, p=2)


def _add(nodes: Nodes, layer: layers.Add, inputs: Names) -> str:
    return nodes.add("Sum" if len(inputs) > 2 else "Add", inputs, layer.name)


def _concatenation(nodes: Nodes, layer: layers.Concatenate, inputs: Names) -> str:
    return nodes.add("Concat", inputs, layer.name, axis=1)


def _nothing(nodes: Nodes, layer: layers.Dropout, inputs: Names) -> str:
    del nodes, layer
    return inputs[0]


def _pads(layer: keras.Layer, window: Sequence[int]) -> list[int]:
    """Return the padding above, left, below and right of a window (height, width): "same" has the odd pixel behind."""
    if layer.padding == "valid":
        return [0, 0, 0, 0]
    before, after = [], []
    for length, side, stride in zip(layer.input.shape[1:3], window, layer.strides, strict=True):
        missing = max(0, (-(-length // stride) - 1) * stride + side - length)
        before.append(missing // 2)
        after.append(missing - missing // 2)
    return [*before, *after]


_WRITERS: dict[str, Callable[[Nodes, keras.Layer, Names], str]] = {
    "Activation": _activation,
    "Add": _add,
    "AveragePooling2D": _pooling("AveragePool"),
    "BatchNormalization": _normalisation,
    "Concatenate": _concatenation,
    "Conv2D": _convolution,
    "Cropping2D": _cropping,
    "Dense": _dense,
    "DepthwiseConv2D": _depthwise,
    "Dropout": _nothing,
    "Flatten": _flatten,
    "GlobalAveragePooling2D": _global_pooling,
    "MaxPooling2D": _pooling("MaxPool"),
    "PReLU": _prelu,
    "ReLU": _relu,
    "Rescaling": _rescaling,
    "UnitNormalization": _unit,
    "ZeroPadding2D": _padding,
}
