"""Draw contact sheets: samples of each class, right and wrong predictions, the most confident mistakes.

What is shown is chosen evenly from lists, never at random. Pictures come through a callable, so that a sheet of 24 from
a folder of 100,000 decodes 24.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from celebtool.drawing.canvas import Figure
from celebtool.drawing.fonts import Lettering
from celebtool.drawing.plots import DPI, RIGHT_COLOUR, TEXT, WRONG_COLOUR, style
from celebtool.evaluation.evaluate import Evaluation
from celebtool.formats import images
from celebtool.formats.image_folder import Sample
from celebtool.formats.predictions import Prediction
from celebtool.formats.text import display_width, natural_key, shorten

T = TypeVar("T")
FaceBox: TypeAlias = tuple[float, float, float, float]
"""Left, top, width and height of a face in a photo, in pixels."""
Thumbnail: TypeAlias = Callable[[str, FaceBox | None], NDArray[np.uint8]]
"""Returns the picture (height, width, 3) of a path, or of a box in it."""

TILE, GAP, LINE = 144, 14, 19  # pixels: a picture's side, between pictures, a line of caption
CAPTION = 20  # columns of text that fit below a picture
CAPTION_SIZE, LARGE_CAPTION_SIZE = 7.2, 10  # points
ROWS_OF_SAMPLES = 24  # classes up to which each has a row of its own
SAMPLES = 8  # pictures in such a row
MOST = 24  # pictures on a sheet of predictions
MOST_CLASSES = 400  # on a sheet of samples


@dataclass(frozen=True)
class Tile:
    """A picture and the lines beneath it, each with its colour."""

    picture: NDArray[np.uint8]
    lines: tuple[tuple[str, str], ...]


def samples(by_class: Mapping[str, Sequence[Sample]], thumbnail: Thumbnail, lettering: Lettering) -> Figure:
    """Pictures of every class, in natural order: a row of eight each, or one each when there are more than 24 classes.

    Of more than 400 classes, as many are shown, evenly from first to last.
    """
    names = sorted(by_class, key=natural_key)
    if len(names) > ROWS_OF_SAMPLES:
        shown = spread(names, MOST_CLASSES)
        tiles = [
            Tile(thumbnail(by_class[name][len(by_class[name]) // 2].path, None), ((caption(name, lettering), TEXT),))
            for name in shown
        ]
        of = f"{len(shown)} of {len(names)} classes" if len(shown) < len(names) else f"each of {len(names)} classes"
        return sheet(f"A sample of {of}", tiles, 10 if len(tiles) > 100 else 8, lettering)
    tiles = []
    for name in names:
        shown_of_class = spread(by_class[name], SAMPLES)
        captions = [((lettering.text(name), TEXT),), *([((" ", TEXT),)] * (SAMPLES - 1))]
        pictures = [thumbnail(sample.path, None) for sample in shown_of_class]
        pictures += [_BLANK] * (SAMPLES - len(pictures))
        tiles += [Tile(picture, caption) for picture, caption in zip(pictures, captions, strict=True)]
    return sheet("Samples of each class", tiles, SAMPLES, lettering, across=True)


def predictions(
    rows: Sequence[Prediction], evaluation: Evaluation, thumbnail: Thumbnail, lettering: Lettering
) -> Figure:
    """Right and wrong predictions, evenly from all of them, at most half of them wrong.

    Args:
        rows: the predictions that `evaluation` is of.
        evaluation: says which are wrong.
        thumbnail: gives the pictures.
        lettering: how to write the names.
    """
    wrong = {id(mistake.prediction): mistake for mistake in evaluation.mistakes}
    scored = [row for row in rows if not row.failed and row.label in evaluation.class_names]
    right = [row for row in scored if id(row) not in wrong]
    shown_wrong = spread([row for row in scored if id(row) in wrong], max(MOST // 2, MOST - len(right)))
    shown_right = spread(right, MOST - len(shown_wrong))
    tiles = [
        Tile(
            thumbnail(row.path, row.box),
            ((caption(row.label, lettering), RIGHT_COLOUR), (f"{row.confidence:.2f}", RIGHT_COLOUR)),
        )
        for row in shown_right
    ]
    tiles += [
        _mistake(row, wrong[id(row)].predicted, wrong[id(row)].confidence, thumbnail, lettering) for row in shown_wrong
    ]
    title = (
        f"{len(shown_right)} of {len(right)} right predictions, {len(shown_wrong)} of {len(wrong)} wrong ones in red"
    )
    return sheet(title, tiles, 6, lettering)


def mistakes(evaluation: Evaluation, thumbnail: Thumbnail, lettering: Lettering) -> Figure:
    """The mistakes that the model was most confident of."""
    shown = evaluation.mistakes[:MOST]
    tiles = [_mistake(one.prediction, one.predicted, one.confidence, thumbnail, lettering) for one in shown]
    total = len(evaluation.mistakes)
    title = f"The {len(shown)} most confident of {total} mistakes: the true class, the predicted one in red"
    return sheet(title if shown else "No mistakes", tiles, 6, lettering)


def spread(items: Sequence[T], count: int) -> list[T]:
    """At most `count` items, evenly from first to last."""
    if len(items) <= count:
        return list(items)
    return [items[round(i * (len(items) - 1) / max(count - 1, 1))] for i in range(count)]


def caption(name: str, lettering: Lettering) -> str:
    """A name, shortened so that it is no wider than its picture."""
    text = lettering.text(name)
    while display_width(text) > CAPTION:
        text = shorten(text, len(text) - 1)
    return text


def sheet(title: str, tiles: Sequence[Tile], columns: int, lettering: Lettering, *, across: bool = False) -> Figure:
    """Lay tiles out in rows under a title: one canvas of pixels and the captions on it, all of one size.

    Args:
        title: printed above.
        tiles: row by row.
        columns: tiles in a row.
        lettering: the fonts.
        across: whether captions begin at the left of their picture and may reach across the next ones, and are larger.
    """
    lines = max((len(tile.lines) for tile in tiles), default=0)
    rows = math.ceil(len(tiles) / columns)
    step_x, step_y = TILE + GAP, TILE + GAP + lines * LINE
    width, height = max(step_x * columns, 480), max(step_y * rows, LINE)
    canvas = np.full((height, width, 3), 255, dtype=np.uint8)
    with style(lettering):
        figure = Figure(figsize=(width / DPI, height / DPI), dpi=DPI)
        axes = figure.add_axes((0, 0, 1, 1))
        for number, tile in enumerate(tiles):
            left, top = number % columns * step_x, number // columns * step_y
            _paste(canvas, tile.picture, left, top)
            for line, (text, colour) in enumerate(tile.lines):
                y = top + TILE + 5 + line * LINE
                x, align, size = (
                    (left, "left", LARGE_CAPTION_SIZE) if across else (left + TILE / 2, "center", CAPTION_SIZE)
                )
                axes.text(x, y, text, ha=align, va="top", fontsize=size, color=colour)
        axes.imshow(canvas, extent=(0, width, height, 0), interpolation="nearest")
        axes.set_axis_off()
        axes.text(0, -12, title, fontsize=13, va="bottom")
    return figure


_BLANK = np.full((TILE, TILE, 3), 255, dtype=np.uint8)


def _mistake(row: Prediction, predicted: str, confidence: float, thumbnail: Thumbnail, lettering: Lettering) -> Tile:
    lines = (
        (caption(row.label, lettering), TEXT),
        (caption(predicted, lettering), WRONG_COLOUR),
        (f"{confidence:.2f}", WRONG_COLOUR),
    )
    return Tile(thumbnail(row.path, row.box), lines)


def _paste(canvas: NDArray[np.uint8], picture: NDArray[np.uint8], left: int, top: int) -> None:
    """Put a picture in the middle of its square, as large as it fits, in its proportions."""
    scale = TILE / max(picture.shape[:2])
    size = (max(1, round(picture.shape[0] * scale)), max(1, round(picture.shape[1] * scale)))
    top += (TILE - size[0]) // 2
    left += (TILE - size[1]) // 2
    canvas[top : top + size[0], left : left + size[1]] = images.resize(picture, size)
