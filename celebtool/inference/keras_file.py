"""Write a model of the default network as Keras writes it, without Keras.

Only the head of such a model is new. What Keras says of the network itself, its configuration and the order of its arrays,
was recorded when the network was converted (`celebtool.nn.networks.answering`): the layout.
"""

import importlib.metadata
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import celebtool
from celebtool.architectures import LAST_LAYER
from celebtool.errors import CelebtoolError
from celebtool.formats import model_file
from celebtool.formats.model_info import Array, Arrays, Layer, ModelInfo
from celebtool.inference import conversion
from celebtool.inference.conversion import Graph


@dataclass(frozen=True)
class Layout:
    """A frozen network with a last layer of two classes, as Keras saves it.

    Args:
        attributes: of the file: ``keras_version``, ``backend``, ``model_config``.
        layers: its layer table.
        arrays: its arrays, in the order of the layers.
    """

    attributes: Mapping[str, str]
    layers: tuple[Layer, ...]
    arrays: tuple[Array, ...]

    def to_json(self) -> str:
        """Return it as `of_graph` reads it."""
        return json.dumps(asdict(self), sort_keys=True)


def of_graph(graph: Graph) -> Layout:
    """Return the layout that `celebtool.nn.networks.answering` recorded.

    Raises:
        CelebtoolError: it is not there, or not as it was written.
    """
    try:
        content = json.loads(conversion.content(graph))
        layers = (Layer(**{**row, "output_shape": tuple(row["output_shape"])}) for row in content["layers"])
        arrays = (Array(row["layer"], row["name"], tuple(row["shape"])) for row in content["arrays"])
        return Layout(content["attributes"], tuple(layers), tuple(arrays))
    except (ValueError, KeyError, TypeError) as error:
        raise CelebtoolError(graph.title, f"its layout can't be read ({error}); install celebtool again") from error


def write(
    layout: Layout,
    backbone: Sequence[np.ndarray],
    head: Mapping[str, np.ndarray],
    info: ModelInfo,
    path: Path,
    embeddings: NDArray[np.float32] | None = None,
) -> ModelInfo:
    """Write a .h5 that `celebtool` and plain Keras read; return its description, complete.

    Args:
        layout: the network.
        backbone: its arrays before the last layer's, in the layout's order.
        head: ``kernel`` (d, classes) and ``bias`` (classes,) of the last layer.
        info: the description, without the tables of layers and arrays.
        path: the file.
        embeddings: those of its people (rows, width) that the description lists, if it lists any.

    Raises:
        CelebtoolError: NaN or Inf among the weights, other arrays than the network's, or a description that is too long.
    """
    arrays = _checked(layout, [*backbone, head["kernel"], head["bias"]], len(info.class_names), path)
    versions = {name: importlib.metadata.version(name) for name in ("keras", "tensorflow")}
    info = replace(
        info,
        layers=tuple(_layer_of_classes(layer, len(info.class_names)) for layer in layout.layers),
        arrays=tuple(arrays),
        versions={"celebtool": celebtool.__version__, **versions},
        history=tuple(replace(epoch, seconds=None) for epoch in info.history),
    )
    with model_file.new_for_keras(path) as file:
        _fill(file, layout, arrays, info)
    if embeddings is not None:
        model_file.write_embeddings(path, embeddings)
    model_file.write_info(path, info)
    return info


def _checked(layout: Layout, values: Sequence[np.ndarray], count: int, path: Path) -> Arrays:
    """Return the arrays of a network of so many classes by name; raises CelebtoolError as `write`."""
    names = [_of_classes(array, count) for array in layout.arrays]
    if [array.shape for array in names] != [value.shape for value in values]:
        raise CelebtoolError(path, "its weights do not fit the network; install celebtool again")
    if not all(np.isfinite(value).all() for value in values):
        raise CelebtoolError(path, "NaN or Inf in the head; train with other settings")
    return dict(zip(names, values, strict=True))


def _fill(file: Any, layout: Layout, arrays: Arrays, info: ModelInfo) -> None:  # noqa: ANN401
    """Do what Keras' `save_model_to_hdf5` does."""
    attributes = layout.attributes
    file.attrs["keras_version"] = attributes["keras_version"]
    file.attrs["backend"] = attributes["backend"]
    file.attrs["model_config"] = json.dumps(_config(attributes["model_config"], info)).encode()
    group = file.create_group("model_weights")
    group.attrs["layer_names"] = [layer.name.encode() for layer in layout.layers]
    for name in ("backend", "keras_version"):
        group.attrs[name] = attributes[name].encode()
    for layer in sorted(layer.name for layer in layout.layers):
        own = {array: values for array, values in arrays.items() if array.layer == layer}
        _fill_group(group.create_group(layer), own)
    _fill_group(group.create_group("top_level_model_weights"), {})


def _fill_group(group: Any, arrays: Arrays) -> None:  # noqa: ANN401
    group.attrs["weight_names"] = [array.name.encode() for array in arrays]
    for array, values in arrays.items():
        group.create_dataset(array.name, values.shape, dtype=values.dtype)[:] = values


def _config(text: str, info: ModelInfo) -> Any:  # noqa: ANN401
    """Return the network's configuration with the last layer of a model."""
    config = json.loads(text)
    (last,) = (layer["config"] for layer in config["config"]["layers"] if layer["config"]["name"] == LAST_LAYER)
    last["units"] = len(info.class_names)
    if info.l2:
        last["kernel_regularizer"]["config"]["l2"] = info.l2
    else:
        last["kernel_regularizer"] = None
    return config


def _of_classes(array: Array, count: int) -> Array:
    return replace(array, shape=(*array.shape[:-1], count)) if array.layer == LAST_LAYER else array


def _layer_of_classes(layer: Layer, count: int) -> Layer:
    if layer.name != LAST_LAYER:
        return layer
    parameters = layer.parameters // layer.output_shape[0] * count
    return replace(layer, output_shape=(count,), parameters=parameters, trainable_parameters=parameters)
