"""Sort the faces of photos into groups, and give every group a name: ``person-001``, or what a person has called it.

A group bears the name that most of its faces were moved to by a person's decisions, so that new photos of somebody follow. Otherwise
it keeps the number that its faces had in an earlier output, and new groups get the numbers that are free, the largest group the
first.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from celebtool.cropping import grouping
from celebtool.cropping.pick_in_folder import Choice
from celebtool.formats import manifest
from celebtool.formats.decisions import CELL
from celebtool.formats.image_folder import UNGROUPED, UNKNOWN

Place = tuple[str, int]
"""A face: its photo, and its index there."""

_NUMBERED = re.compile(r"person-[0-9]{3,6}")


def grouped(choices: Sequence[Choice], earlier: Mapping[Place, str]) -> list[Choice]:
    """Return the choices with the groups of the faces that are taken.

    Args:
        choices: which faces of which photos are taken.
        earlier: the names of the groups of faces in an earlier output, as `earlier_names` returns them.
    """
    places, points, decided = [], [], []
    for choice in sorted(choices, key=lambda choice: choice.photo.source):
        for index in choice.taken:
            embedding = choice.photo.faces[index].embedding
            if embedding is not None:
                places.append((choice.photo.source, index))
                points.append(embedding)
                decided.append(choice.label_of(index))
    numbers = grouping.group(np.stack(points)) if points else np.zeros(0, np.intp)
    names = _names(numbers.tolist(), decided, [earlier.get(place, "") for place in places])
    labels = {place: names.get(number, UNGROUPED) for place, number in zip(places, numbers.tolist(), strict=True)}
    return [replace(choice, groups=_of(choice, labels)) for choice in choices]


def earlier_names(rows: Sequence[manifest.Row]) -> dict[Place, str]:
    """Return the numbered names of the groups that faces were in, if no person has decided about them."""
    return {
        (row.source, row.face - 1): row.label
        for row in rows
        if _NUMBERED.fullmatch(row.label) and not row.extra.get(CELL) and row.face
    }


def summary(rows: Sequence[manifest.Row]) -> str:
    """Return how many groups and other faces there are: ``12 people, 34 ungrouped, 5 unknown``."""
    labels = Counter(row.label for row in rows if row.path)
    people = len(labels.keys() - {UNGROUPED, UNKNOWN})
    strangers = f", {labels[UNKNOWN]} unknown" if labels[UNKNOWN] else ""
    return f"{people} {'person' if people == 1 else 'people'}, {labels[UNGROUPED]} ungrouped{strangers}"


def _of(choice: Choice, labels: Mapping[Place, str]) -> dict[int, str]:
    return {index: labels.get((choice.photo.source, index), UNGROUPED) for index in choice.taken}


def _names(numbers: Sequence[int], decided: Sequence[str], earlier: Sequence[str]) -> dict[int, str]:
    """Return the name of each group.

    Args:
        numbers: the group of each face.
        decided: what a person calls it; "" if nobody has decided.
        earlier: the numbered name of its group in an earlier output; "" if there was none.
    """
    count = max(numbers, default=-1) + 1
    sizes, moved, kept = Counter(numbers), _votes(numbers, decided), _votes(numbers, earlier)
    names: dict[int, str] = {}
    for number in range(count):
        name, votes = max(moved[number].items(), key=_by_votes, default=("", 0))
        if votes > sizes[number] / 2:
            names[number] = name
    claims = [(votes, number, name) for number in range(count) for name, votes in kept[number].items()]
    taken = set(earlier) | set(decided)
    given: set[str] = set()
    for _, number, name in sorted(claims, key=lambda claim: (-claim[0], claim[1], claim[2])):
        if number not in names and name not in given:
            names[number] = name
            given.add(name)
    for number in range(count):
        if number not in names:
            names[number] = _free(number + 1, taken)
    return names


def _votes(numbers: Sequence[int], names: Sequence[str]) -> dict[int, Counter[str]]:
    votes: dict[int, Counter[str]] = {number: Counter() for number in numbers}
    for number, name in zip(numbers, names, strict=True):
        if name:
            votes[number][name] += 1
    return votes


def _by_votes(item: tuple[str, int]) -> tuple[int, str]:
    return item[1], item[0]


def _free(number: int, taken: set[str]) -> str:
    """Return the name with a number, or the next higher one that is free; it is taken from now on."""
    while (name := f"person-{number:03}") in taken:
        number += 1
    taken.add(name)
    return name
