"""After training: the temperature of a last layer's probabilities, and from which score on a face is accepted."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from celebtool.formats.acceptance import Acceptance
from celebtool.training import acceptance, calibration, evidence, impostors
from celebtool.training.acceptance import Evidence
from celebtool.training.evidence import Points

Floats = NDArray[np.float64]
Weights = NDArray[np.float32]


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


@dataclass(frozen=True)
class Layer:
    """A last layer: kernel (d, classes) and bias (classes,); its logits are ``features @ kernel + bias``."""

    kernel: Weights
    bias: Weights

    def logits(self, features: Floats) -> Floats:
        """Return (n, classes) of features (n, d)."""
        return np.asarray(features @ self.kernel + self.bias)

    def named(self, features: Floats) -> NDArray[np.intp]:
        """Return the class (n,) of the largest logit of features (n, d)."""
        blocks = calibration.blocks(len(features), len(self.bias))
        return np.concatenate([self.logits(features[rows]).argmax(axis=1) for rows in blocks])

    def cooled(self, known: Points | None) -> "tuple[float, Layer]":
        """Divide the layer by the temperature of known images, and return that; None: it is 1."""
        if known is None:
            return 1.0, self
        some = calibration.some(len(known.class_ids), len(self.bias))
        heat = calibration.temperature(self.logits(known.embeddings[some]), known.class_ids[some])
        return heat, Layer(self.kernel / np.float32(heat), self.bias / np.float32(heat))


def calibrate(
    train: Points | None, known: Points | None, strangers: Floats | None, last: Layer, scoring: Scoring
) -> tuple[Calibration, Layer]:
    """Find a layer's temperature and a threshold for strangers.

    Args:
        train: the features that the classes' means are computed from; None if the score is a probability.
        known: those of val, which the temperature is fitted on; None leaves it at 1.
        strangers: those of nobody.
        last: the last layer.
        scoring: how strangers are told apart; its `embedding` only if the layer reads what the embedding gave.

    Returns:
        What was found, and the layer with the temperature in it.
    """
    heat, last = last.cooled(known)
    packed: tuple[str, ...] = ()
    if train is not None:
        packed = calibration.pack(calibration.centroids(train.embeddings, train.class_ids, last.kernel.shape[1]))
        named = None if known is None else last.named(known.embeddings)
        prior = impostors.PRIORS.get(scoring.embedding)
        found = evidence.of_embeddings(train, known, named, strangers, held_out=scoring.embedding != "", prior=prior)
    elif known is None:
        found = Evidence(people=last.kernel.shape[1])
    else:
        foreign = None if strangers is None else last.logits(strangers)
        found = evidence.of_probabilities(last.logits(known.embeddings), known.class_ids, foreign)
    threshold, expected = acceptance.decide(found, scoring.false_accept)
    return Calibration(heat, threshold, expected, packed), last
