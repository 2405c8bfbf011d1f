"""What is known beforehand of strangers' scores (`training/impostors.py`), learnt from sets of people, and how much it counts.

Usage: python benchmarks/priors.py [--arch NAME] [--draws N] SET…

A SET is as for `benchmarks/thresholds.py`. Location and variance are means over the sets. The two weights are those of the least
pinball loss of the threshold (the loss whose least value a quantile has), where each set in turn is judged by what
the others show. At the end each set is left out altogether: location, variance and weights come from the others.
"""

import argparse
from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from thresholds import PEOPLE, People, Sample, can_draw, learn, read, sample

from celebtool.training import calibration, impostors
from celebtool.training.impostors import Prior

SHARES = (0.01, 0.05)
WEIGHTS = tuple(product((2, 4, 6, 8), (20, 40, 60)))
PHOTOS = (2, 5, 12, 25)
COST = 1  # row of `judge`: the losses follow the shares that passed

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Seen:
    """What a sample shows of strangers, and how they score."""

    location: float
    scale: float
    lengths: Floats
    photos: Floats
    scores: Floats


def samples(people: People, prior: Prior, draws: int) -> list[Seen]:
    """Return what samples of a set show in which somebody is left to be a stranger."""
    everybody = len(np.unique(people.labels))
    sizes = [each for each in product(PEOPLE, PHOTOS) if each[0] < everybody and can_draw(people, *each)]
    return [_seen(sample(people, *size, seed), prior) for size in sizes for seed in range(draws)]


def _seen(drawn: Sample, prior: Prior) -> Seen:
    train = drawn.train
    photos = np.bincount(train.class_ids)
    means = calibration.class_means(train.embeddings, train.class_ids, len(photos))
    values = calibration.cosines(train.embeddings, means)
    others = values[train.class_ids[:, None] != np.arange(len(photos))]
    location, scale = impostors.robust(impostors.on_axis(others, prior.axis))
    scores = drawn.cosines(drawn.strangers).max(axis=1)
    return Seen(location, scale, np.linalg.norm(means, axis=1), photos.astype(float), scores)


def judge(seen: Iterable[Seen], prior: Prior) -> Floats:
    """Return (2, shares): the share of strangers that passed, and the loss of the threshold relative to the share."""
    found = []
    for each in seen:
        estimate = impostors.posterior(each.location, each.scale, each.lengths, each.photos, prior)
        limits, shares = np.array([[estimate.threshold(share)] for share in SHARES]), np.array(SHARES)[:, None]
        above = each.scores >= limits
        losses = np.where(above, (1 - shares) * (each.scores - limits), shares * (limits - each.scores)) / shares
        found.append((above.mean(axis=1), losses.mean(axis=1)))
    return np.mean(found, axis=0)


def weighted(prior: Prior, weights: tuple[int, int]) -> Prior:
    """Return the prior with these weights of location and scale."""
    return replace(prior, location_weight=weights[0], scale_weight=weights[1])


def losses(sets: list[People], drawn: dict[str, list[Seen]], prior: Prior) -> dict[tuple[int, int], Floats]:
    """Return for all weights (sets, 2, shares): each set judged by the others."""
    found = {}
    for weights in WEIGHTS:
        learnt = [learn([each for each in sets if each is not people], weighted(prior, weights)) for people in sets]
        found[weights] = np.array([judge(drawn[p.name], each) for p, each in zip(sets, learnt, strict=True)])
    return found


def best(found: dict[tuple[int, int], Floats]) -> tuple[int, int]:
    """Return the weights of the least loss, all sets and shares alike."""
    return min(found, key=lambda weights: float(found[weights][:, COST].mean()))


def percent(shares: Iterable[float]) -> str:
    """Return shares in per cent as cells of a table."""
    return " | ".join(f"{100 * share:.2f} %" for share in shares)


def main() -> None:
    """Print what the sets show, the weights, and the test of each set."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sets", nargs="+", type=Path, metavar="SET")
    parser.add_argument("--arch", default="face-sface", choices=list(impostors.PRIORS))
    parser.add_argument("--draws", type=int, default=3)
    arguments = parser.parse_args()
    sets, prior = [read(path) for path in arguments.sets], impostors.PRIORS[arguments.arch]
    print("| data | people | mean | variance | of a photo |\n|---|--:|--:|--:|--:|")
    for name, people in [*((each.name, [each]) for each in sets), ("all", sets)]:
        shown, count = learn(people, prior), sum(len(np.unique(each.labels)) for each in people)
        print(f"| {name} | {count} | {shown.location:.3f} | {shown.variance:.4f} | {shown.photo_variance:.4f} |")
    drawn = {each.name: samples(each, prior, arguments.draws) for each in sets}
    print(
        "\n| weight of the mean | of the variance | loss | passed at",
        " | ".join(f"{s:.1%}" for s in SHARES),
        "|\n|--:|--:|--:|--:|--:|--:|",
    )
    found = losses(sets, drawn, prior)
    for weights, values in found.items():
        passed, loss = values.mean(axis=0)
        print(f"| {weights[0]} | {weights[1]} | {loss.mean():.4f} | {percent(passed)} |", flush=True)
    print(
        f"\nleast loss: {best(found)}\n\n| left out | weights |",
        " | ".join(f"passed at {s:.1%}" for s in SHARES),
        "|\n|---|---|--:|--:|--:|",
    )
    for people in sets:
        others = [each for each in sets if each is not people]
        weights = best(losses(others, drawn, prior))
        passed, _ = judge(drawn[people.name], learn(others, weighted(prior, weights)))
        print(f"| {people.name} | {weights[0]}, {weights[1]} | {percent(passed)} |", flush=True)


if __name__ == "__main__":
    main()
