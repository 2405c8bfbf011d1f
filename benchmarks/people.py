"""Is a model to which people were added as good as one trained anew on everybody, and how long does that take?

Usage: python benchmarks/people.py FACES…

FACES is a folder that `crop-faces` wrote with the default network; its faces.csv holds embeddings. It is split 60/10/30. The last
person is added to a model of all others: with all training photos and with three. The last five are added one after
another. The last is forgotten and added again. Then the last five are strangers instead, remembered by three photos of each.
All models are measured on the same test images, by their own heads, means and thresholds.

Then, in twenty draws without a threshold: how many other photos of five strangers are rejected because they look like a photo of
them that is remembered, and how many photos of known people. Two Markdown tables.
"""

import argparse
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import embedded
import numpy as np
from numpy.typing import NDArray

from celebtool.formats import faces, image_folder, model_file, vectors
from celebtool.training import calibration

SEVERAL = 5
DRAWS = 20
PHOTOS = 3
TABLES = ("manifest.csv", "faces.csv", "celebtool.json")
COLUMNS = ("set", "model", "accuracy", "accepted and right", "strangers named", "seconds", "of the processor")
Times = tuple[float, float]
"""Seconds that a command took, by the clock and of the processor."""


def run(*words: object) -> Times:
    """Run a command."""
    started, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    line = [sys.executable, "-m", "celebtool", *map(str, words), "--quiet"]
    subprocess.run(line, check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    processor = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return time.perf_counter() - started, processor


def part(parts: Path, root: Path, people: list[str], *, photos: int | None = None, unknown: bool = False) -> Path:
    """Copy train/ and val/ of some people, or the first photos of train/, into a folder; `unknown`: as strangers."""
    root.mkdir()
    for table in TABLES:
        shutil.copyfile(parts / table, root / table)
    for name in people:
        for each in ("train",) if unknown or photos else ("train", "val"):
            target = root / each / ("unknown" if unknown else name)
            target.mkdir(parents=True, exist_ok=True)
            for file in sorted((parts / each / name).iterdir())[:photos]:
                shutil.copyfile(file, target / f"{name} {file.name}")
    return root


class Tested:
    """The test images of a folder: their embeddings (n, 128), and whose they are."""

    def __init__(self, parts: Path) -> None:
        """Read the folder."""
        known = faces.embeddings(parts)
        found = [(known.of(parts / s.path), s.label) for s in image_folder.read_labelled(parts).of_part("test")]
        self.points = np.stack([point for point, _ in found if point is not None]).astype(np.float64)
        self.labels = np.array([label for point, label in found if point is not None])

    def measure(self, model: Path) -> tuple[float, float, float]:
        """Return accuracy, the share accepted and named rightly, and the share of others than the classes that is named."""
        info, arrays = model_file.read(model)
        kernel, bias = (v for a, v in arrays.items() if a.layer == "head_probabilities")
        names = np.array(info.class_names)[(self.points @ kernel + bias).argmax(axis=1)]
        strangers = np.array([vectors.unpack(text) for text in info.strangers], np.float64).reshape(-1, 128)
        scores = calibration.scores(self.points, calibration.unpack(info.centroids), strangers)
        accepted = scores >= (-2 if info.threshold is None else info.threshold)
        known = np.isin(self.labels, info.class_names)
        right = names == self.labels
        return _share(right[known]), _share((right & accepted)[known]), _share(accepted[~known])


def measure(folder: Path, place: Path) -> list[tuple[str, ...]]:
    """Return the rows of a set."""
    parts = place / "parts"
    run("split", folder, parts, "--train", ".6", "--val", ".1", "--test", ".3")
    people, tested = sorted(path.name for path in (parts / "train").iterdir()), Tested(parts)
    rows: list[tuple[str, ...]] = []

    def row(name: str, model: Path, times: Times) -> None:
        figures = ("" if np.isnan(figure) else f"{100 * figure:.1f} %" for figure in tested.measure(model))
        rows.append((folder.name, name, *figures, *(f"{seconds:.1f}" for seconds in times)))

    last, old = people[-1], people[:-1]
    models = {
        name: place / f"{name}.h5" for name in ("all", "old", "few", "all with few", "added", "forgotten", "again")
    }
    row("all trained anew", models["all"], run("train", parts, models["all"]))
    run("train", part(parts, place / "old", old), models["old"])
    new = part(parts, place / "new", [last])
    row("last person added", models["added"], run("finetune", models["old"], new, models["added"], "--add"))
    three = part(parts, place / "three", [last], photos=PHOTOS)
    row(
        f"last person added, {PHOTOS} photos",
        models["few"],
        run("finetune", models["old"], three, models["few"], "--add"),
    )
    together = place / "together"
    shutil.copytree(place / "old", together)
    shutil.copytree(three / "train", together / "train", dirs_exist_ok=True)
    row("the same, trained anew", models["all with few"], run("train", together, models["all with few"]))
    row(
        "last person forgotten",
        models["forgotten"],
        run("finetune", models["added"], models["forgotten"], "--forget", last),
    )
    row("and added again", models["again"], run("finetune", models["forgotten"], new, models["again"], "--add"))
    same = model_file.read_info(models["added"]).arrays_sha256 == model_file.read_info(models["again"]).arrays_sha256
    print(
        f"{folder.name}: forgotten and added again, the weights are {'the same' if same else 'OTHERS'}", file=sys.stderr
    )
    one_by_one(parts, place, people, row)
    return rows


def one_by_one(parts: Path, place: Path, people: list[str], row: Callable[[str, Path, Times], None]) -> None:
    """Add the last people one after another; then remember them as strangers instead."""
    few = people[:-SEVERAL]
    model = place / "0.h5"
    row(f"all but the last {SEVERAL}", model, run("train", part(parts, place / "few people", few), model))
    strangers = part(parts, place / "strangers", people[-SEVERAL:], photos=PHOTOS, unknown=True)
    remembered = place / "remembered.h5"
    times = [run("finetune", model, strangers, remembered, "--add")]
    row(f"these {SEVERAL} in unknown/, {PHOTOS} photos each", remembered, times.pop())
    for number, name in enumerate(people[-SEVERAL:], start=1):
        grown = place / f"{number}.h5"
        times.append(run("finetune", model, part(parts, place / f"new {number}", [name]), grown, "--add"))
        model = grown
    row(
        f"these {SEVERAL} added one after another",
        model,
        (statistics.median(wall for wall, _ in times), statistics.median(cpu for _, cpu in times)),
    )


def likeness(folder: Path, photos: int) -> tuple[float, float]:
    """Return the share of strangers' photos that is nearer to one of so many photos of each than to a class, and of the known."""
    found, labels = embedded.read(folder)
    points = found.astype(np.float64)
    shares = []
    for seed in range(DRAWS):
        rng = np.random.default_rng(seed)
        drawn = {name: rng.permutation(np.flatnonzero(labels == name)) for name in np.unique(labels)}
        strangers = [drawn.pop(name) for name in rng.choice(list(drawn), SEVERAL, replace=False)]
        trained = {name: len(rows) * 6 // 10 for name, rows in drawn.items()}
        means = np.stack([calibration.unit(points[rows[: trained[name]]].mean(axis=0)) for name, rows in drawn.items()])
        remembered = points[np.concatenate([rows[:photos] for rows in strangers])]
        others = np.concatenate([rows[photos:] for rows in strangers])
        tested = np.concatenate([rows[trained[name] :] for name, rows in drawn.items()])
        shares.append([(calibration.scores(points[rows], means, remembered) < 0).mean() for rows in (others, tested)])
    rejected, cost = np.mean(shares, axis=0)
    return float(rejected), float(cost)


def _share(values: NDArray[np.bool_]) -> float:
    return float(values.mean()) if len(values) else float("nan")


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+", type=Path, metavar="FACES")
    print(f"| {' | '.join(COLUMNS)} |\n|---|---|{'--:|' * (len(COLUMNS) - 2)}")
    folders = parser.parse_args().folders
    for folder in folders:
        with tempfile.TemporaryDirectory() as place:
            for cells in measure(folder, Path(place)):
                print(f"| {' | '.join(cells)} |", flush=True)
    print("\n| set | photos of each stranger | their other photos rejected | known rejected |\n|---|--:|--:|--:|")
    for folder in folders:
        for photos in (1, PHOTOS, 10):
            rejected, cost = likeness(folder, photos)
            print(f"| {folder.name} | {photos} | {100 * rejected:.1f} % | {100 * cost:.2f} % |", flush=True)


if __name__ == "__main__":
    main()
