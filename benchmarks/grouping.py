"""How well does `crop-faces --group` sort faces whose names are hidden, on sets that its limits were not chosen on?

Usage: python benchmarks/grouping.py [--also SET]… [--scale N] SET…

A SET is a folder that `crop-faces --select identity` wrote. Every face in its faces.csv that has an embedding is grouped, those of
bystanders too; the crops' classes say who is who. Measured are pairs of crops: the precision is the share of pairs in one group that
are of one person, the recall the share of pairs of one person that are in one group. A face of no group is in no pair.

For each SET the limits are learnt on the others alone: location and variances of the cosines between people, and the limit in standard
deviations, halfway between the lowest with which the precision is 0.98 on all of them and the highest with which the recall is 0.9. Then
all SETs in one, with the limits that celebtool ships; and sets that nothing was learnt from (`--also`). `--scale N` groups N made-up faces, and says how long
that takes and in how much memory.
"""

import argparse
import resource
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from celebtool.cropping import grouping
from celebtool.formats import faces

PRECISION, RECALL = 0.98, 0.9
LIMITS = np.arange(2.5, 5.01, 0.05)
SIZES = (1, 2, 4, 8, 16)
DRAWS = 2000


@dataclass(frozen=True)
class People:
    """A set: the embeddings (n, 128) of all faces, and whose they are (n,); "" for bystanders."""

    name: str
    points: NDArray[np.float32]
    labels: NDArray[np.str_]


@dataclass(frozen=True)
class Limits:
    """What `grouping` knows: see its constants."""

    location: float
    people: float
    photos: float
    limit: float


def read(path: Path) -> People:
    """Read all faces of a folder of crops."""
    points, labels = [], []
    for photo, found in faces.read(path).items():
        for face in found:
            if face.embedding is not None:
                points.append(face.embedding)
                labels.append(photo.split("/")[0] if face.crop else "")
    return People(path.name, np.stack(points), np.array(labels))


def pairs(groups: NDArray[np.intp], labels: NDArray[np.str_]) -> tuple[float, float]:
    """Return precision and recall over pairs of labelled faces."""
    known = labels != ""
    groups = np.where(groups == grouping.UNGROUPED, -2 - np.arange(len(groups)), groups)[known]
    rows, columns = np.unique(groups, return_inverse=True)[1], np.unique(labels[known], return_inverse=True)[1]
    table = np.zeros((rows.max() + 1, columns.max() + 1))
    np.add.at(table, (rows, columns), 1)
    both, grouped, same = (float((x * (x - 1) / 2).sum()) for x in (table, table.sum(axis=1), table.sum(axis=0)))
    return both / max(grouped, 1), both / same


def measure(people: People, limits: Limits) -> tuple[float, float, int]:
    """Return precision, recall and the number of groups with some limits."""
    constants = {"STRANGERS": limits.location, "PEOPLE": limits.people, "PHOTOS": limits.photos, "LIMIT": limits.limit}
    shipped = {name: getattr(grouping, name) for name in constants}
    try:
        for name, value in constants.items():
            setattr(grouping, name, value)
        groups = grouping.group(people.points)
    finally:
        for name, value in shipped.items():
            setattr(grouping, name, value)
    return *pairs(groups, people.labels), int(groups.max()) + 1


def learn(sets: list[People]) -> Limits:
    """Return the limits that sets of people show."""
    rng = np.random.default_rng(0)
    means, variances, shares = [], [], []
    for people in sets:
        by_name = {name: np.flatnonzero(people.labels == name) for name in np.unique(people.labels) if name}
        for one in SIZES:
            for other in SIZES:
                values = draw(people, [rows for rows in by_name.values() if len(rows) >= max(SIZES)], one, other, rng)
                means.append(values.mean())
                variances.append(values.var())
                shares.append((1.0, 1 / one + 1 / other))
    people_variance, photos_variance = np.linalg.lstsq(np.array(shares), np.array(variances), rcond=None)[0]
    location = float(np.mean(means))
    good = []
    for limit in LIMITS:
        limits = Limits(location, float(people_variance), float(photos_variance), float(limit))
        good.append([measure(people, limits)[:2] for people in sets])
    precise = [limit for limit, found in zip(LIMITS, good, strict=True) if min(p for p, _ in found) >= PRECISION]
    complete = [limit for limit, found in zip(LIMITS, good, strict=True) if min(r for _, r in found) >= RECALL]
    return Limits(location, float(people_variance), float(photos_variance), float(min(precise) + max(complete)) / 2)


