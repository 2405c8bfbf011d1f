"""Mistakes with their pictures and the model's guesses, as tables of a page."""

import io
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from celebtool.drawing.contact_sheets import Thumbnail
from celebtool.evaluation.evaluate import Evaluation, Mistake
from celebtool.formats import guesses, images
from celebtool.formats.prediction_row import Prediction
from celebtool.report import html, prediction_tables
from celebtool.report.html import escape

GUESSES = 5
SIDE = 144  # pixels of a thumbnail; shown at 96, so that it is sharp on the screens of telephones


def mistakes(evaluation: Evaluation, thumbnail: Thumbnail | None, limit: int, name: str) -> str:
    """The images with the wrong name, the most confident first.

    Args:
        evaluation: knows them.
        thumbnail: gives the pictures; None: there are none.
        limit: how many at most.
        name: the table's, as `html.frame` takes it.
    """
    shown = evaluation.mistakes[:limit]
    if not shown:
        return "<h3>No mistakes</h3>\n"
    title = f"Mistakes, the most confident first{prediction_tables.of(len(shown), len(evaluation.mistakes))}"
    return listed(title, shown, evaluation.class_names, thumbnail, name)


def listed(
    title: str, made: Sequence[Mistake], class_names: Sequence[str], thumbnail: Thumbnail | None, name: str
) -> str:
    """Mistakes under a title, all of them. Args as `mistakes`."""
    rows = [_line(one.prediction, one.predicted, one.confidence, class_names, thumbnail, "confidence") for one in made]
    return _table(title, rows, name, "confidence")


def strangers(evaluation: Evaluation, thumbnail: Thumbnail | None, limit: int, name: str) -> str:
    """The strangers that got a name, the highest score first; nothing if there are none. Args as `mistakes`."""
    shown = evaluation.accepted_strangers[:limit]
    if not shown:
        return ""
    rows = [_line(row, row.predicted, row.score, evaluation.class_names, thumbnail, "score") for row in shown]
    title = f"Strangers that got a name{prediction_tables.of(len(shown), len(evaluation.accepted_strangers))}"
    return _table(title, rows, name, "score")


def _table(title: str, rows: Sequence[str], name: str, figure: str) -> str:
    heads = [("", ""), ("image", ""), ("true", ""), ("predicted", ""), (figure, "number"), ("guesses", "fixed")]
    return f"<h3>{escape(title)}</h3>\n{html.frame(name, heads, rows, kind='mistakes')}"


def _line(
    row: Prediction, predicted: str, value: float | None, names: Sequence[str], thumbnail: Thumbnail | None, figure: str
) -> str:
    face = html.picture(jpeg(thumbnail(row.path, row.box)), "jpeg", row.path) if thumbnail else ""
    cells = (
        f'<td class="face">{face}</td>',
        f'<td class="text">{escape(row.path)}</td>',
        f'<td data-column="true">{escape(row.label)}</td>',
        f'<td data-column="predicted" class="wrong">{escape(predicted)}</td>',
        f'<td data-column="{figure}" class="number">{prediction_tables.number(value)}</td>',
        f'<td class="guess">{_guesses(row, names)}</td>',
    )
    return f"<tr>{''.join(cells)}</tr>"


def _guesses(row: Prediction, names: Sequence[str]) -> str:
    """The most probable classes with a bar each; the true one stands out."""
    if row.probabilities is None:
        return ""
    lines = []
    for class_id, share in guesses.best(row.probabilities, GUESSES):
        kind = ' class="true"' if names[class_id] == row.label else ""
        bar = f'<rect width="{100 * share:.1f}" height="8"/>'
        lines.append(
            f"<li{kind}><span>{escape(names[class_id])}</span>"
            f'<svg viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">{bar}</svg>{share:.3f}</li>'
        )
    return f'<ol class="guesses">{"".join(lines)}</ol>'


def jpeg(image: NDArray[np.uint8]) -> bytes:
    """Return an image (height, width, 3) as a thumbnail, in JPEG."""
    stream = io.BytesIO()
    Image.fromarray(images.shrink(image, SIDE)).save(stream, "JPEG", quality=80)
    return stream.getvalue()
