"""What one worker finds in a few photos for `predict`: the features of their faces, left in a file.

The file is JSON, whoever the worker is: nothing that comes from another machine is unpickled.
"""

import base64
import json
import math
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from celebtool.cropping.plan import CropSettings
from celebtool.errors import SystemFaultError
from celebtool.formats.sources import Source
from celebtool.imaging.alignment import Box
from celebtool.inference.conversion import Graph

SIZE = 16
"""Photos of a lot; fixed, so that what is computed together doesn't depend on the number of workers."""


@dataclass(frozen=True)
class Shard:
    """The photos that one worker takes in one go.

    Args:
        sources: the photos.
        graphs: the networks.
        sizes: the (height, width) that each network takes.
        crops: how faces are found and cropped first; None: the images are crops.
        mirror: whether mirror images are computed too.
        origins: whether anybody wants to know the photos' origins.
        batch_size: images that a network sees at once.
        file: where the result is left.
    """

    sources: tuple[Source, ...]
    graphs: tuple[Graph, ...]
    sizes: tuple[tuple[int, int], ...]
    crops: CropSettings | None
    mirror: bool
    origins: bool
    batch_size: int
    file: Path


@dataclass(frozen=True)
class FaceFeatures:
    """What the networks make of a face, or of an image that is a crop.

    Args:
        box: where the face is in the photo; None if the image is a crop.
        features: of each network, of the image and, if asked for, of its mirror image, (views, d).
    """

    box: Box | None
    features: tuple[NDArray[np.float32], ...]


@dataclass(frozen=True)
class PhotoFeatures:
    """What a worker found in a photo: faces, or the reason why there are none; its origin, if it was asked for."""

    faces: tuple[FaceFeatures, ...] = ()
    reason: str = ""
    origin: str = ""


def write(file: Path, photos: Sequence[PhotoFeatures]) -> None:
    """Leave the result of a lot; the file appears whole."""
    unfinished = file.with_suffix(".new")
    unfinished.write_text(json.dumps([_record(photo) for photo in photos]), encoding="ascii")
    unfinished.replace(file)


def take(file: Path, count: int, networks: int) -> list[PhotoFeatures]:
    """Return the result of a lot of so many photos, with the features of so many networks, and remove its file.

    Raises:
        SystemFaultError: it is not as `write` leaves it.
    """
    try:
        records = json.loads(file.read_text(encoding="ascii"))
        photos = [_photo(record) for _, record in zip(range(count), records, strict=True)]
        _check_shapes(photos, networks)
        file.unlink()
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise SystemFaultError(file, f"is not as a worker leaves it ({error}); run the command again") from error
    return photos


def _check_shapes(photos: Sequence[PhotoFeatures], networks: int) -> None:
    shapes = {tuple(values.shape for values in face.features) for photo in photos for face in photo.faces}
    if len(shapes) > 1 or any(len(shape) != networks for shape in shapes):
        raise ValueError("other features than asked for")


def _record(photo: PhotoFeatures) -> dict[str, Any]:
    faces = [
        {"box": face.box and list(map(float, face.box)), "features": [_text(values) for values in face.features]}
        for face in photo.faces
    ]
    return {"faces": faces, "reason": photo.reason, "origin": os.fsencode(photo.origin).hex()}


def _photo(record: dict[str, Any]) -> PhotoFeatures:
    faces = tuple(
        FaceFeatures(_box(face["box"]), tuple(_values(*each) for each in face["features"])) for face in record["faces"]
    )
    return PhotoFeatures(faces, str(record["reason"]), os.fsdecode(bytes.fromhex(record["origin"])))


def _box(sides: Any) -> Box | None:  # noqa: ANN401
    if sides is None:
        return None
    box = Box(*map(float, sides))
    if not all(map(math.isfinite, box)):
        raise ValueError("a box that is none")
    return box


def _text(values: NDArray[np.float32]) -> tuple[int, str]:
    return len(values), base64.b64encode(values.astype("<f4").tobytes()).decode("ascii")


def _values(rows: int, text: str) -> NDArray[np.float32]:
    return np.frombuffer(base64.b64decode(text, validate=True), "<f4").astype(np.float32).reshape(rows, -1)
