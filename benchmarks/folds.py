"""How many wrong labels do the out-of-fold predictions of a network find, against the embeddings of the default one?

Usage: python benchmarks/folds.py [--share 0.1] [--seed 0] [--folds 5] SET WORK [-- OPTIONS of celebtool train]

SET is a folder that `crop-faces` wrote. In a copy of it, WORK/faces, a share of the images lies in the directory of another class,
chosen at random. `celebtool train WORK/faces WORK/folds --folds 5 OPTIONS` predicts every image by a model that has not seen it. An
image counts as found if it is a suspect, and as named if it also looks like its true class. One row of a Markdown table per method;
a second run with the same WORK only counts again.
"""

import argparse
import json
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from celebtool.folders import contradictions
from celebtool.folders.suspects import Suspect
from celebtool.formats import image_folder, predictions


def plant(source: Path, target: Path, share: float, seed: int) -> None:
    """Copy a folder with a share of its images in wrong directories; every file's name begins with its true class."""
    folder = image_folder.read_labelled(source)
    rng = np.random.default_rng(seed)
    chosen = set(rng.choice(len(folder.samples), round(share * len(folder.samples)), replace=False).tolist())
    for number, sample in enumerate(folder.samples):
        others = [name for name in folder.class_names if name != sample.label]
        label = str(rng.choice(others)) if number in chosen else sample.label or ""
        place = target / label / f"{sample.label}--{Path(sample.path).name}"
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(folder.file(sample), place)
    for name in ("celebtool.json", "faces.csv"):
        shutil.copyfile(source / name, target / name)


def truth(path: str) -> str:
    """Return the true class of an image."""
    return Path(path).name.split("--")[0]


def row(method: str, found: dict[str, str], paths: Sequence[str]) -> str:
    """Return a row of the table: suspects by path, with the class that each looks like."""
    wrong = [path for path in paths if truth(path) != path.split("/")[0]]
    right = len(paths) - len(wrong)
    hits = [path for path in wrong if path in found]
    named = sum(found[path] == truth(path) for path in hits)
    false = len(found.keys() - set(wrong))
    return (
        f"| {method} | {len(wrong)} | {len(hits)} ({len(hits) / len(wrong):.1%}) | {named} | "
        f"{false} of {right} ({false / right:.1%}) |"
    )


def of(suspects: Sequence[Suspect]) -> dict[str, str]:
    """Return suspects by path."""
    return {each.path: each.looks_like for each in suspects}


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("set", type=Path)
    parser.add_argument("work", type=Path)
    parser.add_argument("--share", type=float, default=0.1)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("options", nargs="*")
    given = parser.parse_args()
    faces, out = given.work / "faces", given.work / "folds"
    command = [sys.executable, "-m", "celebtool"]
    if not faces.exists():
        plant(given.set, faces, given.share, given.seed)
    subprocess.run([*command, "train", faces, out, "--folds", str(given.folds), *given.options], check=True)
    table = predictions.read(out / "predictions.csv")
    paths = [row.path for row in table.rows]
    told = json.loads(subprocess.run([*command, "report", faces, "--json"], check=True, capture_output=True).stdout)
    by_embedding = {each["path"]: each["looks_like"] for each in told["suspects"] if each["path"] in set(paths)}
    by_model = of(contradictions.find(table.rows, table.class_names))
    print("| suspected by | planted | found | named | right ones suspected |\n|---|--:|--:|--:|--:|")
    print(row("embeddings", by_embedding, paths))
    print(row("out-of-fold predictions", by_model, paths))
    print(row("both together", {**by_model, **by_embedding}, paths))


if __name__ == "__main__":
    main()
