"""After training: the temperature of a network's probabilities, and from which score on a face is accepted."""

from dataclasses import dataclass, replace

import keras
import numpy as np
from numpy.typing import NDArray

from celebtool.architectures import LAST_LAYER
from celebtool.formats.acceptance import Acceptance
from celebtool.nn.training.batches import Batches
from celebtool.nn.training.cut import nodes
from celebtool.training import acceptance, calibration, evidence, impostors
from celebtool.training.acceptance import Evidence
from celebtool.training.evidence import Points

Array = NDArray[np.floating]


@dataclass(frozen=True)
class Calibration:
    """What a model's own images said.

    Args:
        temperature: of the probabilities; it is in the last layer already.
        threshold: the score from which on a face is accepted; None: there is none worth having.
        acceptance: what may be expected of it.
        centroids: the classes' mean embeddings, which only networks have whose score is a distance.
    """

    temperature: float = 1.0
    threshold: float | None = None
    acceptance: Acceptance | None = None
    centroids: tuple[str, ...] = ()


@dataclass(frozen=True)
class Scoring:
    """How strangers are told apart.

    Args:
        by_distance: by the distance to the nearest class's mean, not by the largest probability.
        false_accept: the share of strangers that may pass, whatever it costs; None: see `celebtool.training.acceptance`.
        embedding: whose embedding, as it came, the last layer reads if nothing else was trained; empty: nobody's.
    """

    by_distance: bool
    false_accept: float | None = None
    embedding: str = ""


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
    known = None if val is None else Points(_features(suffix, val), val.class_ids)
    foreign = None if strangers is None else _features(suffix, strangers)
    heat, kernel, bias = _fold_temperature(suffix, known)
    logits = None if known is None else known.embeddings @ kernel + bias
    if scoring.by_distance:
        trained = Points(_features(suffix, train), train.class_ids)
        packed = calibration.pack(calibration.centroids(trained.embeddings, trained.class_ids, train.class_count))
        named = None if logits is None else logits.argmax(axis=1)
        held_out = scoring.embedding != "" and _last_input(suffix) is suffix.inputs[0]
        prior = impostors.PRIORS.get(scoring.embedding) if held_out else None
        found = evidence.of_embeddings(trained, known, named, foreign, held_out=held_out, prior=prior)
    elif known is None or logits is None:
        packed, found = (), Evidence(people=train.class_count)
    else:
        packed = ()
        found = evidence.of_probabilities(logits, known.class_ids, None if foreign is None else foreign @ kernel + bias)
    threshold, expected = acceptance.decide(found, scoring.false_accept)
    return Calibration(heat, threshold, expected, packed)


def _fold_temperature(suffix: keras.Model, known: Points | None) -> tuple[float, Array, Array]:
    """Divide the last layer by the temperature of known images; return it, and the layer's kernel and bias then."""
    last = suffix.get_layer(LAST_LAYER)
    kernel, bias = last.get_weights()
    if known is None:
        return 1.0, kernel, bias
    heat = calibration.temperature(known.embeddings @ kernel + bias, known.class_ids)
    last.set_weights([kernel / np.float32(heat), bias / np.float32(heat)])
    return heat, kernel / heat, bias / heat


def _last_input(suffix: keras.Model) -> keras.KerasTensor:
    last = next(node for node in nodes(suffix) if node.operation.name == LAST_LAYER)
    (features,) = last.input_tensors
    return features


def _features(suffix: keras.Model, batches: Batches) -> NDArray[np.float64]:
    """Run what crosses the cut up to what the last layer reads (n, d)."""
    features = _last_input(suffix)
    if features is suffix.inputs[0]:
        return np.asarray(batches.inputs[0], np.float64)
    network = keras.Model(suffix.input, features)
    outputs = [network(inputs, training=False).numpy() for inputs, _, _ in replace(batches, replicas=1).evaluation()]
    return np.concatenate(outputs).astype(np.float64)
