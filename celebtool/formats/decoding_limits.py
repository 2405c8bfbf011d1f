"""Limits on what an image file may ask of its decoder, by format.

The decoders of Pillow that are Python loops, and those that read a whole file into memory, can be kept busy for
minutes by a small file. Each limit here keeps a format under five seconds on one core (measured with the worst
files we know, flat and noisy, at the largest size: tests/torture/test_decoding_times.py).
"""

import contextlib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import BinaryIO

from PIL.ImageFile import ImageFile

from celebtool.formats import jpeg, png, pnm

PIXEL_LIMIT = 1 << 27  # 134 million: the largest cameras have 102 million, and RGB needs three bytes of each
SIDE_LIMIT = 1 << 16  # pixels; one row alone of more can be too large for a decoder

# Decoders written in Python, by Pillow's names: pixels that take about a second.
_SLOW = {"bmp_rle": 1 << 23, "ppm_plain": 1 << 21}


@dataclass(frozen=True)
class Limits:
    """What a format may ask for.

    Attributes:
        pixels: the largest picture.
        size: the largest file, in bytes.
        reads: how often the decoder may read from the file: photos are read in large pieces, and a decoder that
            reads byte by byte is a loop in Python.
        is_laborious: says of an open file, before it is decoded, whether it has too many ``pieces``.
        pieces: what those are.
    """

    pixels: int = PIXEL_LIMIT
    size: int = 1 << 30
    reads: int = 1 << 16
    is_laborious: Callable[[BinaryIO], bool] = lambda _: False
    pieces: str = ""


_BY_SIGNATURE = (
    (re.compile(rb"\xff\xd8\xff"), Limits(size=1 << 29, is_laborious=jpeg.is_laborious, pieces="segments or scans")),
    (re.compile(rb"\x89PNG\r\n"), Limits(reads=1 << 19, is_laborious=png.is_laborious, pieces="chunks")),
    (re.compile(rb"P[1-3]\s"), Limits(size=1 << 25, is_laborious=pnm.is_laborious, pieces="comments")),
    (re.compile(rb"BM"), Limits(reads=1 << 22)),  # a run of pixels is two reads
    (re.compile(rb"RIFF.{4}WEBP", re.DOTALL), Limits(1 << 26, 1 << 27)),
    (re.compile(rb".{4}ftyp", re.DOTALL), Limits(1 << 26, 1 << 25)),  # AVIF and HEIC
)


def of(head: bytes) -> Limits:
    """Return the limits of a file that begins like this."""
    return next((limits for signature, limits in _BY_SIGNATURE if signature.match(head)), Limits())


def excess(image: ImageFile, limits: Limits) -> str:
    """Say in what an opened picture exceeds its limits, as ``has more than 134 million pixels``; "" if in nothing."""
    if max(image.size) > SIDE_LIMIT:
        return f"is wider or higher than {SIDE_LIMIT} pixels"
    most = min((limits.pixels, *(_SLOW.get(tile.codec_name, PIXEL_LIMIT) for tile in image.tile)))
    if image.width * image.height <= most:
        return ""
    slow = "" if most == PIXEL_LIMIT else ", the most that celebtool decodes of this format"
    return f"has more than {most // 10**6} million pixels{slow}"


class TooManyReads(Exception):  # noqa: N818 - told as ImageError
    """A decoder asked for a file in more pieces than its format's limit."""


class MeteredFile:
    """An open file that can be read only so often; what Pillow needs of a file, and no more."""

    def __init__(self, file: BinaryIO, reads: int) -> None:
        self._file, self._left = file, reads
        self._fault: OSError | None = None

    @contextlib.contextmanager
    def faults_told(self) -> Iterator[None]:
        """Raise what the system said when a read failed, whatever the decoder made of it.

        Raises:
            OSError: a read failed.
        """
        try:
            yield
        finally:
            if self._fault:
                raise self._fault

    def read(self, size: int = -1) -> bytes:
        """Read from the file.

        Raises:
            TooManyReads: it has been read too often.
        """
        self._left -= 1
        if self._left < 0:
            raise TooManyReads("would take for ever: its data come in far too many pieces")
        try:
            return self._file.read(size)
        except OSError as error:
            self._fault = error
            raise

    def seek(self, offset: int, whence: int = 0) -> int:
        """Go to a place in the file."""
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        """Return the place in the file."""
        return self._file.tell()
