"""From one image file to its picture, upright and RGB: what `images` reads with."""

import contextlib
import errno
import hashlib
import importlib.util
import io
import math
import os
import re
import stat
import threading
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO, TypeAlias, TypeVar, cast

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError
from PIL.ImageFile import ImageFile

from celebtool.errors import CelebtoolError, SystemFaultError
from celebtool.formats import decoding_limits, file_kinds, jpeg, pixels, pnm
from celebtool.formats.decoding_limits import Limits, MeteredFile, TooManyReads
from celebtool.formats.reasons import Reason
from celebtool.system import system_faults

RGBImage: TypeAlias = NDArray[np.uint8]
Value = TypeVar("Value")

# Pillow opens 43 formats by content, PostScript (which runs a program) among them: photos come in these.
FORMATS = ("JPEG", "PNG", "WEBP", "AVIF", "BMP", "GIF", "PPM")
Image.MAX_IMAGE_PIXELS = None  # Pillow's own warns below ours, and no thread can silence a warning for itself alone
warnings.filterwarnings("ignore", module=r"PIL\.")  # one for each damaged entry of a photo's EXIF data

_LARGEST_WITHOUT_END = 1 << 25  # pixels of a JPEG that is decoded five times to see that it is whole
_ORDINARY = 1 << 28  # bytes that a photo of 24 million pixels takes while it is decoded
_ALONE = threading.Lock()
_SIGNATURE = re.compile(
    rb"\xff\xd8\xff|\x89PNG\r\n|RIFF.{4}WEBP|.{4}ftypavi[fs]|BM.{4}\0\0\0\0|GIF8[79]a|P[1-6]\s", re.DOTALL
)
_HEIF_SIGNATURE = re.compile(rb".{4}ftyp(hei[cmsx]|hev[cmx]|mif1|msf1)", re.DOTALL)


class ImageError(CelebtoolError):
    """A file that gives no image; ``reason`` is the word for it in a manifest, ``problem`` the sentence."""

    remedy = "remove it, or run `celebtool crop-faces` on the photos, which leaves out what it can't read"

    def __init__(self, where: object, reason: Reason, problem: str) -> None:
        super().__init__(where, problem)
        self.reason = reason

    def __reduce__(self) -> tuple[type, tuple[object, ...]]:
        """As `CelebtoolError`."""
        return type(self), (self.where, self.reason, self.problem)


def decode(path: Path, longest: int | None, finish: Callable[[Image.Image], Value]) -> Value:
    """Return what ``finish`` makes of a file's picture, upright and RGB; a large JPEG not much larger than ``longest``."""
    return tried_again(path, lambda: finish(_picture(path, longest)))


def tried_again(path: Path, attempt: Callable[[], Value]) -> Value:
    """Return what an attempt to read an image gives; what the system is to blame for is tried again.

    Raises:
        ImageError: the file is to blame.
        SystemFaultError: the system still is: the file can't be read, or there is no memory for any photo.
    """
    with memory_enough(path):
        try:
            return system_faults.tried_again(path, attempt)
        except MemoryError:  # other threads may have had it
            with _ALONE:
                return system_faults.tried_again(path, attempt)


@contextlib.contextmanager
def opened(path: Path) -> Iterator[ImageFile]:
    """Open an image file, its pixels still undecoded, and close it in the end.

    Raises:
        ImageError: the file is to blame.
        OSError: the system is.
    """
    with _regular(path) as stream:
        head = _head(path, stream)
        limits = decoding_limits.of(head)
        formats = (*FORMATS, *_heif(path, head))
        _check_work(path, stream, limits)
        metered = MeteredFile(stream, limits.reads)
        with metered.faults_told():
            try:
                file = Image.open(cast("BinaryIO", metered), formats=formats)
            except MemoryError:
                raise
            except Exception as error:
                if _SIGNATURE.match(head) or isinstance(error, TooManyReads):
                    raise _unreadable(path, error) from error
                raise _no_image(path, head) from error
            with file:
                if problem := decoding_limits.excess(file, limits):
                    raise ImageError(path, Reason.TOO_LARGE, problem)
                yield file


@contextlib.contextmanager
def memory_enough(path: Path) -> Iterator[None]:
    """Tell a picture that needs too much memory from a system that has none left.

    Raises:
        ImageError: there is memory for other photos.
        SystemFaultError: there is none.
    """
    try:
        yield
    except MemoryError as error:
        try:
            np.empty(_ORDINARY, np.uint8)
        except MemoryError:
            problem = "there is not enough memory to decode it; free some (fewer --jobs need less) and run this again"
            raise SystemFaultError(path, problem) from error
        raise ImageError(path, Reason.TOO_LARGE, "needs more memory than there is") from error


