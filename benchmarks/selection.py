"""How much better is a classifier when crops show the person of the folder instead of the largest face?

Usage: python benchmarks/selection.py PHOTOS [SEEDS]

PHOTOS holds one directory of photos per person. They are cropped by both rules; the photos (copies and near-duplicates
together) are divided 60/40, the same for both rules, SEEDS (5) times; the default head, a logistic regression on the
embedding of the aligned crop, is fitted to the larger part and tried on the other.

Test crops were chosen by the same rule, so with `identity` knowing which folder they lie in: the figure tells how
well a face is recognised once it is the right one. The last line has the crops of the rule `largest` to test on, with
a head trained on `identity`: what is to be expected of strangers' photos, in which nobody knows whom to look for.
"""

import subprocess
import sys
import tempfile
from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from celebtool.folders import duplicates, sampling
from celebtool.formats import faces as faces_table
from celebtool.formats import image_folder, images, manifest
from celebtool.training import logistic

L2 = 1e-4
Embedded = dict[str, NDArray[np.float32]]


def embed(photos: Path, rule: str, directory: Path) -> Embedded:
    """Crop a folder by a rule; return the embedding of each photo's crop by the photo's path."""
    faces = directory / rule
    command = [sys.executable, "-m", "celebtool", "crop-faces", str(photos), str(faces), "--select", rule]
    subprocess.run(command, check=True)
    known = faces_table.embeddings(faces)
    points = {row.source: known.of(faces / path) for path, row in manifest.read(faces).items()}
    return {source: point for source, point in points.items() if point is not None}


def divide(photos: Path, seeds: int) -> list[dict[str, str | None]]:
    """Return the part of each photo, for each seed: copies and near-duplicates are in one."""
    folder = image_folder.read(photos)
    prints, samples = [], []
    for sample in folder.samples:
        try:
            prints.append(duplicates.fingerprint(images.read(folder.file(sample))))
            samples.append(sample)
        except images.ImageError:
            continue
    labels = [sample.label or "" for sample in samples]
    pairs = duplicates.equal_pairs(each.pixels for each in prints) + duplicates.near_pairs(prints, labels)
    groups = duplicates.components(len(samples), pairs)
    items = [sampling.Item(s.path, s.label, group) for s, group in zip(samples, groups, strict=True)]
    shares = sampling.Shares(Fraction(6, 10), Fraction(0), Fraction(4, 10))
    return [
        dict(zip((item.path for item in items), sampling.split(items, shares, seed), strict=True))
        for seed in range(seeds)
    ]


def accuracy(train: Embedded, test: Embedded, parts: dict[str, str | None]) -> tuple[float, float]:
    """Return the accuracy on the test photos that have a crop, and on all (one without a crop is wrong)."""
    names = sorted({path.split("/")[0] for path in parts})
    own = [path for path in train if parts.get(path) == "train"]
    other = [path for path in test if parts.get(path) == "test"]
    ids = np.array([names.index(path.split("/")[0]) for path in own])
    kernel, bias, _ = logistic.solve(np.stack([train[p] for p in own]), ids, np.ones(len(own), np.float32), L2)
    guessed = (np.stack([test[p] for p in other]) @ kernel + bias).argmax(axis=1)
    right = sum(names[guess] == path.split("/")[0] for guess, path in zip(guessed, other, strict=True))
    return right / len(other), right / sum(part == "test" for part in parts.values())


def main() -> None:
    """Measure a folder of photos."""
    photos = Path(sys.argv[1])
    seeds = int(sys.argv[2]) if len(sys.argv) > 2 else 5
    with tempfile.TemporaryDirectory() as directory:
        points = {rule: embed(photos, rule, Path(directory)) for rule in ("largest", "identity")}
    divisions = divide(photos, seeds)
    print(f"{'trained on':<12}{'tested on':<12}{'crops':>7}{'accuracy':>10}{'of all':>8}   of each division")
    for train, test in (("largest", "largest"), ("identity", "identity"), ("identity", "largest")):
        figures = np.array([accuracy(points[train], points[test], parts) for parts in divisions])
        each = " ".join(f"{figure:.3f}" for figure in figures[:, 0])
        mean, of_all = figures.mean(axis=0)
        print(f"{train:<12}{test:<12}{len(points[test]):>7}{mean:>10.3f}{of_all:>8.3f}   {each}")


if __name__ == "__main__":
    main()
