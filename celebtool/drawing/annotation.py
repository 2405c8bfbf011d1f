"""Draw photos with a box around every face and a name on it, into a folder of their own.

Each photo that can be read becomes a JPEG of the same size, so that boxes lie where the table of predictions says. A photo
without a face is drawn too, with a note that says so. The folder's manifest names the photo that each was drawn from, and
the files that could not be read.
"""

import io
import os
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from pathlib import Path, PurePosixPath
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageDraw

from celebtool.drawing import fonts
from celebtool.drawing.canvas import Figure
from celebtool.drawing.fonts import Lettering
from celebtool.drawing.plots import OTHER, RIGHT_COLOUR, WRONG_COLOUR, style
from celebtool.formats import images, manifest, names
from celebtool.formats.image_folder import UNKNOWN
from celebtool.formats.images import ImageError, RGBImage
from celebtool.formats.prediction_row import Prediction
from celebtool.formats.reasons import words
from celebtool.formats.sources import Source

SUFFIX = ".jpg"
LONGEST = 255  # bytes of a name that a file system takes
LINE = 1 / 300  # of the photo's longer side
TEXT = 1 / 8  # a text's height as a share of its face's width,
LEAST, MOST = 1 / 80, 1 / 32  # within shares of the photo's longer side
SMALLEST = 11  # pixels


class Mark(NamedTuple):
    """A box (left, top, width, height; None: no face) and a text to draw into a photo, and their colour."""

    box: tuple[float, float, float, float] | None
    text: str
    colour: str


def draw(
    predictions: Iterable[Prediction], sources: Iterable[Source], lettering: Lettering, folder: Path
) -> Iterator[Prediction]:
    """Pass predictions on and, when a photo's faces have all come by, draw it; at the end write manifest and legend.

    Args:
        predictions: one per face; those of a photo follow one another.
        sources: the photo of each.
        lettering: how to write the names.
        folder: an empty directory.
    """
    taken: set[str] = set()
    rows = []
    named = zip(predictions, sources, strict=True)
    for _, group in groupby(named, key=lambda pair: pair[1].path):
        marks = []
        for prediction, source in group:
            marks.append(mark(prediction, lettering))
            photo, label = source, prediction.label
            yield prediction
        rows.append(_place(photo, label, marks, lettering, folder, taken))
    manifest.write(folder, rows)
    fonts.write_legend(lettering, folder)


def mark(prediction: Prediction, lettering: Lettering) -> Mark:
    """Return the box and text of a prediction: red for a wrong name, grey for unknown or no face, blue for others."""
    if prediction.failed:
        return Mark(None, words(prediction.reason), OTHER)
    if prediction.predicted == UNKNOWN:
        return Mark(prediction.box, UNKNOWN, OTHER)
    colour = WRONG_COLOUR if prediction.label not in {"", prediction.predicted} else RIGHT_COLOUR
    return Mark(prediction.box, f"{lettering.text(prediction.predicted)} {prediction.confidence:.2f}", colour)


def annotated(photo: RGBImage, marks: Sequence[Mark], lettering: Lettering) -> RGBImage:
    """Return a photo (height, width, 3) with boxes, then texts over all of them, none beyond its edges."""
    picture = Image.fromarray(photo)
    pen = ImageDraw.Draw(picture)
    longest = max(picture.size)
    line = max(2, round(longest * LINE))
    for box, _, colour in marks:
        if box is not None:
            left, top, right, bottom = box[0], box[1], box[0] + box[2], box[1] + box[3]
            pen.rectangle((left - 1, top - 1, right + 1, bottom + 1), outline="white", width=line + 2)
            pen.rectangle((left, top, right, bottom), outline=colour, width=line)
    for box, text, colour in marks:
        left, top, width, _ = box or (0, 0, longest, longest)
        height = max(SMALLEST, min(max(width * TEXT, longest * LEAST), longest * MOST))
        label = _label(text, height, colour, lettering)
        above = top - label.height if top >= label.height else top
        corner = (_within(left, picture.width - label.width), _within(above, picture.height - label.height))
        picture.paste(label, corner)
    return np.asarray(picture)


def _place(
    source: Source, label: str, marks: Sequence[Mark], lettering: Lettering, folder: Path, taken: set[str]
) -> manifest.Row:
    """Write a photo into the folder and return its row; a photo that can't be read is a row alone."""
    try:
        photo = images.read(source.file)
        origin = source.origin()
    except ImageError as error:
        return manifest.Row("", label, source.path, "", manifest.REJECTED, error.reason)
    path = names.free_path(_inside(source.path), "", taken)
    (folder / path).parent.mkdir(parents=True, exist_ok=True)
    images.write(folder / path, annotated(photo, marks, lettering))
    return manifest.Row(path, label, source.path, origin)


def _inside(path: str) -> str:
    """Return a relative path for a photo's picture: ``../a/b.png`` is a/b.jpg; no directory is called as a picture is."""
    *directories, name = (part for part in PurePosixPath(path).parts if part not in {"/", "..", "."})
    safe = (_unlike_picture(part) if part.casefold().endswith(SUFFIX) else part for part in directories)
    return str(PurePosixPath(*safe, name).with_suffix(SUFFIX))


def _unlike_picture(name: str) -> str:
    """Return a name with ``_`` at its end: after its last letter, or instead of that in a name of LONGEST bytes."""
    return f"{name[:-1] if len(os.fsencode(name)) >= LONGEST else name}_"


def _label(text: str, height: float, colour: str, lettering: Lettering) -> Image.Image:
    """Return a text in white on a colour, its letters of a height in pixels, a margin around it."""
    stream = io.BytesIO()
    with style(lettering):
        figure = Figure(facecolor=colour)
        figure.text(0, 0, text, fontsize=height, color="white")
        figure.savefig(stream, format="png", dpi=72, bbox_inches="tight", pad_inches=0.2 * height / 72)
    return Image.open(stream).convert("RGB")


def _within(position: float, most: int) -> int:
    return max(0, min(round(position), most))
