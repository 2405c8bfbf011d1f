"""Builders of the networks that only answer, for `celebtool.nn.convert`."""

import keras
import tensorflow as tf

from celebtool.architectures import LAST_LAYER, get
from celebtool.errors import CelebtoolError
from celebtool.inference import sface_weights
from celebtool.nn.networks import build, pretrained
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
    if sface_weights.FILE.digest != digest:
        raise CelebtoolError(name, "its weights are others by now; run the same command again")
    size = get(name).input_size(margin)
    model = build.build(name, 2, image_size=size, margin=margin)
    pretrained.load_faces(model, name)
    return features(model)


def features(model: keras.Model) -> Convertible:
    """Return a network from RGB 0 to 255 (n, height, width, 3) uint8 to what its last layer reads (n, d) float32."""
    network = keras.Model(model.inputs, model.get_layer(LAST_LAYER).input)

    def call(images: tf.Tensor) -> tf.Tensor:
        return network(tf.cast(images, tf.float32), training=False)

    shape = tuple(model.input_shape[1:])
    variables = [variable.value for variable in network.variables]
    return Convertible(call, variables, tf.TensorSpec((None, *shape), tf.uint8), (2, *shape))
