"""From photo files to face crops: the work of `crop-faces`, and of `predict --faces`."""

import contextlib
import ctypes
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from celebtool.cropping import pick_in_photo
from celebtool.cropping.plan import Settings, Shard, Task, digest
from celebtool.formats import faces as face_files
from celebtool.formats import images
from celebtool.formats.faces import Candidate, Found, Lot
from celebtool.formats.images import ImageError, Photo, RGBImage
from celebtool.imaging import alignment
from celebtool.imaging.alignment import Box, Face
from celebtool.nn import embeddings
from celebtool.nn.detection import detector
from celebtool.nn.detection.detector import FaceDetector

LONGEST = 2048  # pixels: of a larger photo a half, a quarter or an eighth is searched first
LARGE = 1 << 22  # pixels of a photo whose memory should not wait for the next one's
OTHER_SIZES = (0.77, 0.92)  # between the pyramid's levels; of five photos without a sure face they found one in four
CHIP, CHIP_MARGIN = 150, 0.25  # what the network that tells people apart was trained on
BATCH = 8  # faces that it sees at once, always: the last bits may depend on the number


@dataclass(frozen=True)
class View:
    """A photo decoded at a half, quarter or eighth (``part`` 2, 4, 8; 1: whole), and its faces in the whole's pixels."""

    photo: Photo
    part: int
    image: RGBImage
    faces: tuple[Face, ...]


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


def crop_photo(path: Path, settings: Settings) -> Crops:
    """Return the face crops of a photo: with ``identity``, of every face that may be the one.

    Raises:
        ImageError: the file is no image that can be read.
    """
    view = look(path, settings)
    picked, reason, detail = _pick(view, settings)
    return Crops(path, tuple((view.faces[i], cut(view, view.faces[i], settings)) for i in picked), reason, detail)


def look(path: Path, settings: Settings) -> View:
    """Find the faces in a photo: in a part of its pixels first, if it has many, then if need be in all of them.

    Raises:
        ImageError: the file is no image that can be read.
    """
    photo = images.open_photo(path)
    part = 1
    while max(photo.height, photo.width) > LONGEST * part and part < 8:
        part *= 2
    while True:
        image = photo.decode_part(part)
        smallest = max(detector.SMALLEST, settings.min_face / part)
        found = _detector().detect(image, smallest)
        if part == 1 or settings.min_face >= smallest * part or not detector.needs_finer(found, 0):
            break
        part //= 2
    if settings.min_face > detector.SMALLEST and not _any_sure(found):  # to say that it is too small
        found = _detector().detect(image, detector.SMALLEST) or found
    if not _any_sure(found):
        found = _look_again(image, smallest) or found
    return View(photo, part, image, tuple(face_files.rounded(_enlarged(face, part)) for face in found))


def _look_again(image: RGBImage, smallest: float) -> list[Face]:
    """Return the faces of a photo at a slightly other size: what was missed by a hair may be found then."""
    for scale in OTHER_SIZES:
        size = round(image.shape[0] * scale), round(image.shape[1] * scale)
        found = _detector().detect(images.resize(image, size), max(detector.SMALLEST, smallest * scale))
        if _any_sure(found):
            return [_enlarged(face, 1 / scale) for face in found]
    return []


def _any_sure(faces: Iterable[Face]) -> bool:
    return any(detector.is_sure(face) for face in faces)


def cut(view: View, face: Face, settings: Settings) -> RGBImage:
    """Return the crop (size, size, 3) of a face, from all the photo's pixels where the view's are too few."""
    if view.part > 1 and pick_in_photo.side(face) / view.part * (1 + 2 * settings.margin) < settings.size:
        view = replace(view, part=1, image=view.photo.decode())
    seen = _enlarged(face, 1 / view.part)
    if settings.align:
        return alignment.align(view.image, seen.landmarks, settings.size, settings.margin)
    return alignment.crop(view.image, seen.box, settings.size, settings.margin)


