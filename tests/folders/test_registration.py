import numpy as np
from scipy.ndimage import affine_transform, gaussian_filter

from celebtool.folders import registration


def pictures(count: int, side: int = 32) -> np.ndarray:
    noise = np.random.default_rng(0).normal(size=(count, side + 16, side + 16))
    return np.stack([gaussian_filter(each, 2) * 5 for each in noise]).astype(np.float32)


def middle(wide: np.ndarray) -> np.ndarray:
    return wide[:, 8:-8, 8:-8]


def test_equal_pictures_correlate_fully_and_others_do_not() -> None:
    some = middle(pictures(6))
    np.testing.assert_allclose(registration.correlations(some, some)[1], 1, atol=1e-5)
    np.testing.assert_allclose(registration.correlations(some, 3 * some)[1], 1, atol=1e-5)
    assert registration.correlations(some[:3], some[3:])[1].max() < 0.85


def test_a_moved_picture_is_mapped_back() -> None:
    wide = pictures(4)
    turn = np.array([[1.06, 0.05], [-0.05, 0.97]])
    centre = np.array(wide.shape[1:]) / 2
    moved = np.stack([affine_transform(each, turn, centre - turn @ centre + (1, -1.5)) for each in wide])
    unmoved, mapped = registration.correlations(middle(wide), middle(moved))
    assert unmoved.max() < 0.9
    assert mapped.min() > 0.97


def test_batches_do_not_change_the_answer() -> None:
    some = np.tile(middle(pictures(3)), (100, 1, 1))
    other = np.roll(some, 1, axis=0)
    whole = registration.correlations(some, other)[1]
    np.testing.assert_array_equal(whole[:3], registration.correlations(some[:3], other[:3])[1])
    assert registration.correlations(some[:0], some[:0])[1].shape == (0,)


def test_flat_pictures_correlate_with_nothing() -> None:
    flat = np.zeros((2, 32, 32), np.float32)
    np.testing.assert_array_equal(registration.correlations(flat, middle(pictures(2)))[1], 0)
