"""One image file ⇄ one RGB array, whatever the file's colours, orientation or damage."""

import importlib.util
import io
import math
import re
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from celebtool.errors import CelebtoolError
from celebtool.formats import jpeg, pixels

RGBImage: TypeAlias = NDArray[np.uint8]
Reason = Literal["unreadable", "not_an_image", "too_large"]

# Pillow opens 43 formats by content, PostScript (which runs a program) among them: photos come in these.
FORMATS = ("JPEG", "PNG", "WEBP", "AVIF", "BMP", "GIF", "PPM")
PIXEL_LIMIT = 1 << 27  # 134 million: the largest cameras have 102 million, and RGB needs three bytes of each
Image.MAX_IMAGE_PIXELS = None  # Pillow's own warns below ours, and no thread can silence a warning for itself alone

_JPEG: dict[str, Any] = {"quality": 95, "subsampling": 0}

_SIGNATURE = re.compile(
    rb"\xff\xd8\xff|\x89PNG\r\n|RIFF.{4}WEBP|.{4}ftypavi[fs]|BM.{4}\0\0\0\0|GIF8[79]a|P[1-6]\s", re.DOTALL
)
_HEIF_SIGNATURE = re.compile(rb".{4}ftyp(hei[cmsx]|hev[cmx]|mif1|msf1)", re.DOTALL)


class ImageError(CelebtoolError):
    """A file that gives no image; ``reason`` is the word for it in a manifest, ``problem`` the sentence."""

    def __init__(self, where: object, reason: Reason, problem: str) -> None:
        super().__init__(where, problem)
        self.reason: Reason = reason

    def __reduce__(self) -> tuple[type, tuple[object, ...]]:
        """As `CelebtoolError`."""
        return type(self), (self.where, self.reason, self.problem)


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
            ImageError: the file is damaged or cut off.
        """
        image = np.asarray(_decode(self.path, longest))
        return image if longest is None else shrink(image, longest)

    def decode_part(self, part: int) -> RGBImage:
        """Return the image as `decode` does, at a half, quarter or eighth of its size (``part`` 2, 4 or 8; 1: whole).

        A pixel is the mean of the pixels it stands for; a JPEG is decoded at that size.

        Raises:
            ImageError: the file is damaged or cut off.
        """
        image = _decode(self.path, None if part == 1 else math.ceil(max(self.height, self.width) / part))
        left = round(max(self.height, self.width) / max(image.size))
        return np.asarray(image if left >= part else image.reduce(part // left))


def open_photo(path: Path) -> Photo:
    """Read an image file's header.

    Raises:
        ImageError: it is no regular file, no JPEG, PNG, WebP, AVIF, BMP, GIF or PPM by its content (whatever
            its name says), is damaged, or has more than ``PIXEL_LIMIT`` pixels. A pipe or a device is
            refused before it is opened, so nothing blocks.
    """
    with _open(path) as file:
        width, height = file.size
        turned = pixels.orientation(file) >= 5
    return Photo(path, width, height) if turned else Photo(path, height, width)


def read(path: Path) -> RGBImage:
    """Return a whole image file as RGB (height, width, 3).

    Raises:
        ImageError: as ``open_photo`` and ``Photo.decode``.
    """
    return np.asarray(_decode(path))


def write(path: Path, image: RGBImage, format: Literal["jpg", "png"] = "jpg") -> None:  # noqa: A002
    """Write RGB (height, width, 3) as JPEG (quality 95, 4:4:4) or PNG: same image, same bytes."""
    picture = Image.fromarray(image)
    if format == "png":
        picture.save(path, "PNG", compress_level=6)
    else:
        picture.save(path, "JPEG", **_JPEG)


def as_saved(image: RGBImage, format: Literal["jpg", "png"]) -> RGBImage:  # noqa: A002
    """Return the image as it comes back from a file that `write` wrote: JPEG loses a little."""
    if format == "png":
        return image
    stream = io.BytesIO()
    Image.fromarray(image).save(stream, "JPEG", **_JPEG)
    with Image.open(stream, formats=["JPEG"]) as saved:
        return np.asarray(saved.convert("RGB"))


def resize(image: RGBImage, size: tuple[int, int]) -> RGBImage:
    """Return the image stretched to ``size`` = (height, width), bicubic, antialiased where it shrinks."""
    if image.shape[:2] == size:
        return image
    return np.asarray(Image.fromarray(image).resize(size[::-1], Image.Resampling.BICUBIC))


def halved(image: RGBImage) -> RGBImage:
    """Return the image at half its size, rounded up; each pixel is the mean of the four it stands for."""
    return np.asarray(Image.fromarray(image).reduce(2))


def shrink(image: RGBImage, longest: int) -> RGBImage:
    """Return the image with its longer side at most ``longest`` pixels and its proportions kept."""
    height, width = image.shape[:2]
    scale = longest / max(height, width)
    if scale >= 1:
        return image
    return resize(image, (max(1, round(height * scale)), max(1, round(width * scale))))


def _open(path: Path) -> Image.Image:
    """Open an image file, its pixels still undecoded."""
    head = _head(path)
    formats = (*FORMATS, *_heif(path, head))
    try:
        file = Image.open(path, formats=formats)
    except Exception as error:
        if _SIGNATURE.match(head):
            raise _unreadable(path, error) from error
        raise ImageError(path, "not_an_image", f"is none of {', '.join(FORMATS)}") from error
    if file.width * file.height > PIXEL_LIMIT:
        file.close()
        raise _too_large(path)
    return file


def _decode(path: Path, longest: int | None = None) -> Image.Image:
    """Return a file's picture, upright and RGB; a large JPEG not much larger than ``longest``."""
    with _open(path) as file:
        try:
            if longest is not None:
                _draft(file, longest)
            return pixels.shown(file)
        except Exception as error:  # decoders of damaged files raise whatever they stumble on
            raise _unreadable(path, error) from error


def _draft(file: Image.Image, longest: int) -> None:
    """Let a JPEG be decoded at the half, quarter or eighth of its size that still has ``longest`` pixels."""
    scale = longest / max(file.size)
    file.draft(None, (max(1, math.ceil(file.width * scale)), max(1, math.ceil(file.height * scale))))


def _head(path: Path) -> bytes:
    """Return a regular file's first bytes; anything else is refused unopened."""
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise ImageError(path, "not_an_image", "is no regular file")
        with path.open("rb") as file:
            head = file.read(32)
            if head.startswith(jpeg.SIGNATURE) and jpeg.is_laborious(file):
                raise ImageError(path, "unreadable", "would take for ever: it has far too many segments or scans")
    except (OSError, ValueError) as error:  # a name with NUL in it
        raise ImageError(path, "unreadable", getattr(error, "strerror", None) or "cannot be opened") from error
    if not head:
        raise ImageError(path, "unreadable", "is an empty file")
    return head


def _heif(path: Path, head: bytes) -> tuple[str, ...]:
    """Return the formats that a HEIC photo needs besides; none for any other file."""
    if not _HEIF_SIGNATURE.match(head):
        return ()
    if importlib.util.find_spec("pillow_heif") is None:
        raise ImageError(path, "unreadable", "is a HEIC photo; pip install 'celebtool[heic]' to read those")
    importlib.import_module("pillow_heif").register_heif_opener()
    return ("HEIF",)


def _unreadable(path: Path, error: Exception) -> ImageError:
    return ImageError(path, "unreadable", f"cannot be decoded: {error or type(error).__name__}")


def _too_large(path: Path) -> ImageError:
    return ImageError(path, "too_large", f"has more than {PIXEL_LIMIT // 10**6} million pixels")
