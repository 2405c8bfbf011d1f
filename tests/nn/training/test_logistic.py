import numpy as np
import pytest

from celebtool.nn.training import logistic


def loss(kernel: np.ndarray, bias: np.ndarray, x: np.ndarray, y: np.ndarray, weights: np.ndarray, l2: float) -> float:
    scores = x @ kernel + bias
    scores -= scores.max(axis=1, keepdims=True)
    log_probability = scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))
    return float((weights * -log_probability[np.arange(len(y)), y]).mean() + l2 * (kernel**2).sum())


@pytest.mark.parametrize("classes", [2, 3, 7])
def test_no_small_step_from_the_solution_is_better(classes: int) -> None:
    rng = np.random.default_rng(classes)
    x = rng.normal(size=(120, 5)).astype("float32")
    y = rng.integers(0, classes, 120)
    weights = rng.uniform(0.5, 2, 120).astype("float32")
    l2 = 0.01
    kernel, bias, steps = logistic.solve(x, y, weights, l2)
    assert (kernel.shape, bias.shape) == ((5, classes), (classes,))
    assert steps > 1
    if classes == 2:
        l2 *= 2  # one direction is penalised, of which each kernel has half
    best = loss(kernel, bias, x, y, weights, l2)
    for _ in range(200):
        step = rng.normal(scale=0.02, size=kernel.shape)
        assert loss(kernel + step, bias + rng.normal(scale=0.02, size=bias.shape), x, y, weights, l2) > best - 1e-5
