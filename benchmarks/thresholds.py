"""How many strangers pass a threshold that was set without having seen one, and how many known faces?

Usage: python benchmarks/thresholds.py [--arch NAME] [--draws N] [--false-accept SHARE] SET…

A SET is a folder that `crop-faces --select identity` wrote, whose faces.csv holds embeddings of the network NAME (face-sface), or
a .npz with `embeddings` and `labels`. In each of N (20) draws some people of a set are known by some photos each, the threshold
is set as `train` sets it, and their other photos, everybody else of the set, and all other sets are measured. What is known
of the network's scores is learnt from the other sets alone; with one set it is what celebtool ships. A Markdown table.
"""

import argparse
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path

import embedded
import numpy as np
from numpy.typing import NDArray

from celebtool.training import acceptance, calibration, evidence, impostors
from celebtool.training.acceptance import Evidence
from celebtool.training.evidence import Points
from celebtool.training.impostors import Prior

PEOPLE = (3, 5, 7, 10, 14)
PHOTOS = (1, 2, 5, 12, 25)
TESTED = 4  # so many photos of everybody are left to measure
VAL = 0.1  # the share that `train` sets aside in an unsplit folder

Floats = NDArray[np.float64]
COLUMNS = (
    "people",
    "photos",
    "expected to pass",
    "likely at least",
    "likely at most",
    "strangers of the set that passed",
    "in 95 % of draws less than",
    "strangers of other sets",
    "known accepted: expected",
    "accepted and right",
)


@dataclass(frozen=True)
class People:
    """The unit embeddings (n, d) of a set of people, and whose they are (n,)."""

    name: str
    points: Floats
    labels: NDArray[np.str_]

    def photos(self, person: str, rng: np.random.Generator) -> NDArray[np.int64]:
        """Return the indices of a person's photos in a random order."""
        return rng.permutation(np.flatnonzero(self.labels == person))


@dataclass(frozen=True)
class Sample:
    """Some people of a set as known ones, and everybody else of it as strangers."""

    train: Points
    val: Points | None
    tested: Points
    strangers: Floats

    def evidence(self, prior: Prior) -> Evidence:
        """Return what `train` knows when it sets the threshold."""
        named = None if self.val is None else self.cosines(self.val.embeddings).argmax(axis=1)
        return evidence.of_embeddings(self.train, self.val, named, held_out=True, prior=prior)

    def cosines(self, points: Floats) -> Floats:
        """Return the scores (n, known) of embeddings (n, d)."""
        known = int(self.train.class_ids.max()) + 1
        return calibration.cosines(points, calibration.centroids(self.train.embeddings, self.train.class_ids, known))


@dataclass(frozen=True)
class Draw:
    """What came of one draw; NaN where there is nobody to measure."""

    expected: float
    low: float
    high: float
    passed: float
    others: float
    accepted: float
    right: float


def read(path: Path) -> People:
    """Read a set of people from a folder of crops or a .npz."""
    points, labels = embedded.read(path)
    return People(path.stem, calibration.unit(points.astype(np.float64)), labels)


def learn(sets: list[People], prior: Prior) -> Prior:
    """Return what these sets of people show of the network's scores, with the weights of `prior`."""
    rows, variances, locations = [], [], []
    for people in sets:
        for count in (1, 2, 3, 5, 8, 12):
            rng, names = np.random.default_rng(0), np.unique(people.labels)
            draws = []
            for _ in range(10):
                means = [people.points[people.photos(name, rng)[:count]].mean(axis=0) for name in names]
                averages = people.points @ np.stack(means).T
                draws.append(averages[people.labels[:, None] != names])
            low, middle, high = np.quantile(impostors.on_axis(np.concatenate(draws), prior.axis), (0.1, 0.5, 0.9))
            rows.append((1, 1 / count))
            variances.append(((high - low) / 2.5631) ** 2)
            locations.append(middle)
    (variance, photo_variance), *_ = np.linalg.lstsq(np.array(rows), np.array(variances), rcond=None)
    return replace(
        prior, location=float(np.mean(locations)), variance=float(variance), photo_variance=float(photo_variance)
    )


def can_draw(people: People, known: int, photos: int) -> bool:
    """Whether so many people of the set have so many photos, and some to test."""
    return int((np.unique(people.labels, return_counts=True)[1] >= photos + TESTED).sum()) >= known


