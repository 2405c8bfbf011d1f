"""Plot confusion, calibration and class counts; the same values give the same bytes."""

import io
import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from celebtool.drawing.canvas import Axes, Figure, MaxNLocator, PolyCollection, mpl
from celebtool.drawing.fonts import Lettering
from celebtool.errors import count
from celebtool.evaluation.calibration_error import BINS
from celebtool.evaluation.confusion import most_confused
from celebtool.evaluation.evaluate import Evaluation
from celebtool.formats.text import natural_key

TRAIN, VAL, TEST, OTHER = "#3d6fa8", "#d97a2b", "#4b9b6e", "#7a7a85"
PART_COLOURS = {"train": TRAIN, "val": VAL, "test": TEST}
RIGHT_COLOUR, WRONG_COLOUR = "#2f5d8c", "#c22f26"
PAPER_COLOUR, FAINT, TEXT = "#ffffff", "#e6e6ea", "#2b2b33"
DPI = 120
CLASSES_PER_PANEL = 50
MOST_CLASSES = 400  # of a confusion matrix


@contextmanager
def style(lettering: Lettering) -> Iterator[None]:
    """Set matplotlib up while a figure is built: fonts, colours, and no formulas in names with a $."""
    settings: dict[Any, Any] = {
        "font.family": list(lettering.families),
        "text.parse_math": False,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.edgecolor": "#b5b5bd",
        "axes.titlelocation": "left",
        "axes.titlepad": 12,
        "text.color": TEXT,
        "axes.labelcolor": TEXT,
        "xtick.color": TEXT,
        "ytick.color": TEXT,
        "legend.frameon": False,
    }
    with mpl.rc_context(settings):
        yield


def save(figure: Figure, path: Path) -> None:
    """Write a figure as PNG without a date or a program's name, so that equal figures are equal files."""
    path.write_bytes(png(figure))


def png(figure: Figure) -> bytes:
    """A figure as the bytes of a PNG."""
    stream = io.BytesIO()
    figure.savefig(stream, format="png", dpi=DPI, bbox_inches="tight", pad_inches=0.2, metadata={"Software": None})
    return stream.getvalue()


def confusion(evaluation: Evaluation, lettering: Lettering) -> Figure:
    """The confusion matrix: a row per true class in natural order, coloured by share of the row; mistakes in red."""
    names = evaluation.class_names
    most = most_confused(evaluation.confused_pairs, names, MOST_CLASSES)
    shown = sorted(most, key=lambda class_id: natural_key(names[class_id]))
    classes = len(shown)
    inches = next(size for most, size in ((8, 0.8), (30, 0.42), (70, 0.26), (math.inf, 0.15)) if classes <= most)
    counts = evaluation.counts
    failed = bool(counts.failed.any())
    matrix = counts.part(shown, [*shown, counts.classes] if failed else shown)
    with style(lettering):
        figure = Figure(figsize=(inches * matrix.shape[1], inches * classes))
        axes = figure.add_axes((0, 0, 1, 1))
        _squares(axes, _confusion_colours(matrix))
        ticks = [lettering.text(names[class_id]) for class_id in shown]
        small, large = min(10, inches * 40), max(13, inches * classes)
        axes.set_xticks(range(matrix.shape[1]), [*ticks, *(["failed"] if failed else [])], rotation=90, fontsize=small)
        axes.set_yticks(range(classes), ticks, fontsize=small)
        axes.tick_params(length=0)
        for edge in ("left", "bottom"):
            axes.spines[edge].set_visible(False)
        _grid(axes, matrix.shape, inches)
        if inches > 0.3:
            _confusion_counts(axes, matrix, fontsize=min(12, inches * 22))
        wrong = int(counts.images.sum() - counts.right.sum())
        title = f"Confusion{_of_part(evaluation)}: {wrong} of {evaluation.images} wrong"
        if classes < len(evaluation.class_names):
            title += f"; the {classes} most confused of {len(evaluation.class_names)} classes"
        axes.set_title(title, fontsize=large)
        axes.set_xlabel("predicted", fontsize=large * 0.8)
        axes.set_ylabel("true", fontsize=large * 0.8)
    return figure


def calibration(evaluation: Evaluation) -> Figure:
    """The reliability diagram: accuracy against confidence, with intervals; below, where the images lie."""
    bins = [each for each in evaluation.calibration.bins if each.images]
    confidences = [each.confidence for each in bins]
    accuracies = [each.accuracy.value for each in bins]
    reach = [
        [each.accuracy.value - each.accuracy.low for each in bins],
        [each.accuracy.high - each.accuracy.value for each in bins],
    ]
    with style(Lettering()):
        figure = Figure(figsize=(5, 6.2))
        above, below = figure.subplots(2, 1, sharex=True, gridspec_kw={"height_ratios": (4, 1), "hspace": 0.08})
        above.plot((0, 1), (0, 1), color=OTHER, lw=1, ls="--", label="confidence equals accuracy")
        above.errorbar(confidences, accuracies, reach, fmt="o", color=TRAIN, ecolor="#a9bdd6", elinewidth=1.6, ms=5)
        above.set_ylim(-0.02, 1.02)
        above.set_ylabel("accuracy, with 95 % intervals")
        above.legend(loc="best")
        above.set_title(f"Calibration{_of_part(evaluation)}: error {evaluation.calibration.error:.3f}", fontsize=13)
        edges = [each.low for each in bins]
        below.bar(edges, [each.images for each in bins], width=1 / BINS, align="edge", color=TRAIN, edgecolor="white")
        below.set_ylabel("images")
        below.set_xlabel("confidence")
        below.set_xlim(-0.02, 1.02)
        for axes in (above, below):
            axes.grid(color=FAINT)
            axes.set_axisbelow(True)
    return figure


