"""Probabilities that mean what they say, and a score below which a face is a stranger's.

Temperature: C. Guo et al., On Calibration of Modern Neural Networks, ICML 2017: one number that logits are divided by,
chosen for the least log loss on val. It changes no decision.

The score of a face-pretrained network is the cosine between a face's embedding and the nearest class's mean
embedding: an embedding knows who is near, a softmax only who is nearer than the others. Measured on 20 celebrities, ten
of them strangers, five draws: 99.6 % of the known faces were accepted and right at 1 % of strangers accepted, against
95.3 % with the largest probability and 93.8 % with the largest logit. Other networks' score is the largest probability.

Where the threshold is set: `celebtool.training.acceptance`.
"""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from celebtool.formats import vectors

Floats = NDArray[np.float64]

COLDEST, HOTTEST = 1 / 64, 64.0
CELLS = 1 << 24
"""Cosines or logits that are held at a time, of images against classes: 128 megabytes."""


def blocks(count: int, class_count: int) -> Iterator[slice]:
    """Yield slices of so many images, each of as many as `CELLS` allows."""
    size = max(1, CELLS // class_count)
    yield from (slice(start, start + size) for start in range(0, count, size))


def some(count: int, class_count: int) -> slice:
    """Return a slice of so many images: all, or as many as `CELLS` allows, evenly spread."""
    return slice(None, None, max(1, -(-count * class_count // CELLS)))


def temperature(logits: Floats, class_ids: NDArray[np.int64]) -> float:
    """Return the temperature of the least mean log loss.

    The true class counts (n + 1) / (n + 2) and the others share the rest, as in J. Platt, Probabilistic Outputs for
    Support Vector Machines, 1999: n images that are all right do not prove that nothing can be wrong.

    Args:
        logits: (n, classes).
        class_ids: (n,) the true classes.
    """
    from scipy.optimize import minimize_scalar  # noqa: PLC0415 - `predict` needs this module, but not SciPy

    target = (len(class_ids) + 1) / (len(class_ids) + 2)

    def loss(log_temperature: float) -> float:
        scaled = logits / np.exp(log_temperature)
        top = scaled.max(axis=1, keepdims=True)
        log_sum = np.log(np.exp(scaled - top).sum(axis=1)) + top[:, 0]
        right = scaled[np.arange(len(class_ids)), class_ids]
        others = (scaled.sum(axis=1) - right) / (scaled.shape[1] - 1)
        return float((log_sum - target * right - (1 - target) * others).mean())

    found = minimize_scalar(loss, bounds=(np.log(COLDEST), np.log(HOTTEST)), method="bounded", options={"xatol": 1e-4})
    return float(np.exp(found.x))


def softmax(logits: Floats) -> Floats:
    """Return probabilities (n, classes); a logit of -inf is a class left out."""
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))


def centroids(features: Floats, class_ids: NDArray[np.int64], class_count: int) -> Floats:
    """Return the mean feature of every class (classes, d), of length 1.

    Args:
        features: (n, d).
        class_ids: (n,), every class at least once.
        class_count: how many classes there are.
    """
    return unit(class_means(features, class_ids, class_count))


def class_means(features: Floats, class_ids: NDArray[np.int64], class_count: int) -> Floats:
    """Return the mean of every class's features, each of length 1, as it is: (classes, d), shorter than 1."""
    order = np.argsort(class_ids, kind="stable")
    starts = np.searchsorted(class_ids[order], np.arange(1, class_count))
    return np.stack([unit(features[members]).mean(axis=0) for members in np.split(order, starts)])


def cosines(features: Floats, means: Floats) -> Floats:
    """Return the cosine (n, classes) between every feature (n, d) and every class's mean (classes, d)."""
    return np.asarray(unit(features) @ means.T)


def scores(features: Floats, means: Floats, strangers: Floats) -> Floats:
    """Return the score (n,) of each feature: the cosine to the nearest class's mean.

    A face that is nearer to the image of a stranger that the model remembers has minus its cosine to that one, which no
    threshold accepts.

    Args:
        features: (n, d).
        means: (classes, d).
        strangers: (m, d) the remembered images; m may be 0.
    """
    own = cosines(features, means).max(axis=1)
    if not len(strangers):
        return np.asarray(own)
    nearest = cosines(features, strangers).max(axis=1)
    return np.asarray(np.where(nearest > own, -np.abs(nearest), own))


def without_own(values: Floats, class_ids: NDArray[np.int64]) -> Floats:
    """Return cosines or logits (n, classes) with each sample's own class left out (-inf): a stranger's, as it were."""
    others = values.copy()
    others[np.arange(len(class_ids)), class_ids] = -np.inf
    return others


def threshold(strangers: Floats, false_accept: float) -> float:
    """Return the lowest score that at most this share of strangers' scores (n,) reaches."""
    ordered = np.sort(strangers)[::-1]
    allowed = int(false_accept * len(ordered) + 1e-9)
    return float(ordered[-1]) if allowed >= len(ordered) else float(np.nextafter(ordered[allowed], np.inf))


def pack(means: Floats) -> tuple[str, ...]:
    """Return every class's mean as text: little-endian float32 in base64."""
    return tuple(vectors.pack(mean) for mean in means)


def unpack(texts: Sequence[str]) -> Floats:
    """Return what `pack` packed, as (classes, d).

    Raises:
        ValueError: not of one length, or not finite.
    """
    arrays = [vectors.unpack(text) for text in texts]
    if len({array.shape for array in arrays}) != 1:
        raise ValueError("means of several lengths")
    return np.stack(arrays).astype(np.float64)


def unit(vectors: Floats) -> Floats:
    """Return the vectors (…, d) at length 1."""
    return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-12))
