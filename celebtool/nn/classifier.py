"""Save and load a classifier, a network and its description, in one .h5."""

import math
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf
from keras.src.legacy.saving.legacy_h5_format import save_model_to_hdf5  # takes an open file; `Model.save` does not

import celebtool
from celebtool.errors import CelebtoolError
from celebtool.formats import model_file
from celebtool.formats.model_file import Layer, ModelInfo
from celebtool.nn import graphs
from celebtool.nn.networks import build, ensemble
from celebtool.training.outcome import Tested


@dataclass(frozen=True)
class Classifier:
    """A network, RGB 0 to 255 in and probabilities in the order of `info.class_names` out, and what is known of it."""

    model: keras.Model
    info: ModelInfo
    embeddings: npt.NDArray[np.float32] | None = None
    """Those of its people (rows, width) that `info.enrolment` lists, for `save`; a model that was loaded has none."""
    tested: Tested | None = None
    """What it reads of the images of test, after a training that has such."""

    @cached_property
    def graph(self) -> Callable[[list[tf.Tensor]], tf.Tensor]:
        """The network as a graph, from its images at every size to probabilities."""

        def call(images: list[tf.Tensor]) -> tf.Tensor:
            inputs = [tf.cast(image, tf.float32) for image in images]
            return self.model(inputs if len(inputs) > 1 else inputs[0], training=False)

        shapes = [tf.TensorSpec((None, *size, 3), tf.uint8) for size in self.info.inputs.values()]
        return graphs.compiled(call, shapes)

    def save(self, path: Path) -> None:
        """Write it; see the function `save`."""
        save(self, path)


def save(classifier: Classifier, path: Path) -> None:
    """Write a .h5 that both `load` and plain `keras.models.load_model` read; equal classifiers give equal bytes.

    Raises:
        CelebtoolError: NaN or Inf among the weights, or a description that is too long.
    """
    for layer in classifier.model.layers:
        if not all(np.isfinite(array).all() for array in layer.get_weights()):
            raise CelebtoolError(path, f"NaN or Inf in {layer.name}; train with a lower learning rate")
    with model_file.new_for_keras(path) as file, warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # NumPy 2's, of how Keras copies variables
        save_model_to_hdf5(classifier.model, file, include_optimizer=False)
    if classifier.embeddings is not None:
        model_file.write_embeddings(path, classifier.embeddings)
    model_file.write_info(path, described(classifier).info)


def described(classifier: Classifier) -> Classifier:
    """Return the classifier with the tables of its layers and arrays, and the versions of what made it, filled in.

    The history loses its times, so that equal runs write equal files.
    """
    arrays = tuple(array for layer in classifier.model.layers for array in build.arrays_of(layer))
    versions = {"celebtool": celebtool.__version__, "keras": keras.__version__, "tensorflow": tf.__version__}
    layers = tuple(_row(layer) for layer in classifier.model.layers)
    history = tuple(replace(epoch, seconds=None) for epoch in classifier.info.history)
    info = replace(classifier.info, layers=layers, arrays=arrays, versions=versions, history=history)
    return replace(classifier, info=info)


def _row(layer: keras.Layer) -> Layer:
    def count(weights: list[keras.Variable]) -> int:
        return sum(math.prod(weight.shape) for weight in weights)

    return Layer(
        name=layer.name,
        kind=type(layer).__name__,
        output_shape=tuple(layer.output.shape[1:]),
        parameters=count(layer.weights),
        trainable_parameters=count(layer.trainable_weights),
        trainable=layer.trainable,
    )


def load(path: Path) -> Classifier:
    """Read a model: the graph is built from celebtool's own table, and the file's arrays are copied into it.

    Keras' deserializer never sees the file, and a description that its own arrays do not bear out builds nothing.

    Raises:
        CelebtoolError: no model of celebtool's, or a damaged or inconsistent one.
    """
    info, arrays = model_file.read(path)
    return restore(info, arrays, path)


def restore(info: ModelInfo, arrays: model_file.Arrays, path: Path) -> Classifier:
    """Build the network that `info` describes and fill it with `arrays`; errors name `path`."""
    model = ensemble.assemble(info) if info.members else ensemble.build(info)
    build.fill(model, arrays, path)
    trainable = {layer.name: layer.trainable for layer in info.layers}
    for layer in model.layers:
        layer.trainable = trainable.get(layer.name, layer.trainable)
    return Classifier(model, info)


def image_sizes(classifier: Classifier) -> list[tuple[int, int]]:
    """Return the (height, width) of every input."""
    return list(classifier.info.inputs.values())


def probabilities(
    classifier: Classifier, images: Mapping[tuple[int, int], npt.NDArray[np.uint8]]
) -> npt.NDArray[np.float32]:
    """Classify a batch with Keras; `celebtool.inference.predictor` does it for users.

    Args:
        classifier: what to ask.
        images: the same n images at every size that the classifier takes, size → RGB (n, height, width, 3).

    Returns:
        (n, classes) float32; rows add up to 1.

    Raises:
        CelebtoolError: the network gave NaN or Inf.
    """
    inputs = [tf.constant(images[size]) for size in image_sizes(classifier)]
    result: npt.NDArray[np.float32] = classifier.graph(inputs).numpy()
    if not np.isfinite(result).all():
        raise CelebtoolError("model", "gives NaN or Inf as a probability; train it again with a lower learning rate")
    return result
