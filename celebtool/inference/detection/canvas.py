"""Show P-Net several pictures at once, side by side on a canvas that it sees in bands.

Bands are small, so that what the network computes stays in the processor's cache, and of few shapes. They overlap by the
size of a window, so each window lies in one whole. Windows that reach from one picture into the next, or beyond an odd
side, are left out.
"""

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]

CELL = 12  # P-Net's window in pixels; it moves by two
ROWS = 32  # of windows in a band
HEIGHT = 2 * ROWS + CELL - 2  # of a band in pixels
STEP = 64  # pixels: the width of a canvas is a multiple
WIDTHS = 16  # different widths that are kept ready


class Layout(NamedTuple):
    """Where pictures lie on a canvas: the even (top, left) of each, the canvas's width, and how many bands it has."""

    places: list[tuple[int, int]]
    width: int
    bands: int


def run(network: Callable[[Array], Array], pictures: Sequence[Array]) -> list[Array]:
    """Return P-Net's answers (rows, columns, 5) for pictures (3, height, width), the largest first."""
    layout = arrange([picture.shape[1:] for picture in pictures])
    band = np.empty((1, HEIGHT, layout.width, 3), np.float32)
    answers = []
    for number in range(layout.bands):
        _fill(band[0], 2 * ROWS * number, pictures, layout.places)
        answers.append(network(band)[0])
    whole = np.concatenate(answers)
    return [
        whole[top // 2 : top // 2 + windows(rows), left // 2 : left // 2 + windows(columns)]
        for (top, left), (_, rows, columns) in zip(layout.places, (picture.shape for picture in pictures), strict=True)
    ]


def windows(side: int) -> int:
    """Return how many windows P-Net has along a side."""
    return max(0, (side - 2) // 2 - 4)


def arrange(sizes: Sequence[tuple[int, ...]]) -> Layout:
    """Return the layout of pictures of some (height, width) that takes least room."""
    narrowest = sizes[0][1] + -sizes[0][1] % STEP
    widest = 2 * narrowest if len(sizes) > 1 else narrowest
    layouts = (_on_shelves(sizes, width) for width in range(narrowest, widest + 1, STEP))
    return min(layouts, key=lambda layout: layout.bands * layout.width)


def _on_shelves(sizes: Sequence[tuple[int, ...]], width: int) -> Layout:
    places, top, left, shelf = [], 0, 0, 0
    for rows, columns in sizes:
        if left + columns > width:
            top, left, shelf = top + shelf, 0, 0
        places.append((top, left))
        left += columns + columns % 2
        shelf = max(shelf, rows + rows % 2)
    return Layout(places, width, max(1, math.ceil(windows(top + shelf) / ROWS)))


def _fill(band: Array, first: int, pictures: Sequence[Array], places: Sequence[tuple[int, int]]) -> None:
    """Put the rows of the canvas from the ``first`` into a band (height, width, 3): parts of pictures, black beside them."""
    band.fill(0)
    for (top, left), picture in zip(places, pictures, strict=True):
        seen = picture[:, max(0, first - top) : max(0, first + len(band) - top)]
        start = max(0, top - first)
        band[start : start + seen.shape[1], left : left + seen.shape[2]] = seen.transpose(1, 2, 0)
