"""Whom a model holds: packed into its description and read back, added to, and forgotten."""

from dataclasses import replace

import numpy as np
import pytest

from celebtool.errors import CelebtoolError
from celebtool.formats import model_info
from celebtool.formats.enrolment import MAX_EMBEDDINGS, MAX_STRANGERS
from celebtool.formats.model_info import ModelInfo
from celebtool.training import calibration, enrolment, enrolment_messages
from celebtool.training.enrolment import Method, People, Person
from tests.support import people as faces

METHOD = Method("mean", class_weights=False, false_accept=None, from_crops=True)


def person(number: int, count: int, first: int = 0) -> Person:
    """So many images of a person, each of a photo of its own."""
    digests = [f"{(number * 1_000_003 + i) * 2_654_435_761 % 2**64:016x}" for i in range(first, first + count)]
    images = {digest: faces.face(number).astype(np.float32) for digest in digests}
    return Person(images, frozenset(f"{digest}-photo" for digest in digests))


def people(**counts: int) -> People:
    known = {name: person(number, count) for number, (name, count) in enumerate(counts.items())}
    return People(known, Person(), METHOD)


def described(found: People) -> tuple[ModelInfo, np.ndarray]:
    names = found.class_names
    points = found.points
    means = calibration.centroids(points.embeddings.astype(np.float64), points.class_ids, len(names))
    info = ModelInfo("face-sface", names, (124, 124), centroids=calibration.pack(means))
    return enrolment.described(info, found)


def test_people_are_read_back_as_they_were_described() -> None:
    found = replace(people(ann=3, bob=1, Zoë=MAX_EMBEDDINGS + 5), strangers=person(9, 4))
    info, embeddings = described(found)
    assert model_info.from_json(model_info.to_json(info)) == info
    again = enrolment.read(info, embeddings, "m.h5")
    assert again.class_names == ("Zoë", "ann", "bob")
    assert described(again)[0] == info
    np.testing.assert_array_equal(described(again)[1], embeddings)
    for name, each in found.known.items():
        assert again.known[name].photos == each.photos
        assert again.known[name].images.keys() == each.images.keys()
    assert again.strangers.photos == found.strangers.photos
    assert info.trained_on == {d for p in (*found.known.values(), found.strangers) for d in (*p.images, *p.photos)}


def test_of_many_images_those_with_the_lowest_digests_have_embeddings_in_whatever_order_they_came() -> None:
    whole = person(5, 3 * MAX_EMBEDDINGS)
    chosen = sorted(whole.images)[:MAX_EMBEDDINGS]
    np.testing.assert_array_equal(whole.embeddings(MAX_EMBEDDINGS), [whole.images[digest] for digest in chosen])
    thirds = [sorted(whole.images)[i::3] for i in range(3)]
    together = people(bob=1)
    for third in thirds:
        one = Person({digest: whole.images[digest] for digest in third})
        together = enrolment.added(together, {"ann": one}, Person())
        together = enrolment.read(*described(together), "m.h5")
    np.testing.assert_array_equal(together.known["ann"].embeddings(MAX_EMBEDDINGS), whole.embeddings(MAX_EMBEDDINGS))
    assert len(together.known["ann"].images) == 3 * MAX_EMBEDDINGS


def test_strangers_are_bounded() -> None:
    info, _ = described(replace(people(ann=1, bob=1), strangers=person(9, MAX_STRANGERS + 1)))
    assert len(info.strangers) == info.enrolment.strangers.embeddings == MAX_STRANGERS
    assert len(info.enrolment.strangers.images) == MAX_STRANGERS + 1


def test_an_image_that_is_known_counts_once() -> None:
    before = people(ann=3, bob=3)
    after = enrolment.added(before, {"ann": person(0, 4)}, Person())
    assert len(after.known["ann"].images) == 4
    assert described(enrolment.added(before, {"ann": person(0, 3)}, Person()))[0] == described(before)[0]


def test_who_is_forgotten_leaves_what_would_have_been_without_them() -> None:
    without_bob = People({"ann": person(0, 3), "cay": person(2, 3)}, Person(), METHOD)
    everybody = enrolment.added(without_bob, {"bob": person(1, 5)}, person(9, 2))
    forgotten = enrolment.without(everybody, ["bob", "unknown"], "m.h5")
    expected, embeddings = described(without_bob)
    info, left = described(forgotten)
    assert info == expected
    np.testing.assert_array_equal(left, embeddings)
    assert enrolment.digest(forgotten) == enrolment.digest(without_bob) != enrolment.digest(everybody)