def draw(
    people: People, members: list[NDArray[np.intp]], one: int, other: int, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Return the mean cosines between so many faces each of two people, for many pairs."""
    values = []
    for _ in range(DRAWS):
        a, b = rng.choice(len(members), 2, replace=False)
        first = people.points[rng.choice(members[a], one, replace=False)].mean(axis=0)
        values.append(first @ people.points[rng.choice(members[b], other, replace=False)].mean(axis=0))
    return np.array(values, np.float64)


def row(people: People, limits: Limits) -> str:
    """Return a line of the table."""
    precision, recall, groups = measure(people, limits)
    f1 = 2 * precision * recall / (precision + recall)
    shown = len(np.unique(people.labels[people.labels != ""]))
    used = f"{limits.location:.3f}, {limits.people:.4f}, {limits.photos:.4f}, {limits.limit:.2f}"
    counts = f"{len(people.labels)} ({int((people.labels == '').sum())}) | {shown} | {groups}"
    return f"| {people.name} | {counts} | {used} | {precision:.4f} | {recall:.4f} | {f1:.4f} |"


def scale(count: int) -> str:
    """Group made-up faces of people with 1 to 40 of them, distributed as those of real ones."""
    rng = np.random.default_rng(0)
    sizes = np.clip(rng.pareto(1.0, count) * 6 + 1, 1, 40).astype(int)
    sizes = sizes[: int(np.searchsorted(np.cumsum(sizes), count)) + 1]
    people = rng.normal(size=(len(sizes), 74))
    own = np.zeros((len(sizes), 128))
    own[:, 0], own[:, 1:75] = 0.11**0.5, 0.47**0.5 * people / np.linalg.norm(people, axis=1, keepdims=True)
    labels = np.repeat(np.arange(len(sizes)), sizes)[:count]
    noise = rng.normal(size=(count, 128))
    points = own[labels] + 0.42**0.5 * noise / np.linalg.norm(noise, axis=1, keepdims=True)
    points = (points / np.linalg.norm(points, axis=1, keepdims=True)).astype(np.float32)
    before, start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
    precision, recall = pairs(grouping.group(points), labels.astype(str))
    seconds, after = time.process_time() - start, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return (
        f"{count} made-up faces of {len(sizes)} people: {seconds:.0f} s of processor time, {(after - before) / 1024:.0f} MB more, "
        f"precision {precision:.4f}, recall {recall:.4f}"
    )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sets", nargs="*", type=Path, metavar="SET")
    parser.add_argument("--also", action="append", default=[], type=Path, metavar="SET")
    parser.add_argument("--scale", type=int, default=0, metavar="N")
    given = parser.parse_args()
    sets = [read(path) for path in given.sets]
    if sets:
        head = ("set", "faces (bystanders)", "people", "groups", "learnt", "precision", "recall", "F1")
        print(f"| {' | '.join(head)} |\n|{'---|' * len(head)}")
    for people in sets:
        print(row(people, learn([other for other in sets if other is not people])), flush=True)
    shipped = Limits(grouping.STRANGERS, grouping.PEOPLE, grouping.PHOTOS, grouping.LIMIT)
    if sets:
        points, labels = (np.concatenate([getattr(people, name) for people in sets]) for name in ("points", "labels"))
        print(row(People("all of these", points, labels), shipped), flush=True)
    for path in given.also:
        print(row(read(path), shipped), flush=True)
    if given.scale:
        print(f"\n{scale(given.scale)}")


if __name__ == "__main__":
    main()
