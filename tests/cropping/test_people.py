"""Names of groups: numbers, what a person decided, and what they were before."""

import numpy as np

from celebtool.cropping import people
from celebtool.cropping.pick_in_folder import Choice, Decided
from celebtool.formats import manifest
from celebtool.formats.faces import FoundFace, PhotoResult
from celebtool.formats.reasons import Reason
from celebtool.imaging.alignment import Box, Face
from tests.support.people import face as point

FACE = Face(Box(0, 0, 9, 9), np.zeros((5, 2)), 0.99)


def _choices(
    *photos: tuple[str, tuple[int | None, ...]], moved: dict[tuple[str, int], str] | None = None
) -> list[Choice]:
    """One choice per photo: its name, and whose faces it shows; None: a face without an embedding."""
    choices = []
    for source, shown in photos:
        found = [FoundFace(FACE, None if who is None else point(who).astype(np.float32), "x.jpg") for who in shown]
        decided = {
            index: Decided(label, Reason.MOVED, "", f"move to {label}")
            for (path, index), label in (moved or {}).items()
            if path == source
        }
        result = PhotoResult(source, source, tuple(found))
        choices.append(Choice(result, "", tuple(range(len(shown))), decided=decided))
    return choices


def _labels(choices: list[Choice], earlier: dict[tuple[str, int], str] | None = None) -> dict[str, list[str]]:
    found = people.grouped(choices, earlier or {})
    assert [choice.photo for choice in found] == [choice.photo for choice in choices]
    return {choice.photo.source: [choice.label_of(index) for index in choice.taken] for choice in found}


ALBUM = [("1", (7, 8)), ("2", (7,)), ("3", (8, 7, 5)), ("4", (7,)), ("5", (8,)), ("6", (None,))]


def test_groups_are_numbered_by_size_and_the_rest_is_ungrouped():
    assert _labels(_choices(*ALBUM)) == {
        "1": ["person-001", "person-002"],
        "2": ["person-001"],
        "3": ["person-002", "person-001", "ungrouped"],
        "4": ["person-001"],
        "5": ["person-002"],
        "6": ["ungrouped"],
    }


def test_only_faces_that_are_taken_are_grouped():
    choices = [Choice(choice.photo, "", choice.taken[:1]) for choice in _choices(*ALBUM)]
    assert {label for own in _labels(choices).values() for label in own} == {"person-001", "ungrouped"}


def test_no_faces_at_all():
    assert _labels([Choice(PhotoResult("1", "1"), "")]) == {"1": []}


def test_a_group_whose_faces_were_mostly_moved_to_a_name_bears_it_and_the_others_keep_their_numbers():
    moved = {("1", 0): "ann", ("2", 0): "ann", ("3", 1): "ann"}
    labels = _labels(_choices(*ALBUM, moved=moved))
    assert labels["4"] == ["ann"]
    assert labels["5"] == ["person-002"]


def test_one_face_that_was_moved_takes_no_other_with_it():
    labels = _labels(_choices(*ALBUM, moved={("1", 0): "ann", ("2", 0): "ann"}))
    assert (labels["1"][0], labels["2"], labels["4"]) == ("ann", ["ann"], ["person-001"])


def test_two_groups_may_be_merged_under_one_name():
    moved = dict.fromkeys((("1", 0), ("2", 0), ("3", 1), ("1", 1), ("3", 0)), "ann")
    labels = _labels(_choices(*ALBUM, moved=moved))
    assert (labels["4"], labels["5"]) == (["ann"], ["ann"])


def test_a_name_that_a_person_gave_is_no_number_of_another_group():
    moved = {("1", 0): "person-002", ("2", 0): "person-002", ("3", 1): "person-002", ("4", 0): "person-002"}
    assert _labels(_choices(*ALBUM, moved=moved))["5"] == ["person-003"]


def test_groups_keep_their_numbers_when_photos_come():
    earlier = {("1", 0): "person-002", ("2", 0): "person-002", ("1", 1): "person-001", ("3", 0): "person-001"}
    new = [(f"new{number}", (9,)) for number in range(9)]
    labels = _labels(_choices(*ALBUM, *new), earlier)
    assert (labels["4"], labels["5"], labels["new3"]) == (["person-002"], ["person-001"], ["person-003"])


def test_of_two_groups_that_were_one_the_larger_keeps_the_number():
    earlier = dict.fromkeys([("1", 0), ("2", 0), ("3", 1), ("1", 1), ("5", 0)], "person-005")
    labels = _labels(_choices(*ALBUM), earlier)
    assert (labels["4"], labels["5"]) == (["person-005"], ["person-002"])


def test_the_names_of_an_earlier_output_are_those_that_nobody_gave():
    rows = [
        manifest.Row("person-001/a.jpg", "person-001", "a", "", extra={"face": "2"}),
        manifest.Row("person-001/b.jpg", "person-001", "b", "", extra={"face": "1", "decision": "move to person-001"}),
        manifest.Row("ann/c.jpg", "ann", "c", "", extra={"face": "1"}),
        manifest.Row("ungrouped/d.jpg", "ungrouped", "d", "", extra={"face": "1"}),
        manifest.Row("person-001/e.jpg", "person-001", "e", "", extra={"face": "x"}),
        manifest.Row("person-001/f.jpg", "person-001", "f", ""),
        manifest.Row("person-001/g.jpg", "person-001", "g", "", extra={"face": "9" * 5000}),
    ]
    assert people.earlier_names(rows) == {("a", 1): "person-001"}


def test_the_summary_counts_people_and_faces_without_a_group():
    rows = [manifest.Row(f"{label}/1.jpg", label, "1", "") for label in ("ann", "ungrouped", "person-001", "ungrouped")]
    assert people.summary([*rows, manifest.Row("", "", "2", "", "rejected", "no_face")]) == "2 people, 2 ungrouped"
    assert people.summary(rows[:1]) == "1 person, 0 ungrouped"
    strangers = [manifest.Row(f"unknown/{number}.jpg", "unknown", str(number), "") for number in range(3)]
    assert people.summary([*rows, *strangers]) == "2 people, 2 ungrouped, 3 unknown"
