"""What a model holds of people beside its weights, so that people can be added and forgotten without their photos.

The description lists, for each class and for the strangers of unknown/, which of the model's digests are of their images and
photos. The dataset `DATASET` of the file holds the embeddings of the classes' images, float32 (rows, width), class by class in
the order of the classes; those of the strangers are in the description itself, because `predict` needs them. The images of a
class are sorted by their digests, and the first `MAX_EMBEDDINGS` have an embedding. Digests are as good as random numbers, so
that is a fair sample, and the same one in whatever order the images came.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Annotated, Literal, get_args

from celebtool.formats.image_folder import MAX_CLASSES
from celebtool.formats.json_checks import MAX_ITEMS, flag, list_of, number, one_of, optional, record, text, whole

DATASET = "celebtool_embeddings"
MAX_EMBEDDINGS = 64
"""The most embeddings of a class."""
MAX_STRANGERS = 1024
"""The most embeddings of strangers."""
MAX_WIDTH = 512

Solver = Literal["mean", "lbfgs"]
_check_places = list_of(whole(0, MAX_ITEMS))


@dataclass(frozen=True)
class Held:
    """What a model holds of one class, or of the strangers; places are those in the sorted list of the model's digests."""

    embeddings: Annotated[int, whole(0, MAX_STRANGERS)]
    """How many of the images have one."""
    images: Annotated[tuple[int, ...], _check_places]
    """The places of the images' digests, rising; the first of them have the embeddings."""
    photos: Annotated[tuple[int, ...], _check_places]
    """The places of the digests of the photos that the images come from, rising."""


@dataclass(frozen=True)
class Enrolment:
    """What the head was solved from, and how."""

    solver: Annotated[Solver, one_of(*get_args(Solver))]
    """The optimizer of `train` that made the head."""
    class_weights: Annotated[bool, flag]
    false_accept: Annotated[float | None, optional(number(0, 1))]
    """As the user of `train` asked for it."""
    from_crops: Annotated[bool, flag]
    """Whether the embeddings are those that `crop-faces` leaves in faces.csv."""
    width: Annotated[int, whole(1, MAX_WIDTH)]
    """Numbers of an embedding."""
    sha256: Annotated[str, text]
    """Of the dataset's bytes."""
    people: Annotated[tuple[Held, ...], list_of(record(Held), 2, MAX_CLASSES)]
    """In the order of the classes."""
    strangers: Annotated[Held, record(Held)]

    @property
    def shape(self) -> tuple[int, int]:
        """The shape of the dataset."""
        return sum(held.embeddings for held in self.people), self.width


check_enrolment = record(Enrolment)
"""Accept the JSON of an enrolment; raises ValueError otherwise."""


def check_places(enrolment: Enrolment, classes: int, digests: int) -> None:
    """Check that an enrolment and the rest of a description bear each other out.

    Args:
        enrolment: passed by `check_enrolment`.
        classes: how many the model has.
        digests: how many different ones it lists.

    Raises:
        ValueError: other people than the classes, other counts, or a digest that is nobody's.
    """
    if len(enrolment.people) != classes:
        raise ValueError(f"enrolment: {len(enrolment.people)} people in {classes} classes")
    for held in (*enrolment.people, enrolment.strangers):
        most = MAX_STRANGERS if held is enrolment.strangers else MAX_EMBEDDINGS
        if held.embeddings != min(len(held.images), most):
            raise ValueError("enrolment: more or fewer embeddings than images")
        if not all(_rises(places, digests) for places in (held.images, held.photos)):
            raise ValueError("enrolment: places of digests that are none")
    if not all(held.images for held in enrolment.people):
        raise ValueError("enrolment: a class without images")
    everybody = (*enrolment.people, enrolment.strangers)
    if len({place for held in everybody for place in (*held.images, *held.photos)}) != digests:
        raise ValueError("enrolment: a digest that is nobody's")


def _rises(places: Sequence[int], most: int) -> bool:
    return all(first < second for first, second in pairwise((-1, *places, most)))
