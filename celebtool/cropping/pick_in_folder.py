"""Pick the right face of each photo, looking at all photos of a folder together, and say what was noticed."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from celebtool.cropping import identity
from celebtool.cropping.identity import Identity, Points
from celebtool.cropping.pick_in_photo import Rule
from celebtool.errors import listed
from celebtool.formats import faces, manifest
from celebtool.formats.decisions import CELL
from celebtool.formats.faces import EMBEDDING, PhotoResult
from celebtool.formats.image_folder import UNKNOWN
from celebtool.formats.reasons import Reason, Rejection

COLUMNS = ("detail", "face", "left", "top", "width", "height", "landmarks", "confidence", "distance", "sharpness")


@dataclass(frozen=True)
class Decided:
    """What a person decided about a photo or a face: its label, the reason, the sentence and the cell of the manifest."""

    label: str
    reason: Reason
    detail: str
    cell: str


@dataclass(frozen=True)
class Choice:
    """Which faces of a photo are taken.

    Args:
        photo: what the photo gives.
        label: whose folder it is in.
        taken: indices of the faces that are taken.
        detail: how they were chosen.
        deleted: indices of faces that would be taken, but whose crops a person has deleted.
        rejection: why none is taken.
        distances: of each face, by its index, from the folder's person.
        decided: what a person decided about faces, by index, and about the whole photo (None).
        groups: the label of faces, by index, that were sorted by who they are.
    """

    photo: PhotoResult
    label: str
    taken: tuple[int, ...] = ()
    detail: str = ""
    deleted: tuple[int, ...] = ()
    rejection: Rejection | None = None
    distances: Mapping[int, float] = field(default_factory=dict)
    decided: Mapping[int | None, Decided] = field(default_factory=dict)
    groups: Mapping[int, str] = field(default_factory=dict)

    def label_of(self, index: int) -> str:
        """Return the class that a face belongs to."""
        own = self.decided.get(index)
        return (own.label if own else "") or self.groups.get(index, self.label)

    @property
    def dropped(self) -> list[int]:
        """The indices of the faces that a person dropped."""
        return [i for i, each in self.decided.items() if i is not None and each.reason == Reason.DROPPED]

    def distance(self, index: int) -> str:
        """Return a face's distance from the folder's person as a cell of a table."""
        return f"{self.distances[index]:.6g}" if index in self.distances else ""


def choose(photos: Sequence[PhotoResult], labels: Mapping[str, str], rule: Rule) -> tuple[list[Choice], list[str]]:
    """Return the choice for each photo, in their order, and warnings for the user.

    Args:
        photos: what the photos give.
        labels: whose folder each photo is in, by its source; "" for none.
        rule: ``identity`` compares the photos of a folder; with the other rules, the faces that were cut are taken.
    """
    if rule != "identity":
        return [_as_cut(photo, labels[photo.source]) for photo in photos], []
    folders: dict[str, list[PhotoResult]] = {}
    for photo in photos:
        folders.setdefault(labels[photo.source], []).append(photo)
    known = {label: _recurring(own) for label, own in folders.items() if _is_one_person(label, folders)}
    identities = {label: person for label, person in known.items() if person is not None}
    choices = {
        photo.source: _of_person(photo, label, identities[label])
        if label in identities
        else _largest(photo, label, "largest: no person recurs in this folder" if label in known else "largest")
        for label, own in folders.items()
        for photo in own
    }
    return [choices[photo.source] for photo in photos], _warnings(folders, known, identities)


def rows(choices: Iterable[Choice], paths: Mapping[tuple[str, int], str]) -> list[manifest.Row]:
    """Return the rows of the manifest; `paths` names each crop by its photo's source and its face's index."""
    result = []
    for choice in choices:
        if choice.rejection:
            reason, detail = choice.rejection
            result.append(_row(choice, None, "", manifest.REJECTED, reason, {"detail": detail}))
        for index in choice.deleted:
            extra = {"detail": "its crop was deleted by hand"} | _cells(choice, index)
            result.append(_row(choice, index, "", manifest.REJECTED, Reason.DELETED, extra))
        for index in choice.dropped:
            extra = {"detail": choice.decided[index].detail} | _cells(choice, index)
            result.append(_row(choice, index, "", manifest.REJECTED, Reason.DROPPED, extra))
        for index in choice.taken:
            own = choice.decided.get(index)
            extra = {"detail": own.detail if own else choice.detail} | _cells(choice, index)
            path = paths[choice.photo.source, index]
            result.append(_row(choice, index, path, manifest.KEPT, own.reason if own else "", extra))
    return result


def columns(choices: Iterable[Choice]) -> tuple[str, ...]:
    """Return the columns of the manifest besides its own: if a person decided anything, one that says what."""
    return (*COLUMNS, CELL) if any(choice.decided for choice in choices) else COLUMNS


def _row(
    choice: Choice, index: int | None, path: str, status: str, reason: str, extra: Mapping[str, str]
) -> manifest.Row:
    own = choice.decided.get(index)
    label = choice.label if index is None else choice.label_of(index)
    decision = {CELL: own.cell} if own else {}
    return manifest.Row(path, label, choice.photo.source, choice.photo.origin, status, reason, {**extra, **decision})


def _cells(choice: Choice, index: int) -> dict[str, str]:
    face = choice.photo.faces[index]
    own = {"face": str(index + 1), "distance": choice.distance(index), "sharpness": face.sharpness}
    return own | faces.cells(face.face)


def all_faces(choices: Iterable[Choice], paths: Mapping[tuple[str, int], str]) -> Iterable[dict[str, str]]:
    """Yield the rows of ``faces.csv``: every face that was found, taken or not."""
    for choice in sorted(choices, key=lambda choice: choice.photo.source):
        for index in range(len(choice.photo.faces)):
            path = paths.get((choice.photo.source, index), "")
            yield faces.row(choice.photo, index + 1, choice.label_of(index), choice.distance(index), path)


def without_deleted(choices: Iterable[Choice], deleted: Collection[tuple[str, int]]) -> list[Choice]:
    """Return the choices without the faces, by photo and index, whose crops a person has deleted."""
    result = []
    for choice in choices:
        gone = tuple(index for index in choice.taken if (choice.photo.source, index) in deleted)
        left = tuple(index for index in choice.taken if index not in gone)
        result.append(replace(choice, taken=left, deleted=gone))
    return result


def without_crops(choices: Iterable[Choice]) -> set[str]:
    """Return the sources of the photos of which a face is taken that has not been cut out."""
    return {choice.photo.source for choice in choices if any(not choice.photo.faces[i].crop for i in choice.taken)}


def replaced(photos: Iterable[PhotoResult], retried: Iterable[PhotoResult]) -> list[PhotoResult]:
    """Return each photo's result, the retried one if it was retried."""
    later = {photo.source: photo for photo in retried}
    return [later.get(photo.source, photo) for photo in photos]


