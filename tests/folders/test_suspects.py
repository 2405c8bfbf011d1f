"""Suspects among images whose embeddings are made up: a person is a direction, a photo of them lies near it."""

from collections.abc import Sequence

import numpy as np
import pytest

from celebtool.cropping import identity
from celebtool.folders import suspects
from celebtool.folders.suspects import Portrait, Why

SPREAD = 0.06  # of photos of one person: their cosines to one another are about 0.68


def _person(number: int) -> np.ndarray:
    direction = np.zeros(128)
    direction[number] = 1
    return direction


def _photos(person: int, count: int, seed: int = 0) -> list[np.ndarray]:
    rng = np.random.default_rng([seed, person])
    points = _person(person) + SPREAD * rng.normal(size=(count, 128))
    return [np.asarray(point / np.linalg.norm(point), np.float32) for point in points]


def _folder(**people: Sequence[np.ndarray]) -> list[Portrait]:
    return [
        Portrait(f"{label}/{number}.jpg", label, point)
        for label, points in people.items()
        for number, point in enumerate(points)
    ]


def _said(found: Sequence[suspects.Suspect]) -> list[tuple[str, str, str, str]]:
    return [(each.path, each.label, each.looks_like, each.reason) for each in found]


def test_a_folder_without_mistakes_has_no_suspects() -> None:
    assert suspects.find(_folder(ann=_photos(0, 10), bob=_photos(1, 3), cid=_photos(2, 1))) == []


def test_an_image_of_another_class_is_found_and_named() -> None:
    images = _folder(ann=_photos(0, 10), bob=[*_photos(1, 9), *_photos(0, 1, seed=1)])
    (found,) = suspects.find(images)
    assert _said([found]) == [("bob/9.jpg", "bob", "ann", "other_person")]
    points = np.stack([image.embedding for image in images])
    to_ann, to_bob = (
        float(points[19] @ mean / np.linalg.norm(mean)) for mean in (points[:10].sum(0), points[10:19].sum(0))
    )
    assert found.margin == pytest.approx(to_ann - to_bob, abs=1e-5)
    assert found.detail == f"cosine {to_ann:.2f} to ann, {to_bob:.2f} to bob's other images"


def test_two_swapped_images_are_found_the_surest_first() -> None:
    ann, bob = _photos(0, 6), _photos(1, 6)
    found = suspects.find(_folder(ann=[*ann[:5], bob[5]], bob=[*bob[:5], ann[5]]))
    assert {each[:3] for each in _said(found)} == {("ann/5.jpg", "ann", "bob"), ("bob/5.jpg", "bob", "ann")}
    assert found[0].margin >= found[1].margin


def test_wrong_images_that_are_nearly_half_of_a_class_hide_nobody() -> None:
    found = suspects.find(_folder(ann=_photos(0, 10), bob=[*_photos(1, 6), *_photos(0, 5, seed=1)]))
    assert {each.path for each in found} == {f"bob/{number}.jpg" for number in range(6, 11)}


def test_of_a_class_of_two_the_wrong_one_is_found_and_the_right_one_stays() -> None:
    found = suspects.find(_folder(ann=_photos(0, 10), bob=[*_photos(1, 1), *_photos(0, 1, seed=1)]))
    assert _said(found) == [("bob/1.jpg", "bob", "ann", "other_person")]


def test_an_image_near_to_no_class_is_nobody() -> None:
    (found,) = suspects.find(_folder(ann=_photos(0, 10), bob=[*_photos(1, 9), *_photos(7, 1)]))
    assert _said([found]) == [("bob/9.jpg", "bob", "", "nobody")]
    assert found.margin == pytest.approx(0.37, abs=0.15)
    assert found.detail.endswith("to bob's other images; a person's own reach 0.37")


@pytest.mark.parametrize(
    ("cosine", "expected"),
    [
        (0.75, [("", "ann", "bob", "shared_person")]),
        (0.65, [("bob/0.jpg", "bob", "ann", "other_person")]),
        (0.55, []),
    ],
)
def test_the_only_image_of_a_class_has_to_be_very_near_to_another_class(
    cosine: float, expected: list[tuple[str, str, str, str]]
) -> None:
    ann = [np.asarray(_person(0), np.float32)] * 3
    bob = np.asarray(cosine * _person(0) + np.sqrt(1 - cosine**2) * _person(1), np.float32)
    assert _said(suspects.find(_folder(ann=ann, bob=[bob]))) == expected


