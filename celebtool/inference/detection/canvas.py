"""Show P-Net several pictures at once, side by side on a canvas that it sees in bands.

Bands are small, so that what the network computes stays in the processor's cache, and of few shapes, each of which takes
memory. They overlap by the size of a window, so each window lies in one whole. A picture that is wider than the canvas is
cut into pieces that overlap likewise. Windows that reach from one piece into the next, or beyond an odd side, are left out.
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
WIDTHS = (192, 256, 320, 384, 448, 512)  # of a canvas in pixels


class Piece(NamedTuple):
    """Columns of a picture, from the even ``start``, and the even place (top, left) where they lie on the canvas."""

    picture: int
    start: int
    rows: int
    columns: int
    top: int
    left: int


class Layout(NamedTuple):
    """Where pieces of pictures lie on a canvas, its width, and how many bands it has."""

    pieces: list[Piece]
    width: int
    bands: int


def run(network: Callable[[Array], Array], pictures: Sequence[Array]) -> list[Array]:
    """Return P-Net's answers (rows, columns, 5) for pictures (3, height, width), the largest first."""
    layout = arrange([picture.shape[1:] for picture in pictures])
    band = np.empty((1, HEIGHT, layout.width, 3), np.float32)
    answers = []
    for number in range(layout.bands):
        _fill(band[0], 2 * ROWS * number, pictures, layout.pieces)
        answers.append(network(band)[0])
    whole = np.concatenate(answers)
    parts: list[list[Array]] = [[] for _ in pictures]
    for piece in layout.pieces:
        rows = slice(piece.top // 2, piece.top // 2 + windows(piece.rows))
        columns = slice(piece.left // 2, piece.left // 2 + windows(piece.columns))
        parts[piece.picture].append(whole[rows, columns])
    return [np.concatenate(part, axis=1) for part in parts]


def windows(side: int) -> int:
    """Return how many windows P-Net has along a side."""
    return max(0, (side - 2) // 2 - 4)


def arrange(sizes: Sequence[tuple[int, ...]]) -> Layout:
    """Return the layout of pictures of some (height, width) that takes least room."""
    layouts = (_on_shelves(sizes, width) for width in WIDTHS)
    return min(layouts, key=lambda layout: layout.bands * layout.width)


def _on_shelves(sizes: Sequence[tuple[int, ...]], width: int) -> Layout:
    pieces, top, left, shelf = [], 0, 0, 0
    for number, (rows, whole) in enumerate(sizes):
        for start, columns in _cut(whole, width):
            if left + columns > width:
                top, left, shelf = top + shelf, 0, 0
            pieces.append(Piece(number, start, rows, columns, top, left))
            left += columns + columns % 2
            shelf = max(shelf, rows + rows % 2)
    return Layout(pieces, width, max(1, math.ceil(windows(top + shelf) / ROWS)))


def _cut(columns: int, width: int) -> list[tuple[int, int]]:
    """Return where the pieces of a picture begin, and their columns: at most ``width``, each window in one of them."""
    if columns <= width:
        return [(0, columns)]
    count, most = windows(columns), windows(width)
    return [(2 * first, 2 * min(most, count - first) + CELL - 2) for first in range(0, count, most)]


def _fill(band: Array, first: int, pictures: Sequence[Array], pieces: Sequence[Piece]) -> None:
    """Put the rows of the canvas from the ``first`` into a band (height, width, 3), black where no piece lies."""
    band.fill(0)
    for piece in pieces:
        columns = slice(piece.start, piece.start + piece.columns)
        seen = pictures[piece.picture][:, max(0, first - piece.top) : max(0, first + len(band) - piece.top), columns]
        top = max(0, piece.top - first)
        band[top : top + seen.shape[1], piece.left : piece.left + piece.columns] = seen.transpose(1, 2, 0)
