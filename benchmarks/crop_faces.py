"""How fast are faces found, in how much memory, and which, compared with the plain loop over the mtcnn package?

Usage: python benchmarks/crop_faces.py PHOTOS [PHOTOS_FOR_THE_LOOPS]

Runs `celebtool crop-faces PHOTOS` (all photos), then `MTCNN().detect_faces(photo)` photo by photo at full size, and
facenet-pytorch's MTCNN if it is installed, both on at most PHOTOS_FOR_THE_LOOPS (all) photos spread over the
folder. Photos per second are counted from the start of the whole command and from its first photo. Memory is the
proportional set size of all processes together at its peak (Linux). Agreement is with the mtcnn loop: of its faces of 40
pixels and more with a confidence of 0.95 or more, how many were found (overlap of 0.5 of the union, confidence 0.9).
"""

import json
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from celebtool.formats import faces, image_folder, images

Rectangle = tuple[float, float, float, float, float]  # left, top, right, bottom, confidence
Found = dict[str, list[Rectangle]]

LEAST, SURE, ENOUGH = 40, 0.95, 0.9


@dataclass
class Run:
    """What a way of finding faces took and found; seconds of the whole and from the first photo."""

    name: str
    found: Found
    seconds: float
    working: float
    megabytes: float


def mtcnn(files: dict[str, Path]) -> tuple[Found, float]:
    """Return what the package finds at full size, and when it saw the first photo."""
    import numpy as np
    from mtcnn import MTCNN

    detector = MTCNN()
    started = time.time()
    found: Found = {}
    for source, file in files.items():
        try:
            rows = detector.detect_faces(images.read(file), fit_to_image=False, output_type="numpy", box_format="xyxy")
        except images.ImageError:
            continue
        found[source] = [tuple(map(float, row[1:6])) for row in np.asarray(rows).reshape(-1, 16)]
    return found, started


def facenet(files: dict[str, Path]) -> tuple[Found, float]:
    """Return what facenet-pytorch finds on photos shrunk to 640 pixels, and when it saw the first photo."""
    from facenet_pytorch import MTCNN
    from PIL import Image

    detector = MTCNN(keep_all=True)
    started = time.time()
    found: Found = {}
    for source, file in files.items():
        try:
            photo = images.open_photo(file)
            image = photo.decode(640)
        except images.ImageError:
            continue
        scale = max(photo.height, photo.width) / max(image.shape)
        boxes, sure = detector.detect(Image.fromarray(image))
        rows = [] if boxes is None else zip(boxes, sure, strict=True)
        found[source] = [(*(float(x) * scale for x in box), float(confidence)) for box, confidence in rows]
    return found, started


LOOPS = {"mtcnn": mtcnn, "facenet": facenet}


def loop(name: str, photos: Path, sources: list[str]) -> Run:
    """Run one of the loops in a process of its own."""
    with tempfile.TemporaryDirectory() as directory:
        (Path(directory) / "sources.json").write_text(json.dumps(sources))
        began = time.time()
        megabytes = watch([sys.executable, __file__, "--loop", name, str(photos), directory])
        ended = time.time()
        result = json.loads((Path(directory) / "found.json").read_text())
    return Run(name, result["found"], ended - began, ended - result["started"], megabytes)


def celebtool(photos: Path) -> Run:
    """Run the whole command; its first photo is seen when the first of its workers' directories appears."""
    with tempfile.TemporaryDirectory() as directory:
        output = Path(directory) / "faces"
        began = time.time()
        scratch = Path(directory) / ".faces.partial" / "scratch"
        command = [sys.executable, "-m", "celebtool", "crop-faces", str(photos), str(output), "--quiet"]
        first: list[float] = []
        megabytes = watch(command, lambda: first or not any(scratch.glob(".*")) or first.append(time.time()))
        ended = time.time()
        found = {
            source: [
                (box.left, box.top, box.left + box.width, box.top + box.height, confidence)
                for box, _, confidence in (each.face for each in candidates)
            ]
            for source, candidates in faces.read(output).items()
        }
    return Run("celebtool", found, ended - began, ended - (first or [began])[0], megabytes)


