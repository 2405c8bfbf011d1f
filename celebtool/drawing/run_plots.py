"""Plot the figures of several runs; the same values give the same bytes."""

from collections.abc import Mapping

import numpy as np

from celebtool.drawing.canvas import Figure
from celebtool.drawing.fonts import Lettering
from celebtool.drawing.plots import FAINT, OTHER, TRAIN, VAL, style
from celebtool.errors import printable
from celebtool.evaluation.evaluate import Evaluation
from celebtool.formats.text import shorten

LONGEST = 40  # characters of a run's name
_INCHES = 0.42  # of a run
_LEAST_RANGE = 0.1  # of the axis


def accuracies(runs: Mapping[str, Evaluation]) -> Figure:
    """Accuracy and macro F1 of each run, with 95 % intervals; a dashed line at the accuracy of the first.

    Args:
        runs: name → figures, at least one; drawn from top to bottom.
    """
    evaluations = list(runs.values())
    places = np.arange(len(runs))
    with style(Lettering()):
        figure = Figure(figsize=(8, 1.1 + _INCHES * len(runs)))
        axes = figure.subplots()
        axes.axvline(evaluations[0].accuracy.value, color=OTHER, lw=1, ls="--")
        for name, estimates, colour, shift in (
            ("accuracy", [one.accuracy for one in evaluations], TRAIN, -0.12),
            ("macro F1", [one.macro.f1 for one in evaluations], VAL, 0.12),
        ):
            values = np.array([each.value for each in estimates])
            reach = np.abs([[each.low for each in estimates], [each.high for each in estimates]] - values)
            axes.errorbar(values, places + shift, xerr=reach, fmt="o", color=colour, elinewidth=1.8, ms=5, label=name)
        axes.set_yticks(places, [shorten(printable(name), LONGEST) for name in runs])
        axes.set_ylim(len(runs) - 0.4, -0.6)
        low = min(min(each.accuracy.low, each.macro.f1.low) for each in evaluations if each.images)
        axes.set_xlim(max(0.0, min(low - 0.02, 1 - _LEAST_RANGE)), 1.005)
        axes.tick_params(axis="y", length=0)
        axes.grid(axis="x", color=FAINT)
        axes.set_axisbelow(True)
        axes.set_title("Runs, with 95 % intervals; dashed: the first one's accuracy", fontsize=13)
        axes.legend(loc="upper left", bbox_to_anchor=(1, 1))
    return figure
