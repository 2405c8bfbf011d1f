"""Groups of made-up faces: a person is a direction, faces of one have a cosine of about 0.6, of two people of about 0.1."""

from statistics import NormalDist

import numpy as np
import pytest

from celebtool.cropping import grouping


def _faces(person: int, count: int, noise: float = 0.65) -> np.ndarray:
    """A direction that everybody shares a little, one of the person's own, and something new in every photo."""
    direction = np.zeros(128)
    direction[0], direction[1 + person] = 0.33, 0.94
    rng = np.random.default_rng([person, count])
    photos = rng.normal(size=(count, 128))
    photos[:, : 1 + person + 1] = 0
    photos *= noise / np.linalg.norm(photos, axis=1, keepdims=True)
    points = np.sqrt(1 - noise**2) * direction + photos
    return (points / np.linalg.norm(points, axis=1, keepdims=True)).astype(np.float32)


def test_everybody_is_a_group_and_the_largest_is_the_first():
    points = np.concatenate([_faces(0, 5), _faces(1, 9), _faces(2, 7)])
    assert grouping.group(points).tolist() == [2] * 5 + [0] * 9 + [1] * 7


def test_groups_of_equal_size_are_numbered_by_their_first_face():
    one, other = _faces(0, 4), _faces(1, 4)
    mixed = np.stack([other[0], *one, *other[1:]])
    assert grouping.group(mixed).tolist() == [0, 1, 1, 1, 1, 0, 0, 0]


def test_two_faces_are_no_group():
    points = np.concatenate([_faces(0, 2), _faces(1, 3), _faces(2, 1)])
    assert grouping.group(points).tolist() == [-1, -1, 0, 0, 0, -1]


def test_faces_of_as_many_people_are_no_groups():
    points = np.concatenate([_faces(person, 1) for person in range(100)])
    assert (grouping.group(points) == grouping.UNGROUPED).all()


def test_the_same_face_many_times_is_one_group():
    points = np.repeat(_faces(0, 1), 7, axis=0)
    assert grouping.group(np.concatenate([points, _faces(1, 3)])).tolist() == [0] * 7 + [1] * 3


@pytest.mark.parametrize("count", [0, 1, 2])
def test_few_faces(count):
    assert grouping.group(_faces(0, 5)[:count]).tolist() == [-1] * count


def test_the_order_of_faces_changes_their_numbers_only():
    points = np.concatenate([_faces(person, 3 + person % 5) for person in range(30)])
    found = grouping.group(points)
    order = np.random.default_rng(0).permutation(len(points))
    again = np.empty_like(found)
    again[order] = grouping.group(points[order])
    together = found[:, None] == found
    assert (together == (again[:, None] == again)).all()
    assert found.max() == 29


def test_blocks_change_nothing(monkeypatch):
    points = np.concatenate([_faces(person, 3 + person % 5) for person in range(30)])
    whole = grouping.group(points)
    monkeypatch.setattr(grouping, "BLOCK", 7)
    assert grouping.group(points).tolist() == whole.tolist()


def _slowly(points: np.ndarray, limit: float) -> list[set[int]]:
    """Merge the two nearest of all groups, one pair at a time, by comparing all faces with all."""
    cosines = points.astype(np.float64) @ points.T.astype(np.float64)
    groups = [{face} for face in range(len(points))]
    while True:
        best, pair = -np.inf, (0, 0)
        for i, one in enumerate(groups):
            for j, other in enumerate(groups[:i]):
                mean = cosines[np.ix_(sorted(one), sorted(other))].mean()
                spread = grouping.PEOPLE + grouping.PHOTOS * (1 / len(one) + 1 / len(other))
                score = (mean - grouping.STRANGERS) / np.sqrt(spread)
                if score > best:
                    best, pair = score, (j, i)
        if best < limit:
            return groups
        groups[pair[0]] |= groups.pop(pair[1])


def test_groups_are_those_of_average_linkage_one_pair_at_a_time():
    points = np.concatenate([_faces(person, 4 + person) for person in range(6)])
    found = grouping.group(points)
    slowly = {frozenset(each) for each in _slowly(points, grouping.LIMIT) if len(each) >= grouping.FEWEST}
    assert {frozenset(np.flatnonzero(found == number).tolist()) for number in range(found.max() + 1)} == slowly


def test_the_limit_grows_with_the_number_of_groups():
    assert grouping._limit(20) == grouping.LIMIT
    assert grouping._limit(1) == grouping.LIMIT
    assert grouping._limit(5000) == pytest.approx(NormalDist().inv_cdf(1 - 1 / (5000 * 4999 / 2)))
