"""Write a network as ONNX.

Keras' own way, `Model.export(format="onnx")`, goes through tf2onnx 1.17, which takes more than 13 GB for VGG16 and is
tested with TensorFlow up to 2.15 only. celebtool's networks have eighteen kinds of layers, so they are written by hand.
"""

from collections.abc import Sequence

import keras
import numpy as np
import onnx
from onnx import TensorProto, helper

import celebtool
from celebtool.formats.exported import EMBEDDING, PROBABILITIES, SCORE
from celebtool.formats.model_info import ModelInfo
from celebtool.formats.vectors import unpack
from celebtool.nn import graphs
from celebtool.nn.exporting import onnx_layers
from celebtool.nn.exporting.onnx_nodes import Nodes

_NAME = "celebtool"
_BATCH = "n"


def of(network: keras.Model, info: ModelInfo) -> onnx.ModelProto:
    """Return the graph from RGB 0 to 255 uint8, an input (n, height, width, 3) per image size, to the outputs.

    Args:
        network: the model's, whose inputs are numbers.
        info: its description; the outputs are those that `celebtool.formats.exported` lists.
    """
    nodes, names = Nodes(), dict[int, str]()
    for tensor in network.inputs:
        names[id(tensor)] = onnx_layers.pixels(nodes, tensor.name)
    read: list[keras.KerasTensor] = []
    for node in graphs.nodes(network):
        read = node.input_tensors
        (output,) = node.outputs
        names[id(output)] = onnx_layers.write(nodes, node.operation, [names[id(tensor)] for tensor in read])
    (probabilities,) = network.outputs
    nodes.add("Identity", [names[id(probabilities)]], "probabilities", output=PROBABILITIES)
    outputs = [_value(PROBABILITIES, len(info.class_names)), _value(SCORE)]
    if info.centroids:  # what the last layer reads is the embedding
        _add_cosine(nodes, names[id(read[0])], info)
        outputs.append(_value(EMBEDDING, read[0].shape[1]))
    else:
        nodes.add("ReduceMax", [PROBABILITIES], "score", output=SCORE, axes=[1], keepdims=0)
    inputs = [_value(name, *size, 3, kind=TensorProto.UINT8) for name, size in info.inputs.items()]
    return nodes.model(inputs, outputs, _NAME, celebtool.__version__)


def _value(name: str, *shape: int, kind: int = TensorProto.FLOAT) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, kind, [_BATCH, *shape])


def _add_cosine(nodes: Nodes, features: str, info: ModelInfo) -> None:
    """Add the embedding and the score, as `celebtool.training.calibration.scores` computes it."""
    nodes.add("LpNormalization", [features], "unit", output=EMBEDDING, axis=-1, p=2)
    if not info.strangers:
        _add_nearest(nodes, "centroids", info.centroids, SCORE)
        return
    own = _add_nearest(nodes, "centroids", info.centroids)
    nearest = _add_nearest(nodes, "strangers", info.strangers)
    is_stranger = nodes.add("Greater", [nearest, own], "is_stranger")
    rejected = nodes.add("Neg", [nodes.add("Abs", [nearest], "strangers/size")], "rejected")
    nodes.add("Where", [is_stranger, rejected, own], "score", output=SCORE)


def _add_nearest(nodes: Nodes, name: str, points: Sequence[str], output: str = "") -> str:
    """Add the largest scalar product of the embedding with one of the points."""
    columns = nodes.constant(name, np.stack([unpack(text) for text in points], axis=1))
    products = nodes.add("MatMul", [EMBEDDING, columns], f"{name}/cosines")
    return nodes.add("ReduceMax", [products], f"{name}/nearest", output=output, axes=[1], keepdims=0)
