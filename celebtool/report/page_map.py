"""The map of a folder's faces, as SVG with a picture of every image on it; a script shows who is under the pointer.

Without the script, the marks and the names on hover remain. The pictures lie side by side in one JPEG: two thousand
files would each begin with six hundred bytes of tables.
"""

import base64
import io
import math
from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from celebtool.drawing.contact_sheets import Thumbnail
from celebtool.errors import count
from celebtool.folders.embedding_map import EmbeddingMap, Mark
from celebtool.folders.suspects import NO_CLASSES
from celebtool.formats import images
from celebtool.report import html
from celebtool.report.html import escape
from celebtool.system import threads

FIELD = 1000  # units of the drawing's side
EDGE = 30  # units that stay free around the marks
SHAPES = ("circle", "square", "triangle", "diamond", "cross")
COLOURS = 6  # of page.css; no number of theirs and of shapes divides the other, so that 30 classes differ
SIZES = ((400, 9.0, 72), (1000, 7.0, 60), (2000, 5.5, 48))
"""Up to so many images: half a mark's size in the drawing, and the pixels of a picture's side."""
QUALITY = 72


def section(laid_out: EmbeddingMap, thumbnail: Thumbnail, name: str) -> str:
    """Return the map under its title; a line that says why, if there is none.

    Args:
        laid_out: where the images lie.
        thumbnail: gives the pictures.
        name: an identifier that nothing else on the page has.
    """
    if laid_out.problem:
        return f'<p class="people">No map of the faces: {escape(laid_out.problem)}.</p>\n'
    labels = laid_out.labels
    ids = {label: number for number, label in enumerate(labels)}
    size, side = next((size, side) for most, size, side in SIZES if len(laid_out.marks) <= most)
    marks = "\n".join(_mark(mark, ids[mark.portrait.label], size) for mark in laid_out.marks)
    said = f"Map of {count(len(laid_out.marks), 'face')}; the arrow keys go from one to the next"
    drawing = (
        f'<svg viewBox="0 0 {FIELD} {FIELD}" tabindex="0" role="application" aria-label="{escape(said)}">\n'
        f"{marks}\n</svg>"
    )
    card = '<div class="who" role="status" hidden><canvas></canvas><p></p></div>'
    return (
        f"<h3>Map of the faces</h3>\n{html.bullets(_remarks(laid_out, len(labels)))}"
        f'<div class="map" id="{escape(name)}"><div class="field">{drawing}\n{card}</div>\n'
        f"{_legend(laid_out, labels)}\n{_pictures(laid_out.marks, thumbnail, side)}</div>\n"
    )


def _remarks(laid_out: EmbeddingMap, classes: int) -> list[str]:
    marks, suspects = len(laid_out.marks), sum(mark.suspect is not None for mark in laid_out.marks)
    said = [
        f"Each mark is an image ({laid_out.method}). Close together: faces that look alike. How far apart groups are says nothing.",
        "Point at a mark to see its face, or go from mark to mark with the arrow keys. Click a name to keep its marks lit.",
    ]
    if marks < laid_out.images:
        with_them = f"all {count(suspects, 'suspect')} and " if suspects else ""
        said.append(f"{marks:,} of {laid_out.images:,} images: {with_them}the same share of every class.")
    if laid_out.unknown:
        said.append(f"Not on the map: {count(laid_out.unknown, 'image')} without a known embedding.")
    if classes > COLOURS * len(SHAPES):
        said.append(
            f"Colours and shapes repeat after {COLOURS * len(SHAPES)} classes: point at a name to see where it lies."
        )
    return said


def _mark(mark: Mark, class_id: int, size: float) -> str:
    """Return a mark as SVG; its title has lines for the class, the file, the suspicion and its reason."""
    x, y = (EDGE + (FIELD - 2 * EDGE) * value for value in (mark.x, 1 - mark.y))
    lines = [mark.portrait.label, mark.portrait.path]
    if mark.portrait.face not in ("", "1"):
        lines[1] += f", face {mark.portrait.face}"
    if mark.suspect:
        like = f": looks like {mark.suspect.looks_like}" if mark.suspect.looks_like else ""
        lines += [f"suspect{like}", mark.suspect.detail]
    title = "\n".join(map(escape, lines))
    ring = f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{2.1 * size:.1f}"/>' if mark.suspect else ""
    shape = f'<path d="M{x:.1f} {y:.1f}{_shape(class_id, mark.portrait.label, size)}"/>'
    kind = " suspect" if mark.suspect else ""
    return (
        f'<g class="{_colour(class_id, mark.portrait.label)}{kind}" data-class="{class_id}">'
        f"<title>{title}</title>{ring}{shape}</g>"
    )


