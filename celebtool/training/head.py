"""Solve the head of a face network again from the embeddings of its people, and set its threshold again."""

import numpy as np
from numpy.typing import NDArray

from celebtool.architectures import LAST_LAYER
from celebtool.formats.enrolment import MAX_STRANGERS
from celebtool.formats.model_info import Arrays, ModelInfo, of_last_layer
from celebtool.training import acceptance, calibration, enrolment, evidence, impostors, logistic
from celebtool.training.acceptance import FALSE_ACCEPT
from celebtool.training.enrolment import People
from celebtool.training.evidence import Points


def solved(info: ModelInfo, arrays: Arrays, people: People) -> tuple[ModelInfo, Arrays, NDArray[np.float32]]:
    """Return a model of the same backbone for other people: its description, its arrays, and their embeddings.

    Everything that is said of people is made anew. The temperature stays, since it was fitted on images that are not held; so
    do the layers' names and the head's penalty.

    Args:
        info: the model that the people were read from.
        arrays: its weights.
        people: everybody that the result is to know, at least two classes.
    """
    points = people.points
    kernel, bias = _solve(points, info, people)
    heat = np.float32(info.temperature)
    means = calibration.centroids(points.embeddings.astype(np.float64), points.class_ids, len(people.known))
    threshold, expected = acceptance.decide(_evidence(points, info, people), people.method.false_accept)
    found = ModelInfo(
        architecture=info.architecture,
        class_names=people.class_names,
        image_size=info.image_size,
        seed=info.seed,
        l2=info.l2,
        crops=info.crops,
        temperature=info.temperature,
        threshold=threshold,
        acceptance=expected,
        centroids=calibration.pack(means),
        layers=info.layers,
    )
    found, embeddings = enrolment.described(found, people)
    backbone = {array: values for array, values in arrays.items() if array.layer != LAST_LAYER}
    return found, {**backbone, **of_last_layer(kernel / heat, bias / heat)}, embeddings


def _solve(points: Points, info: ModelInfo, people: People) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return kernel (width, classes) and bias (classes,)."""
    ids = points.class_ids
    weights = logistic.class_weights(ids) if people.method.class_weights else np.ones(len(ids), np.float32)
    return logistic.head(points.embeddings.astype(np.float32), ids, weights, people.method.solver, info.l2)


def _evidence(points: Points, info: ModelInfo, people: People) -> acceptance.Evidence:
    """Return what shows where the threshold belongs.

    Few remembered strangers are left out: they are rejected anyhow, and say little of all others.
    """
    asked = FALSE_ACCEPT if people.method.false_accept is None else people.method.false_accept
    known = people.strangers.embeddings(MAX_STRANGERS)
    return evidence.of_embeddings(
        Points(points.embeddings.astype(np.float64), points.class_ids),
        None,
        strangers=np.stack(known).astype(np.float64) if known and len(known) * asked >= 1 else None,
        held_out=True,
        prior=impostors.PRIORS.get(info.architecture),
    )
