from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from celebtool.cropping import decide, pick_in_folder
from celebtool.cropping.pick_in_folder import Choice
from celebtool.cropping.pick_in_photo import Rule
from celebtool.cropping.plan import CropSettings, Task, target
from celebtool.errors import CelebtoolError
from celebtool.formats.decisions import Decision, Decisions, Verb
from celebtool.formats.faces import FoundFace, PhotoResult
from celebtool.formats.reasons import Reason, Rejection
from celebtool.imaging.alignment import Box, Face
from tests.support.people import face as point


def seen(person: int, width: float = 50, crop: str = "crop.jpg") -> FoundFace:
    return FoundFace(
        Face(Box(10, 20, width, width), np.zeros((5, 2)), 0.99), point(person).astype(np.float32), crop, "5"
    )


def photos(label: str, people: Sequence[Sequence[int]]) -> list[PhotoResult]:
    return [PhotoResult(f"{label}/{i}.jpg", f"{label}{i}", tuple(map(seen, faces))) for i, faces in enumerate(people)]


def made(*rows: Decision) -> Decisions:
    by_path: dict[str, tuple[Decision, ...]] = {}
    for row in rows:
        by_path[row.path] = (*by_path.get(row.path, ()), row)
    return Decisions(Path("d.csv"), rows, by_path)


def choose(
    found: Sequence[PhotoResult], decisions: Decisions, rule: Rule = "identity"
) -> tuple[dict[str, Choice], list[str]]:
    labels = {one.source: one.source.partition("/")[0] for one in found}
    choices, warnings = decide.choose(found, labels, rule, decisions)
    assert [choice.photo for choice in choices] == list(found)
    return {choice.photo.source: choice for choice in choices}, warnings


def told(choice: Choice) -> list[tuple[str, str, str]]:
    """Return label, reason and decision of each row of a photo."""
    paths = {(choice.photo.source, index): f"crop {index}" for index in choice.taken}
    return [(row.label, row.reason, row.extra.get("decision", "")) for row in pick_in_folder.rows([choice], paths)]


def test_without_decisions_nothing_changes() -> None:
    found = photos("ann", [[1, 2], [1], [3, 1], [1]])
    labels = dict.fromkeys((one.source for one in found), "ann")
    decided = decide.choose(found, labels, "identity", made())
    assert decided == pick_in_folder.choose(found, labels, "identity")
    assert pick_in_folder.columns(decided[0]) == pick_in_folder.COLUMNS


def test_a_dropped_photo_has_no_part_in_the_folders_person() -> None:
    found = photos("ann", [[1], [1], [1], [2], [2], [2], [2]])
    assert [choice.taken for choice in choose(found, made())[0].values()] == [(), (), (), (0,), (0,), (0,), (0,)]
    choices, _ = choose(found, made(*(Decision(f"ann/{i}.jpg", Verb.DROP, note="Bea") for i in (3, 4))))
    assert [choice.taken for choice in choices.values()] == [(0,), (0,), (0,), (), (), (), ()]
    assert told(choices["ann/3.jpg"]) == [("ann", "dropped", "drop")]
    assert choices["ann/3.jpg"].rejection == Rejection(Reason.DROPPED, "dropped by decisions.csv: Bea")
    assert told(choices["ann/5.jpg"]) == [("ann", "other_person", "")]


def test_a_moved_photo_is_looked_at_with_its_new_folder() -> None:
    found = [*photos("ann", [[1], [1], [1], [3, 2]]), *photos("bob", [[2], [2], [2]])]
    choices, _ = choose(found, made(Decision("ann/3.jpg", Verb.MOVE, label="bob")))
    choice = choices["ann/3.jpg"]
    assert (choice.taken, choice.label, told(choice)) == ((1,), "bob", [("bob", "moved", "move to bob")])
    assert choices["bob/0.jpg"].detail == "identity: in 4 of 4 photos, nearest of 1 here"


def test_a_photo_that_is_kept_or_moved_gives_its_nearest_face_however_far() -> None:
    found = photos("ann", [[1], [1], [1], [4, 5]])
    nearest = min((0, 1), key=lambda i: choose(found, made())[0]["ann/3.jpg"].distances[i])
    choices, warnings = choose(found, made(Decision("ann/3.jpg", Verb.KEEP)))
    assert (choices["ann/3.jpg"].taken, told(choices["ann/3.jpg"])) == ((nearest,), [("ann", "confirmed", "keep")])
    assert warnings == []


def test_a_face_that_is_taken_stands_for_its_photo() -> None:
    found = photos("ann", [[1, 2], [1], [1], [1, 2]])
    choices, _ = choose(found, made(Decision("ann/0.jpg", Verb.TAKE, 2)))
    assert (choices["ann/0.jpg"].taken, told(choices["ann/0.jpg"])) == ((1,), [("ann", "face_chosen", "take 2")])
    assert choices["ann/1.jpg"].detail == "identity: in 3 of 4 photos, nearest of 1 here"