def _colour(class_id: int, label: str) -> str:
    return "no" if label in NO_CLASSES else f"k{class_id % COLOURS}"


def _shape(class_id: int, label: str, size: float) -> str:
    """Return a path around the point where it begins."""
    shape = "circle" if label in NO_CLASSES else SHAPES[class_id % len(SHAPES)]
    r, third = size, size / 2.6
    return {
        "circle": f"m{-r:g} 0a{r:g} {r:g} 0 1 0 {2 * r:g} 0a{r:g} {r:g} 0 1 0 {-2 * r:g} 0",
        "square": f"m{-0.88 * r:.1f} {-0.88 * r:.1f}h{1.76 * r:.1f}v{1.76 * r:.1f}h{-1.76 * r:.1f}z",
        "triangle": f"m0 {-1.15 * r:.1f}l{1.1 * r:.1f} {1.9 * r:.1f}h{-2.2 * r:.1f}z",
        "diamond": f"m0 {-1.25 * r:.1f}l{1.25 * r:.1f} {1.25 * r:.1f}l{-1.25 * r:.1f} {1.25 * r:.1f}l{-1.25 * r:.1f} {-1.25 * r:.1f}z",
        "cross": f"m{-third:.1f} {-1.1 * r:.1f}h{2 * third:.1f}v{1.1 * r - third:.1f}h{1.1 * r - third:.1f}v{2 * third:.1f}"
        f"h{third - 1.1 * r:.1f}v{1.1 * r - third:.1f}h{-2 * third:.1f}v{third - 1.1 * r:.1f}h{third - 1.1 * r:.1f}"
        f"v{-2 * third:.1f}h{1.1 * r - third:.1f}z",
    }[shape]


def _legend(laid_out: EmbeddingMap, labels: Sequence[str]) -> str:
    """Return buttons, one for the suspects and one a class, that light up what they name."""
    shown = Counter(mark.portrait.label for mark in laid_out.marks)
    suspects = sum(mark.suspect is not None for mark in laid_out.marks)
    ring = '<circle cx="12" cy="12" r="10"/><circle class="dot" cx="12" cy="12" r="4.5"/>'
    what = "in a ring: a suspect, an image that may be of another person than its class"
    first = _entry("suspect", ring, "suspect", what, suspects) if suspects else ""
    entries = [
        _entry(str(n), f'<path d="M12 12{_shape(n, label, 7)}"/>', _colour(n, label), label, shown[label])
        for n, label in enumerate(labels)
    ]
    find = '<input type="search" placeholder="filter" aria-label="filter the classes" hidden>\n'
    return (
        f'<div class="legend">{find if len(labels) >= html.FILTER_FROM else ""}'
        f"<ul>\n{first}{''.join(entries)}</ul></div>"
    )


def _entry(key: str, swatch: str, kind: str, text: str, images: int) -> str:
    drawn = f'<svg viewBox="0 0 24 24" class="{kind}" aria-hidden="true">{swatch}</svg>'
    return (
        f'<li><button type="button" data-class="{key}" aria-pressed="false">{drawn}<span>{escape(text)}</span>'
        f"<span>{images:,}</span></button></li>\n"
    )


def _pictures(marks: Sequence[Mark], thumbnail: Thumbnail, side: int) -> str:
    """Return all pictures as one JPEG, row by row in the order of the marks, which the page itself does not show."""
    across = math.ceil(math.sqrt(len(marks)))
    small = threads.map_ahead(lambda mark: _tile(thumbnail, mark, side), marks)
    sheet = Image.new("RGB", (side * across, side * math.ceil(len(marks) / across)), (128, 128, 128))
    for number, tile in enumerate(small):
        row, column = divmod(number, across)
        height, width = tile.shape[:2]
        corner = (column * side + (side - width) // 2, row * side + (side - height) // 2)
        sheet.paste(Image.fromarray(tile), corner)
    stream = io.BytesIO()
    sheet.save(stream, "JPEG", quality=QUALITY, optimize=True)
    content = base64.b64encode(stream.getvalue()).decode()
    return f'<img class="tiles" hidden alt="" data-side="{side}" data-across="{across}" src="data:image/jpeg;base64,{content}">'


def _tile(thumbnail: Thumbnail, mark: Mark, side: int) -> NDArray[np.uint8]:
    return images.shrink(thumbnail(mark.portrait.path, None), side)
