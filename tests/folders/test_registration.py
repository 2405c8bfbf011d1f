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
    np.testing.assert_allclose(registration.correlation(some, some), 1, atol=1e-5)
    np.testing.assert_allclose(registration.correlation(some, 3 * some), 1, atol=1e-5)
    assert registration.correlation(some[:3], some[3:]).max() < 0.85


def test_a_moved_picture_is_mapped_back() -> None:
    wide = pictures(4)
    turn = np.array([[1.06, 0.05], [-0.05, 0.97]])
    centre = np.array(wide.shape[1:]) / 2
    moved = np.stack([affine_transform(each, turn, centre - turn @ centre + (1, -1.5)) for each in wide])
    assert registration.correlation(middle(wide), middle(moved), iterations=0).max() < 0.9
    assert registration.correlation(middle(wide), middle(moved)).min() > 0.97


def test_batches_do_not_change_the_answer() -> None:
    some = np.tile(middle(pictures(3)), (100, 1, 1))
    other = np.roll(some, 1, axis=0)
    whole = registration.correlation(some, other)
    np.testing.assert_array_equal(whole[:3], registration.correlation(some[:3], other[:3]))
    assert registration.correlation(some[:0], some[:0]).shape == (0,)


def test_flat_pictures_correlate_with_nothing() -> None:
    flat = np.zeros((2, 32, 32), np.float32)
    np.testing.assert_array_equal(registration.correlation(flat, middle(pictures(2))), 0)
