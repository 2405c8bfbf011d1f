"""How well does the default network do on new photos? Mean test accuracy over five leak-free divisions of a folder.

Usage: python benchmarks/accuracy.py FACES [OPTION…]

FACES are the crops of `crop-faces`, divided 60/20/20 with five seeds; near-duplicates never lie in two parts. Options are
those of `train`, as --arch. The last line counts the photos that gave no crop as wrong: with `--select identity` the crops are
chosen in knowledge of the folder they lie in, so the other figures are of photos that show its person well enough.
"""

import csv
import subprocess
import sys
import tempfile
from pathlib import Path

from celebtool.formats import manifest


def celebtool(*arguments: object) -> str:
    """Run a command and return what it prints."""
    line = [sys.executable, "-m", "celebtool", *map(str, arguments)]
    done = subprocess.run(line, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stderr)
    return done.stdout


def accuracy(table: str) -> float:
    """Return the share of images whose most probable class is right."""
    rows = list(csv.DictReader(table.splitlines()))
    return sum(row["predicted"] == row["label"] for row in rows) / len(rows)


def main() -> None:
    """Print the accuracy of every seed, and the means."""
    faces, *options = sys.argv[1:]
    rows = manifest.read_all(Path(faces))
    photos = len({row.source for row in rows})
    with_crop = len({row.source for row in rows if row.status == manifest.KEPT})
    ways = {"alone": (), "with --mirror": ("--mirror",)}
    found: dict[str, list[float]] = {way: [] for way in ways}
    for seed in range(5):
        with tempfile.TemporaryDirectory(dir=".") as name:
            root = Path(name)
            shares = ("--train", ".6", "--val", ".2", "--test", ".2", "--seed", seed, "--link")
            celebtool("split", faces, root / "parts", *shares)
            celebtool("train", root / "parts", root / "m.h5", *options)
            for way, option in ways.items():
                table = celebtool("predict", root / "m.h5", root / "parts/test", "--closed-set", *option)
                found[way].append(accuracy(table))
            print(f"seed {seed}:", ", ".join(f"{values[-1]:.4f} {way}" for way, values in found.items()), flush=True)
    means = {way: sum(values) / len(values) for way, values in found.items()}
    print("mean:", ", ".join(f"{mean:.4f} {way}" for way, mean in means.items()))
    if photos:
        share = with_crop / photos
        print(f"of all {photos} photos, {photos - with_crop} without a crop:", end=" ")
        print(", ".join(f"{mean * share:.4f} {way}" for way, mean in means.items()))


if __name__ == "__main__":
    main()
