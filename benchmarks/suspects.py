"""How many wrong labels does `report` find, how many right ones does it suspect, and what does it gain to drop the suspects?

Usage: python benchmarks/suspects.py [--seeds N] SET…

A SET is a folder that `crop-faces` wrote, or a .npz with `embeddings` and `labels`. Of each, 1, 5, 10 and 20 % of the images get the label of another class, chosen at random, with
N (5) seeds. An image counts as found if it is a suspect, and as named if it also looks like its true class. Then the same with few
images a person (2 to 8, 10 % swapped), with a third of every class from one other class, with images of other SETs' people under the
names of this one (5 %), and with the images of every class in two folders. At the end the accuracy of the default network's head, the nearest
mean, on a fifth of the images, trained on the others as they are, with labels swapped, and without the suspects. Markdown tables.
"""

import argparse
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import embedded
import numpy as np
from numpy.typing import NDArray

from celebtool.folders import suspects
from celebtool.folders.suspects import Portrait, Why

SHARES = (0.01, 0.05, 0.1, 0.2)
FEW = (2, 8)  # images a person
CONCENTRATED = 1 / 3
STRANGERS = 0.05
TESTED = 0.2


@dataclass(frozen=True)
class People:
    """A set of people: unit embeddings (n, 128) and labels (n,)."""

    name: str
    points: NDArray[np.float32]
    labels: NDArray[np.str_]

    def of(self, rows: NDArray[np.intp]) -> "People":
        """Return the images of some rows."""
        return replace(self, points=self.points[rows], labels=self.labels[rows])


@dataclass(frozen=True)
class Planted:
    """A set with labels that may be wrong; `wrong` (n,) are those that are, `truth` (n,) the right ones ("": nobody's)."""

    people: People
    wrong: NDArray[np.bool_]
    truth: NDArray[np.str_]


Plant = Callable[[People, np.random.Generator], Planted]


def find(people: People) -> list[suspects.Suspect]:
    """Return the suspects of a set; their paths are the rows' numbers."""
    rows = zip(people.labels.tolist(), people.points, strict=True)
    return suspects.find([Portrait(str(row), label, point) for row, (label, point) in enumerate(rows)])


def swapped(share: float) -> Plant:
    """Return what gives a share of the images the label of another class."""

    def plant(people: People, rng: np.random.Generator) -> Planted:
        names = np.unique(people.labels)
        count = max(1, round(share * len(people.labels)))
        chosen = rng.choice(len(people.labels), count, replace=False)
        labels = people.labels.copy()
        for row in chosen:
            labels[row] = rng.choice(names[names != labels[row]])
        wrong = np.isin(np.arange(len(labels)), chosen)
        return Planted(replace(people, labels=labels), wrong, people.labels)

    return plant


def few(people: People, rng: np.random.Generator) -> Planted:
    """Take few images of everybody, and swap a tenth of them."""
    rows = [
        rng.permutation(np.flatnonzero(people.labels == name))[: rng.integers(FEW[0], FEW[1] + 1)]
        for name in np.unique(people.labels)
    ]
    return swapped(0.1)(people.of(np.concatenate(rows)), rng)


def concentrated(people: People, rng: np.random.Generator) -> Planted:
    """Replace a third of each class by images of one other class."""
    names = np.unique(people.labels)
    kept, labels = [], []
    order = rng.permutation(len(names))
    for at, number in enumerate(order):
        own = rng.permutation(np.flatnonzero(people.labels == names[number]))
        given = round(CONCENTRATED * len(own))
        kept += own.tolist()
        labels += [names[order[at - 1]]] * given + [names[number]] * (len(own) - given)
    planted, truth = people.of(np.array(kept)), people.labels[kept]
    return Planted(replace(planted, labels=np.array(labels)), np.array(labels) != truth, truth)


def strangers(others: list[People]) -> Plant:
    """Return what adds images of other sets' people under the names of a set."""
    foreign = np.concatenate([other.points for other in others])

    def plant(people: People, rng: np.random.Generator) -> Planted:
        count = round(STRANGERS * len(people.labels))
        points = np.concatenate([people.points, foreign[rng.choice(len(foreign), count, replace=False)]])
        labels = np.concatenate([people.labels, rng.choice(np.unique(people.labels), count)])
        wrong = np.arange(len(labels)) >= len(people.labels)
        truth = np.concatenate([people.labels, np.full(count, "")])
        return Planted(People(people.name, points, labels), wrong, truth)

    return plant


