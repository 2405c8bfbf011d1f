"""Plot histories; the same values give the same bytes."""

import math
from collections.abc import Mapping, Sequence
from typing import Literal

from celebtool.drawing.canvas import Axes, Figure, MaxNLocator
from celebtool.drawing.fonts import Lettering
from celebtool.drawing.plots import FAINT, TEST, TRAIN, VAL, style
from celebtool.errors import printable
from celebtool.formats import history
from celebtool.formats.history import Epoch
from celebtool.formats.text import shorten

RUN_COLOURS = (TRAIN, VAL, TEST, "#8a5aa8", "#b0483f", "#3f9aa5")
DASHES = ("-", "--", ":")
"""Of the runs, when the colours have been used up."""
MANY = 3
"""Runs from which each has one line in the legend, below the curves."""
LONGEST = 40  # characters of a run's name among many

Kind = Literal["loss", "accuracy"]


def per_epoch(runs: Mapping[str, Sequence[Epoch]], kind: Kind) -> Figure:
    """Loss or accuracy per epoch, on train (thin) and val (thick), the best epoch marked.

    Args:
        runs: name → epochs; several are drawn over one another, a colour each.
        kind: which of the two.
    """
    are_many = len(runs) >= MANY
    with style(Lettering()):
        figure = Figure(figsize=(8, 4.6))
        axes = figure.subplots()
        for number, (name, epochs) in enumerate(runs.items()):
            if are_many:
                _one_of_many(axes, epochs, kind, number, shorten(printable(name), LONGEST))
            else:
                colours = (TRAIN, VAL) if len(runs) == 1 else (RUN_COLOURS[number],) * 2
                _curve(axes, epochs, kind, colours, "" if len(runs) == 1 else f"{printable(name)}: ")
        title = f"{kind.capitalize()} per epoch"
        axes.set_title(f"{title}: val thick, train thin" if are_many else title, fontsize=13)
        axes.set_xlabel("epoch")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
        # from zero, and for shares to one: part of a scale makes small differences look large
        axes.set_ylim(0, 1.02 if kind == "accuracy" else None)
        axes.grid(axis="y", color=FAINT)
        axes.set_axisbelow(True)
        if are_many:
            axes.legend(loc="upper left", bbox_to_anchor=(0, -0.14))
        else:
            axes.legend(loc="best")
    return figure


def _curve(axes: Axes, epochs: Sequence[Epoch], kind: Kind, colours: Sequence[str], prefix: str) -> None:
    x = [epoch.epoch for epoch in epochs]
    marker = "o" if len(epochs) < 3 else None
    axes.plot(
        x, [getattr(epoch, kind) for epoch in epochs], color=colours[0], lw=1.3, marker=marker, label=f"{prefix}train"
    )
    has_val = getattr(epochs[-1], f"val_{kind}") is not None
    if has_val:
        axes.plot(x, _on_val(epochs, kind), color=colours[1], lw=2.4, marker=marker, label=f"{prefix}val")
    epoch, value = _best(epochs, kind)
    if math.isfinite(value):
        label = f"{prefix}best, epoch {epoch}: {value:.3f}"
        axes.plot([epoch], [value], "o", ms=8, mfc="none", mew=1.8, color=colours[has_val], label=label)


def _one_of_many(axes: Axes, epochs: Sequence[Epoch], kind: Kind, number: int, name: str) -> None:
    """Draw a run whose legend has one line, with its best epoch."""
    x = [epoch.epoch for epoch in epochs]
    marker = "o" if len(epochs) < 3 else None
    cycle, colour_id = divmod(number, len(RUN_COLOURS))
    colour, dashes = RUN_COLOURS[colour_id], DASHES[cycle % len(DASHES)]
    epoch, value = _best(epochs, kind)
    label = f"{name}: {value:.3f}, epoch {epoch}" if math.isfinite(value) else name
    axes.plot(x, [getattr(each, kind) for each in epochs], color=colour, ls=dashes, lw=0.9, marker=marker, alpha=0.7)
    axes.plot(x, _on_val(epochs, kind), color=colour, ls=dashes, lw=2.2, marker=marker, label=label)
    axes.plot([epoch], [value], "o", ms=7, mfc="none", mew=1.6, color=colour)


def _on_val(epochs: Sequence[Epoch], kind: Kind) -> list[float]:
    values = [getattr(epoch, f"val_{kind}") for epoch in epochs]
    return [math.nan if value is None else value for value in values]


def _best(epochs: Sequence[Epoch], kind: Kind) -> tuple[int, float]:
    """Return the best epoch and its figure on val, or on train if the run has no val; NaN if it has none."""
    best = history.best(epochs)
    on_val = getattr(epochs[-1], f"val_{kind}") is not None
    value = getattr(best, f"val_{kind}" if on_val else kind)
    return best.epoch, math.nan if value is None else float(value)
