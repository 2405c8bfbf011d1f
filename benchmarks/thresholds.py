"""How many strangers pass a threshold that was set without having seen one?

Usage: python benchmarks/thresholds.py FACES [DRAWS]

FACES is what `crop-faces --select identity` wrote: the embeddings in its faces.csv are what is measured on, so that many draws
take seconds. In each of DRAWS (40) draws, 3, 5, 10 or 15 of the people are known, their images divided 60/20/20 by chance, and
the threshold is set on val for 1 % of false accepts: by the scores for other classes than a face's own, and as
`train` sets it, which also asks what known faces reach.
"""

import random
import sys
from pathlib import Path

import numpy as np

from celebtool.formats import faces, manifest
from celebtool.training import calibration

FALSE_ACCEPT = 0.01


def draw(points: np.ndarray, labels: np.ndarray, count: int, seed: int) -> list[tuple[float, float]]:
    """Return for both ways the share of strangers accepted, and of known faces in test."""
    known = sorted(random.Random(seed).sample(sorted(set(labels)), count))
    is_known = np.isin(labels, known)
    class_ids = np.searchsorted(known, labels)
    part = np.random.default_rng(seed).choice(3, len(labels), p=(0.6, 0.2, 0.2))
    train, val, test = (is_known & (part == number) for number in range(3))
    means = calibration.centroids(points[train], class_ids[train], count)
    cosines = calibration.cosines(points[val], means)
    others = calibration.without_own(cosines, class_ids[val]).max(axis=1)
    limits = (
        calibration.threshold(others, FALSE_ACCEPT),
        calibration.threshold_without_strangers(cosines.max(axis=1), others, FALSE_ACCEPT),
    )
    strangers, tested = (calibration.cosines(points[which], means).max(axis=1) for which in (~is_known, test))
    return [(float((strangers >= limit).mean()), float((tested >= limit).mean())) for limit in limits]


def main(folder: str, draws: str = "40") -> None:
    """Print a line per number of people and way."""
    known = faces.embeddings(Path(folder))
    rows = [row for row in manifest.read_all(Path(folder)) if row.path in known]
    points = np.stack([known[row.path] for row in rows]).astype(np.float64)
    labels = np.array([row.label for row in rows])
    for count in (3, 5, 10, 15):
        found = np.array([draw(points, labels, count, seed) for seed in range(int(draws))])
        for way, name in enumerate(("other classes alone", "as train does")):
            strangers, tested = found[:, way, 0], found[:, way, 1]
            print(
                f"{count:>3} known people, {name:<20} strangers accepted: mean {strangers.mean():.2%}, most "
                f"{strangers.max():.2%}; known faces accepted: mean {tested.mean():.2%}, least {tested.min():.2%}"
            )


if __name__ == "__main__":
    main(*sys.argv[1:])
