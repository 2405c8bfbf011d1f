"""Calibrate a trained network: compute the features that its last layer reads, and write what was found into it."""

from dataclasses import replace

import keras
import numpy as np
from numpy.typing import NDArray

from celebtool.architectures import LAST_LAYER
from celebtool.nn import graphs
from celebtool.nn.training.batches import Batches
from celebtool.training import calibrate as calibrating
from celebtool.training.calibrate import Calibration, Layer, Scoring
from celebtool.training.evidence import Points


def calibrate(
    suffix: keras.Model, train: Batches, val: Batches | None, strangers: Batches | None, scoring: Scoring
) -> Calibration:
    """Fold a temperature into a network's last layer and find its threshold for strangers.

    Args:
        suffix: what was trained, from the cut on; its last layer is changed.
        train: what its classes' means are computed from, without augmented variants.
        val: what the temperature is fitted on; None leaves it at 1.
        strangers: images of nobody.
        scoring: how strangers are told apart.
    """
    known = None if val is None else Points(features(suffix, val), val.class_ids)
    foreign = None if strangers is None else features(suffix, strangers)
    trained = Points(features(suffix, train), train.class_ids) if scoring.by_distance else None
    own = scoring if _last_input(suffix) is suffix.inputs[0] else replace(scoring, embedding="")
    last = suffix.get_layer(LAST_LAYER)
    found, cooled = calibrating.calibrate(trained, known, foreign, Layer(*last.get_weights()), own)
    last.set_weights([cooled.kernel, cooled.bias])
    return found


def _last_input(suffix: keras.Model) -> keras.KerasTensor:
    last = next(node for node in graphs.nodes(suffix) if node.operation.name == LAST_LAYER)
    (features,) = last.input_tensors
    return features


def features(suffix: keras.Model, batches: Batches) -> NDArray[np.float64]:
    """Run what crosses the cut up to what the last layer reads (n, d)."""
    read = _last_input(suffix)
    if read is suffix.inputs[0]:
        return np.asarray(batches.inputs[0], np.float64)
    network = keras.Model(suffix.input, read)
    outputs = [network(inputs, training=False).numpy() for inputs, _, _ in replace(batches, replicas=1).evaluation()]
    return np.concatenate(outputs).astype(np.float64)
