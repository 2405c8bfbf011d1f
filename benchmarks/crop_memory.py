"""How does memory grow with the number of photos that one run of crop-faces looks at?

Usage: python benchmarks/crop_memory.py PHOTOS [NUMBER…]

Makes a folder of NUMBER (1000 20000) photos by copying those of PHOTOS, class by class, under new names, crops them, and
prints photos per second of the whole command and the peaks of proportional memory (Linux): of all processes together,
and of the one that starts the run and keeps what was found.
"""

import itertools
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import crop_faces

from celebtool.formats import image_folder


def multiply(photos: Path, number: int, out: Path) -> None:
    """Copy so many photos into a folder, going round and round."""
    folder = image_folder.read(photos)
    for count, sample in enumerate(itertools.islice(itertools.cycle(folder.samples), number)):
        target = out / Path(sample.path).parent / f"{count}{Path(sample.path).suffix}"
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(folder.file(sample), target)


def peaks(command: list[str]) -> tuple[float, float]:
    """Run a command and return the peaks of megabytes: of all its processes, and of the first."""
    everything = first = 0.0
    with subprocess.Popen(command) as process:
        while process.poll() is None:
            each = list(map(crop_faces.proportional, crop_faces.family(process.pid)))
            everything, first = max(everything, sum(each)), max(first, each[0])
            time.sleep(0.2)
        if process.returncode:
            sys.exit(f"{' '.join(command)}: exit code {process.returncode}")
    return everything, first


def main(photos: str, *numbers: str) -> None:
    """Print a row for each number."""
    print("| photos of one run | photos/s | all processes | process that starts it |\n|---:|---:|---:|---:|")
    for number in map(int, numbers or ("1000", "20000")):
        with tempfile.TemporaryDirectory() as name:
            multiply(Path(photos), number, Path(name) / "photos")
            command = [sys.executable, "-m", "celebtool", "crop-faces", f"{name}/photos", f"{name}/faces", "--quiet"]
            started = time.monotonic()
            everything, first = peaks(command)
            rate = number / (time.monotonic() - started)
        print(f"| {number:,} | {rate:.0f} | {everything:.0f} MB | {first:.0f} MB |", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
