"""Cut many small squares out of a picture at once.

Pixels are picked and not averaged, as TensorFlow's CropAndResize does it, also where a square is larger than its patch.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Pixels = NDArray[np.uint32]
Floats = NDArray[np.float32]

OUTSIDE = 127.5  # of each channel of what lies outside the picture
_STRIP = 64  # rows


class _Points(NamedTuple):
    """Where n patches pick pixels along an axis, each (n, size)."""

    before: NDArray[np.intp]
    behind: NDArray[np.intp]
    share: Floats  # of the pixel behind
    is_inside: NDArray[np.bool_]


def packed(picture: Image.Image) -> Pixels:
    """Return the pixels of an RGB picture as (height, width), each the four bytes red, green, blue and one unused."""
    width, height = picture.size
    result = np.empty((height, width), np.uint32)
    for top in range(0, height, _STRIP):  # Pillow would need twice the memory for all at once
        strip = picture.crop((0, top, width, min(height, top + _STRIP)))
        result[top : top + _STRIP] = np.frombuffer(strip.tobytes("raw", "RGBX"), np.uint32).reshape(-1, width)
    return result


def cut(pixels: Pixels, squares: Floats, size: int) -> Floats:
    """Return what squares show, interpolated between pixels (bilinear).

    Args:
        pixels: of the picture, as `packed` returns them.
        squares: left, top, right and bottom of n squares in pixels, as (n, 4); they may reach beyond the picture.
        size: side of the patches.

    Returns:
        (n, size, size, 4): red, green, blue and an unused channel, 0 to 255; `OUTSIDE` outside the picture.
    """
    height, width = pixels.shape
    across = _points(squares[:, 0], squares[:, 2], size, width)
    down = _points(squares[:, 1], squares[:, 3], size, height)
    rows = np.concatenate([down.before, down.behind], axis=1)[:, :, None] * width
    patches = _taken(pixels, rows + across.before[:, None, :])
    patches += (_taken(pixels, rows + across.behind[:, None, :]) - patches) * across.share[:, None, :, None]
    upper, lower = patches[:, :size], patches[:, size:]
    lower -= upper
    lower *= down.share[:, :, None, None]
    upper += lower
    is_inside = down.is_inside[:, :, None] & across.is_inside[:, None, :]
    if not is_inside.all():
        upper[~is_inside] = OUTSIDE
    return upper


def _points(low: Floats, high: Floats, size: int, length: int) -> _Points:
    """Return where the patches between `low` and `high` (n,) pick pixels, as TensorFlow computes it in float32."""
    last = np.float32(length - 1)
    low, high = low / np.float32(length), high / np.float32(length)
    step = (high - low) * last / np.float32(size - 1)
    points = (low * last)[:, None] + np.arange(size, dtype=np.float32) * step[:, None]
    is_inside = (points >= 0) & (points <= last)
    points = np.where(is_inside, points, np.float32(0))
    before = points.astype(np.intp)
    return _Points(before, np.minimum(before + 1, length - 1), points - before.astype(np.float32), is_inside)


def _taken(pixels: Pixels, indices: NDArray[np.intp]) -> Floats:
    return pixels.ravel().take(indices).view(np.uint8).reshape(*indices.shape, 4).astype(np.float32)
