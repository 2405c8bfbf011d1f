"""Which network is the best for how many photos per person? Test accuracy of four ways to train, as a Markdown table.

Usage: python benchmarks/photos_per_person.py FACES [PHOTOS…]

FACES are the crops of `crop-faces`. A fifth of them, the same for all, is for testing; of PHOTOS (5 10 20 50) of everybody
four fifths are trained on and a fifth is val. The networks without pretrained weights see smaller images and at most
fifteen epochs, so that the whole takes minutes; patience ends most runs before.
"""

import csv
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from celebtool.formats import image_folder
from celebtool.formats.image_folder import ImageFolder

QUICKLY = ("--weights", "none", "--epochs", "15", "--patience", "4", "--augment", "1")
FINETUNED = "its last 15 layers finetuned"
WAYS = {
    "face-sface": (),
    FINETUNED: ("--epochs", "10", "--patience", "3"),
    "cnn, 64 px": ("--arch", "cnn", "--image-size", "64", "--dense", "256", *QUICKLY),
    "mobilenetv2, random weights, 64 px": ("--arch", "mobilenetv2", "--image-size", "64", *QUICKLY),
}


def celebtool(*arguments: object) -> str:
    """Run a command and return what it prints."""
    line = [sys.executable, "-m", "celebtool", *map(str, arguments)]
    done = subprocess.run(line, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stderr)
    return done.stdout


def select(parts: ImageFolder, photos: int, out: Path) -> None:
    """Link so many photos of everybody into train/ and val/, the first of a fixed random order."""
    for number, name in enumerate(parts.class_names):
        samples = [sample for sample in parts.of_part("train") if sample.label == name]
        order = np.random.default_rng(number).permutation(len(samples))[:photos]
        for rank, index in enumerate(order):
            target = out / ("val" if rank % 5 == 4 else "train") / name
            target.mkdir(parents=True, exist_ok=True)
            file = parts.file(samples[index])
            os.link(file, target / file.name)


def accuracy(model: Path, test: Path) -> float:
    """Return the share of test images whose most probable class is right."""
    rows = list(csv.DictReader(celebtool("predict", model, test, "--closed-set").splitlines()))
    return sum(row["predicted"] == row["label"] for row in rows) / len(rows)


def main() -> None:
    """Print a row for each number of photos."""
    faces, *numbers = sys.argv[1:]
    with tempfile.TemporaryDirectory(dir=".") as name:
        root = Path(name)
        celebtool("split", faces, root / "parts", "--train", ".8", "--val", "0", "--test", ".2")
        parts = image_folder.read(root / "parts")
        print("| photos per person |", " | ".join(WAYS), "|\n|--:|" + "--:|" * len(WAYS), flush=True)
        for photos in map(int, numbers or ("5", "10", "20", "50")):
            folder, cells = root / f"{photos}", []
            select(parts, photos, folder)
            for number, (way, options) in enumerate(WAYS.items()):
                model, started = root / f"{photos}-{number}.h5", time.monotonic()
                if way == FINETUNED:
                    celebtool("finetune", root / f"{photos}-0.h5", folder, model, *options)
                else:
                    celebtool("train", folder, model, *options)
                seconds = time.monotonic() - started
                cells.append(f"{accuracy(model, root / 'parts/test'):.3f} ({seconds:.0f} s)")
            print(f"| {photos} |", " | ".join(cells), "|", flush=True)


if __name__ == "__main__":
    main()