def test_a_photo_of_two_people_stays_while_one_of_them_does() -> None:
    ann, bob = (replace(person(number, 2), photos=frozenset({"group", str(number)})) for number in (0, 1))
    found = People({"ann": ann, "bob": bob, "cay": person(2, 2)}, Person(), METHOD)
    assert {"group", "0"} <= set(described(enrolment.without(found, ["bob"], "m.h5"))[0].origins)
    assert "group" not in described(People({"bob": person(1, 2), "cay": person(2, 2)}, Person(), METHOD))[0].origins


@pytest.mark.parametrize(
    ("names", "problem"),
    [
        (["dan"], "m.h5: has no class dan; it has ann, bob"),
        (["ann", "Bob"], "m.h5: has no class Bob; did you mean bob?"),
        (["unknown"], "m.h5: remembers no strangers"),
    ],
)
def test_who_is_not_known_cannot_be_forgotten(names: list[str], problem: str) -> None:
    with pytest.raises(CelebtoolError) as error:
        enrolment.without(people(ann=1, bob=1), names, "m.h5")
    assert str(error.value) == problem


def test_a_classifier_needs_two() -> None:
    left = enrolment.without(people(ann=1, bob=1), ["bob"], "m.h5")
    with pytest.raises(CelebtoolError) as error:
        enrolment.check_enough(left, "out.h5")
    assert str(error.value) == "out.h5: would know ann only; a classifier needs two classes"


def test_nobody_is_a_person_and_a_stranger() -> None:
    problem = "ann: has an image that is in unknown/ too; take it out of one of them, or add --forget unknown"
    for more, strangers in (({}, person(0, 1)), ({"ann": person(0, 2)}, person(0, 1))):
        with pytest.raises(CelebtoolError) as error:
            enrolment.added(people(ann=1, bob=1), more, strangers)
        assert str(error.value) == problem


def test_an_image_is_of_one_of_the_people_who_are_added() -> None:
    both = {"dan": person(5, 3), "eve": person(5, 1, first=2)}
    with pytest.raises(CelebtoolError) as caught:
        enrolment.added(people(ann=3, bob=3), both, Person())
    assert str(caught.value) == "eve: one of the images is an image of dan already; take it out, or name it dan"


def test_names_of_new_people_that_are_nearly_known_are_said() -> None:
    before, after = people(cho_kim=1, bob=1), people(cho_kim=1, bob=1, **{"Cho Kim": 1, "zoe": 1})
    assert enrolment_messages.namesakes(before, after) == [
        "names of new people are nearly those of people whom the model knows: Cho Kim (cho_kim); for one person use one name"
    ]
    assert enrolment_messages.namesakes(before, before) == []


def test_what_has_changed_is_said() -> None:
    before = people(ann=3, bob=3, cay=3)
    more = {"ann": person(0, 4), "dan": person(5, 1), "eve": person(6, 3)}
    after = enrolment.added(enrolment.without(before, ["bob"], ""), more, person(9, 2))
    expected = (
        "added dan (1 image), eve (3 images); more of ann (1 image); forgot bob; unknown/: 2 more images; 4 classes"
    )
    assert enrolment_messages.summary(before, after) == expected
    assert enrolment_messages.summary(after, enrolment.without(after, ["unknown"], "")).endswith(
        "forgot the strangers of unknown/; 4 classes"
    )


def test_a_newcomer_who_looks_like_a_remembered_stranger_is_named() -> None:
    before = replace(people(ann=3, bob=3), strangers=person(5, 2))
    after = enrolment.added(before, {"dan": person(5, 3, first=10), "eve": person(6, 3)}, Person())
    said = "dan: looks like a stranger that the model remembers, and may be taken for one"
    assert enrolment_messages.doubts(before, after, 0.5) == [f"{said}; if it is the same person, add --forget unknown"]
    assert enrolment_messages.doubts(before, after, None) == []
    assert enrolment_messages.doubts(people(ann=3, bob=3), after, 0.5) == []


@pytest.mark.parametrize(
    ("info", "command"),
    [
        (ModelInfo("face-sface", ("a", "b"), (124, 124), centroids=("x", "y")), "celebtool train PARTS MODEL.h5"),
        (
            ModelInfo("face-resnet29", ("a", "b"), (150, 150), centroids=("x", "y")),
            "celebtool train PARTS MODEL.h5 --arch face-resnet29",
        ),
        (ModelInfo("cnn", ("a", "b"), (16, 16)), "celebtool train PARTS MODEL.h5"),
    ],
)
def test_a_model_without_embeddings_says_what_to_type(info: ModelInfo, command: str) -> None:
    with pytest.raises(CelebtoolError) as error:
        enrolment.read(info, np.zeros((0, 128), np.float32), "m.h5")
    problem = "holds no embeddings of its people, so nobody can be added or forgotten"
    assert str(error.value) == f"m.h5: {problem}; train it again on everybody, with embeddings: {command}"
