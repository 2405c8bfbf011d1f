"""Pictures on P-Net's canvas: none overlaps another, and each window of each comes back from its place."""

import numpy as np
import pytest

from celebtool.inference.detection import canvas
from celebtool.inference.detection.canvas import CELL, HEIGHT, WIDTHS

SIZES = [
    [(12, 12)],
    [(301, 97)],
    [(40, 512)],
    [(30, 513)],
    [(97, 1601), (68, 1135), (48, 804)],
    [(97, 301), (68, 213), (48, 151), (34, 107), (24, 75), (17, 53), (12, 37)],
    [(500, 333), (354, 236), (251, 167), (178, 118), (126, 84), (89, 59), (63, 42), (45, 29), (31, 21), (22, 15)],
]


def first_pixels(band: np.ndarray) -> np.ndarray:
    """A network that gives the first pixel of each of its windows, and the same pixel of the last row and column."""
    rows, columns = (canvas.windows(side) for side in band.shape[1:3])
    first = band[:, 0 : 2 * rows : 2, 0 : 2 * columns : 2]
    last = band[:, CELL - 1 : CELL - 1 + 2 * rows : 2, CELL - 1 : CELL - 1 + 2 * columns : 2]
    return np.concatenate([first, last[..., :2]], axis=3)


@pytest.mark.parametrize("sizes", SIZES)
def test_every_window_comes_back_from_its_place(sizes: list[tuple[int, int]]) -> None:
    rng = np.random.default_rng(0)
    pictures = [rng.random((3, *size), np.float32) for size in sizes]
    shapes = set()

    def network(band: np.ndarray) -> np.ndarray:
        shapes.add(band.shape)
        return first_pixels(band)

    for picture, answer in zip(pictures, canvas.run(network, pictures), strict=True):
        assert (answer == first_pixels(picture.transpose(1, 2, 0)[None])[0]).all()
    ((_, height, width, _),) = shapes
    assert height == HEIGHT
    assert width in WIDTHS


@pytest.mark.parametrize("sizes", SIZES)
def test_pieces_do_not_overlap_on_the_canvas(sizes: list[tuple[int, int]]) -> None:
    layout = canvas.arrange(sizes)
    taken = np.zeros((layout.bands * HEIGHT + 2 * HEIGHT, layout.width), int)
    for piece in layout.pieces:
        assert (piece.start % 2, piece.top % 2, piece.left % 2) == (0, 0, 0)
        assert piece.left + piece.columns <= layout.width
        assert (piece.rows, piece.start + piece.columns <= sizes[piece.picture][1]) == (sizes[piece.picture][0], True)
        taken[piece.top : piece.top + piece.rows, piece.left : piece.left + piece.columns] += 1
    assert taken.max() == 1
    assert 2 * layout.bands * canvas.ROWS + CELL - 2 >= max(piece.top + piece.rows for piece in layout.pieces) - 1


def test_many_pictures_lie_side_by_side() -> None:
    """The levels of a photo of 1,400 by 1,000 pixels take less than half as much again as their own pixels."""
    sizes = [(213, 299), (151, 212), (107, 150), (76, 106), (53, 75), (38, 53), (27, 37), (19, 26), (13, 18)]
    layout = canvas.arrange(sizes)
    assert layout.bands * HEIGHT * layout.width < 1.5 * sum(height * width for height, width in sizes)