def test_two_classes_of_one_person_are_one_suspect_and_not_their_images() -> None:
    (found,) = suspects.find(_folder(bob=_photos(1, 9), robert=_photos(1, 9, seed=1), ann=_photos(0, 9)))
    assert _said([found]) == [("", "bob", "robert", "shared_person")]
    assert 0 < found.margin < suspects.SHARED


def test_an_image_of_unknown_that_is_a_known_person() -> None:
    (found,) = suspects.find(_folder(ann=_photos(0, 10), unknown=[*_photos(5, 1), *_photos(6, 1), *_photos(0, 1, 1)]))
    assert _said([found]) == [("unknown/2.jpg", "unknown", "ann", "other_person")]


def test_copies_under_two_names_are_told_if_their_embeddings_do_not_tell_which_is_wrong() -> None:
    images = [
        Portrait("ann/0.jpg", "ann", None),
        Portrait("bob/0.jpg", "bob", None),
        Portrait("bob/1.jpg", "bob", None),
    ]
    found = suspects.find(images, copies=[(0, 1), (1, 2)])
    assert _said(found) == [("ann/0.jpg", "ann", "bob", "copy"), ("bob/0.jpg", "bob", "ann", "copy")]
    assert found[0].detail == "the same picture as bob/0.jpg"
    assert found[0].margin is None


def test_of_copies_under_two_names_only_the_wrong_one_is_a_suspect_if_it_is_known() -> None:
    ann = _photos(0, 10)
    found = suspects.find(_folder(ann=ann, bob=[*_photos(1, 9), ann[0]]), copies=[(0, 19)])
    assert _said(found) == [("bob/9.jpg", "bob", "ann", "other_person")]


def test_an_image_without_a_face() -> None:
    images = [*_folder(ann=_photos(0, 3)), Portrait("ann/wall.jpg", "ann", None, faceless=True)]
    assert _said(suspects.find(images)) == [("ann/wall.jpg", "ann", "", "no_face")]


def test_the_number_of_a_face_is_passed_on() -> None:
    wrong = Portrait("bob/group.jpg", "bob", _photos(0, 1, seed=1)[0], face="2")
    (found,) = suspects.find([*_folder(ann=_photos(0, 5), bob=_photos(1, 5)), wrong])
    assert (found.path, found.face) == ("bob/group.jpg", "2")


def test_reasons_are_in_order_and_nothing_depends_on_the_order_of_images() -> None:
    ann = _photos(0, 8)
    images = [
        *_folder(ann=ann, bob=_photos(1, 8), cid=_photos(2, 8), cyd=_photos(2, 8, seed=1)),
        Portrait("bob/x.jpg", "bob", _photos(9, 1)[0]),
        Portrait("bob/y.jpg", "bob", _photos(0, 1, seed=3)[0]),
        Portrait("bob/z.jpg", "bob", None, faceless=True),
    ]
    found = suspects.find(images)
    assert [each.reason for each in found] == [Why.SHARED_PERSON, Why.OTHER_PERSON, Why.NOBODY, Why.NO_FACE]
    shuffled = [images[index] for index in np.random.default_rng(0).permutation(len(images))]
    assert _said(suspects.find(shuffled)) == _said(found)


def test_no_images() -> None:
    assert suspects.find([]) == []
    assert suspects.find([Portrait("unknown/1.jpg", "unknown", _photos(0, 1)[0])]) == []


def test_crop_faces_and_report_draw_the_same_lines() -> None:
    assert (identity.SHARED, pytest.approx(1 - identity.LIMIT)) == (suspects.SHARED, suspects.NEAR)


def test_faces_without_a_group_are_of_no_class() -> None:
    loose = [*_photos(5, 4), *_photos(0, 1, 1)]
    (found,) = suspects.find(_folder(**{"person-001": _photos(0, 10), "ungrouped": loose}))
    assert _said([found]) == [("ungrouped/4.jpg", "ungrouped", "person-001", "other_person")]
    assert found.detail.endswith(" to person-001, and ungrouped is for people of no class")
