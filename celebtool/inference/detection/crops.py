"""Cut face crops out of photo files, for `crop-faces` and `predict --faces`."""

import contextlib
import ctypes
import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from celebtool.cropping import lots, pick_in_photo
from celebtool.cropping.lots import Lot
from celebtool.cropping.plan import CropSettings, Shard, Task
from celebtool.formats import faces, images
from celebtool.formats.faces import FoundFace, PhotoResult
from celebtool.formats.images import ImageError, Photo, RGBImage
from celebtool.formats.reasons import Reason, Rejection
from celebtool.imaging import alignment
from celebtool.imaging.alignment import Box, Face
from celebtool.inference.detection import chips as chips_of
from celebtool.inference.detection import detector
from celebtool.inference.detection.detector import FaceDetector

LONGEST = 2048  # pixels: of a larger photo a half, a quarter or an eighth is searched first
LARGE = 1 << 22  # pixels of a photo whose memory should not wait for the next one's
OTHER_SIZES = (0.77, 0.92)  # between the pyramid's levels; of five photos without a sure face they found one in four


@dataclass(frozen=True)
class View:
    """A photo decoded at 1/`part` of its size (`part` 1, 2, 4 or 8), and its faces in pixels of the whole photo."""

    photo: Photo
    part: int
    picture: Image.Image
    faces: tuple[Face, ...]


@dataclass(frozen=True)
class Crops:
    """The crops (size, size, 3) of a photo with their faces, or why there are none."""

    path: Path
    found: tuple[tuple[Face, RGBImage], ...] = ()
    rejection: Rejection | None = None


def crop_photos(paths: Iterable[Path], settings: CropSettings) -> Iterator[Crops]:
    """Yield the face crops of each photo; a bad file is a rejection and does not end the iteration."""
    for path in paths:
        try:
            with images.memory_enough(path):
                cropped = crop_photo(path, settings)
            yield cropped
        except ImageError as error:
            yield Crops(path, rejection=_of_error(error))


def crop_photo(path: Path, settings: CropSettings) -> Crops:
    """Return the face crops of a photo: with ``identity``, of every face that may be taken.

    Raises:
        ImageError: the file is no image that can be read.
    """
    view = detect_faces(path, settings)
    picked, rejection = _pick(view, settings)
    return Crops(path, tuple((view.faces[i], cut(view, view.faces[i], settings)) for i in picked), rejection)


def detect_faces(path: Path, settings: CropSettings) -> View:
    """Find the faces in a photo; a large photo is searched at a reduced size first, and at full size if need be.

    Raises:
        ImageError: the file is no image that can be read.
    """
    photo = images.open_photo(path)
    part = 1
    while max(photo.height, photo.width) > LONGEST * part and part < 8:
        part *= 2
    while True:
        picture = photo.decode_part(part)
        smallest = max(detector.SMALLEST, settings.min_face / part)
        found = _detector().detect(picture, smallest)
        if part == 1 or settings.min_face >= smallest * part or not detector.needs_finer(found, 0):
            break
        part //= 2
    if settings.min_face > detector.SMALLEST and not _any_sure(found):  # to say that it is too small
        found = _detector().detect(picture, detector.SMALLEST) or found
    if not _any_sure(found):
        found = _detect_at_other_sizes(picture, smallest) or found
    return View(photo, part, picture, tuple(faces.rounded(_enlarged(face, part)) for face in found))


def _detect_at_other_sizes(picture: Image.Image, smallest: float) -> list[Face]:
    """Return the faces of a photo searched at slightly other sizes, where faces that were just missed may be found."""
    for scale in OTHER_SIZES:
        size = max(1, round(picture.width * scale)), max(1, round(picture.height * scale))
        resized = picture.resize(size, Image.Resampling.BICUBIC)
        found = _detector().detect(resized, max(detector.SMALLEST, smallest * scale))
        if _any_sure(found):
            return [_enlarged(face, 1 / scale) for face in found]
    return []


def _any_sure(found: Iterable[Face]) -> bool:
    return any(detector.is_sure(face) for face in found)


def cut(view: View, face: Face, settings: CropSettings) -> RGBImage:
    """Return the crop (size, size, 3) of a face, from the whole photo where the view has too few pixels."""
    if view.part > 1 and pick_in_photo.side(face) / view.part * (1 + 2 * settings.margin) < settings.size:
        view = replace(view, part=1, picture=view.photo.decode_part(1))
    seen = _enlarged(face, 1 / view.part)
    if settings.align:
        return alignment.align(view.picture, seen.landmarks, settings.size, settings.margin)
    return alignment.crop(view.picture, seen.box, settings.size, settings.margin)


