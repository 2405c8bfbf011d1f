import numpy as np
import pytest

from celebtool.cropping import identity
from tests.support.people import face, person


def test_people_of_these_tests_are_apart() -> None:
    assert min(1 - person(i) @ person(j) for i in range(30) for j in range(i)) > 0.65
    assert max(1 - face(1) @ person(1) for _ in range(30)) < 0.2


def test_the_person_in_most_photos_recurs_not_the_one_with_most_faces() -> None:
    crowd = np.stack([face(2) for _ in range(20)])
    photos = [np.stack([face(10 + i), face(1)]) for i in range(6)] + [crowd]
    found = identity.recurring(photos)
    assert found is not None
    assert (found.photos, found.of) == (6, 7)
    assert 1 - found.mean @ person(1) < 0.05
    assert np.linalg.norm(found.mean) == pytest.approx(1)


@pytest.mark.parametrize("people", [[], [1], [1, 1], [1, 2, 3, 4], [1, 1, *range(2, 20)]])
def test_nothing_recurs(people: list[int]) -> None:
    assert identity.recurring([face(number)[None] for number in people]) is None


def test_three_of_a_large_crowd_are_chance() -> None:
    assert identity.recurring([face(n)[None] for n in [1, 1, 1, *range(2, 14)]]) is not None
    assert identity.recurring([face(n)[None] for n in [1, 1, 1, *range(2, 15)]]) is None


def test_a_large_folder_is_sampled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(identity, "MOST", 10)
    found = identity.recurring([np.stack([face(100 + i), face(1)]) for i in range(40)])
    assert found is not None
    assert found.photos == 40


def test_shared_identities_and_guests() -> None:
    people = {
        name: identity.Identity(person(number), 5, 5) for name, number in (("anna", 1), ("bob", 2), ("anna again", 1))
    }
    assert identity.shared(people) == [("anna", "anna again", pytest.approx(0, abs=1e-12))]
    assert identity.shared({}) == []
    annas = [face(1)[None] for _ in range(6)] + [face(2)[None] for _ in range(3)]
    assert identity.guests(annas, people["anna"], {"bob": people["bob"]}) == {"bob": [6, 7, 8]}
    assert identity.guests(annas[:-1], people["anna"], {"bob": people["bob"]}) == {}
