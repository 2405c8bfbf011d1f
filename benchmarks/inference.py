"""What do answers cost, from cold and for many images, against an older celebtool in the same run?

Usage: python benchmarks/inference.py OLD FACES PHOTO [TIMES]

OLD is a checkout of an older celebtool with the same dependencies installed, FACES an image folder that `crop-faces` wrote,
PHOTO a photo. Each of the old and the new takes its turn, TIMES times (default 5) after one that prepares what is prepared
once. Printed are medians of the seconds on the clock and of the seconds of all processes' processors, and the ratios.
Last come images per second of `predict` against the bare forward pass of the same network in TensorFlow.
"""

import ctypes
import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

NEW = Path(__file__).parents[1]
SUBREAPER = 36  # prctl: processes that lost their parent become ours, so that their time is counted


@dataclass(frozen=True)
class Cost:
    """Seconds on the clock and of processors, and the largest memory of one process in MB."""

    wall: float
    cpu: float
    memory: float


def cost(code: Path, *arguments: object) -> Cost:
    """Run a command line of the celebtool in a checkout, all its processes to their end."""
    environment = {**os.environ, "PYTHONPATH": str(code), "CELEBTOOL_OFFLINE": "1"}
    line = [sys.executable, "-P", "-m", "celebtool", *map(str, arguments)]
    started, cpu, memory, wall = time.monotonic(), 0.0, 0.0, 0.0
    process = subprocess.Popen(line, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment)
    while True:
        try:
            pid, status, usage = os.wait4(-1, 0)
        except ChildProcessError:
            return Cost(wall, cpu, memory)
        cpu += usage.ru_utime + usage.ru_stime
        memory = max(memory, usage.ru_maxrss / 1000)
        if pid == process.pid:
            wall = time.monotonic() - started
            process.returncode = os.waitstatus_to_exitcode(status)
            if process.returncode:
                raise SystemExit(f"{' '.join(line)}: exit code {process.returncode}")


def median(costs: list[Cost]) -> Cost:
    """Return the medians."""
    return Cost(*(statistics.median(getattr(each, name) for each in costs) for name in ("wall", "cpu", "memory")))


def bare(model: Path, faces: Path) -> float:
    """Return the images per second of TensorFlow's graph on images that are decoded already."""
    code = f"""
import time, numpy as np
from pathlib import Path
from celebtool.formats import image_folder, images
from celebtool.nn import classifier
loaded = classifier.load(Path({str(model)!r}))
(size,) = classifier.image_sizes(loaded)
folder = image_folder.read(Path({str(faces)!r}))
pictures = np.stack([images.resize(images.read(folder.file(s)), size) for s in folder.samples[:1024]])
for started in (0, time.monotonic()):
    for first in range(0, len(pictures), 32):
        classifier.probabilities(loaded, {{size: pictures[first : first + 32]}})
print(len(pictures) / (time.monotonic() - started))
"""
    environment = {**os.environ, "PYTHONPATH": str(NEW)}
    done = subprocess.run(
        [sys.executable, "-P", "-c", code], capture_output=True, text=True, check=True, env=environment
    )
    return float(done.stdout)


def main(old: Path, faces: Path, photo: Path, times: int) -> None:
    """Print a table."""
    ctypes.CDLL(None).prctl(SUBREAPER, 1, 0, 0, 0)
    out = Path(tempfile.mkdtemp())
    model = out / "model.h5"
    cost(old, "train", faces, model)  # which the new one reads, too
    crop = next(path for path in sorted(faces.rglob("*.jpg")))
    count = sum(1 for _ in faces.rglob("*.jpg"))
    tasks = {
        "train": ("train", faces, out / "again.h5", "--overwrite"),
        "predict one crop": ("predict", model, crop),
        "predict one photo --faces": ("predict", model, photo, "--faces"),
        f"predict {count} crops": ("predict", model, faces),
    }
    sides = {"old": old, "new": NEW}
    for name, line in tasks.items():
        costs: dict[str, list[Cost]] = {"old": [], "new": []}
        for number in range(times + 1):
            for side, code in sides.items():
                found = cost(code, *line)
                costs[side] += [found] * bool(number)
        before, after = median(costs["old"]), median(costs["new"])
        print(
            f"{name}: {before.wall:.2f} → {after.wall:.2f} s on the clock ({after.wall / before.wall:.2f}), "
            f"{before.cpu:.2f} → {after.cpu:.2f} s of processors ({after.cpu / before.cpu:.2f}), "
            f"{before.memory:.0f} → {after.memory:.0f} MB in the largest process",
            flush=True,
        )
    one, many = (cost(NEW, "predict", model, each) for each in (crop, faces))
    rate, network = (count - 1) / (many.wall - one.wall), bare(model, faces)
    print(f"predict: {rate:.0f} images/s, {rate / network:.2f} times TensorFlow's bare forward pass ({network:.0f})")


if __name__ == "__main__":
    if len(sys.argv) not in {4, 5}:
        raise SystemExit(__doc__)
    main(*map(Path, sys.argv[1:4]), int(sys.argv[4]) if len(sys.argv) == 5 else 5)
