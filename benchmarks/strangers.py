"""How well strangers are told from known people: half of a folder's people are known, the other half are strangers.

Usage: python benchmarks/strangers.py FACES [DRAWS] [TRAIN-OPTION…]

FACES is what `crop-faces` wrote. For each draw a model is trained on half of the people (60/20/20, `celebtool split`), its
threshold set without ever seeing a stranger, and asked about its own test images and all images of the others. What `train`
expected of both sides stands beside what came. `benchmarks/thresholds.py` does many draws on embeddings alone.
"""

import random
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from celebtool.evaluation import rejection
from celebtool.evaluation.rejection import Faces
from celebtool.formats import image_folder, model_file, predictions
from celebtool.training import acceptance


def celebtool(*arguments: object) -> None:
    """Run a command line as a user would."""
    subprocess.run([sys.executable, "-m", "celebtool", *map(str, arguments), "--quiet"], check=True)


def draw(faces: Path, seed: int, work: Path, options: tuple[str, ...]) -> tuple[rejection.Rejection, str]:
    """Train on half of the people, and evaluate on them and on the others."""
    people = list(image_folder.read_labelled(faces).class_names)
    known = set(random.Random(seed).sample(people, len(people) // 2))
    for person in people:
        shutil.copytree(faces / person, work / ("known" if person in known else "strangers/unknown") / person)
    for name in ("manifest.csv", "celebtool.json"):
        shutil.copy(faces / name, work / "known" / name)
    celebtool("split", work / "known", work / "parts", "--train", ".6", "--val", ".2", "--test", ".2", "--seed", seed)
    celebtool("train", work / "parts", work / "m.h5", "--seed", seed, *options)
    tables = {}
    for name, folder in (("known", work / "parts/test"), ("strangers", work / "strangers")):
        celebtool("predict", work / "m.h5", folder, "-o", work / f"{name}.csv")
        tables[name] = predictions.read(work / f"{name}.csv")
    info = model_file.read_info(work / "m.h5")
    said = acceptance.expected(info) + acceptance.doubts(info)
    return rejection.evaluate(*map(_faces, (tables["known"], tables["strangers"]))), "; ".join(said)


def _faces(table: predictions.Predictions) -> Faces:
    best = table.probabilities.argmax(axis=1)
    return Faces(
        scores=np.array([row.score for row in table.rows], float),
        accepted=np.array([row.predicted != "unknown" for row in table.rows]),
        right=np.array([table.class_names[i] == row.label for i, row in zip(best, table.rows, strict=True)]),
    )


def main(faces: str, draws: str = "5", *options: str) -> None:
    """Print two lines per draw and the means."""
    at_1_percent, own_right, own_passed = [], [], []
    for seed in range(int(draws)):
        with tempfile.TemporaryDirectory() as work:
            found, said = draw(Path(faces), seed, Path(work), options)
        share = {far: found.at[far].true_accepts.value for far in found.at}
        at_1_percent.append(share[0.01])
        listed = ", ".join(f"{value:.4f} at {far:.1%} false accepts" for far, value in share.items())
        own = f"{found.true_accepts.value:.4f} at {found.false_accepts.value:.2%}"
        print(f"draw {seed}: true accepts {listed}; by the model's own threshold {own}, {found.strangers} strangers")
        print(f"  train: {said}", flush=True)
        own_right.append(found.true_accepts.value)
        own_passed.append(found.false_accepts.value)
    own = f"{statistics.mean(own_right):.4f} at {statistics.mean(own_passed):.2%}"
    print(
        f"mean true-accept rate at 1 % false accepts: {statistics.mean(at_1_percent):.4f}; by the model's own threshold {own}"
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
