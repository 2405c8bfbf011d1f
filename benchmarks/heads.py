"""Which head on a face embedding is the best for how many photos a person? Accuracy on photos that were left out.

Usage: python benchmarks/heads.py SET…

A SET is as for `benchmarks/thresholds.py`. A fifth of everybody's photos, five at least, is for testing; so many of the others are trained
on. Means of five random draws. A Markdown table.
"""

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.linear_model import RidgeClassifier
from thresholds import People, read

from celebtool.training import logistic

PHOTOS = (1, 2, 3, 5, 10, 20, 50)
DRAWS = 5

Floats = NDArray[np.float64]
Ids = NDArray[np.int64]
Head = Callable[[Floats, Ids, Floats], Ids]


def _nearest_mean(points: Floats, ids: Ids, tested: Floats) -> Ids:
    kernel, bias = logistic.nearest_mean(points.astype(np.float32), ids)
    return (tested @ kernel + bias).argmax(axis=1)


def _nearest_photo(points: Floats, ids: Ids, tested: Floats) -> Ids:
    return ids[(tested @ points.T).argmax(axis=1)]


def _logistic(l2: float) -> Head:
    def name(points: Floats, ids: Ids, tested: Floats) -> Ids:
        kernel, bias, _ = logistic.solve(points.astype(np.float32), ids, np.ones(len(ids), np.float32), l2)
        return (tested @ kernel + bias).argmax(axis=1)

    return name


def _ridge(points: Floats, ids: Ids, tested: Floats) -> Ids:
    return RidgeClassifier().fit(points, ids).predict(tested)


def _discriminant(shrinkage: float) -> Head:
    def name(points: Floats, ids: Ids, tested: Floats) -> Ids:
        if len(np.unique(ids)) == len(ids):
            return np.full(len(tested), -1)  # one photo a person has no spread
        return LinearDiscriminantAnalysis(solver="lsqr", shrinkage=shrinkage).fit(points, ids).predict(tested)

    return name


HEADS: dict[str, Head] = {
    "nearest mean": _nearest_mean,
    "nearest photo": _nearest_photo,
    **{f"logistic regression, L2 {l2:g}": _logistic(l2) for l2 in (3e-6, 1e-5, 1e-4, 1e-3, 1e-2)},
    "ridge": _ridge,
    "discriminant, shrinkage 0.5": _discriminant(0.5),
    "discriminant, shrinkage 0.9": _discriminant(0.9),
}


def accuracies(people: People, photos: int) -> list[float]:
    """Return each head's mean accuracy; NaN where it can't be fitted."""
    names, ids = np.unique(people.labels, return_inverse=True)
    found = []
    for seed in range(DRAWS):
        rng = np.random.default_rng(seed)
        drawn = [people.photos(name, rng) for name in names]
        test = np.concatenate([each[: max(5, len(each) // 5)] for each in drawn])
        train = np.concatenate([each[max(5, len(each) // 5) :][:photos] for each in drawn])
        points, tested = people.points[train], people.points[test]
        found.append([np.mean(head(points, ids[train], tested) == ids[test]) for head in HEADS.values()])
    means = np.mean(found, axis=0)
    return list(np.where(means > 0, means, np.nan))


def main(*paths: str) -> None:
    """Print a row for each set and number of photos."""
    print("| set | photos |", " | ".join(HEADS), "|\n|---|--:|" + "--:|" * len(HEADS), flush=True)
    for people in map(read, map(Path, paths)):
        smallest = np.unique(people.labels, return_counts=True)[1].min()
        for photos in PHOTOS:
            if photos <= smallest * 4 // 5 or photos <= 20:
                cells = [f"{value:.4f}" if value > 0 else "" for value in accuracies(people, photos)]
                print(f"| {people.name} | {photos} |", " | ".join(cells), "|", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
