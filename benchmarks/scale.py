"""How do time and memory of the commands grow with images and classes?

Usage: python benchmarks/scale.py FACES [--like SET] [--sizes IMAGES:CLASSES,…] [--steps NAME,…] [--keep DIR]

FACES is a folder that `crop-faces` wrote, such as that of the AT&T faces. For each size a folder of so many images of so many made-up people is
written: pictures are random sums of how the pictures of FACES differ within and between people, embeddings (in faces.csv)
the same of those of SET, a folder or a .npz (by default FACES). The first table compares made-up with real people.

Then `split`, `balance`, `report FOLDER`, `train`, `predict` (of test/), `report` of those predictions, and `report` of a made-up table of ten
times as many rows are run. The second table has seconds of the processor and the peak of proportional memory, both of all
processes of a command (Linux), and the exponent k of a + b·images^k, fitted to the seconds.
"""

import argparse
import ctypes
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import crop_faces
import made_up
import numpy as np

from celebtool.formats import prediction_row
from celebtool.formats.predictions import COLUMNS

SIZES = "1000:20,3162:95,10000:447,31623:2115,100000:10000"
TOP = 5  # guesses of a row where there are more than `DENSE` classes
DENSE = 500
SUBREAPER = 36  # of prctl: what a command leaves behind becomes our child, so that its time is counted


@dataclass(frozen=True)
class Cost:
    """Seconds of the processor and by the clock, and megabytes at the peak."""

    processor: float
    clock: float
    megabytes: float


def measure(*words: object) -> Cost:
    """Run a command and wait for all processes that it started."""
    before, started, peak = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic(), 0.0
    line = [sys.executable, "-m", "celebtool", *map(str, words), "--quiet"]
    with subprocess.Popen(line, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
        while process.poll() is None:
            peak = max(peak, sum(map(crop_faces.proportional, crop_faces.family(process.pid))))
            time.sleep(0.2 if time.monotonic() - started < 60 else 1)
        clock = time.monotonic() - started
        if process.returncode:
            said = process.stderr.read().decode()[-500:] if process.stderr else ""
            print(f"{' '.join(line)}: exit code {process.returncode}: {said}", file=sys.stderr)
    while True:
        try:
            os.wait()
        except ChildProcessError:
            break
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    processor = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Cost(processor, clock, peak)


def table(file: Path, rows: int, classes: int) -> None:
    """Write predictions of so many images, a tenth of them wrong; of many classes only the best guesses."""
    rng = np.random.default_rng(rows)
    names = [f"person {number:05d}" for number in range(classes)]
    count = classes if classes <= DENSE else TOP
    columns = [f"prob_{name}" for name in names] if classes <= DENSE else prediction_row.guess_columns(TOP)
    wrong = np.where(rng.random(rows) < 0.1, rng.integers(1, 10, rows), 0).tolist()
    best = np.round(0.5 + rng.random(rows) / 2, 6).tolist()
    with file.open("w", encoding="utf-8", newline="") as stream:
        stream.write(",".join([*COLUMNS, *columns]) + "\n")
        for number in range(rows):
            own = number % classes
            called, share, rest = (own + wrong[number]) % classes, best[number], (1 - best[number]) / (count - 1)
            stream.write(
                f"test/{names[own]}/{number}.jpg,test,{names[own]},predicted,,{names[called]},{share},{share},no"
            )
            if classes <= DENSE:
                cells = [f"{rest:.6g}"] * classes
                cells[called] = str(share)
            else:
                cells = [f"{names[called]},{share}"]
                cells += [f"{names[(called + step) % classes]},{rest:.6g}" for step in range(1, count)]
            stream.write(f",{','.join(cells)}\n")


def steps(place: Path, images: int, classes: int) -> dict[str, Callable[[], Cost]]:
    """Return what is measured, by name, in an order in which each has what it needs."""
    faces, parts, model, predictions = place / "faces", place / "parts", place / "model.h5", place / "p.csv"
    top = ["--top", TOP] if classes > DENSE else []

    def made_up_table() -> Cost:
        table(place / "made-up.csv", 10 * images, classes)
        return measure("report", place / "made-up.csv")

    return {
        "split": lambda: measure("split", faces, parts, "--link"),
        "balance": lambda: measure("balance", faces, place / "balanced", "--link", "--per-class", "median"),
        "report folder": lambda: measure("report", faces),
        "train": lambda: measure("train", parts, model),
        "predict": lambda: measure("predict", model, parts / "test", "-o", predictions, *top),
        "report predictions": lambda: measure("report", predictions),
        "report made-up table": made_up_table,
        "report made-up table --html": lambda: measure("report", place / "made-up.csv", "--html", place / "p.html"),
    }


def exponent(images: list[int], seconds: list[float]) -> float:
    """Return the k of a + b·n^k with the least relative errors."""
    best, found = np.inf, np.nan
    n, t = np.array(images, float), np.array(seconds)
    for k in np.arange(0.3, 2.5, 0.01):
        columns = np.stack([np.ones(len(n)), n**k], axis=1) / t[:, None]
        (a, b), *_ = np.linalg.lstsq(columns, np.ones(len(n)), rcond=None)
        error = np.inf if a < 0 or b < 0 else float(((columns @ [a, b] - 1) ** 2).sum())
        best, found = min((best, found), (error, float(k)))
    return found


def run(original: made_up.Original, arguments: argparse.Namespace) -> Iterator[tuple[int, int, dict[str, Cost]]]:
    """Measure size by size."""
    for size in arguments.sizes.split(","):
        images, classes = map(int, size.split(":"))
        with tempfile.TemporaryDirectory(dir=arguments.keep) as name:
            place = Path(name)
            original.write(place / "faces", images, classes)
            if size == arguments.sizes.split(",")[0]:
                print("| cosines of | which | 1 % | 10 % | 50 % | 90 % | 99 % |\n|---|---|--:|--:|--:|--:|--:|")
                for line in made_up.resemblance(original, place / "faces", arguments.like or arguments.faces):
                    print(line, flush=True)
            costs = {}
            for step, measured in steps(place, images, classes).items():
                if not arguments.steps or step in arguments.steps.split(","):
                    costs[step] = cost = measured()
                    figures = f"{cost.processor:.1f} | {cost.clock:.1f} | {cost.megabytes:.0f}"
                    print(f"| {images:,} | {classes:,} | {step} | {figures} |", flush=True)
            yield images, classes, costs


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("faces", type=Path, metavar="FACES")
    parser.add_argument("--like", type=Path, metavar="SET")
    parser.add_argument("--sizes", default=SIZES)
    parser.add_argument("--steps", default="")
    parser.add_argument("--keep", metavar="DIR", help="directory for the folders that are made and removed")
    arguments = parser.parse_args()
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(SUBREAPER, 1, 0, 0, 0)
    done = list(run(made_up.read(arguments.faces, arguments.like), arguments))
    print("\n| step | exponent of images |", "".join(f" {images:,} of {classes:,} |" for images, classes, _ in done))
    print("|---|--:|" + "--:|" * len(done))
    for step in done[0][2]:
        costs = [each[step] for _, _, each in done]
        k = exponent([images for images, _, _ in done], [cost.processor for cost in costs]) if len(done) > 2 else np.nan
        cells = "".join(f" {cost.processor:.1f} s, {cost.megabytes:.0f} MB |" for cost in costs)
        print(f"| {step} | {k:.2f} |{cells}")


if __name__ == "__main__":
    main()
