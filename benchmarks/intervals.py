"""How often the intervals of `report` hold the truth: confusion matrices drawn from a known model, few images per class.

Usage: python benchmarks/intervals.py [SAMPLES]   (1,000 samples by default: about ten minutes)

Prints a row per number of classes and images per class: the least coverage over five accuracies and five kinds of
mistakes, and the mean width. 95 % is claimed, at least 90 % is wanted.
"""

import itertools
import sys
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from celebtool.evaluation import comparison, confusion, counts
from celebtool.evaluation.intervals import Estimate, f1_scores

CLASSES = (2, 3, 5, 10, 20)
IMAGES = (1, 2, 3, 5, 10)
ACCURACIES = (0.5, 0.8, 0.9, 0.95, 0.99)
MISTAKES = ("anybody", "the next class", "one class", "unequal classes", "unequal numbers")
FIGURES = ("accuracy", "macro recall", "macro F1", "weighted F1", "recall of a class", "precision of a class")

Matrix = NDArray[np.float64]


def model(classes: int, accuracy: float, mistakes: str, rng: np.random.Generator) -> Matrix:
    """Return how likely each class is predicted as each, as (classes, classes)."""
    right = np.full(classes, accuracy)
    if mistakes == "unequal classes":
        right = np.clip(rng.beta(3 * accuracy, 3 * (1 - accuracy), classes), 0.01, 0.999)
    shares = np.tile(((1 - right) / (classes - 1))[:, None], (1, classes))
    if mistakes in ("the next class", "one class"):
        shares[:] = 0
        for label in range(classes):
            taken_for = (label + 1) % classes if mistakes == "the next class" else int(label == 0)
            shares[label, taken_for] = 1 - right[label]
    np.fill_diagonal(shares, right)
    return shares


def truth(shares: Matrix, support: NDArray[np.int64]) -> tuple[float, float, float, float]:
    """Return accuracy, macro recall, macro F1 and weighted F1 of a model on ever more images in these proportions."""
    weights, expected = support / support.sum(), shares * support[:, None]
    recalls = np.diagonal(shares)
    f1 = f1_scores(np.diagonal(expected), support, expected.sum(axis=0))
    return float(recalls @ weights), float(recalls.mean()), float(f1.mean()), float(f1 @ weights)


def precisions(shares: Matrix, support: NDArray[np.int64]) -> list[float]:
    """Return the precision of each class on ever more images in these proportions."""
    expected = shares * support[:, None]
    precise: list[float] = (np.diagonal(expected) / expected.sum(axis=0)).tolist()
    return precise


def holds(estimate: Estimate, value: float) -> bool:
    """Return whether an interval holds a value."""
    return estimate.low - 1e-9 <= value <= estimate.high + 1e-9


def sample(classes: int, images: int, accuracy: float, mistakes: str, seed: int) -> tuple[list[float], list[float]]:
    """Return for each of `FIGURES` whether (or how often) the interval of one sample holds the truth, and its width."""
    rng = np.random.default_rng([classes, images, round(100 * accuracy), MISTAKES.index(mistakes), seed])
    shares = model(classes, accuracy, mistakes, rng)
    support = rng.integers(1, images + 1, classes) if mistakes == "unequal numbers" else np.full(classes, images)
    matrix = np.array([rng.multinomial(n, row) for n, row in zip(support, shares, strict=True)])
    counted = counts.of_matrix(np.column_stack([matrix, np.zeros(classes, dtype=np.int64)]))  # no image failed
    macro, weighted = confusion.averages(counted, seed=0)
    found = (weighted.recall, macro.recall, macro.f1, weighted.f1)
    held = [float(holds(one, value)) for one, value in zip(found, truth(shares, support), strict=True)]
    each = confusion.class_figures(counted, [str(i) for i in range(classes)])
    recalled = [holds(one.recall, value) for one, value in zip(each, np.diagonal(shares).tolist(), strict=True)]
    called = [
        (one.precision, value) for one, value in zip(each, precisions(shares, support), strict=True) if one.predicted
    ]
    precise = [holds(one, value) for one, value in called]
    widths = [one.high - one.low for one in (*found, each[0].recall, called[0][0])]
    return [*held, float(np.mean(recalled)), float(np.mean(precise))], widths


def coverage(classes: int, images: int, accuracy: float, mistakes: str, samples: int) -> tuple[Matrix, Matrix]:
    """Return for each of `FIGURES` the share of samples whose interval holds the truth, and the mean width."""
    drawn = [sample(classes, images, accuracy, mistakes, seed) for seed in range(samples)]
    return np.mean([held for held, _ in drawn], axis=0), np.mean([widths for _, widths in drawn], axis=0)


def false_alarms(images: int, accuracy: float, samples: int) -> float:
    """Return how often two equally good models are called significantly different on the same images."""
    rng = np.random.default_rng([images, round(100 * accuracy)])
    found = 0
    for _ in range(samples):
        ours, theirs = (rng.random(images) < accuracy for _ in range(2))
        p = comparison.mcnemar(int((ours & ~theirs).sum()), int((theirs & ~ours).sum()))
        found += p < comparison.SIGNIFICANT
    return found / samples


def rows(samples: int) -> Iterator[list[str]]:
    """Return the rows of the table, as they are found."""
    for classes, images in itertools.product(CLASSES, IMAGES):
        cells = [
            coverage(classes, images, accuracy, mistakes, samples)
            for accuracy, mistakes in itertools.product(ACCURACIES, MISTAKES)
        ]
        least = np.min([held for held, _ in cells], axis=0)
        width = np.mean([widths for _, widths in cells], axis=0)
        alarms = max(false_alarms(classes * images, accuracy, samples) for accuracy in ACCURACIES)
        figures = [f"{share:.3f} | {wide:.2f}" for share, wide in zip(least, width, strict=True)]
        yield [str(classes), str(images), *figures, f"{alarms:.3f}"]


def main() -> None:
    """Print the table."""
    samples = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    heads = " | ".join(f"{figure}: least coverage | width" for figure in FIGURES)
    print(f"| classes | images each | {heads} | false alarms of McNemar's test |")
    print("|" + " ---: |" * (3 + 2 * len(FIGURES)))
    for row in rows(samples):
        print(f"| {' | '.join(row)} |", flush=True)


if __name__ == "__main__":
    main()
