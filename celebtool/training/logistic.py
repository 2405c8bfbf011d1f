"""Compute a linear head on frozen embeddings at once, without epochs.

Either the nearest class mean, or a logistic regression, which is a convex problem. With SFace's embeddings the nearest
mean is as good or better at every number of photos (docs/benchmarks.md): a wrong label moves a mean little, and a logistic
regression bends around it.
"""

import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import optimize

from celebtool.training import calibration
from celebtool.training.settings import MEAN

MAX_STEPS = 1000
FLAT = 1e-3
"""The slope at which many classes are solved, times their number: each one's images are the smaller a share of all."""
ONE_PHOTO = 16.0
"""The scale of the cosines where no class has two images to fit it by; about what several photos a person give."""


def head(
    embeddings: NDArray[np.float32],
    class_ids: NDArray[np.int64],
    weights: NDArray[np.float32],
    optimizer: str,
    l2: float,
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return kernel and bias as an optimizer of `settings.AT_ONCE` finds them; arguments as of `solve`."""
    if optimizer == MEAN:
        return nearest_mean(embeddings, class_ids)
    kernel, bias, _ = solve(embeddings, class_ids, weights, max(l2, 1e-9))
    return kernel, bias


def class_weights(class_ids: NDArray[np.int64]) -> NDArray[np.float32]:
    """Return a weight per sample (n,) so that every class counts the same and the mean weight is 1."""
    counts = np.bincount(class_ids)
    weights = len(class_ids) / (np.count_nonzero(counts) * np.maximum(counts, 1))
    return weights[class_ids].astype(np.float32)


def nearest_mean(
    embeddings: NDArray[np.float32], class_ids: NDArray[np.int64]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Compute the head whose logits are scaled cosines to the classes' means.

    The scale is that of the least log loss, each image measured against the mean of the others of its class.

    Args:
        embeddings: (n, d), of length 1.
        class_ids: (n,) integers from 0 to classes - 1, each at least once.

    Returns:
        kernel (d, classes) and bias (classes,).
    """
    points = calibration.unit(embeddings.astype(np.float64))
    photos = np.bincount(class_ids)
    members = np.split(np.argsort(class_ids, kind="stable"), np.cumsum(photos)[:-1])
    sums = np.stack([points[own].sum(axis=0) for own in members])
    centres = calibration.unit(sums)
    several = np.flatnonzero(photos[class_ids] > 1)
    several = several[calibration.some(len(several), len(photos))]
    rows, own = points[several], class_ids[several]
    cosines = rows @ centres.T
    cosines[np.arange(len(rows)), own] = (rows * calibration.unit(sums[own] - rows)).sum(axis=1)
    scale = 1 / calibration.temperature(cosines, own) if len(rows) else ONE_PHOTO
    return (scale * centres.T).astype(np.float32), np.zeros(len(photos), np.float32)


def solve(
    embeddings: NDArray[np.float32], class_ids: NDArray[np.int64], weights: NDArray[np.float32], l2: float
) -> tuple[NDArray[np.float32], NDArray[np.float32], int]:
    """Minimise the mean cross-entropy plus ``l2`` times the squared kernel, by L-BFGS.

    Args:
        embeddings: (n, d).
        class_ids: (n,) integers from 0 to classes - 1, each at least once.
        weights: (n,) what each sample counts.
        l2: strength of the penalty; larger than 0.

    Returns:
        kernel (d, classes), bias (classes,), and the number of steps taken.
    """
    if len(class_ids) * (int(class_ids.max()) + 1) > calibration.CELLS:
        return _solve_in_blocks(embeddings, class_ids, weights, l2)
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression

    regression: Any = LogisticRegression(C=1 / (2 * l2 * len(class_ids)), max_iter=MAX_STEPS)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # MAX_STEPS are enough in practice
        regression.fit(embeddings.astype(np.float64), class_ids, sample_weight=weights.astype(np.float64))
    kernel, bias = regression.coef_.T, regression.intercept_
    if kernel.shape[1] == 1:  # of two classes scikit-learn keeps the second's score against the first's
        kernel, bias = np.hstack([-kernel / 2, kernel / 2]), np.concatenate([-bias / 2, bias / 2])
    return kernel.astype(np.float32), bias.astype(np.float32), int(regression.n_iter_.max())


def _solve_in_blocks(
    embeddings: NDArray[np.float32], class_ids: NDArray[np.int64], weights: NDArray[np.float32], l2: float
) -> tuple[NDArray[np.float32], NDArray[np.float32], int]:
    """Solve as `solve` does, from the nearest means and in blocks of images.

    scikit-learn holds two matrices of images by classes: 16 GB for 10,000 classes of ten images.
    """
    start = np.vstack(nearest_mean(embeddings, class_ids))
    inputs = np.pad(embeddings, [(0, 0), (0, 1)], constant_values=1)  # the last input's weights are the bias
    weights = weights / np.float32(len(class_ids))
    own_images = np.zeros_like(start.T)
    np.add.at(own_images, class_ids, inputs * weights[:, None])

    def loss(flat: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        layer = flat.reshape(start.shape)
        total, slope = _log_sums(inputs, class_ids, weights, layer.astype(np.float32))
        kernel = layer[:-1]
        slope -= own_images.T
        slope[:-1] += 2 * l2 * kernel
        return total + l2 * float((kernel**2).sum()), slope.ravel()

    found = optimize.minimize(
        loss,
        start.ravel().astype(np.float64),
        jac=True,
        method="L-BFGS-B",
        options={"maxiter": MAX_STEPS, "gtol": FLAT / start.shape[1]},
    )
    kernel, bias = np.split(found.x.astype(np.float32).reshape(start.shape), [-1])
    return kernel, bias[0], found.nit


def _log_sums(
    inputs: NDArray[np.float32], class_ids: NDArray[np.int64], weights: NDArray[np.float32], layer: NDArray[np.float32]
) -> tuple[float, NDArray[np.float64]]:
    """Return the cross-entropy, and the slope (d, classes) of its first term, the logarithm of the sum of powers.

    That of its second, the class's own logit, is the same everywhere. Time goes into the two products; hence few passes
    over the logits.

    Args:
        inputs: (n, d).
        class_ids: (n,).
        weights: (n,) what each image counts.
        layer: (d, classes).
    """
    total, slope = 0.0, np.zeros(layer.shape, np.float32)
    for rows in calibration.blocks(len(class_ids), layer.shape[1]):
        logits = inputs[rows] @ layer
        own, top = logits[np.arange(len(logits)), class_ids[rows]], logits.max(axis=1)
        logits -= top[:, None]
        np.exp(logits, out=logits)
        sums = logits.sum(axis=1)
        total += float((weights[rows] * (np.log(sums) + top - own)).sum())
        slope += (inputs[rows] * (weights[rows] / sums)[:, None]).T @ logits
    return total, slope.astype(np.float64)
