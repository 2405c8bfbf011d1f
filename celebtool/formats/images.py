"""One image file ⇄ one RGB array, whatever the file's colours, orientation or damage."""

import io
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from PIL import Image

from celebtool.formats import image_decoding, pixels
from celebtool.formats.image_decoding import ImageError, RGBImage, memory_enough

__all__ = [
    "ImageError",
    "Photo",
    "RGBImage",
    "as_saved",
    "encoded",
    "memory_enough",
    "open_photo",
    "read",
    "resize",
    "shrink",
    "write",
]

_JPEG: dict[str, Any] = {"quality": 95, "subsampling": 0}


@dataclass(frozen=True)
class Photo:
    """An image file whose header has been read: its size as a viewer shows it, and the way to its pixels."""

    path: Path
    height: int
    width: int

    def decode(self, longest: int | None = None) -> RGBImage:
        """Return the first frame upright as RGB (height, width, 3), 16-bit scaled, transparency over white.

        Args:
            longest: shrink until the longer side is at most so many pixels. A large JPEG is then decoded
                small, which costs a fraction of the whole.

        Raises:
            ImageError: the file is damaged or cut off, or needs more memory than there is.
            SystemFaultError: the system can't read the file, or has no memory even for an ordinary photo.
        """

        def shrunk(image: Image.Image) -> RGBImage:
            whole = np.asarray(image)
            return whole if longest is None else shrink(whole, longest)

        return image_decoding.decode(self.path, longest, shrunk)

    def decode_part(self, part: int) -> Image.Image:
        """Return the picture as `decode` does, at a half, quarter or eighth of its size (``part`` 2, 4 or 8; 1: whole).

        A pixel is the mean of the pixels it stands for; a JPEG is decoded at that size.

        Raises:
            ImageError: the file is damaged or cut off, or needs more memory than there is.
            SystemFaultError: the system can't read the file, or has no memory even for an ordinary photo.
        """

        def reduced(image: Image.Image) -> Image.Image:
            left = round(max(self.height, self.width) / max(image.size))
            return image if left >= part else image.reduce(part // left)

        longest = None if part == 1 else math.ceil(max(self.height, self.width) / part)
        return image_decoding.decode(self.path, longest, reduced)


def open_photo(path: Path) -> Photo:
    """Read an image file's header.

    Raises:
        SystemFaultError: as `Photo.decode`.
        ImageError: it is no regular file, no JPEG, PNG, WebP, AVIF, BMP, GIF or PPM by its content (whatever
            its name says), is damaged, or exceeds the limits of `decoding_limits`. A pipe or a device is
            refused before it is opened, so nothing blocks.
    """

    def header() -> Photo:
        with image_decoding.opened(path) as file:
            width, height = file.size
            turned = pixels.orientation(file) >= 5
        return Photo(path, width, height) if turned else Photo(path, height, width)

    return image_decoding.tried_again(path, header)


def read(path: Path) -> RGBImage:
    """Return a whole image file as RGB (height, width, 3).

    Raises:
        ImageError: as ``open_photo`` and ``Photo.decode``.
    """
    return image_decoding.decode(path, None, np.asarray)


def write(path: Path, image: RGBImage, format: Literal["jpg", "png"] = "jpg") -> None:  # noqa: A002
    """Write RGB (height, width, 3) as JPEG (quality 95, 4:4:4) or PNG: same image, same bytes."""
    path.write_bytes(encoded(image, format))


def encoded(image: RGBImage, format: Literal["jpg", "png"]) -> bytes:  # noqa: A002
    """Return the content of the file that `write` writes."""
    stream = io.BytesIO()
    if format == "png":
        Image.fromarray(image).save(stream, "PNG", compress_level=6)
    else:
        Image.fromarray(image).save(stream, "JPEG", **_JPEG)
    return stream.getvalue()


def as_saved(image: RGBImage, format: Literal["jpg", "png"], content: bytes | None = None) -> RGBImage:  # noqa: A002
    """Return the image as it comes back from a file that `write` wrote, whose content may be given: JPEG loses a little."""
    if format == "png":
        return image
    with Image.open(io.BytesIO(content or encoded(image, format)), formats=["JPEG"]) as saved:
        return np.asarray(saved.convert("RGB"))


def resize(image: RGBImage, size: tuple[int, int]) -> RGBImage:
    """Return the image stretched to ``size`` = (height, width), bicubic, antialiased where it shrinks."""
    if image.shape[:2] == size:
        return image
    return np.asarray(Image.fromarray(image).resize(size[::-1], Image.Resampling.BICUBIC))


def shrink(image: RGBImage, longest: int) -> RGBImage:
    """Return the image with its longer side at most ``longest`` pixels and its proportions kept."""
    height, width = image.shape[:2]
    scale = longest / max(height, width)
    if scale >= 1:
        return image
    return resize(image, (max(1, round(height * scale)), max(1, round(width * scale))))
