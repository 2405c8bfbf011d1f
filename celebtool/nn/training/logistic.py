"""Solve a linear head on frozen embeddings, which is a logistic regression and so a convex problem."""

import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

MAX_STEPS = 1000


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
    regression: Any = LogisticRegression(C=1 / (2 * l2 * len(class_ids)), max_iter=MAX_STEPS)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # MAX_STEPS are enough in practice
        regression.fit(embeddings.astype(np.float64), class_ids, sample_weight=weights.astype(np.float64))
    kernel, bias = regression.coef_.T, regression.intercept_
    if kernel.shape[1] == 1:  # of two classes scikit-learn keeps the second's score against the first's
        kernel, bias = np.hstack([-kernel / 2, kernel / 2]), np.concatenate([-bias / 2, bias / 2])
    return kernel.astype(np.float32), bias.astype(np.float32), int(regression.n_iter_.max())
