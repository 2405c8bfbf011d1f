"""Are threads of one process as fast as worker processes for the fingerprints of `split`?

Usage: python benchmarks/fingerprints.py FACES [NUMBER…]

Takes NUMBER (100 1851 20000) images of an image folder, going round and round, and prints images per second, the least of three
times, and milliseconds of the processor per image: in one thread, in as many threads as there are processors (what `split` does), and
in as many worker processes, their start included, that take sixteen images at a time.
"""

import itertools
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path

from celebtool.folders import duplicates
from celebtool.folders.duplicates import Fingerprint
from celebtool.formats import image_folder, images
from celebtool.system import threads, workers

LOT = 16
PROCESSORS = 2


def compute(files: list[str]) -> list[Fingerprint]:
    """Return the fingerprints of some files: what a worker does."""
    return [_fingerprint(Path(file)) for file in files]


def _fingerprint(file: Path) -> Fingerprint:
    return duplicates.fingerprint(images.read(file), margin=0.4)


def alone(files: list[Path]) -> None:
    """Compute one after another."""
    for file in files:
        _fingerprint(file)


def in_threads(files: list[Path]) -> None:
    """Compute as `split` does."""
    threads.run(_fingerprint, files, lambda *_: None)


def in_processes(files: list[Path]) -> None:
    """Compute as `crop-faces` and `predict` do."""
    lots = list(threads.batched(map(str, files), LOT))
    for _ in workers.run("fingerprints:compute", lots, PROCESSORS):
        pass


def cost(work: Callable[[list[Path]], None], files: list[Path]) -> tuple[float, float]:
    """Return images per second and milliseconds of the processor per image, of this process and those that it waited for."""
    walls, seconds = [], []
    for _ in range(3):
        started, before = time.perf_counter(), _processor()
        work(files)
        walls.append(time.perf_counter() - started)
        seconds.append(_processor() - before)
    return len(files) / min(walls), 1000 * min(seconds) / len(files)


def _processor() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


def main(faces: str, *numbers: str) -> None:
    """Print the table."""
    folder = image_folder.read(Path(faces))
    print("| images | how | images/s | ms of the processor |\n|--:|---|--:|--:|")
    for number in map(int, numbers or ("100", "1851", "20000")):
        files = [folder.file(each) for each in itertools.islice(itertools.cycle(folder.samples), number)]
        for work in (alone, in_threads, in_processes):
            rate, milliseconds = cost(work, files)
            said = (
                f"{milliseconds:.2f}" if work is not in_processes else ""
            )  # its workers are the fork server's children
            print(f"| {number:,} | {work.__name__.replace('_', ' ')} | {rate:.0f} | {said} |", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
