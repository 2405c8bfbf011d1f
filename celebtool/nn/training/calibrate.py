"""After training: the temperature of a network's probabilities, and from which score on a face is accepted."""

from dataclasses import dataclass, replace

import keras
import numpy as np
from numpy.typing import NDArray

from celebtool.architectures import LAST_LAYER
from celebtool.nn.training.batches import Batches
from celebtool.nn.training.cut import nodes
from celebtool.training import calibration


@dataclass(frozen=True)
class Calibration:
    """What val said: the temperature, already in the last layer; the threshold; and the classes' mean embeddings.

    Without val images the temperature is 1 and there is no threshold. Only networks whose score is a distance have means.
    """

    temperature: float = 1.0
    threshold: float | None = None
    centroids: tuple[str, ...] = ()


def calibrate(
    suffix: keras.Model,
    train: Batches,
    val: Batches | None,
    strangers: Batches | None,
    false_accept: float,
    *,
    by_distance: bool,
) -> Calibration:
    """Fold a temperature into a network's last layer and find its threshold for strangers.

    Args:
        suffix: what was trained, from the cut on; its last layer is changed.
        train: what its classes' means are computed from.
        val: what the temperature is fitted on.
        strangers: images of nobody; None takes every val image as a stranger to all classes but its own.
        false_accept: share of strangers that may be accepted.
        by_distance: score by the distance to the nearest class's mean, not by the largest probability.
    """
    packed: tuple[str, ...] = ()
    means = None
    if by_distance:
        packed = calibration.pack(calibration.centroids(_features(suffix, train), train.class_ids, train.class_count))
        means = calibration.unpack(packed)  # to the digit as `predict` will have them
    if val is None:
        return Calibration(centroids=packed)
    last = suffix.get_layer(LAST_LAYER)
    kernel, bias = last.get_weights()
    features = _features(suffix, val)
    heat = calibration.temperature(features @ kernel + bias, val.class_ids)
    last.set_weights([kernel / np.float32(heat), bias / np.float32(heat)])

    def answer(points: NDArray[np.float64]) -> NDArray[np.float64]:
        return points @ (kernel / heat) + bias / heat if means is None else calibration.cosines(points, means)

    foreign = None if strangers is None else answer(_features(suffix, strangers))
    limit = _threshold(answer(features), val.class_ids, foreign, false_accept, by_distance=by_distance)
    return Calibration(heat, limit, packed)


def _threshold(
    known: NDArray[np.float64],
    class_ids: NDArray[np.int64],
    strangers: NDArray[np.float64] | None,
    false_accept: float,
    *,
    by_distance: bool,
) -> float:
    """Return the threshold from the cosines or logits (n, classes) of known faces and (None: there are none) strangers."""

    def score(answers: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray((answers if by_distance else calibration.softmax(answers)).max(axis=1))

    if strangers is not None:
        return calibration.threshold(score(strangers), false_accept)
    others = calibration.without_own(known, class_ids)
    return calibration.threshold_without_strangers(score(known), score(others), false_accept)


def _features(suffix: keras.Model, batches: Batches) -> NDArray[np.float64]:
    """Run what crosses the cut up to what the last layer reads (n, d)."""
    last = next(node for node in nodes(suffix) if node.operation.name == LAST_LAYER)
    (features,) = last.input_tensors
    if features is suffix.inputs[0]:
        return np.asarray(batches.inputs[0], np.float64)
    network = keras.Model(suffix.input, features)
    outputs = [network(inputs, training=False).numpy() for inputs, _, _ in replace(batches, replicas=1).evaluation()]
    return np.concatenate(outputs).astype(np.float64)