def row(people: People, name: str, plant: Plant, seeds: int) -> str:
    """Measure one kind of mistake."""
    planted, found, named, suspected, right = 0, 0, 0, 0, 0
    for seed in range(seeds):
        case = plant(people, np.random.default_rng(seed))
        told = {int(each.path): each.looks_like for each in find(case.people) if each.path}
        for index in np.flatnonzero(case.wrong):
            planted += 1
            found += index in told
            named += told.get(int(index)) == case.truth[index]
        suspected += sum(not case.wrong[index] for index in told)
        right += int((~case.wrong).sum())
    return (
        f"| {people.name} | {name} | {planted} | {found} ({found / planted:.2%}) | {named} | "
        f"{suspected} of {right} ({suspected / right:.2%}) |"
    )


def shared(people: People) -> str:
    """Divide every class in two folders, and count the pairs that are found and the images that are suspects."""
    half = np.array([number % 2 for number in range(len(people.labels))])
    twice = replace(people, labels=np.char.add(people.labels, np.where(half, "", " 2")))
    found = find(twice)
    pairs = [each for each in found if each.reason == Why.SHARED_PERSON]
    right = sum(each.looks_like == f"{each.label} 2" for each in pairs)
    count = len(np.unique(people.labels))
    return f"| {people.name} | {right} of {count} | {len(pairs) - right} | {len(found) - len(pairs)} |"


def gains(people: People, seeds: int) -> Iterator[str]:
    """Train the nearest mean on clean, swapped and cleaned labels."""
    for share in SHARES:
        accuracies: dict[str, list[float]] = {"clean": [], "swapped": [], "cleaned": []}
        for seed in range(seeds):
            rng = np.random.default_rng(seed)
            order = rng.permutation(len(people.labels))
            tested, trained = np.split(order, [round(TESTED * len(order))])
            train, test = people.of(trained), people.of(tested)
            case = swapped(share)(train, rng)
            bad = {int(each.path) for each in find(case.people) if each.path}
            kept = np.array([index for index in range(len(trained)) if index not in bad])
            for name, used in (("clean", train), ("swapped", case.people), ("cleaned", case.people.of(kept))):
                accuracies[name].append(accuracy(used, test))
        means = " | ".join(f"{np.mean(values):.4f}" for values in accuracies.values())
        yield f"| {people.name} | {share:.0%} | {means} |"


def accuracy(train: People, test: People) -> float:
    """Return the share of test images whose nearest class mean is their class's."""
    names = np.unique(train.labels)
    means = np.stack([train.points[train.labels == name].sum(axis=0) for name in names])
    means /= np.linalg.norm(means, axis=1, keepdims=True)
    return float((names[(test.points @ means.T).argmax(axis=1)] == test.labels).mean())


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sets", nargs="+", type=Path, metavar="SET")
    parser.add_argument("--seeds", type=int, default=5)
    given = parser.parse_args()
    sets = [People(path.stem, *embedded.read(path)) for path in given.sets]
    print("| set | mistakes | planted | found | named | right ones suspected |\n|---|---|---|---|---|---|")
    for people in sets:
        kinds: dict[str, Plant] = {f"{share:.0%} swapped": swapped(share) for share in SHARES}
        kinds |= {f"{FEW[0]} to {FEW[1]} a person, 10% swapped": few, "a third of each class is another": concentrated}
        if others := [other for other in sets if other is not people]:
            kinds["5% strangers"] = strangers(others)
        for name, plant in kinds.items():
            print(row(people, name, plant, given.seeds), flush=True)
    print("\n| set | people in two folders found | others | images suspected |\n|---|---|---|---|")
    print("\n".join(map(shared, sets)))
    print("\n| set | swapped | clean | swapped | cleaned |\n|---|---|---|---|---|")
    for people in sets:
        print("\n".join(gains(people, given.seeds)), flush=True)


if __name__ == "__main__":
    main()
