"""What report says that a model holds of people."""

from dataclasses import replace

from celebtool.formats.enrolment import Held
from celebtool.report import people
from tests.support import models


def test_what_is_held_is_counted() -> None:
    assert people.facts(models.ENROLLED) == {
        "means": "2 mean embeddings, one a class",
        "embeddings": "3, 1 to 2 a person (at most 64): biometric data",
        "strangers remembered": "1 image",
        "digests": "SHA-256 of 4 photos and 2 images made of them",
    }
    assert people.records(models.ENROLLED) == [
        {"class": "ann", "embeddings": 2, "images": 2, "photos": 1},
        {"class": "bob", "embeddings": 1, "images": 1, "photos": 2},
        {"class": "unknown", "embeddings": 1, "images": 1, "photos": 1},
    ]
    table = people.table(models.ENROLLED)
    assert table.columns == ("class", "embeddings", "digests of images", "digests of photos")
    assert table.rows[1] == ("bob", "1", "1", "2")


def test_a_model_without_embeddings_says_so() -> None:
    info = replace(models.ENROLLED, enrolment=None, strangers=())
    assert people.facts(info)["embeddings"] == "none: people can be neither added nor forgotten"
    assert (people.records(info), people.table(info)) == ([], None)
    assert set(people.facts(models.INFO).values()) == {""}


def test_thousands_of_people_are_summed_up() -> None:
    many = replace(models.ENROLLED.enrolment, people=(Held(1, (0,), (0,)),) * (people.MANY + 1))
    info = replace(models.ENROLLED, class_names=tuple(map(str, range(people.MANY + 1))), enrolment=many)
    assert people.table(info) is None
    assert len(people.records(info)) == people.MANY + 2
