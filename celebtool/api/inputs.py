"""Take what a program calls images: paths, a folder, arrays, Pillow's pictures."""

import io
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence, Sized
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from celebtool.formats import pixels, sources
from celebtool.formats.sources import Source

Picture: TypeAlias = str | os.PathLike[str] | NDArray[np.uint8] | Image.Image
"""An image: a file, an array of uint8, or a picture of Pillow's.

An array is RGB (height, width, 3), grey (height, width) or RGBA (height, width, 4).
"""
Pictures: TypeAlias = Picture | Iterable[Picture]
"""One of them, a folder of them, or several, also as one array (n, height, width, 3)."""

EXPECTED = "expected a path, an array (height, width, 3) of uint8, or a picture of Pillow's"

NO_IMAGE = b"no image"
"""The content of a file that stands for what is none."""


@dataclass(frozen=True)
class Given:
    """The images of a call.

    Args:
        sources: one each; a picture that is no file is written into a directory when it is asked for.
        total: how many there are; 0 if nobody knows.
        names: the paths, if that is all that was given.
    """

    sources: Iterator[Source]
    total: int
    names: Sequence[str] = ()

    def first(self, count: int) -> "tuple[list[Source], Given]":
        """Return the first images, and all of them, again."""
        head = list(islice(self.sources, count))
        return head, Given(chain(head, self.sources), self.total, self.names)


def given(images: Pictures, class_names: Sequence[str], scratch: Path) -> Given:
    """Return the images of a call.

    Args:
        images: see `Pictures`.
        class_names: a model's; a folder's directories are labels if they have these names.
        scratch: where pictures that are no files are written.

    Raises:
        CelebtoolError: a path, given alone, is of nothing that exists, or of an empty folder.
        TypeError: not a path, an array or a picture, or an array of another type or shape; of one of several images it is
            raised when that is asked for.
    """
    if isinstance(images, str | os.PathLike):
        name = _name(images)
        return Given(sources.of_arguments([name], class_names, b"\n"), sources.count([name]), [name])
    if isinstance(images, Image.Image) or (isinstance(images, np.ndarray) and images.ndim < 4 and not _is_text(images)):
        images = [images]
    if not isinstance(images, Iterable) or isinstance(images, bytes | bytearray | Mapping | io.IOBase):
        raise TypeError(f"{type(images).__name__} is no image; {EXPECTED}, or several of these")
    items = (_source(number, item, scratch) for number, item in enumerate(images))
    return Given(items, len(images) if isinstance(images, Sized) else 0)


def is_temporary(source: Source, scratch: Path) -> bool:
    """Say whether an image was written into the directory because it was no file."""
    return source.file.parent == scratch


def _name(path: str | os.PathLike[str]) -> str:
    name = os.fspath(path)
    return os.path.join(os.curdir, name) if name == "-" else name  # noqa: PTH118 - a list on stdin for a command line


def _source(number: int, item: object, scratch: Path) -> Source:
    if isinstance(item, str | os.PathLike):
        name = os.fspath(item)
        return Source(name, Path(name), listed=True)
    picture = _picture(item)
    file = scratch / f"{number}.png"
    if picture is None:
        file.write_bytes(NO_IMAGE)
    else:
        picture.save(file, "PNG", compress_level=1)
    return Source(f"[{number}]", file)


def _picture(item: object) -> Image.Image | None:
    """Return an array or a picture upright and as RGB; None if it is no image that can be read.

    Raises:
        TypeError: it is neither, or an array of another type or shape.
    """
    if isinstance(item, np.ndarray):
        item = _of_array(item)
    if item is None:
        return None
    if not isinstance(item, Image.Image):
        raise TypeError(f"{type(item).__name__} is no image; {EXPECTED}")
    try:
        return pixels.shown(item)
    except Exception:  # noqa: BLE001 - decoders of damaged files raise whatever they stumble on
        return None


def _of_array(array: NDArray[np.generic]) -> Image.Image | None:
    """Return an array as a picture; None if it has no pixels."""
    flat = array[:, :, 0] if array.ndim == 3 and array.shape[2] == 1 else array
    if flat.dtype != np.uint8 or not (flat.ndim == 2 or (flat.ndim == 3 and flat.shape[2] in {3, 4})):
        expected = "expected uint8 (height, width, 3), red, green and blue from 0 to 255"
        raise TypeError(f"an array of {array.dtype} {array.shape} is no image; {expected}")
    return Image.fromarray(np.ascontiguousarray(flat)) if flat.size else None


def _is_text(array: NDArray[np.generic]) -> bool:
    """Say whether an array holds paths: a column of a DataFrame is one of objects."""
    return array.ndim == 1 and array.dtype.kind in "OU"
