import numpy as np
import pytest

from celebtool.imaging import overlap

UNIT = np.array([[0, 0, 10, 10]], np.float32)


@pytest.mark.parametrize(
    ("other", "of_union", "of_smaller"),
    [
        ([0, 0, 10, 10], 1.0, 1.0),
        ([0, 0, 5, 10], 0.5, 1.0),
        ([5, 0, 15, 10], 1 / 3, 0.5),
        ([10, 0, 20, 10], 0.0, 0.0),
        ([30, 30, 30, 30], 0.0, 0.0),
    ],
)
def test_overlap(other: list[float], of_union: float, of_smaller: float) -> None:
    second = np.array([other], np.float32)
    assert overlap.overlap(UNIT, second) == pytest.approx(np.array([[of_union]]))
    assert overlap.overlap(UNIT, second, of_smaller=True) == pytest.approx(np.array([[of_smaller]]))


def test_the_best_of_overlapping_rectangles_stays() -> None:
    rectangles = np.array([[0, 0, 10, 10], [1, 0, 11, 10], [50, 50, 60, 60]], np.float32)
    assert overlap.suppress(rectangles, np.array([0.8, 0.9, 0.7], np.float32), 0.5).tolist() == [1, 2]


def test_many_rectangles_are_suppressed_as_by_looking_at_every_pair() -> None:
    """More than one block of them; a rectangle that is itself suppressed still suppresses worse ones."""
    rng = np.random.default_rng(0)
    corners, scores = rng.uniform(0, 100, (300, 2)), rng.permutation(300).astype(np.float32)
    rectangles = np.concatenate([corners, corners + rng.uniform(10, 30, (300, 2))], axis=1).astype(np.float32)
    alike = overlap.overlap(rectangles, rectangles) > 0.3
    best = [i for i in np.argsort(-scores) if not (alike[i] & (scores > scores[i])).any()]
    assert 10 < len(best) < 290
    assert overlap.suppress(rectangles, scores, 0.3).tolist() == best


def test_nothing_to_suppress() -> None:
    assert overlap.suppress(np.empty((0, 4), np.float32), np.empty(0, np.float32), 0.5).tolist() == []


def test_squares_keep_the_centre_and_the_longer_side() -> None:
    assert overlap.squared(np.array([[0, 0, 10, 20]], np.float32)).tolist() == [[-5, 0, 15, 20]]


def test_offsets_are_shares_of_the_size() -> None:
    shares = np.array([[0.1, 0.1, -0.1, 0]], np.float32)
    assert overlap.moved(np.array([[0, 0, 10, 20]], np.float32), shares).tolist() == [[1, 2, 9, 20]]