def sample(people: People, known: int, photos: int, seed: int) -> Sample:
    """Return so many people at random, known by so many photos each."""
    rng = np.random.default_rng(seed)
    names = [n for n in np.unique(people.labels) if (people.labels == n).sum() >= photos + TESTED]
    chosen = rng.choice(names, known, replace=False)
    drawn = [people.photos(name, rng) for name in chosen]
    held = 0 if photos < 5 else max(1, round(VAL * photos))
    return Sample(
        train=_points(people, [each[held:photos] for each in drawn]),
        val=_points(people, [each[:held] for each in drawn]) if held else None,
        tested=_points(people, [each[photos:] for each in drawn]),
        strangers=people.points[~np.isin(people.labels, chosen)],
    )


def draw(drawn: Sample, others: list[People], prior: Prior, false_accept: float | None) -> Draw | None:
    """Return what comes of a sample; None if there is no threshold."""
    limit, said = acceptance.decide(drawn.evidence(prior), false_accept)
    if limit is None:
        return None
    cosines = drawn.cosines(drawn.tested.embeddings)
    right = (cosines.max(axis=1) >= limit) & (cosines.argmax(axis=1) == drawn.tested.class_ids)
    foreign = [drawn.cosines(each.points).max(axis=1) for each in others]
    return Draw(
        expected=said.false_accepts or 0.0,
        low=said.low or 0.0,
        high=said.high or 0.0,
        passed=_share(drawn.cosines(drawn.strangers).max(axis=1), limit),
        others=_share(np.concatenate(foreign), limit) if foreign else np.nan,
        accepted=np.nan if said.accepted is None else said.accepted,
        right=float(right.mean()),
    )


def _points(people: People, groups: list[NDArray[np.int64]]) -> Points:
    ids = np.repeat(np.arange(len(groups)), [len(group) for group in groups])
    return Points(people.points[np.concatenate(groups)], ids)


def _share(scores: Floats, limit: float) -> float:
    return float((scores >= limit).mean()) if len(scores) else np.nan


def lines(sets: list[People], arguments: argparse.Namespace) -> Iterator[str]:
    """Yield the rows of the table, each of a set, a number of people and a number of photos."""
    shipped = impostors.PRIORS[arguments.arch]
    for people in sets:
        prior = learn([each for each in sets if each is not people], shipped) if len(sets) > 1 else shipped
        others = [_without(each, people) for each in sets if each is not people]
        for known, photos in product(PEOPLE, PHOTOS):
            if can_draw(people, known, photos):
                samples = [sample(people, known, photos, seed) for seed in range(arguments.draws)]
                drawn = [draw(each, others, prior, arguments.false_accept) for each in samples]
                yield _row(people.name, known, photos, [each for each in drawn if each])


def _without(people: People, known: People) -> People:
    """Return a set without the people of another one."""
    kept = ~np.isin(people.labels, known.labels)
    return replace(people, points=people.points[kept], labels=people.labels[kept])


def _row(name: str, known: int, photos: int, drawn: list[Draw]) -> str:
    def mean(field: str) -> str:
        values = [getattr(each, field) for each in drawn]
        return f"{100 * np.mean(values):.2f} %" if values and not np.isnan(values).all() else ""

    passed = [each.passed for each in drawn]
    most = f"{100 * np.quantile(passed, 0.95):.1f} %" if passed and not np.isnan(passed).all() else ""
    shares = (mean("expected"), mean("low"), mean("high"), mean("passed"), most)
    return (
        f"| {' | '.join((name, str(known), str(photos), *shares, mean('others'), mean('accepted'), mean('right')))} |"
    )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sets", nargs="+", type=Path, metavar="SET")
    parser.add_argument("--arch", default="face-sface", choices=list(impostors.PRIORS))
    parser.add_argument("--draws", type=int, default=20)
    parser.add_argument("--false-accept", type=float)
    arguments = parser.parse_args()
    print("| data |", " | ".join(COLUMNS), "|\n|---|" + "--:|" * len(COLUMNS), flush=True)
    for line in lines([read(path) for path in arguments.sets], arguments):
        print(line, flush=True)


if __name__ == "__main__":
    main()
