"""What a leak is worth: accuracy on test with a plain random split, and with copies of a picture kept together.

Usage: python benchmarks/leaks.py FACES [SEED…]

Prints, for `face-sface` and for `cnn` (64 x 64, 12 epochs), the test accuracy of both splits (60/20/20)
and their means; of the plain split also the accuracy on the test images that have a copy in train (as `split` recognises
copies), and on the others. Without a SEED: 0, 1 and 2.
"""

import itertools
import math
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from celebtool.formats import image_folder, manifest, predictions

ARCHITECTURES = {
    "face-sface": (),
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


def right(parts: Path, options: tuple[str, ...], seed: int, work: Path) -> dict[str, bool]:
    """Train on parts/train and return which images of parts/test are recognised."""
    celebtool("train", parts, work / "m.h5", *options, "--seed", seed, "--overwrite", "--allow-leak")
    table = work / "p.csv"
    celebtool("predict", work / "m.h5", parts / "test", "--closed-set", "-o", table, "--overwrite")
    return {row.path: row.predicted == row.label for row in predictions.read(table).rows}


def copies(plain: Path, grouped: Path) -> set[str]:
    """Return the images of plain/test of which plain/train has a copy, as the grouped split's manifest tells."""
    group = {row.source: row.extra["group"] for row in manifest.read_all(grouped)}
    trained = {group[path] for path in _paths(plain / "train")}
    return {path for path in _paths(plain / "test") if group[path] in trained}


def _paths(part: Path) -> list[str]:
    return [sample.path for sample in image_folder.read(part).samples]


def main(faces: str, *seeds: str) -> None:
    """Print a row per training, and the means."""
    found: dict[tuple[str, str], list[float]] = {}
    for seed in map(int, seeds or ("0", "1", "2")):
        with tempfile.TemporaryDirectory() as name:
            work = Path(name)
            plain_split(Path(faces), work / "plain", seed)
            shares = ("--train", ".6", "--val", ".2", "--test", ".2")
            celebtool("split", faces, work / "grouped", *shares, "--seed", seed)
            leaked = copies(work / "plain", work / "grouped")
            for (architecture, options), kind in itertools.product(ARCHITECTURES.items(), ("plain", "grouped")):
                answers = right(work / kind, options, seed, work)
                subsets = {kind: answers}
                if kind == "plain":
                    subsets["  copies"] = {path: answers[path] for path in answers if path in leaked}
                    subsets["  others"] = {path: answers[path] for path in answers if path not in leaked}
                for subset, values in subsets.items():
                    value = statistics.mean(values.values()) if values else math.nan
                    found.setdefault((architecture, subset), []).append(value)
                    print(f"seed {seed}: {architecture:14} {subset:9} {value:.4f} of {len(values)}", flush=True)
    for (architecture, subset), means in found.items():
        print(f"mean:   {architecture:14} {subset:9} {statistics.mean(means):.4f}")


if __name__ == "__main__":
    main(*sys.argv[1:])