def distribution(counts: Mapping[str, Mapping[str, int]], class_names: Sequence[str], lettering: Lettering) -> Figure:
    """Images per class, the parts side by side in one bar.

    Args:
        counts: part → class → images; one part named "" for a folder that is not split.
        class_names: of all classes; drawn in natural order.
        lettering: how to write the names.
    """
    class_names = sorted(class_names, key=natural_key)
    panels = [class_names[i : i + CLASSES_PER_PANEL] for i in range(0, len(class_names), CLASSES_PER_PANEL)]
    longest = max(sum(of_part.get(name, 0) for of_part in counts.values()) for name in class_names)
    with style(lettering):
        figure = Figure(figsize=(7 if len(panels) == 1 else 5 * len(panels), 1 + 0.24 * len(panels[0])))
        axes_row = figure.subplots(1, len(panels), squeeze=False, gridspec_kw={"wspace": 1.05})[0]
        for axes, names in zip(axes_row, panels, strict=True):
            _bars(axes, counts, names, lettering)
            axes.set_xlim(0, longest * 1.12)
        total = sum(of_part.get(name, 0) for of_part in counts.values() for name in class_names)
        axes_row[0].set_title(f"{count(total, 'image')} of {count(len(class_names), 'class', 'classes')}", fontsize=13)
        if len(counts) > 1:
            axes_row[-1].legend(loc="lower right", bbox_to_anchor=(1, 1), ncols=len(counts))
    return figure


def _of_part(evaluation: Evaluation) -> str:
    """Name the part of a plot, and the leak if there is one, because a picture travels without its report."""
    leak = f" ({count(len(evaluation.leaks), 'image')} trained on)" if evaluation.leaks else ""
    return (f" on {evaluation.part}" if evaluation.part else "") + leak


def _confusion_colours(matrix: NDArray[np.int64]) -> NDArray[np.float64]:
    """RGB, as (classes, columns, 3). A single mistake among many is still plainly red; an absent class is grey."""
    support = matrix.sum(axis=1, keepdims=True)
    share = matrix / np.maximum(support, 1)
    right = np.eye(*matrix.shape) > 0
    strength = np.where(right, 0.85 * share, np.where(matrix > 0, 0.55 + 0.45 * np.sqrt(share), 0))[..., None]
    ink = np.where(right[..., None], mpl.colors.to_rgb(RIGHT_COLOUR), mpl.colors.to_rgb(WRONG_COLOUR))
    paper = np.where(support[..., None] > 0, mpl.colors.to_rgb(PAPER_COLOUR), mpl.colors.to_rgb(FAINT))
    return np.asarray(paper * (1 - strength) + ink * strength, dtype=np.float64)


def _squares(axes: Axes, colours: NDArray[np.float64]) -> None:
    """Colour the cells; as squares, because matplotlib takes seconds to enlarge an image of many classes."""
    rows, columns = np.nonzero((colours < 1).any(axis=2))
    corners = np.array([(-0.5, -0.5), (0.5, -0.5), (0.5, 0.5), (-0.5, 0.5)])
    squares = np.stack([columns, rows], axis=1)[:, None] + corners
    axes.add_collection(PolyCollection(squares, facecolors=colours[rows, columns], antialiased=False))
    axes.set_xlim(-0.5, colours.shape[1] - 0.5)
    axes.set_ylim(colours.shape[0] - 0.5, -0.5)


def _grid(axes: Axes, shape: tuple[int, ...], inches: float) -> None:
    """Thin lines between the cells."""
    width = min(1.0, inches * 2)
    axes.hlines(np.arange(shape[0] + 1) - 0.5, -0.5, shape[1] - 0.5, colors=FAINT, lw=width)
    axes.vlines(np.arange(shape[1] + 1) - 0.5, -0.5, shape[0] - 0.5, colors=FAINT, lw=width)


def _confusion_counts(axes: Axes, matrix: NDArray[np.int64], fontsize: float) -> None:
    share = matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)
    for row, column in np.argwhere(matrix).tolist():
        colour = TEXT if row == column and share[row, column] < 0.45 else PAPER_COLOUR
        axes.text(column, row, str(matrix[row, column]), ha="center", va="center", color=colour, fontsize=fontsize)


def _bars(axes: Axes, counts: Mapping[str, Mapping[str, int]], names: Sequence[str], lettering: Lettering) -> None:
    places = np.arange(len(names))
    left = np.zeros(len(names))
    for part, of_part in counts.items():
        values = np.array([of_part.get(name, 0) for name in names])
        axes.barh(places, values, left=left, height=0.72, color=PART_COLOURS.get(part, OTHER), label=part or None)
        left += values
    for place, total in zip(places.tolist(), left.tolist(), strict=True):
        colour = TEXT if total else WRONG_COLOUR
        axes.text(total, place, f" {total:.0f}", va="center", fontsize=8, color=colour)
    axes.set_yticks(places, [lettering.text(name) for name in names], fontsize=9)
    axes.set_ylim(CLASSES_PER_PANEL - 0.5 if len(names) == CLASSES_PER_PANEL else len(names) - 0.5, -0.5)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=5))
