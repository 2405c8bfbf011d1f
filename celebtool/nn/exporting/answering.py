"""Build the network of an exported file: pixels in; probabilities, the score and, of face networks, the embedding out."""

from collections.abc import Sequence

import keras
import numpy as np
from keras import KerasTensor, ops

from celebtool.architectures import LAST_LAYER
from celebtool.formats.exported import EMBEDDING, PROBABILITIES, SCORE
from celebtool.formats.model_info import ModelInfo
from celebtool.formats.vectors import unpack
from celebtool.nn.classifier import Classifier


def build(classifier: Classifier) -> keras.Model:
    """Return a model from RGB 0 to 255 uint8, an input (n, height, width, 3) per image size, to a dict of outputs.

    ``probabilities`` (n, classes), ``score`` (n,), which the threshold applies to, and ``embedding`` (n, d) of length 1 where
    the score is a cosine: see `celebtool.training.calibration.scores`.
    """
    network, info = classifier.model, classifier.info
    pixels = [keras.Input((*size, 3), dtype="uint8", name=name) for name, size in info.inputs.items()]
    floats = [ops.cast(each, "float32") for each in pixels]
    images = floats if len(floats) > 1 else floats[0]
    if not info.centroids:
        probabilities = network(images, training=False)
        return keras.Model(pixels, {PROBABILITIES: probabilities, SCORE: ops.max(probabilities, axis=-1)})
    inner = keras.Model(network.inputs, [network.output, network.get_layer(LAST_LAYER).input])
    probabilities, features = inner(images, training=False)
    embedding = ops.normalize(features, axis=-1)
    outputs = {PROBABILITIES: probabilities, SCORE: _score(embedding, info), EMBEDDING: embedding}
    return keras.Model(pixels, outputs)


def _score(embedding: KerasTensor, info: ModelInfo) -> KerasTensor:
    own = _nearest(embedding, info.centroids)
    if not info.strangers:
        return own
    nearest = _nearest(embedding, info.strangers)
    return ops.where(nearest > own, -ops.abs(nearest), own)


def _nearest(embedding: KerasTensor, points: Sequence[str]) -> KerasTensor:
    """Return the largest scalar product (n,) of an embedding (n, d) and points, packed as `celebtool.formats.vectors` does."""
    return ops.max(ops.matmul(embedding, np.stack([unpack(text) for text in points], axis=1)), axis=-1)