def crop_shard(shard: Shard) -> None:
    """Find and crop the faces in a shard's photos and leave them in its directory, unless they are there already.

    Workers run this. The networks use one thread, so that workers don't wait for one another.
    """
    lot = Lot(shard.directory)
    if lot.exists():
        return
    content = lot.begin()
    results = []
    for number, task in enumerate(shard.tasks):
        results.append(_crop_task(task, number, shard.settings, content))
        lots.count(content, number + 1)
    points = chips_of.embed([chip for _, chips in results for chip in chips], shard.settings)
    lot.finish(content, [_with_embeddings(photo, points) if chips else photo for photo, chips in results])
    _give_memory_back()


def _crop_task(task: Task, number: int, settings: CropSettings, content: Path) -> tuple[PhotoResult, list[RGBImage]]:
    """Return what a photo gives, its crops written as NUMBER-FACE, and the chips of its faces for the embedding.

    Raises:
        SystemFaultError: the photo can't be read, or changed; its content is not to blame.
    """
    try:
        with images.memory_enough(task.file):
            found, rejection, chips = _crop_file(task, number, settings, content)
    except ImageError as error:
        found, rejection, chips = [], _of_error(error), []
    origin = task.check_unchanged()
    return PhotoResult(task.source, task.origin or origin, tuple(found), rejection), chips


def _crop_file(
    task: Task, number: int, settings: CropSettings, content: Path
) -> tuple[list[FoundFace], Rejection | None, list[RGBImage]]:
    view = detect_faces(task.file, settings)
    picked, rejection = _pick(view, settings)
    if wanted := [i for i in task.wanted if i < len(view.faces)]:
        picked, rejection = sorted({*picked, *wanted}), None
    found, chips = [FoundFace(face) for face in view.faces], []
    for i in picked:
        crop = cut(view, view.faces[i], settings)
        name = f"{number}-{i}.{settings.format}"
        saved = images.encoded(crop, settings.format)
        (content / name).write_bytes(saved)
        own = hashlib.sha256(saved).hexdigest() if chips_of.is_of_crop(settings) else ""
        found[i] = FoundFace(view.faces[i], None, name, f"{alignment.sharpness(crop):.6g}", own)
        if own:
            chips.append(chips_of.crop(images.as_saved(crop, settings.format, saved), settings))
        elif settings.select == "identity" or settings.group:
            chips.append(chips_of.face(view.picture, _enlarged(view.faces[i], 1 / view.part)))
    if view.photo.height * view.photo.width > LARGE:
        _give_memory_back()
    return found, rejection, chips


def _of_error(error: ImageError) -> Rejection:
    return Rejection(Reason(error.reason), error.problem)


def _pick(view: View, settings: CropSettings) -> tuple[list[int], Rejection | None]:
    """Return the indices of the faces that the photo by itself gives, or why there are none."""
    able, reason = pick_in_photo.eligible(view.faces, settings.min_face, settings.min_confidence)
    if reason:
        return [], Rejection(reason, _explain(reason, view.faces, settings))
    chosen = pick_in_photo.choose(able, (view.photo.height, view.photo.width), settings.select)
    if not chosen:
        return [], Rejection(Reason.SEVERAL_FACES, f"{len(able)} faces; --select only takes photos of one")
    return [i for i, face in enumerate(view.faces) if any(face is one for one in chosen)], None


def _with_embeddings(photo: PhotoResult, points: Iterator[NDArray[np.float32]]) -> PhotoResult:
    found = (replace(each, embedding=next(points)) if each.crop else each for each in photo.faces)
    return replace(photo, faces=tuple(found))


def _enlarged(face: Face, scale: float) -> Face:
    return Face(Box(*(x * scale for x in face.box)), face.landmarks * scale, face.confidence)


def _explain(reason: Reason, found: tuple[Face, ...], settings: CropSettings) -> str:
    if reason == Reason.TOO_SMALL:
        certain = [face for face in found if face.confidence >= settings.min_confidence]
        largest = max(map(pick_in_photo.side, certain))
        return f"the largest face has {largest:.1f} pixels; at least {settings.min_face} are needed (--min-face)"
    if reason == Reason.LOW_CONFIDENCE:
        best = max(face.confidence for face in found)
        return f"the best face has confidence {best:.3f}; at least {settings.min_confidence:g} is needed (--min-confidence)"
    return "no face was found"


@cache
def _detector() -> FaceDetector:
    return FaceDetector()


def _give_memory_back() -> None:
    """Return freed memory to the system; glibc would keep it, and the process be a third larger."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL("libc.so.6").malloc_trim(0)
