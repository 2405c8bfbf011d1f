"""What a leak is worth: accuracy on test with a plain random split, and with copies of a picture kept together.

Usage: python benchmarks/leaks.py FACES [SEEDS]

Prints, for `face-resnet29` and for `cnn` (64 x 64, 12 epochs), the test accuracy of both splits (60/20/20).
"""

import random
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from celebtool.formats import image_folder, predictions

ARCHITECTURES = {
    "face-resnet29": (),
    "cnn": ("--arch", "cnn", "--image-size", "64", "--dense", "256", "--epochs", "12"),
}


def celebtool(*arguments: object) -> None:
    """Run a command line as a user would."""
    line = [sys.executable, "-m", "celebtool", *map(str, arguments), "--quiet"]
    subprocess.run(line, check=True, stdout=subprocess.DEVNULL)


def plain_split(faces: Path, parts: Path, seed: int) -> None:
    """Divide every class at random, as the notebooks of this craft do."""
    folder = image_folder.read_labelled(faces)
    for label in folder.class_names:
        samples = [sample for sample in folder.samples if sample.label == label]
        random.Random(f"{seed}{label}").shuffle(samples)
        first, second = round(0.6 * len(samples)), round(0.8 * len(samples))
        for part, chosen in (("train", samples[:first]), ("val", samples[first:second]), ("test", samples[second:])):
            for sample in chosen:
                target = parts / part / sample.path
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(folder.file(sample), target)


def accuracy(parts: Path, options: tuple[str, ...], seed: int, work: Path) -> float:
    """Train on parts/train and return the accuracy on parts/test."""
    celebtool("train", parts, work / "m.h5", *options, "--seed", seed, "--overwrite", "--allow-leak")
    table = work / "p.csv"
    celebtool("predict", work / "m.h5", parts / "test", "--closed-set", "-o", table, "--overwrite")
    found = predictions.read(table)
    called = [found.class_names[index] for index in found.probabilities.argmax(axis=1)]
    return statistics.mean(name == row.label for name, row in zip(called, found.rows, strict=True))


def main(faces: str, seeds: str = "3") -> None:
    """Print a row per architecture."""
    found: dict[tuple[str, str], list[float]] = {}
    for seed in range(int(seeds)):
        with tempfile.TemporaryDirectory() as name:
            work = Path(name)
            plain_split(Path(faces), work / "plain", seed)
            shares = ("--train", ".6", "--val", ".2", "--test", ".2")
            celebtool("split", faces, work / "grouped", *shares, "--seed", seed)
            for architecture, options in ARCHITECTURES.items():
                for kind in ("plain", "grouped"):
                    found.setdefault((architecture, kind), []).append(accuracy(work / kind, options, seed, work))
    for (architecture, kind), values in found.items():
        listed = ", ".join(f"{value:.4f}" for value in values)
        print(f"{architecture:14} {kind:8} {statistics.mean(values):.4f}  ({listed})")


if __name__ == "__main__":
    main(*sys.argv[1:])
