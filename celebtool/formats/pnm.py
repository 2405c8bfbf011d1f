"""Netpbm images (PPM, PGM, PBM) whose samples Pillow would go through one by one.

Samples are scaled from a maximum that is written in the file; Pillow does that in a Python loop unless the maximum
is 255, or 65535 in a grey image. Here a table does it.
"""

from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL.ImageFile import ImageFile

MAX_COMMENTS = 64  # in a plain (text) image; Pillow copies the rest of the block at each

_STRIP = 1 << 22  # samples


def is_laborious(file: BinaryIO) -> bool:
    """Say whether an open plain image has more comments than a decoder can be asked to remove."""
    file.seek(0)
    comments = 0
    while block := file.read(1 << 20):
        comments += block.count(b"#")
        if comments > MAX_COMMENTS:
            return True
    return False


def is_scaled(image: ImageFile) -> bool:
    """Say whether an opened, undecoded image has samples that must be scaled."""
    return image.format == "PPM" and image.tile[0].codec_name == "ppm" and image.mode in ("L", "I", "RGB")


def decode(image: ImageFile) -> NDArray[np.uint8]:
    """Return such an image in 8 bits, (height, width) or (height, width, 3).

    Raises:
        ValueError: the file is cut off.
    """
    tile, file = image.tile[0], image.fp
    assert file is not None and isinstance(tile.args, tuple)  # noqa: PT018  of an image that is open
    most = int(tile.args[1])
    shape = (image.height, image.width, *([3] if image.mode == "RGB" else []))
    samples = np.empty(int(np.prod(shape)), np.uint8)
    table = _table(most)
    kind = np.dtype(">u2" if most > 255 else "u1")
    file.seek(tile.offset)
    for start in range(0, samples.size, _STRIP):
        wanted = min(_STRIP, samples.size - start)
        data = file.read(wanted * kind.itemsize)
        if len(data) < wanted * kind.itemsize:
            raise ValueError("image file is truncated")
        samples[start : start + wanted] = table[np.frombuffer(data, kind)]
    return samples.reshape(shape)


def _table(most: int) -> NDArray[np.uint8]:
    """Return each sample's value in 8 bits, ``most`` being white; a larger one than that is white, too."""
    samples = np.minimum(np.arange(1 << (16 if most > 255 else 8)), most)
    return np.rint(samples / most * 255).astype(np.uint8)
