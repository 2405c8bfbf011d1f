"""The people of a model as they are added and forgotten: the embeddings of their images, and digests of images and photos."""

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from celebtool.architectures import DEFAULT
from celebtool.errors import CelebtoolError, command_line, listed
from celebtool.formats import vectors
from celebtool.formats.enrolment import MAX_EMBEDDINGS, MAX_STRANGERS, Enrolment, Held, Solver
from celebtool.formats.image_folder import UNKNOWN
from celebtool.formats.model_info import ModelInfo
from celebtool.suggestions import did_you_mean_class
from celebtool.training.evidence import Points

Embedding = NDArray[np.float32]


@dataclass(frozen=True)
class Person:
    """What a model holds of one person, or of all strangers.

    Args:
        images: digest of each image → its embedding (width,), of length 1; None: left out, since there are many.
        photos: digests of the photos that the images come from.
    """

    images: Mapping[str, Embedding | None] = field(default_factory=dict)
    photos: frozenset[str] = frozenset()

    def embeddings(self, most: int) -> list[Embedding]:
        """Return the embeddings of the images with the lowest digests, `most` of them."""
        return [each for digest in sorted(self.images)[:most] if (each := self.images[digest]) is not None]

    def with_more(self, more: "Person") -> "Person":
        """Return both together; an image that both have counts once."""
        return Person({**more.images, **self.images}, self.photos | more.photos)


@dataclass(frozen=True)
class Method:
    """How the head is solved; see `celebtool.formats.enrolment.Enrolment`."""

    solver: Solver
    class_weights: bool
    false_accept: float | None
    from_crops: bool


@dataclass(frozen=True)
class People:
    """Everybody that a model holds: its classes by name, and the strangers that it rejects."""

    known: Mapping[str, Person]
    strangers: Person
    method: Method

    @property
    def class_names(self) -> tuple[str, ...]:
        """The names in the order of a model's outputs."""
        return tuple(sorted(self.known))

    @property
    def points(self) -> Points:
        """The embeddings (n, width) of all classes, float32, in their order, and whose they are."""
        groups = [self.known[name].embeddings(MAX_EMBEDDINGS) for name in self.class_names]
        class_ids = np.repeat(np.arange(len(groups)), [len(group) for group in groups])
        return Points(np.stack([each for group in groups for each in group]), class_ids)


def read(info: ModelInfo, embeddings: Embedding | None, where: object) -> People:
    """Return the people of a model from its description and its embeddings (rows, width).

    Raises:
        CelebtoolError: the description holds none, or strangers that can't be read; `where` names the model.
    """
    held = info.enrolment
    if held is None or embeddings is None:
        raise CelebtoolError(where, _without_embeddings(info))
    digests = sorted(info.trained_on)
    starts = np.cumsum([0, *(each.embeddings for each in held.people)])
    known = {
        name: _person(each, digests, list(embeddings[start : start + each.embeddings]))
        for name, each, start in zip(info.class_names, held.people, starts, strict=False)
    }
    try:
        strangers = [vectors.unpack(text, held.width) for text in info.strangers]
    except ValueError as error:
        raise CelebtoolError(
            where, f"has strangers that can't be read ({error}); expected a whole model .h5"
        ) from error
    method = Method(held.solver, held.class_weights, held.false_accept, held.from_crops)
    return People(known, _person(held.strangers, digests, strangers), method)


def described(info: ModelInfo, people: People) -> tuple[ModelInfo, Embedding]:
    """Return a description with everything that is held of these people and nothing of others, and the embeddings."""
    everybody = [*(people.known[name] for name in people.class_names), people.strangers]
    photos = {photo for each in everybody for photo in each.photos}
    images = {image for each in everybody for image in each.images}
    places = {digest: place for place, digest in enumerate(sorted(photos | images))}
    embeddings = np.ascontiguousarray(people.points.embeddings, "<f4")
    method = people.method
    enrolment = Enrolment(
        solver=method.solver,
        class_weights=method.class_weights,
        false_accept=method.false_accept,
        from_crops=method.from_crops,
        width=embeddings.shape[1],
        sha256=hashlib.sha256(embeddings.tobytes()).hexdigest(),
        people=tuple(_held(each, places, MAX_EMBEDDINGS) for each in everybody[:-1]),
        strangers=_held(people.strangers, places, MAX_STRANGERS),
    )
    found = replace(
        info,
        class_names=people.class_names,
        origins=tuple(sorted(photos)),
        images=tuple(sorted(images - photos)),
        strangers=tuple(vectors.pack(each) for each in people.strangers.embeddings(MAX_STRANGERS)),
        enrolment=enrolment,
    )
    return found, embeddings


