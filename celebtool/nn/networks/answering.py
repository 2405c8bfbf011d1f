"""Builders of the networks that only answer, for `celebtool.nn.convert`."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import h5py
import keras
import numpy as np
import tensorflow as tf
from keras.src.legacy.saving.legacy_h5_format import save_model_to_hdf5
from numpy.typing import NDArray

from celebtool.architectures import LAST_LAYER, get
from celebtool.errors import CelebtoolError
from celebtool.formats import model_file
from celebtool.formats.model_info import Array, ModelInfo
from celebtool.inference import keras_file, members, sface_weights
from celebtool.nn import classifier
from celebtool.nn.classifier import Classifier
from celebtool.nn.networks import build, ensemble, pretrained
from celebtool.nn.networks.convertible import Convertible


def embedder(name: str, margin: float, digest: str) -> Convertible:
    """Build a face network with the weights of its package, up to the embedding of length 1.

    Args:
        name: of the architecture.
        margin: the room around the faces in the crops.
        digest: SHA-256 of the weights' file.

    Raises:
        CelebtoolError: the weights are missing, or are others.
    """
    info, model = _face_network(name, margin, digest)
    pretrained.load_faces(model, name)
    arrays = {array: values for layer in model.layers for array, values in _arrays(layer)}
    (member,) = members.of(info, arrays, Path())
    return replace(features(model), same_as=member.graph(Path()))


def layout(name: str, margin: float, digest: str) -> bytes:
    """Return how Keras writes the model that `train` makes of a face network, as `keras_file.Layout` reads it.

    Args and Raises as `embedder`.
    """
    info, model = _face_network(name, margin, digest)
    build.freeze(model)
    described = classifier.described(Classifier(model, info)).info
    with h5py.File.in_memory() as file:
        save_model_to_hdf5(model, file, include_optimizer=False)
        attributes = {key: str(value) for key, value in file.attrs.items()}
    return keras_file.Layout(attributes, described.layers, described.arrays).to_json().encode()


def _face_network(name: str, margin: float, digest: str) -> tuple[ModelInfo, keras.Model]:
    if sface_weights.FILE.digest != digest:
        raise CelebtoolError(name, "its weights are others by now; run the same command again")
    architecture = get(name)
    size = architecture.input_size(margin)
    info = ModelInfo(name, ("a", "b"), size, l2=architecture.l2, crops={"margin": margin})
    return info, ensemble.build(info)


def of_model(digest: str, source: Path, **arguments: object) -> Convertible:
    """Build a network of a model's file, up to what its last layer reads.

    Args:
        digest: of the network's arrays, as `celebtool.inference.members` computes it.
        source: the model.
        arguments: what else it depends on.

    Raises:
        CelebtoolError: the file is no model, or not the one that it was.
    """
    for member in members.of(*model_file.read(source), source):
        if member.digest == digest and member.arguments == arguments:
            model = ensemble.build(member.info)
            build.fill(model, member.all_arrays, source)
            return features(model)
    raise CelebtoolError(source, "changed while the run was under way; run the command again")


def features(model: keras.Model) -> Convertible:
    """Return a network from RGB 0 to 255 (n, height, width, 3) uint8 to what its last layer reads (n, d) float32."""
    network = keras.Model(model.inputs, model.get_layer(LAST_LAYER).input)

    def call(images: tf.Tensor) -> tf.Tensor:
        return network(tf.cast(images, tf.float32), training=False)

    shape = tuple(model.input_shape[1:])
    variables = [variable.value for variable in network.variables]
    return Convertible(call, variables, tf.TensorSpec((None, *shape), tf.uint8), (2, *shape))


def _arrays(layer: keras.Layer) -> Iterable[tuple[Array, NDArray[np.float32]]]:
    return zip(build.arrays_of(layer), layer.get_weights(), strict=True)
