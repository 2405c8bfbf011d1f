"""Choose which images go where: classes of equal size, parts of given shares, folds; groups are never divided.

Random numbers are tied to names, not to positions: that of an image is a hash of the seed and its path, so neither the
order of a directory nor the number of threads changes a result.

`part_sizes` says how many images of a class each part gets: the whole numbers of its shares, the rest by the largest
remainder, so that 60 images at .8/.1/.1 give 48, 6 and 6. Then, if possible, no part with a share stays empty: train, then
test, then val takes an image from the largest part. A class of one image is in train only, one of two images in train
and test, one of three in all parts.
"""

import hashlib
import math
from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

from celebtool.folders.assignment import Sizes, assign
from celebtool.formats.image_folder import PARTS

DEFAULT_SHARES = (Fraction(8, 10), Fraction(1, 10), Fraction(1, 10))


class Shares(NamedTuple):
    """How much of every class goes to each part; the three add up to 1."""

    train: Fraction
    val: Fraction
    test: Fraction


@dataclass(frozen=True)
class Image:
    """An image to be placed.

    Args:
        path: its name, from which its random numbers come.
        label: its class; None for a stranger, who is never trained on.
        group: images with the same number stay together.
    """

    path: str
    label: str | None
    group: int


def chance(seed: int, name: str) -> float:
    """Return a random number from 0 to 1 that depends only on the seed and the name."""
    key = f"{seed}:{name}".encode("utf-8", "surrogateescape")
    return int.from_bytes(hashlib.blake2b(key, digest_size=6).digest()) / 2**48


def shares(train: float | None, val: float | None, test: float | None) -> Shares:
    """Return three shares that add up to 1.

    Shares that are left out (None) divide the rest in the proportion of .8, .1 and .1. If all three are given, they are
    scaled to add up to 1.

    Raises:
        ValueError: a share is negative, none is left for train, or those given are more than 1 in all.
    """
    if any(share is not None and not 0 <= share < math.inf for share in (train, val, test)):
        raise ValueError("a share is negative or not a number; expected 0 or more")
    given = [None if share is None else Fraction(str(share)) for share in (train, val, test)]
    known = sum(share for share in given if share is not None)
    missing = sum(default for share, default in zip(given, DEFAULT_SHARES, strict=True) if share is None)
    if missing and known > 1:
        percent = f"; did you mean {float(known):g}%?" if known >= 5 else ""
        raise ValueError(f"the shares add up to {float(known):g}; expected at most 1{percent}")
    rest = (1 - known) / missing if missing else Fraction(0)
    filled = [default * rest if share is None else share for share, default in zip(given, DEFAULT_SHARES, strict=True)]
    if not filled[0]:
        raise ValueError("the shares leave nothing to train on; expected a train share above 0")
    return Shares(*(share / sum(filled) for share in filled))


def part_sizes(count: int, wanted: Shares) -> Sizes:
    """Return how many of a class's images each part gets, by the rule at the top of this module."""
    quotas = [count * share for share in wanted]
    sizes = [math.floor(quota) for quota in quotas]
    preference = (0, 2, 1)
    by_remainder = sorted(preference, key=lambda part: sizes[part] - quotas[part])
    for part in by_remainder[: count - sum(sizes)]:
        sizes[part] += 1
    for part in preference:
        largest = max(preference, key=lambda other: sizes[other])
        if wanted[part] and not sizes[part] and sizes[largest] > (part != 0):
            sizes[largest] -= 1
            sizes[part] += 1
    return Sizes(*sizes)


def split(images: Sequence[Image], wanted: Shares, seed: int) -> list[str | None]:
    """Return the part of each image; None for a stranger who can be in none.

    Each class is split by itself, exactly as `part_sizes` says if its groups allow, else as closely as possible.
    Groups that hold several classes (two faces of one photo) are placed first, at random, and in train where they
    would make another part too large. Strangers are split between val and test only; one whose group is in train has
    no part.
    """
    members = _members(images)
    wanted_sizes = _wanted_sizes(images, wanted)
    part_of = _place_mixed(images, members, wanted_sizes, wanted, seed)
    filled = _filled(images, members, part_of)
    left: dict[str | None, list[int]] = defaultdict(list)
    for group, indices in members.items():
        if group not in part_of:
            left[images[indices[0]].label].append(group)
    for label, sizes in wanted_sizes.items():
        own = left[label]
        chances = [chance(seed, images[members[g][0]].path) for g in own]
        counts = [len(members[g]) for g in own]
        part_of.update(zip(own, assign(counts, sizes, chances, Sizes(*filled[label])), strict=True))
    parts: list[str | None] = [PARTS[part_of[image.group]] for image in images]
    return [
        None if image.label is None and part == "train" else part for image, part in zip(images, parts, strict=True)
    ]