def _picture(path: Path, longest: int | None) -> Image.Image:
    with opened(path) as file:
        try:
            return _shown(file, longest)
        except MemoryError:
            raise
        except Exception as error:  # decoders of damaged files raise whatever they stumble on
            may_be_whole = file.format == "JPEG" and file.width * file.height <= _LARGEST_WITHOUT_END
            if not may_be_whole or (picture := _without_end(path, longest)) is None:
                raise _unreadable(path, error) from error
            return picture


def _shown(file: ImageFile, longest: int | None) -> Image.Image:
    if pnm.is_scaled(file):
        return Image.fromarray(pnm.decode(file)).convert("RGB")
    if longest is not None:
        _draft(file, longest)
    return pixels.shown(file)


def _without_end(path: Path, longest: int | None) -> Image.Image | None:
    """Return the picture of a JPEG that lacks nothing but its end mark, or has something else behind it; else None.

    The decoder fills what is cut off with grey and does not tell. So the picture is whole if it stays the same
    whatever follows the data.
    """
    data = path.read_bytes()
    end = jpeg.end_of_picture(data)
    if end is None:
        return None
    try:
        seen = {_digest(data[:end] + filler + jpeg.END) for filler in jpeg.fillers(data[:end])}
        if len(seen) > 1:
            return None
        with Image.open(io.BytesIO(data[:end] + jpeg.END), formats=["JPEG"]) as file:
            return _shown(file, longest)
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001  what the decoder said of the file itself is told
        return None


def _digest(data: bytes) -> bytes:
    """Return what tells a JPEG's picture from others."""
    with Image.open(io.BytesIO(data), formats=["JPEG"]) as file:
        return hashlib.sha256(pixels.shown(file).tobytes()).digest()


def _draft(file: Image.Image, longest: int) -> None:
    """Let a JPEG be decoded at the half, quarter or eighth of its size that still has ``longest`` pixels."""
    scale = longest / max(file.size)
    file.draft(None, (max(1, math.ceil(file.width * scale)), max(1, math.ceil(file.height * scale))))


def _regular(path: Path) -> BinaryIO:
    """Open a regular file; anything else, or what no file can be called, is refused unopened."""
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise ImageError(path, Reason.NOT_AN_IMAGE, "is no regular file")
        return path.open("rb")
    except ValueError as error:  # a name with NUL in it
        raise ImageError(path, Reason.UNREADABLE, "cannot be opened") from error
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.ENAMETOOLONG):
            raise ImageError(path, Reason.UNREADABLE, error.strerror or str(error)) from error
        if error.errno == errno.ENOENT and path.is_symlink():
            raise ImageError(path, Reason.UNREADABLE, "is a link to nothing") from error
        raise


def _head(path: Path, stream: BinaryIO) -> bytes:
    """Return a file's first bytes."""
    head = stream.read(32)
    if not head:
        raise ImageError(path, Reason.UNREADABLE, "is an empty file")
    return head


def _check_work(path: Path, stream: BinaryIO, limits: Limits) -> None:
    """Refuse a file that would keep its decoder busy for too long."""
    if os.fstat(stream.fileno()).st_size > limits.size:
        raise ImageError(path, Reason.TOO_LARGE, f"has more than {limits.size >> 20} MB, the most for its format")
    if limits.is_laborious(stream):
        raise ImageError(path, Reason.UNREADABLE, f"would take for ever: it has far too many {limits.pieces}")
    stream.seek(0)


def _heif(path: Path, head: bytes) -> tuple[str, ...]:
    """Return the formats that a HEIC photo needs besides; none for any other file."""
    if not _HEIF_SIGNATURE.match(head):
        return ()
    if importlib.util.find_spec("pi_heif") is None:
        raise ImageError(path, Reason.UNREADABLE, "is a HEIC photo; pip install 'celebtool[heic]' to read those")
    importlib.import_module("pi_heif").register_heif_opener()
    return ("HEIF",)


def _no_image(path: Path, head: bytes) -> ImageError:
    kind = file_kinds.named(head)
    return ImageError(path, Reason.NOT_AN_IMAGE, f"is none of {', '.join(FORMATS)}{f'; it {kind}' if kind else ''}")


def _unreadable(path: Path, error: Exception) -> ImageError:
    why = str(error) or type(error).__name__
    if isinstance(error, UnidentifiedImageError):  # it names the open file by its place in memory, which varies
        why = "its header is damaged, or says that it is of a rare kind, as a JPEG of 12 bits"
    return ImageError(path, Reason.UNREADABLE, f"cannot be decoded: {why}")
