"""From photo files to face crops: the work of `crop-faces`, and of `predict --faces`, on one photo at a time."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import tensorflow as tf

from celebtool import alignment, selection
from celebtool.alignment import Face
from celebtool.cropping import Settings, Shard, Task, crop_path, digest
from celebtool.formats import images, manifest
from celebtool.formats.images import ImageError, RGBImage
from celebtool.nn.face_detector import FaceDetector

COARSE, FINE = 40, 20  # pixels: faces so large are quick to find; faces so small, the smallest there are, are not


@dataclass(frozen=True)
class Crops:
    """What a photo gave: crops (size, size, 3) with their faces; none, and then why (a word and a sentence)."""

    path: Path
    found: tuple[tuple[Face, RGBImage], ...] = ()
    reason: str = ""
    detail: str = ""


def crop_photos(paths: Iterable[Path], settings: Settings) -> Iterator[Crops]:
    """Yield the face crops of each photo; a bad file is a reason, never an end."""
    for path in paths:
        try:
            yield crop_photo(path, settings)
        except ImageError as error:
            yield Crops(path, reason=error.reason, detail=error.problem)


def crop_shard(shard: Shard) -> list[manifest.Row]:
    """Crop the photos of a shard into its directory and return the manifest's rows for them.

    A worker's entry point: TensorFlow runs on one thread, so that results don't depend on the machine's load
    or on how many workers there are.
    """
    _use_one_thread()
    tasks = [replace(task, origin=task.origin or digest(task.file)) for task in shard.tasks]
    crops = crop_photos((task.file for task in tasks), shard.settings)
    return [row for task, crop in zip(tasks, crops, strict=True) for row in _write(task, crop, shard)]


def crop_photo(path: Path, settings: Settings) -> Crops:
    image = images.read(path)
    faces = _detector().detect(image, _first_size(settings))
    candidates, reason = selection.eligible(faces, settings.min_face, settings.min_confidence)
    if reason:  # look closer, for a face or for what to say about its absence
        faces = _detector().detect(image, FINE)
        candidates, reason = selection.eligible(faces, settings.min_face, settings.min_confidence)
    if reason:
        return Crops(path, reason=reason, detail=_explain(reason, faces, settings))
    chosen = selection.choose(candidates, (image.shape[0], image.shape[1]), settings.select)
    if not chosen:
        return Crops(path, reason="several_faces", detail=f"{len(candidates)} faces; one was asked for")
    return Crops(path, tuple((face, _crop(image, face, settings)) for face in chosen))


def _first_size(settings: Settings) -> int:
    """Return the size of the smallest face that matters while no other has been found."""
    return max(COARSE, settings.min_face) if settings.select == "largest" else settings.min_face


def _crop(image: RGBImage, face: Face, settings: Settings) -> RGBImage:
    if settings.align:
        return alignment.align(image, face.landmarks, settings.size, settings.margin)
    return alignment.crop(image, face.box, settings.size, settings.margin)


def _explain(reason: str, faces: list[Face], settings: Settings) -> str:
    if reason == "too_small":
        sure = [face for face in faces if face.confidence >= settings.min_confidence]
        return f"the largest face has {max(map(selection.side, sure)):.1f} pixels, not {settings.min_face}"
    if reason == "low_confidence":
        best = max(face.confidence for face in faces)
        return f"the surest face has confidence {best:.3f}, not {settings.min_confidence:g}"
    return "no face was found"


def _write(task: Task, crops: Crops, shard: Shard) -> Iterator[manifest.Row]:
    """Write a photo's crops and yield their rows; or yield the one row that says why there are none."""
    common = (task.label, task.source, task.origin)
    if not crops.found:
        yield manifest.Row("", *common, manifest.REJECTED, crops.reason, {"detail": crops.detail})
    for number, (face, image) in enumerate(crops.found, 1):
        path = crop_path(task.target, number, shard.settings)
        (shard.content / path).parent.mkdir(parents=True, exist_ok=True)
        images.write(shard.content / path, image, shard.settings.format)
        yield manifest.Row(path, *common, extra={"face": str(number)} | _cells(face, image))


def _cells(face: Face, image: RGBImage) -> dict[str, str]:
    """Return a face as a manifest's cells; numbers with six digits."""
    numbers = {**face.box._asdict(), "confidence": face.confidence, "sharpness": alignment.sharpness(image)}
    landmarks = " ".join(f"{x:.6g}" for x in face.landmarks.ravel())
    return {name: f"{number:.6g}" for name, number in numbers.items()} | {"landmarks": landmarks}


@cache
def _detector() -> FaceDetector:
    return FaceDetector()


@cache
def _use_one_thread() -> None:
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
