"""Shrink pictures by any factor: each pixel of the result is the mean of the area it stands for.

This is what TensorFlow's ResizeArea computes. Pillow's filters are near it, but not near enough for networks that were
trained on such means.
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Planes = NDArray[np.uint8]
Means = NDArray[np.float32]

STRIP = 256  # rows of the result that are made at once, which bounds the memory for what lies between
BLOCK = 8  # rows or columns of the result that one product of matrices makes; most of a larger matrix would be zero


class _Shares(NamedTuple):
    """How the mean of one axis is made: block i takes pixels ``starts[i]`` to ``stops[i]`` times ``matrices[i]``."""

    starts: list[int]
    stops: list[int]
    matrices: list[Means]  # (pixels of the result, pixels taken)


def planes(picture: Image.Image) -> Planes:
    """Return the channels of a picture one by one, as (channels, height, width)."""
    return np.stack([np.asarray(channel) for channel in picture.split()])


def shrink(image: Planes, size: tuple[int, int]) -> Means:
    """Return an image (channels, height, width) at a smaller ``size`` = (height, width), as float32."""
    down, across = (_shares(old, new) for old, new in zip(image.shape[1:], size, strict=True))
    result = np.empty((len(image), *size), np.float32)
    for top in range(0, size[0], STRIP):
        strip = result[:, top : top + STRIP]
        rows = np.empty((len(image), strip.shape[1], image.shape[2]), np.float32)
        for block in range(top // BLOCK, math.ceil((top + strip.shape[1]) / BLOCK)):
            taken = image[:, down.starts[block] : down.stops[block]].astype(np.float32)
            place = slice(block * BLOCK - top, (block + 1) * BLOCK - top)
            np.matmul(down.matrices[block], taken, out=rows[:, place])
        for block, (start, stop, matrix) in enumerate(zip(*across, strict=True)):
            np.matmul(rows[:, :, start:stop], matrix.T, out=strip[:, :, block * BLOCK : (block + 1) * BLOCK])
    return result


def _shares(old: int, new: int) -> _Shares:
    """Return how `new` pixels are made of `old` ones; in float32, as TensorFlow counts."""
    step = np.float32(old) / np.float32(new)
    low = np.arange(new, dtype=np.float32) * step
    high = np.arange(1, new + 1, dtype=np.float32) * step
    first = low.astype(np.intp)
    reach = math.ceil(step) + 1
    pixels = first[:, None] + np.arange(reach)
    shares = np.clip(np.minimum(high[:, None], pixels + 1) - np.maximum(low[:, None], pixels), 0, 1) / step
    starts = first[::BLOCK]
    stops = np.minimum(old, np.append(first[BLOCK - 1 :: BLOCK], first[-1:])[: len(starts)] + reach)
    matrices = np.zeros((len(starts), BLOCK, int((stops - starts).max()) + reach), np.float32)
    block, number = np.divmod(np.arange(new), BLOCK)
    matrices[block[:, None], number[:, None], pixels - starts[block][:, None]] = shares
    last = new - (len(starts) - 1) * BLOCK
    parts = [m[: last if i == len(starts) - 1 else BLOCK, : stops[i] - starts[i]] for i, m in enumerate(matrices)]
    return _Shares(starts.tolist(), stops.tolist(), parts)