def folds(images: Sequence[Image], count: int, seed: int) -> list[int | None]:
    """Return the fold, 0 to count - 1, in whose val each image is; None if it is in train in every fold.

    Groups go one by one, large ones first, to the fold that has the fewest images of their class. A class that is one
    group is in train in every fold, so that no fold's train lacks a class.
    """
    members = _members(images)
    load: dict[str | None, list[int]] = defaultdict(lambda: [0] * count)
    total = [0] * count
    fold_of: dict[int, int | None] = {}
    for group in sorted(members, key=lambda g: (-len(members[g]), chance(seed, images[members[g][0]].path))):
        labels = [images[index].label for index in members[group]]
        first = images[members[group][0]].path
        costs = [
            (sum(load[label][fold] for label in labels), total[fold], chance(seed, f"{fold}:{first}"))
            for fold in range(count)
        ]
        fold_of[group] = fold = costs.index(min(costs))
        total[fold] += len(labels)
        for label in labels:
            load[label][fold] += 1
    groups: dict[str | None, set[int]] = defaultdict(set)
    for image in images:
        groups[image.label].add(image.group)
    for label in load.keys() - {None}:
        if len({fold_of[group] for group in groups[label]}) == 1:
            fold_of.update(dict.fromkeys(groups[label]))
    return [fold_of[image.group] for image in images]


def class_size(counts: Mapping[str, int], per_class: str) -> int:
    """Return how many images each class should have: a number, or the size of the smallest, median or largest class."""
    ordered = sorted(counts.values())
    named = {"min": ordered[0], "median": ordered[len(ordered) // 2], "max": ordered[-1]}
    return named[per_class] if per_class in named else int(per_class)


def best_first(paths: Sequence[str], seed: int, quality: Sequence[float] | None = None) -> list[str]:
    """Return the paths by quality, the best first; equal ones, or all if there are no qualities, in random order."""
    scores = quality or [0.0] * len(paths)
    score = dict(zip(paths, scores, strict=True))
    return sorted(paths, key=lambda path: (-score[path], chance(seed, path), path))


def mean_rank(figures: Sequence[Sequence[float | None]]) -> list[float]:
    """Return one quality per image, 0 to 1, from several figures per image, where more is better.

    It is the mean, over the figures, of the share of images that are worse (equal ones count half), so that pixels and
    probabilities can be combined. A missing figure counts 0.5.

    Args:
        figures: per image, the same figures in the same order.
    """
    ranks = [_ranks(column) for column in zip(*figures, strict=True)]
    return [sum(of_image) / len(of_image) for of_image in zip(*ranks, strict=True)]


def repeats(paths: Sequence[str], extra: int, seed: int) -> list[int]:
    """Return how many copies of each image to make for `extra` copies in all: equally many, the rest at random."""
    each, rest = divmod(max(0, extra), len(paths))
    lucky = set(sorted(paths, key=lambda path: chance(seed, path))[:rest])
    return [each + (path in lucky) for path in paths]


def _ranks(column: Sequence[float | None]) -> list[float]:
    known = sorted(value for value in column if value is not None)
    return [
        0.5 if value is None else (bisect_left(known, value) + bisect_right(known, value)) / (2 * len(known))
        for value in column
    ]


def _members(images: Sequence[Image]) -> dict[int, list[int]]:
    """Return the indices of each group's images, in the order of their paths."""
    members: dict[int, list[int]] = defaultdict(list)
    for index in sorted(range(len(images)), key=lambda i: images[i].path):
        members[images[index].group].append(index)
    return members


def _wanted_sizes(images: Sequence[Image], wanted: Shares) -> dict[str | None, Sizes]:
    """Return the sizes of the parts of each class and, under None, of the strangers."""
    counts = Counter(image.label for image in images)
    strangers = counts.pop(None, 0)
    sizes: dict[str | None, Sizes] = {label: part_sizes(count, wanted) for label, count in counts.items()}
    tested = wanted.val + wanted.test
    if strangers and tested:
        sizes[None] = part_sizes(strangers, Shares(Fraction(0), wanted.val / tested, wanted.test / tested))
    elif strangers:
        sizes[None] = Sizes(strangers, 0, 0)
    return sizes


def _place_mixed(
    images: Sequence[Image],
    members: Mapping[int, list[int]],
    sizes: Mapping[str | None, Sizes],
    wanted: Shares,
    seed: int,
) -> dict[int, int]:
    """Return the parts of the groups that hold several classes."""
    room = {label: list(size) for label, size in sizes.items() if label is not None}
    part_of: dict[int, int] = {}
    for group, indices in members.items():
        labels = Counter(images[index].label for index in indices)
        if len(labels) == 1:
            continue
        drawn = chance(seed, images[indices[0]].path)
        part = 1 if drawn < wanted.val else 2 if drawn < wanted.val + wanted.test else 0
        if any(label is not None and room[label][part] < count for label, count in labels.items()):
            part = 0
        part_of[group] = part
        for label, count in labels.items():
            if label is not None:
                room[label][part] -= count
    return part_of


def _filled(
    images: Sequence[Image], members: Mapping[int, list[int]], part_of: Mapping[int, int]
) -> dict[str | None, list[int]]:
    """Return how many images of each class the placed groups bring to each part."""
    filled: dict[str | None, list[int]] = defaultdict(lambda: [0, 0, 0])
    for group, part in part_of.items():
        for index in members[group]:
            filled[images[index].label][part] += 1
    return filled
