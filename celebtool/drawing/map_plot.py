"""Plot the map of a folder's faces; the same values give the same bytes."""

from collections.abc import Sequence

from celebtool.drawing.canvas import Axes, Figure
from celebtool.drawing.fonts import Lettering
from celebtool.drawing.plots import TEXT, style
from celebtool.errors import count
from celebtool.folders.embedding_map import EmbeddingMap, Mark
from celebtool.folders.suspects import NO_CLASSES

COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
"""Okabe and Ito, Color universal design, 2008: people who see fewer colours tell them apart."""
MARKERS = ("o", "s", "^", "D", "P")
MOST_NAMES = len(COLOURS) * len(MARKERS)
"""Classes that differ by colour or marker; of more the plot names none."""
_GREY = "#7a7a85"
_ROWS = 15  # names in a column of the legend


def embedding_map(laid_out: EmbeddingMap, lettering: Lettering) -> Figure:
    """Every image as a mark, faces that look alike close together; suspects in a ring.

    Args:
        laid_out: where the images lie; it has marks.
        lettering: how to write the names.
    """
    marks = laid_out.marks
    names = laid_out.labels
    suspects = [mark for mark in marks if mark.suspect]
    size = 26 if len(marks) <= 400 else 14 if len(marks) <= 1000 else 8
    with style(lettering):
        figure = Figure(figsize=(7.5, 7.5))
        axes = figure.add_axes((0, 0, 1, 1))
        for number, name in enumerate(names):
            of_class = [mark for mark in marks if mark.portrait.label == name]
            _scatter(axes, of_class, number, name, size, lettering.text(name))
            _scatter(axes, [mark for mark in of_class if mark.suspect], number, name, size, None)
        if suspects:
            x, y = _places(suspects)
            axes.scatter(x, y, size * 6, facecolors="none", edgecolors=TEXT, lw=1.2, label="suspect", zorder=4)
        axes.set(xticks=[], yticks=[], xlim=(-0.03, 1.03), ylim=(-0.03, 1.03), aspect="equal")
        axes.set_title(_title(laid_out, len(names), len(suspects)), fontsize=13)
        for edge in ("left", "bottom"):
            axes.spines[edge].set_visible(False)
        if len(names) <= MOST_NAMES:
            columns = -(-len(axes.get_legend_handles_labels()[0]) // _ROWS)
            axes.legend(loc="upper left", bbox_to_anchor=(1, 1), fontsize=9, ncols=columns)
    return figure


def _scatter(axes: Axes, marks: Sequence[Mark], number: int, name: str, size: float, text: str | None) -> None:
    """Draw the marks of a class; without a `text`, for the second time and above all others."""
    is_person = name not in NO_CLASSES
    colour = COLOURS[number % len(COLOURS)] if is_person else _GREY
    x, y = _places(marks)
    axes.scatter(
        x,
        y,
        size,
        marker=MARKERS[number % len(MARKERS)] if is_person else "o",
        facecolors=colour if is_person else "none",
        edgecolors=colour,
        lw=0.6,
        label=text,
        zorder=2 if text is not None else 3,
    )


def _places(marks: Sequence[Mark]) -> tuple[list[float], list[float]]:
    return [mark.x for mark in marks], [mark.y for mark in marks]


def _title(laid_out: EmbeddingMap, classes: int, suspects: int) -> str:
    shown = count(len(laid_out.marks), "face")
    if len(laid_out.marks) < laid_out.images:
        shown = f"{len(laid_out.marks):,} of {laid_out.images:,} faces"
    rings = f", {count(suspects, 'suspect')} in rings" if suspects else ""
    return f"{shown} of {count(classes, 'class', 'classes')} ({laid_out.method}){rings}"