def test_a_face_that_is_moved_leaves_the_others_to_the_rule() -> None:
    found = [*photos("ann", [[1, 2], [1], [1], [1]]), *photos("bob", [[2], [2], [2]])]
    choices, _ = choose(found, made(Decision("ann/0.jpg", Verb.MOVE, 2, "bob")))
    assert (choices["ann/0.jpg"].taken, told(choices["ann/0.jpg"])) == (
        (0, 1),
        [("ann", "", ""), ("bob", "moved", "move 2 to bob")],
    )
    assert [row["label"] for row in pick_in_folder.all_faces([choices["ann/0.jpg"]], {})] == ["ann", "bob"]
    moved, _ = choose(found, made(Decision("ann/0.jpg", Verb.MOVE, 1, "bob")))
    assert told(moved["ann/0.jpg"]) == [("bob", "moved", "move 1 to bob")]


def test_a_face_that_is_dropped_is_not_the_person() -> None:
    found = photos("ann", [[1, 2], [1], [1], [1]])
    choices, _ = choose(found, made(Decision("ann/0.jpg", Verb.DROP, 1)))
    assert told(choices["ann/0.jpg"]) == [("ann", "other_person", ""), ("ann", "dropped", "drop 1")]


@pytest.mark.parametrize(
    ("rows", "taken"),
    [
        ([Decision("ann/0.jpg", Verb.DROP, 2)], (0, 2)),
        ([Decision("ann/0.jpg", Verb.KEEP, 2)], (0, 1, 2)),
        ([Decision("ann/0.jpg", Verb.TAKE, 2)], (1,)),
        ([Decision("ann/0.jpg", Verb.TAKE, 2), Decision("ann/0.jpg", Verb.TAKE, 3)], (1, 2)),
        ([Decision("ann/0.jpg", Verb.MOVE, label="bob")], (0, 1, 2)),
    ],
)
def test_where_all_faces_are_taken(rows: list[Decision], taken: tuple[int, ...]) -> None:
    assert choose(photos("ann", [[1, 2, 3]]), made(*rows), "all")[0]["ann/0.jpg"].taken == taken


def test_the_largest_face_gives_way_to_the_one_that_is_taken() -> None:
    uncut = PhotoResult("ann/0.jpg", "", (seen(1), seen(2)))  # the worker has cut the wanted face, too
    assert choose([uncut], made(Decision("ann/0.jpg", Verb.TAKE, 2)), "largest")[0]["ann/0.jpg"].taken == (1,)


def test_a_face_that_is_not_there_is_named_by_its_line() -> None:
    with pytest.raises(CelebtoolError) as caught:
        choose(photos("ann", [[1, 2]]), made(Decision("ann/0.jpg", Verb.TAKE, 3, line=7)))
    assert str(caught.value) == "d.csv:7: ann/0.jpg has 2 faces; there is no face 3"


def test_a_photo_that_is_kept_and_gives_nothing_is_a_warning() -> None:
    small = PhotoResult("ann/0.jpg", "", (FoundFace(seen(1).face),), Rejection(Reason.TOO_SMALL, "12 pixels"))
    choices, warnings = choose([small], made(Decision("ann/0.jpg", Verb.KEEP, line=2)))
    advice = "to take a face nevertheless, write take and its number"
    assert warnings[-1] == f"d.csv:2: ann/0.jpg gives no crop (too small); {advice}"
    assert told(choices["ann/0.jpg"]) == [("ann", "too_small", "keep")]


def test_the_path_of_a_crop_stands_for_its_photo() -> None:
    tasks = [Task(Path(), "ann/a.jpeg", "ann", "", "ann/a"), Task(Path(), "ann/b-2.png", "ann", "", "ann/b-2")]
    one = decide.alias(tasks, CropSettings())
    assert [one(path) for path in ("ann/a.jpg", "ann/b-2.jpg", "ann/a.png", "ann/c.jpg", "a")] == [
        *(("ann/a.jpeg", None), ("ann/b-2.png", None)),
        *(None, None, None),
    ]
    several = decide.alias(tasks, CropSettings(select="all"))
    assert [several(path) for path in ("ann/a-2.jpg", "ann/b-2-1.jpg", "ann/b-2.jpg")] == [
        *(("ann/a.jpeg", 2), ("ann/b-2.png", 1), None),
    ]


def test_a_crop_that_is_moved_keeps_its_part_and_inner_folders() -> None:
    assert target(Task(Path(), "", "ann", "", "ann/2019/x"), "bob") == "bob/2019/x"
    assert target(Task(Path(), "", "train", "", "train/train/x", part="train"), "bob") == "train/bob/x"
    assert target(Task(Path(), "", "ann", "", "ann/x"), "ann") == "ann/x"