def crop_shard(shard: Shard) -> None:
    """Find and crop the faces in a shard's photos and leave them in its directory, unless they are there already.

    A worker's entry point: TensorFlow runs on one thread, so that results don't depend on the machine's load
    or on how many workers there are.
    """
    lot = Lot(shard.directory)
    if lot.exists():
        return
    _use_one_thread()
    content = lot.begin()
    results = [_found(task, number, shard.settings, content) for number, task in enumerate(shard.tasks)]
    points = iter(_embeddings([chip for _, chips in results for chip in chips]))
    lot.finish(content, [_with_embeddings(found, points) if chips else found for found, chips in results])
    _give_memory_back()


def _found(task: Task, number: int, settings: Settings, content: Path) -> tuple[Found, list[RGBImage]]:
    """Return what a photo gives, its crops written as NUMBER-FACE, and what tells its faces apart to be embedded."""
    origin = task.origin or digest(task.file)
    try:
        view = look(task.file, settings)
        picked, reason, detail = _pick(view, settings)
        candidates, chips = [Candidate(face) for face in view.faces], []
        for i in picked:
            crop = cut(view, view.faces[i], settings)
            name = f"{number}-{i}.{settings.format}"
            images.write(content / name, crop, settings.format)
            candidates[i] = Candidate(view.faces[i], None, name, f"{alignment.sharpness(crop):.6g}")
            if settings.select == "identity":
                chips.append(_chip(view, view.faces[i], crop, settings))
    except ImageError as error:
        return Found(task.source, origin, (), error.reason, error.problem), []
    if view.photo.height * view.photo.width > LARGE:
        _give_memory_back()
    return Found(task.source, origin, tuple(candidates), reason, detail), chips


def _pick(view: View, settings: Settings) -> tuple[list[int], str, str]:
    """Return the indices of the faces that a photo gives by itself, or none and why (a word and a sentence)."""
    able, reason = pick_in_photo.eligible(view.faces, settings.min_face, settings.min_confidence)
    if reason:
        return [], reason, _explain(reason, view.faces, settings)
    chosen = pick_in_photo.choose(able, (view.photo.height, view.photo.width), settings.select)
    if not chosen:
        return [], "several_faces", f"{len(able)} faces; one was asked for"
    return [i for i, face in enumerate(view.faces) if any(face is one for one in chosen)], "", ""


def _chip(view: View, face: Face, crop: RGBImage, settings: Settings) -> RGBImage:
    """Return a face as the network that tells people apart wants it: its crop shrunk, unless that was cut otherwise."""
    if settings.align and settings.margin == CHIP_MARGIN and settings.size >= CHIP:
        return images.resize(crop, (CHIP, CHIP))
    return alignment.align(view.image, _enlarged(face, 1 / view.part).landmarks, CHIP, CHIP_MARGIN)


def _embeddings(chips: list[RGBImage]) -> Iterator[NDArray[np.float32]]:
    """Yield the embedding (128,) of each chip."""
    for start in range(0, len(chips), BATCH):
        batch = chips[start : start + BATCH]
        filled = np.stack(batch + batch[:1] * (BATCH - len(batch)))
        yield from embeddings.embed(filled, mirror=True)[: len(batch)]


def _with_embeddings(found: Found, points: Iterator[NDArray[np.float32]]) -> Found:
    faces = (replace(each, embedding=next(points)) if each.crop else each for each in found.faces)
    return replace(found, faces=tuple(faces))


def _enlarged(face: Face, scale: float) -> Face:
    return Face(Box(*(x * scale for x in face.box)), face.landmarks * scale, face.confidence)


def _explain(reason: str, faces: tuple[Face, ...], settings: Settings) -> str:
    if reason == "too_small":
        sure = [face for face in faces if face.confidence >= settings.min_confidence]
        return f"the largest face has {max(map(pick_in_photo.side, sure)):.1f} pixels, not {settings.min_face}"
    if reason == "low_confidence":
        best = max(face.confidence for face in faces)
        return f"the surest face has confidence {best:.3f}, not {settings.min_confidence:g}"
    return "no face was found"


@cache
def _detector() -> FaceDetector:
    return FaceDetector()


@cache
def _use_one_thread() -> None:
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)


def _give_memory_back() -> None:
    """Return to the system what freed arrays left behind; glibc keeps it otherwise, a third more for nothing."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL("libc.so.6").malloc_trim(0)