def _is_one_person(label: str, folders: Mapping[str, object]) -> bool:
    """Say whether a folder's photos are of one person: not unknown/, nor loose photos beside class folders."""
    return label != UNKNOWN and (label != "" or len(folders) == 1)


def _points(photo: PhotoResult) -> tuple[list[int], Points]:
    """Return the indices of the faces that may be taken, and their embeddings (n, 128)."""
    points = {i: each.embedding for i, each in enumerate(photo.faces) if each.embedding is not None}
    return list(points), np.array(list(points.values()), np.float64).reshape(-1, EMBEDDING)


def _distinct(photos: Sequence[PhotoResult]) -> list[PhotoResult]:
    """Return the photos that have a face; of several copies of a file, one."""
    first = {photo.origin or photo.source: photo for photo in reversed(photos) if _points(photo)[0]}
    return sorted(first.values(), key=lambda photo: photo.source)


def _all_points(photos: Iterable[PhotoResult]) -> list[Points]:
    return [_points(photo)[1] for photo in photos]


def _recurring(photos: Sequence[PhotoResult]) -> Identity | None:
    return identity.recurring(_all_points(_distinct(photos)))


def _as_cut(photo: PhotoResult, label: str) -> Choice:
    """Return the choice of a rule that looks at one photo: the faces that were cut."""
    taken = tuple(index for index, each in enumerate(photo.faces) if each.crop)
    return Choice(photo, label, taken, rejection=photo.rejection)


def _largest(photo: PhotoResult, label: str, detail: str) -> Choice:
    """Return the largest of the faces that may be taken."""
    return Choice(photo, label, tuple(_points(photo)[0][:1]), detail, rejection=photo.rejection)


def _of_person(photo: PhotoResult, label: str, person: Identity) -> Choice:
    """Return the face nearest to the folder's person, if it is near enough."""
    indices, points = _points(photo)
    if not indices:
        return Choice(photo, label, rejection=photo.rejection)
    apart = dict(zip(indices, identity.distances(points, person.mean).tolist(), strict=True))
    nearest = min(apart, key=apart.__getitem__)
    if apart[nearest] > identity.LIMIT:
        who = label or "the folder"
        detail = f"the nearest of its faces is {apart[nearest]:.2f} from {who}'s; at most {identity.LIMIT}"
        return Choice(photo, label, rejection=Rejection(Reason.OTHER_PERSON, detail), distances=apart)
    detail = f"identity: in {person.photos} of {person.of} photos, nearest of {len(indices)} here"
    return Choice(photo, label, (nearest,), detail, distances=apart)


def _warnings(
    folders: Mapping[str, Sequence[PhotoResult]],
    known: Mapping[str, Identity | None],
    identities: Mapping[str, Identity],
) -> list[str]:
    lines = [
        f"{label or 'the folder'}: no person recurs in its photos; the largest face of each was taken"
        for label, person in sorted(known.items())
        if person is None
    ]
    pairs = identity.shared(identities)
    lines += [
        f"{one} and {other} look like one person (the means of their faces are {d:.2f} apart)"
        for one, other, d in pairs
    ]
    same = {frozenset(pair[:2]) for pair in pairs}
    for label, person in sorted(identities.items()):
        others = {name: who for name, who in identities.items() if name != label and {name, label} not in same}
        photos = _distinct(folders[label])
        for name, found in identity.guests(_all_points(photos), person, others).items():
            files = listed([photos[index].source for index in found], 3)
            lines.append(
                f"{len(found)} photos in {label} show the person of {name}: {files} (other_person in manifest.csv)"
            )
    return lines
