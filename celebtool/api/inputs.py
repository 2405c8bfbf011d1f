"""Take what a program calls images: paths, a folder, arrays, Pillow's pictures."""

import os
from collections.abc import Iterable, Iterator, Sequence, Sized
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
"""An image: a file, an array (height, width, 3) of RGB in uint8, or a picture of Pillow's."""
Pictures: TypeAlias = Picture | Iterable[Picture]
"""One of them, a folder of them, or several, also as one array (n, height, width, 3)."""

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
        TypeError: not a path, an array or a picture; raised when the image is asked for.
    """
    if isinstance(images, str | os.PathLike):
        name = _name(images)
        return Given(sources.of_arguments([name], class_names, b"\n"), sources.count([name]), [name])
    if isinstance(images, Image.Image) or (isinstance(images, np.ndarray) and images.ndim < 4):
        images = [images]
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
        TypeError: it is neither.
    """
    if isinstance(item, np.ndarray):
        fits = item.dtype == np.uint8 and item.ndim == 3 and item.shape[2] == 3 and item.size > 0
        return Image.fromarray(np.ascontiguousarray(item)) if fits else None
    if not isinstance(item, Image.Image):
        expected = "expected a path, an array (height, width, 3) of uint8, or a picture of Pillow's"
        raise TypeError(f"{type(item).__name__} is no image; {expected}")
    try:
        return pixels.shown(item)
    except Exception:  # noqa: BLE001 - decoders of damaged files raise whatever they stumble on
        return None
