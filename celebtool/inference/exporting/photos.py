"""Find photos on which an exported file is compared with its model."""

import importlib.util
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from celebtool.errors import CelebtoolError
from celebtool.formats import image_folder, images
from celebtool.formats.images import RGBImage
from celebtool.imaging import alignment

MOST = 32
"""Images of a folder that are taken, evenly over the order of their names."""

_PORTRAIT = ("matplotlib", "mpl-data/sample_data/grace_hopper.jpg")
"""Rear Admiral Grace Hopper; a work of the U.S. Navy, in the public domain."""
_POINTS = np.array([[221.38, 190.02], [307.75, 186.94], [267.68, 238.49], [231.74, 277.94], [302.95, 273.59]])
"""Where MTCNN finds her eyes, nose and mouth."""
_VIEWS = (("sklearn", "datasets/images/china.jpg"), ("sklearn", "datasets/images/flower.jpg"))
_MARGINS = (0.1, 0.25, 0.4, 0.6)
_SIDE = 224


def of_folder(folder: Path) -> list[RGBImage]:
    """Return at most `MOST` images of a folder, with labels or without.

    Raises:
        CelebtoolError: no such folder, one without images, or an image that can't be read.
    """
    found = image_folder.read(folder)
    if not found.samples:
        raise CelebtoolError(folder, "holds no files; expected images")
    count = min(MOST, len(found.samples))
    chosen = [found.samples[number * len(found.samples) // count] for number in range(count)]
    return [images.read(found.file(sample)) for sample in chosen]


def of_packages() -> list[RGBImage]:
    """Return images cut from three photos that matplotlib and scikit-learn bring: a face in several crops, and two views.

    Raises:
        CelebtoolError: this installation of those packages has no photos.
    """
    try:
        portrait, *views = (images.read(_file(*place)) for place in (_PORTRAIT, *_VIEWS))
    except CelebtoolError as error:
        raise CelebtoolError("export", f"finds no photos to check the file on ({error}); add --check FOLDER") from error
    picture = Image.fromarray(portrait)
    faces = [alignment.align(picture, _POINTS, _SIDE, margin) for margin in _MARGINS]
    return list(_mirrored([*faces, portrait, *(part for view in views for part in _parts(view))]))


def _file(package: str, path: str) -> Path:
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        raise CelebtoolError(package, "is not installed")
    return Path(spec.origin).parent / path


def _parts(image: RGBImage) -> Iterator[RGBImage]:
    """Yield an image, and its left and right half."""
    middle = image.shape[1] // 2
    yield from (image, image[:, :middle], image[:, middle:])


def _mirrored(found: Sequence[RGBImage]) -> Iterator[RGBImage]:
    for image in found:
        yield from (image, np.ascontiguousarray(image[:, ::-1]))