def watch(command: list[str], each_time: object = None) -> float:
    """Run a command and return the peak of its processes' proportional memory in megabytes (0 where unknown)."""
    peak = 0.0
    with subprocess.Popen(command) as process:
        while process.poll() is None:
            peak = max(peak, sum(map(proportional, family(process.pid))))
            if callable(each_time):
                each_time()
            time.sleep(0.1)
        if process.returncode:
            sys.exit(f"{' '.join(command)}: exit code {process.returncode}")
    return peak


def family(pid: int) -> list[int]:
    """Return a process and all that descend from it."""
    try:
        lists = [file.read_text().split() for file in Path(f"/proc/{pid}/task").glob("*/children")]
    except OSError:
        return [pid]
    return [pid, *(each for children in lists for child in children for each in family(int(child)))]


def proportional(pid: int) -> float:
    """Return a process's memory in megabytes, shared pages divided among their users."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024


def overlap(one: Rectangle, other: Rectangle) -> float:
    """Return what two rectangles share, as a part of their union."""
    width, height = (min(one[i + 2], other[i + 2]) - max(one[i], other[i]) for i in (0, 1))
    common = max(width, 0) * max(height, 0)
    whole = sum((box[2] - box[0]) * (box[3] - box[1]) for box in (one, other)) - common
    return common / whole if whole > 0 else 0.0


def agreement(reference: Found, found: Found) -> str:
    """Return how many of a reference's faces were found: the largest of each photo, and all."""
    hits, largest = [], []
    for source, boxes in reference.items():
        sure = [box for box in boxes if box[4] >= SURE and max(box[2] - box[0], box[3] - box[1]) >= LEAST]
        own = [box for box in found.get(source, []) if box[4] >= ENOUGH]
        sure.sort(key=lambda box: -(box[2] - box[0]) * (box[3] - box[1]))
        met = [any(overlap(box, other) >= 0.5 for other in own) for box in sure]
        hits += met
        largest += met[:1]
    return f"largest {sum(largest)}/{len(largest)}, all {sum(hits)}/{len(hits)}"


def main() -> None:
    """Measure a folder of photos."""
    photos = Path(sys.argv[1])
    folder = image_folder.read(photos)
    sources = [sample.path for sample in folder.samples]
    most = int(sys.argv[2]) if len(sys.argv) > 2 else len(sources)
    some = sources[:: max(1, -(-len(sources) // most))]
    runs = [celebtool(photos), loop("mtcnn", photos, some)]
    try:
        import facenet_pytorch  # noqa: F401

        runs.append(loop("facenet", photos, some))
    except ImportError:
        print("facenet-pytorch is not installed; left out")
    print(
        f"{'':<12}{'photos':>7}{'with face':>10}{'photos/s':>10}{'once started':>14}{'MB':>7}  of the faces that mtcnn finds"
    )
    for run in runs:
        count = len(sources) if run.name == "celebtool" else len(some)
        shown = sum(any(box[4] >= ENOUGH for box in run.found.get(source, [])) for source in some)
        rates = f"{count / run.seconds:>10.1f}{count / run.working:>14.1f}{run.megabytes:>7.0f}"
        print(f"{run.name:<12}{count:>7}{shown:>6}/{len(some):<3}{rates}  {agreement(runs[1].found, run.found)}")


def measured(name: str, photos: Path, directory: Path) -> None:
    """Be the process of a loop."""
    sources = json.loads((directory / "sources.json").read_text())
    found, started = LOOPS[name]({source: photos / source for source in sources})
    (directory / "found.json").write_text(json.dumps({"found": found, "started": started}))


if __name__ == "__main__":
    if sys.argv[1] == "--loop":
        measured(sys.argv[2], Path(sys.argv[3]), Path(sys.argv[4]))
    else:
        main()
