import numpy as np
import pytest

from celebtool.training import calibration, logistic


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


def test_in_blocks_the_solution_is_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    x, y = photos(6, 20, spread=0.4)
    weights = np.random.default_rng(0).uniform(0.5, 1.5, len(y)).astype("float32")
    weights /= weights.mean()
    kernel, bias, _ = logistic.solve(x, y, weights, 1e-3)
    monkeypatch.setattr(calibration, "CELLS", 6 * 50)  # fifty images at a time
    in_blocks, its_bias, steps = logistic.solve(x, y, weights, 1e-3)
    assert steps > 1
    assert loss(in_blocks, its_bias, x, y, weights, 1e-3) == pytest.approx(
        loss(kernel, bias, x, y, weights, 1e-3), rel=1e-4
    )
    np.testing.assert_allclose(x @ in_blocks + its_bias, x @ kernel + bias, atol=0.2)


def photos(classes: int, count: int, spread: float = 0.15) -> tuple[np.ndarray, np.ndarray]:
    """Unit embeddings of some people."""
    rng = np.random.default_rng(0)
    ids = np.repeat(np.arange(classes), count)
    points = np.eye(16)[ids] + spread * rng.normal(size=(len(ids), 16))
    return (points / np.linalg.norm(points, axis=1, keepdims=True)).astype("float32"), ids


def test_the_nearest_mean_is_named_and_the_head_is_no_surer_than_it_is_right() -> None:
    x, y = photos(8, 30, spread=0.45)
    kernel, bias = logistic.nearest_mean(x, y)
    means = np.stack([x[y == k].mean(axis=0) for k in range(8)])
    means /= np.linalg.norm(means, axis=1, keepdims=True)
    assert ((x @ kernel + bias).argmax(axis=1) == (x @ means.T).argmax(axis=1)).all()
    fresh, ids = photos(8, 400, spread=0.45)
    scores = fresh @ kernel + bias
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    sure = (powers / powers.sum(axis=1, keepdims=True)).max(axis=1)
    assert sure.mean() == pytest.approx((scores.argmax(axis=1) == ids).mean(), abs=0.05)


def test_a_wrong_label_moves_a_mean_little() -> None:
    x, y = photos(5, 10)
    kernel, _ = logistic.nearest_mean(x, y)
    wrong = y.copy()
    wrong[0] = 4
    moved, _ = logistic.nearest_mean(x, wrong)
    directions = [k / np.linalg.norm(k, axis=0) for k in (kernel, moved)]
    assert (directions[0] * directions[1]).sum(axis=0).min() > 0.98


def test_one_photo_a_person_is_enough() -> None:
    x, y = photos(5, 1)
    kernel, bias = logistic.nearest_mean(x, y)
    assert np.linalg.norm(kernel, axis=0) == pytest.approx(np.full(5, logistic.ONE_PHOTO))
    assert ((x @ kernel + bias).argmax(axis=1) == y).all()


def test_class_weights_make_classes_count_the_same() -> None:
    weights = logistic.class_weights(np.array([0, 0, 0, 1]))
    assert weights.tolist() == pytest.approx([2 / 3, 2 / 3, 2 / 3, 2])
    assert weights.dtype == np.float32
