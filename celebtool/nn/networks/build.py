"""Build a network of the architecture table, and set which of its layers are trained."""

from pathlib import Path
from pkgutil import resolve_name
from typing import Literal

import keras
from keras import KerasTensor

from celebtool.architectures import HEAD, MAX_IMAGE_SIZE, get
from celebtool.errors import CelebtoolError
from celebtool.formats.model_info import Array, Arrays
from celebtool.inference import members
from celebtool.nn.networks.assembly import assemble

NOT_BACKBONE = ("image", "preprocess")
"""The layers before the backbone, which keras.applications does not count either."""


def build(
    name: str,
    class_count: int,
    *,
    image_size: tuple[int, int] | None = None,
    margin: float | None = None,
    dense: tuple[int, ...] | None = None,
    dropout: float | None = None,
    l2: float | None = None,
    seed: int = 0,
    image: KerasTensor | None = None,
) -> keras.Model:
    """Build a network with random weights and a softmax over `class_count` classes: RGB 0 to 255 in, probabilities out.

    The same arguments give the same weights and the same layer names. What is None is the table's default;
    `image` is an input to build upon instead of a new one, and `margin` the room around the faces in the crops that will be
    resized to `image_size`: a network that was trained with less of it looks at their middle.
    Building forgets the names that Keras gave to earlier models in this process (not the models).

    Raises:
        CelebtoolError: no such architecture, or an image too small for it.
    """
    architecture = get(name)
    size = architecture.image_size if image_size is None else image_size
    if min(size) < architecture.minimum_size or max(size) > MAX_IMAGE_SIZE:
        limits = f"from {architecture.minimum_size} to {MAX_IMAGE_SIZE} pixels a side"
        raise CelebtoolError(f"image size {size[0]}x{size[1]}", f"{name} takes {limits}")
    return assemble(
        resolve_name(architecture.builder_for(size, margin)),
        architecture,
        class_count,
        image=keras.Input((*size, 3), name="image") if image is None else image,
        dense=architecture.dense if dense is None else dense,
        dropout=architecture.dropout if dropout is None else dropout,
        l2=architecture.l2 if l2 is None else l2,
        seed=seed,
    )


def arrays_of(layer: keras.Layer) -> list[Array]:
    """Return what the arrays of a layer are called in a model's file, in the layer's order."""
    return [Array(layer.name, weight.path, tuple(weight.shape)) for weight in layer.weights]


def fill(model: keras.Model, arrays: Arrays, path: Path) -> None:
    """Copy arrays into a network; errors name `path`.

    Raises:
        CelebtoolError: an array is missing, or one too many.
    """
    odd = {array for layer in model.layers for array in arrays_of(layer)} ^ set(arrays)
    if odd:
        raise members.wrong_arrays(path, model.name.replace("_", "-"), odd)
    for layer in model.layers:
        layer.set_weights([arrays[array] for array in arrays_of(layer)])


def backbone(model: keras.Model) -> list[keras.Layer]:
    """Return the pretrained layers in the order in which keras.applications counts them, the input left out."""
    return [layer for layer in model.layers if not layer.name.startswith((HEAD, *NOT_BACKBONE))]


def head(model: keras.Model) -> list[keras.Layer]:
    """Return the layers after the backbone."""
    return [layer for layer in model.layers if layer.name.startswith(HEAD)]


def freeze(model: keras.Model) -> None:
    """Leave only the head trainable."""
    unfreeze(model, 0)


def unfreeze(model: keras.Model, last: int | Literal["all"]) -> None:
    """Make the backbone's last layers and the head trainable, and the rest not.

    Batch normalisation of a backbone stays frozen: only `trainable=False` keeps it in inference mode inside `fit`
    (keras-team/keras, `BatchNormalization`), and its statistics are the pretraining's.

    Raises:
        CelebtoolError: the backbone has fewer layers.
    """
    layers = backbone(model)
    if last != "all" and not 0 <= last <= len(layers):
        raise CelebtoolError(f"--unfreeze {last}", f"the backbone has {len(layers)} layers; give 0 to {len(layers)}")
    first = 0 if last == "all" else len(layers) - last
    for index, layer in enumerate(layers):
        layer.trainable = index >= first and type(layer).__name__ != "BatchNormalization"
    for layer in head(model):
        layer.trainable = True
