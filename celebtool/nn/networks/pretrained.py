"""Weights that others trained, copied into a network: of faces, of ImageNet, or those of a file that the user names."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import count, takewhile
from pathlib import Path
from typing import Any

import keras
import numpy as np
import numpy.typing as npt

from celebtool.errors import CelebtoolError, listed
from celebtool.formats import model_file
from celebtool.formats.hdf5 import reader
from celebtool.formats.model_info import by_layer
from celebtool.inference import sface_weights
from celebtool.nn.networks import build, dlib_weights, imagenet_weights, keras_weights

Array = npt.NDArray[np.float32]

_NESTED = (
    "holds a whole network as one layer of another; save the weights of that layer alone, in Python: "
    "model.layers[0].save_weights('w.weights.h5')"
)
_FACES = {"face-sface": sface_weights, "face-resnet29": dlib_weights}


def load_faces(model: keras.Model, name: str) -> None:
    """Copy the weights that the architecture `name`, a face network, was trained to, from the package that has them.

    Raises:
        CelebtoolError: the package is not installed, or its file is not the one expected.
    """
    source = _FACES[name]
    _assign(model, source.from_package(), Path(source.FILE.path))


def load_imagenet(model: keras.Model, name: str) -> None:
    """Copy ImageNet's weights into the backbone of the architecture `name`, from Keras' cache or by its download.

    Raises:
        CelebtoolError: nothing to download, no network, or not the file expected.
    """
    load_file(model, name, imagenet_weights.file(name))


def load_file(model: keras.Model, name: str, path: Path) -> None:
    """Copy the backbone's weights from a celebtool .h5, a .h5 of Keras (2 or 3) or SFace's official .onnx.

    A .h5 of Keras is what `save` or `save_weights` wrote of the network of keras.applications, with or without its top,
    such as the official files. Arrays are taken in the order of the layers and must fit in number and shape.

    Raises:
        CelebtoolError: an unreadable file, or one of another network.
    """
    if path.suffix.lower() == ".onnx":
        if name != "face-sface":
            raise CelebtoolError(path, f"is an ONNX file; {name} takes weights as .h5")
        _assign(model, sface_weights.from_file(path), path)
    elif model_file.is_model(path):
        info, arrays = model_file.read(path)
        if info.architecture != name:
            raise CelebtoolError(path, f"is a {info.architecture or 'ensemble'}; expected a {name}")
        layers = {layer.name for layer in build.backbone(model)}
        groups = by_layer(arrays)
        _assign(model, (group for layer, group in groups.items() if layer in layers), path)
    else:
        with reader.open_file(path) as file:
            saved = keras_weights.is_saved_weights(file)
            found = keras_weights.groups(file, build.backbone(model)) if saved else _official(file)
            _assign(model, found, path, lambda dataset: file.array(dataset).astype(np.float32, copy=False))


def _official(file: reader.File) -> Iterator[list[reader.Dataset]]:
    """Yield where the arrays are of every layer that has any, in the order of the file's `layer_names`."""
    root = ("model_weights",) if file.has("model_weights") else ()
    for layer in _names(file, root, "layer_names"):
        names = _names(file, (*root, layer), "weight_names")
        if names:
            yield [file.dataset(*root, layer, name) for name in names]


def _names(file: reader.File, group: tuple[str, ...], attribute: str) -> list[str]:
    """Read a list of names, which Keras splits into attributes numbered from 0 when it is long."""
    found = file.strings(group, attribute)
    if found is None:
        parts = (file.strings(group, f"{attribute}{number}") for number in count())
        found = [name for part in takewhile(lambda part: part is not None, parts) for name in part or ()]
    try:
        return [name.decode() for name in found]
    except UnicodeDecodeError as error:
        raise CelebtoolError(file.path, "has names that are no UTF-8; expected a Keras .h5") from error


def _assign(
    model: keras.Model, groups: Iterable[Sequence[Any]], path: Path, read: Callable[[Any], Array] = np.asarray
) -> None:
    """Give every backbone layer that has weights the next group of arrays; groups left over are the file's own top.

    What a group holds is an array or a `hdf5.Dataset`. It is read when its shapes are known to be right: a file may
    name one array thousands of times.
    """
    groups = iter(groups)
    layers = build.backbone(model)
    for layer in layers:
        if not layer.weights:
            continue
        group = next(groups, [])
        wanted = [tuple(weight.shape) for weight in layer.weights]
        got = [each.shape for each in group]
        if got != wanted:
            found, needed = (listed([str(shape) for shape in shapes]) for shapes in (got, wanted))
            problem = f"has {found or 'nothing'} where {layer.name} needs {needed}; expected weights of this network"
            raise CelebtoolError(path, _NESTED if _holds_all(got, layers) else problem)
        arrays = [read(each) for each in group]
        if not all(np.isfinite(array).all() for array in arrays):
            raise CelebtoolError(path, f"has NaN or Inf in {layer.name}; expected trained weights")
        layer.set_weights(arrays)


def _holds_all(shapes: Sequence[tuple[int, ...]], layers: Sequence[keras.Layer]) -> bool:
    """Say whether one group has arrays of the shapes of all layers."""
    wanted = Counter(tuple(weight.shape) for layer in layers for weight in layer.weights)
    return not wanted - Counter(shapes)
