"""Embed the images of people who are added to a model, and save the model that then knows them."""

from collections.abc import Callable, Sequence
from pathlib import Path

import keras
import numpy as np
from numpy.typing import NDArray

from celebtool.architectures import LAST_LAYER
from celebtool.formats.model_info import Arrays, ModelInfo
from celebtool.nn import classifier
from celebtool.nn.classifier import Classifier
from celebtool.nn.training import activations
from celebtool.nn.training.activations import Variants


def embeddings(model: Path, files: Sequence[Path], progress: Callable[[int, int], None]) -> NDArray[np.float32]:
    """Return what the last layer of a model reads of each image, as (n, width).

    Args:
        model: a single network.
        files: the images.
        progress: called with images done and images in all.

    Raises:
        ImageError: a file is no readable image.
    """
    loaded = classifier.load(model)
    network = keras.Model(loaded.model.inputs, loaded.model.get_layer(LAST_LAYER).input)
    (found,) = activations.activations(network, files, loaded.info.image_size, Variants(), np.empty, progress=progress)
    return found


def save(info: ModelInfo, arrays: Arrays, embeddings: NDArray[np.float32], path: Path) -> None:
    """Write a model; `embeddings` are those of its people (rows, width)."""
    classifier.save(Classifier(classifier.restore(info, arrays, path).model, info, embeddings), path)