def added(people: People, known: Mapping[str, Person], strangers: Person) -> People:
    """Return the people with others, and with more photos of the same.

    Raises:
        CelebtoolError: an image of a person is one of a stranger, or of another person, too.
    """
    together = {**people.known}
    for name, person in known.items():
        together[name] = together[name].with_more(person) if name in together else person
    found = replace(people, known=together, strangers=people.strangers.with_more(strangers))
    for name, person in together.items():
        if person.images.keys() & found.strangers.images.keys():
            problem = f"has an image that is in {UNKNOWN}/ too; take it out of one of them, or add --forget {UNKNOWN}"
            raise CelebtoolError(name, problem)
    owners = {image: name for name, person in people.known.items() for image in person.images}
    for name, person in known.items():
        other = next((owners[image] for image in person.images if owners.get(image, name) != name), None)
        if other is not None:
            raise CelebtoolError(
                name, f"one of the images is an image of {other} already; take it out, or name it {other}"
            )
        owners.update(dict.fromkeys(person.images, name))
    return found


def without(people: People, names: Collection[str], where: object) -> People:
    """Return the people without some of them; `UNKNOWN` stands for all strangers.

    Raises:
        CelebtoolError: the model, which `where` names, does not know one of them.
    """
    for name in names:
        if name != UNKNOWN and name not in people.known:
            near = did_you_mean_class(name, people.class_names) or f"; it has {listed(people.class_names)}"
            raise CelebtoolError(where, f"has no class {name}{near}")
    if UNKNOWN in names and not people.strangers.images:
        raise CelebtoolError(where, "remembers no strangers")
    known = {name: person for name, person in people.known.items() if name not in names}
    return replace(people, known=known, strangers=Person() if UNKNOWN in names else people.strangers)


def digest(people: People) -> str:
    """Return a SHA-256 of who these people are and of their images."""
    everybody = {name: sorted(person.images) for name, person in people.known.items()}
    content = json.dumps([everybody, sorted(people.strangers.images)], sort_keys=True)
    return hashlib.sha256(content.encode("ascii")).hexdigest()


def check_enough(people: People, where: object) -> None:
    """Check that a classifier can be made of these people.

    Raises:
        CelebtoolError: it can't.
    """
    if len(people.known) < 2:
        left = listed(people.class_names) or "nobody"
        raise CelebtoolError(where, f"would know {left} only; a classifier needs two classes")


def _without_embeddings(info: ModelInfo) -> str:
    """Return why nobody can be added to a model or forgotten, and what to type."""
    words = ["train", "PARTS", "MODEL.h5", *([] if info.architecture == DEFAULT else ["--arch", info.architecture])]
    if not info.centroids:
        words[3:] = []
    again = f"train it again on everybody, with embeddings: {command_line(*words)}"
    return f"holds no embeddings of its people, so nobody can be added or forgotten; {again}"


def _person(held: Held, digests: Sequence[str], embeddings: Sequence[Embedding]) -> Person:
    images: dict[str, Embedding | None] = dict.fromkeys(digests[place] for place in held.images)
    images.update(zip((digests[place] for place in held.images), embeddings, strict=False))
    return Person(images, frozenset(digests[place] for place in held.photos))


def _held(person: Person, places: Mapping[str, int], most: int) -> Held:
    return Held(
        embeddings=min(len(person.images), most),
        images=tuple(sorted(places[image] for image in person.images)),
        photos=tuple(sorted(places[photo] for photo in person.photos)),
    )
