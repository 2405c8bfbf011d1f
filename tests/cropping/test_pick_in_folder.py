import numpy as np

from celebtool.cropping import pick_in_folder
from celebtool.formats import manifest
from celebtool.formats.faces import FoundFace, PhotoResult
from celebtool.formats.reasons import Reason, Rejection
from celebtool.imaging.alignment import Box, Face
from tests.support.people import face as point


def candidate(person: int, width: float = 50, crop: str = "crop.jpg") -> FoundFace:
    found = Face(Box(10, 20, width, width), np.arange(10.0).reshape(5, 2), 0.99)
    return FoundFace(found, point(person).astype(np.float32), crop, "5")


def photos(label: str, people: list[list[int]]) -> list[PhotoResult]:
    return [
        PhotoResult(
            f"{label}/{i}.jpg", f"{label}{i}", tuple(candidate(person, 90 - 10 * k) for k, person in enumerate(faces))
        )
        for i, faces in enumerate(people)
    ]


def labels(found: list[PhotoResult]) -> dict[str, str]:
    return {one.source: one.source.rpartition("/")[0] for one in found}


def test_the_face_that_the_folder_shares_is_taken() -> None:
    found = [
        *photos("anna", [[2, 1], [1], [3, 4, 1], [1, 5], [6]]),
        PhotoResult("anna/x.jpg", "x", (), Rejection(Reason.NO_FACE, "none")),
    ]
    choices, warnings = pick_in_folder.choose(found, labels(found), "identity")
    assert [choice.taken for choice in choices] == [(1,), (0,), (2,), (0,), (), ()]
    assert [choice.rejection and choice.rejection.reason for choice in choices[3:]] == [None, "other_person", "no_face"]
    assert choices[0].detail == "identity: in 4 of 5 photos, nearest of 2 here"
    assert choices[4].rejection
    assert float(choices[4].rejection.detail.removeprefix("the nearest of its faces is ")[:4]) > 0.65
    assert warnings == []


def test_where_nobody_recurs_the_largest_is_taken_and_it_is_said() -> None:
    found = photos("anna", [[1, 2], [3]]) + photos("unknown", [[1, 4], [1], [1, 5]])
    choices, warnings = pick_in_folder.choose(found, labels(found), "identity")
    assert [choice.taken for choice in choices] == [(0,)] * 5
    assert choices[0].detail == "largest: no person recurs in this folder"
    assert warnings == ["anna: no person recurs in its photos; the largest face of each was taken"]


def test_copies_of_a_photo_count_once() -> None:
    found = [PhotoResult(f"anna/{i}.jpg", "same", (candidate(1),)) for i in range(5)]
    assert pick_in_folder.choose(found, labels(found), "identity")[1]


def test_folders_of_one_person_and_polluted_ones_are_named() -> None:
    found = photos("anna", [[1]] * 5) + photos("anna2", [[1]] * 5) + photos("bob", [[2]] * 7 + [[3]] * 3)
    found += photos("carl", [[3]] * 4)
    warnings = pick_in_folder.choose(found, labels(found), "identity")[1]
    assert len(warnings) == 2
    assert warnings[0].startswith("anna and anna2 look like one person")
    assert warnings[1] == (
        "3 photos in bob show the person of carl: bob/7.jpg, bob/8.jpg, bob/9.jpg (other_person in manifest.csv)"
    )


def test_rows_for_every_photo_and_every_face() -> None:
    found = photos("anna", [[2, 1], [1], [1], [3]])
    choices, _ = pick_in_folder.choose(found, labels(found), "identity")
    paths = {("anna/0.jpg", 1): "anna/0.jpg", ("anna/1.jpg", 0): "anna/1.jpg", ("anna/2.jpg", 0): "anna/2.jpg"}
    rows = pick_in_folder.rows(choices, paths)
    assert [(row.path, row.status) for row in rows] == [*((p, manifest.KEPT) for p in paths.values()), ("", "rejected")]
    assert rows[0].extra["face"] == "2"
    assert 0 < float(rows[0].extra["distance"]) < 0.2
    listed = list(pick_in_folder.all_faces(choices, paths))
    assert [(row["source"], row["face"], row["path"]) for row in listed][:2] == [
        ("anna/0.jpg", "1", ""),
        ("anna/0.jpg", "2", "anna/0.jpg"),
    ]
    assert float(listed[0]["distance"]) > 0.7


def test_other_rules_take_what_was_cut() -> None:
    found = [PhotoResult("a.jpg", "a", (candidate(1), candidate(2, crop="")))]
    both = [PhotoResult("a.jpg", "a", (candidate(1), candidate(2)))]
    assert pick_in_folder.choose(both, {"a.jpg": ""}, "all")[0][0].taken == (0, 1)
    choices, warnings = pick_in_folder.choose(found, {"a.jpg": ""}, "confident")
    assert (choices[0].taken, choices[0].distance(0), warnings) == ((0,), "", [])


def test_a_taken_face_without_a_crop_is_asked_for() -> None:
    found = [PhotoResult(f"{i}.jpg", str(i), (candidate(1, crop="" if i == 2 else "x"),)) for i in range(4)]
    choices, _ = pick_in_folder.choose(found, dict.fromkeys((one.source for one in found), ""), "identity")
    assert pick_in_folder.without_crops(choices) == {"2.jpg"}
    new = PhotoResult("2.jpg", "2", (candidate(1),))
    assert pick_in_folder.replaced(found, [new])[2] == new
