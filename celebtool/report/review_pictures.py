"""Make the small pictures of a review page: crops, whole photos, and the faces in them."""

import base64
import io
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from celebtool.formats import images
from celebtool.formats.faces import FoundFace
from celebtool.formats.images import ImageError, RGBImage
from celebtool.imaging.alignment import Box
from celebtool.report.review_items import Item

CROP, FACE, PHOTO = 144, 88, 320  # pixels: the longest side of a picture
DECODED = 1600  # pixels of a photo that faces are cut from
MOST_FACES = 24  # of a photo, the largest; with the taken one
MARGIN = 0.25  # around a face, as a share of its box
_QUALITY = 76


@dataclass(frozen=True)
class Pictures:
    """Pictures in base64 of JPEG, empty where there is none: the crop, the photo, and its faces by number."""

    crop: str = ""
    photo: str = ""
    faces: Sequence[tuple[int, str]] = ()


def pictures(item: Item, found: Sequence[FoundFace], photos: Path, crops: Path) -> Pictures:
    """Return the pictures of an item; the photo and its faces where there is something to choose from.

    Args:
        item: the photo or face.
        found: the photo's faces.
        photos: the folder of photos.
        crops: the folder of crops.
    """
    own = _open(crops, item.crop, CROP) if item.crop else None
    crop = "" if own is None else _encoded(own[0], CROP)
    if item.crop and len(found) < 2:
        return Pictures(crop)
    opened = _open(photos, item.path, DECODED)
    if opened is None:
        return Pictures(crop)
    photo, scale = opened
    shown = [number for number in range(1, len(found) + 1) if number <= MOST_FACES or number == item.taken]
    faces = [(number, _encoded(_cut(photo, found[number - 1].face.box, scale), FACE)) for number in shown]
    return Pictures(crop, _encoded(photo, PHOTO), faces)


def _open(root: Path, path: str, longest: int) -> tuple[RGBImage, float] | None:
    """Return a picture of a folder's and how much smaller than its file it is, 1 or less.

    None if it can't be read, or leads out of the folder: a manifest may be untrusted.
    """
    file = root / path
    try:
        if Path(os.path.realpath(root)) in Path(os.path.realpath(file)).parents and file.exists():
            photo = images.open_photo(file)
            picture = photo.decode(longest)
            return picture, max(picture.shape[:2]) / max(photo.height, photo.width, 1)
    except (ImageError, ValueError):  # a name that no file can have
        pass
    return None


def _cut(photo: RGBImage, box: Box, scale: float) -> RGBImage:
    """Return a square around a face, as far as it lies in the photo."""
    half = max(box.width, box.height) * (0.5 + MARGIN)
    x, y = box.left + box.width / 2, box.top + box.height / 2
    left, top, right, bottom = (max(round(edge * scale), 0) for edge in (x - half, y - half, x + half, y + half))
    face = photo[top:bottom, left:right]
    return face if face.size else photo


def _encoded(image: RGBImage, longest: int) -> str:
    stream = io.BytesIO()
    Image.fromarray(images.shrink(image, longest)).save(stream, "JPEG", quality=_QUALITY)
    return base64.b64encode(stream.getvalue()).decode("ascii")
