"""Which of the faces that were found are taken, photo by photo or folder by folder, and what is said about it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from celebtool.cropping import identity
from celebtool.cropping.identity import Identity, Points
from celebtool.cropping.pick_in_photo import Rule
from celebtool.formats import faces, manifest
from celebtool.formats.faces import Found
from celebtool.formats.image_folder import UNKNOWN

COLUMNS = ("detail", "face", "left", "top", "width", "height", "landmarks", "confidence", "distance", "sharpness")


@dataclass(frozen=True)
class Choice:
    """The faces of a photo that are taken, by index; why, or why none; the distances from the folder's person."""

    found: Found
    label: str
    taken: tuple[int, ...] = ()
    reason: str = ""
    detail: str = ""
    distances: Mapping[int, float] = field(default_factory=dict)

    def distance(self, index: int) -> str:
        """Return a face's distance from the folder's person as a table's cell."""
        return f"{self.distances[index]:.6g}" if index in self.distances else ""


def choose(found: Sequence[Found], labels: Mapping[str, str], rule: Rule) -> tuple[list[Choice], list[str]]:
    """Return the choice for each photo, in their order, and what a user should be warned of.

    Args:
        found: what the photos gave.
        labels: whose folder each photo is in, by its source; "" for none.
        rule: ``identity`` looks at a folder's photos together; for all other rules the faces that were cut are taken.
    """
    if rule != "identity":
        return [_by_itself(one, labels[one.source], "") for one in found], []
    folders: dict[str, list[Found]] = {}
    for one in found:
        folders.setdefault(labels[one.source], []).append(one)
    known = {label: _recurring(photos) for label, photos in folders.items() if _is_one_person(label, folders)}
    identities = {label: person for label, person in known.items() if person is not None}
    choices = {
        one.source: _of_person(one, label, identities[label])
        if label in identities
        else _by_itself(one, label, "largest: nobody recurs in this folder" if label in known else "largest")
        for label, photos in folders.items()
        for one in photos
    }
    return [choices[one.source] for one in found], _warnings(folders, known, identities)


def rows(choices: Iterable[Choice], paths: Mapping[tuple[str, int], str]) -> list[manifest.Row]:
    """Return the manifest's rows; ``paths`` names each crop by its photo's source and its face's index."""
    result = []
    for choice in choices:
        common = (choice.label, choice.found.source, choice.found.origin)
        detail = {"detail": choice.detail}
        if not choice.taken:
            result.append(manifest.Row("", *common, manifest.REJECTED, choice.reason, detail))
        for index in choice.taken:
            candidate = choice.found.faces[index]
            own = {"face": str(index + 1), "distance": choice.distance(index), "sharpness": candidate.sharpness}
            extra = detail | own | faces.cells(candidate.face)
            result.append(manifest.Row(paths[choice.found.source, index], *common, extra=extra))
    return result


def all_faces(choices: Iterable[Choice], paths: Mapping[tuple[str, int], str]) -> Iterable[dict[str, str]]:
    """Yield the rows of ``faces.csv``: every face that was found, taken or not."""
    for choice in sorted(choices, key=lambda choice: choice.found.source):
        for index in range(len(choice.found.faces)):
            path = paths.get((choice.found.source, index), "")
            yield faces.row(choice.found, index + 1, choice.label, choice.distance(index), path)


def _is_one_person(label: str, folders: Mapping[str, object]) -> bool:
    """Say whether a folder's photos are of one person: strangers' are not, nor loose ones beside class folders."""
    return label != UNKNOWN and (label != "" or len(folders) == 1)


def _points(found: Found) -> tuple[list[int], Points]:
    """Return the indices of the faces that may be taken, and their embeddings (n, 128)."""
    points = {i: each.embedding for i, each in enumerate(found.faces) if each.embedding is not None}
    return list(points), np.array(list(points.values()), np.float64).reshape(-1, 128)


def _distinct(photos: Sequence[Found]) -> list[Points]:
    """Return the embeddings of each photo that has a face; of copies of a file, one's."""
    first = {one.origin or one.source: one for one in reversed(photos) if _points(one)[0]}
    return [_points(one)[1] for one in sorted(first.values(), key=lambda one: one.source)]


def _recurring(photos: Sequence[Found]) -> Identity | None:
    return identity.recurring(_distinct(photos))


def _by_itself(found: Found, label: str, detail: str) -> Choice:
    """Return the choice of a rule that looks at one photo; if all faces were kept open, the largest."""
    open_to_choice = _points(found)[0]
    taken = open_to_choice[:1] or [i for i, each in enumerate(found.faces) if each.crop]
    return Choice(found, label, tuple(taken), found.reason, detail if taken else found.detail)


def _of_person(found: Found, label: str, person: Identity) -> Choice:
    indices, points = _points(found)
    if not indices:
        return Choice(found, label, (), found.reason, found.detail)
    apart = dict(zip(indices, identity.distances(points, person.mean).tolist(), strict=True))
    nearest = min(apart, key=apart.__getitem__)
    if apart[nearest] > identity.LIMIT:
        told = (
            f"the nearest of its faces is {apart[nearest]:.2f} from {label or 'the folder'}'s; at most {identity.LIMIT}"
        )
        return Choice(found, label, (), "other_person", told, apart)
    told = f"identity: in {person.photos} of {person.of} photos, nearest of {len(indices)} here"
    return Choice(found, label, (nearest,), "", told, apart)


def _warnings(
    folders: Mapping[str, Sequence[Found]],
    known: Mapping[str, Identity | None],
    identities: Mapping[str, Identity],
) -> list[str]:
    lines = [
        f"{label or 'the folder'}: nobody recurs in its photos; the largest face of each was taken"
        for label, person in sorted(known.items())
        if person is None
    ]
    pairs = identity.shared(identities)
    lines += [
        f"{one} and {other} look like one person (their faces' means are {d:.2f} apart)" for one, other, d in pairs
    ]
    same = {frozenset(pair[:2]) for pair in pairs}
    for label, person in sorted(identities.items()):
        others = {name: who for name, who in identities.items() if name != label and {name, label} not in same}
        for name, count in identity.guests(_distinct(folders[label]), person, others).items():
            lines.append(f"{count} photos in {label} show the person of {name}")
    return lines


def without_crops(choices: Iterable[Choice]) -> set[str]:
    """Return the sources of photos of which a face is taken that has not been cut out."""
    return {choice.found.source for choice in choices if any(not choice.found.faces[i].crop for i in choice.taken)}


def replaced(found: Iterable[Found], new: Iterable[Found]) -> list[Found]:
    """Return what the photos gave, by later news where there are any."""
    later = {one.source: one for one in new}
    return [replace(later.get(one.source, one)) for one in found]
