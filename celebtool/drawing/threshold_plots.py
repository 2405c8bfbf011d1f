"""Plot what thresholds for strangers do; the same values give the same bytes."""

from collections.abc import Sequence

from scipy import stats

from celebtool.drawing.canvas import Axes, Figure
from celebtool.drawing.fonts import Lettering
from celebtool.drawing.plots import FAINT, OTHER, TRAIN, VAL, style
from celebtool.evaluation.rejection import Rejection
from celebtool.evaluation.thresholds import Threshold

TICKS = (0.001, 0.01, 0.05, 0.2, 0.5, 0.8, 0.95)
"""Shares at which the axes of the second panel are marked."""
LEAST = 0.0005  # the share at which that panel begins: a normal deviate of 0 is infinite


def thresholds(swept: Sequence[Threshold], rejection: Rejection, part: str | None) -> Figure:
    """Two panels: shares by threshold; and misses against false accepts, the DET curve (Martin et al., Eurospeech 1997).

    Args:
        swept: the thresholds, ascending, at least one.
        rejection: what the model's own threshold does; it is marked.
        part: which part of the predictions; None for all.
    """
    with style(Lettering()):
        figure = Figure(figsize=(10, 4.6))
        left, right = figure.subplots(1, 2, gridspec_kw={"wspace": 0.28})
        _shares(left, swept)
        _trade_off(right, swept, rejection)
        left.set_title(f"Thresholds{f' on {part}' if part else ''}: {rejection.strangers} strangers", fontsize=13)
        for axes in (left, right):
            axes.grid(color=FAINT)
            axes.set_axisbelow(True)
    return figure


def _shares(axes: Axes, swept: Sequence[Threshold]) -> None:
    values = [each.value for each in swept]
    axes.plot(values, [each.true_accepts for each in swept], color=TRAIN, lw=2, label="known: accepted and right")
    axes.plot(values, [each.false_accepts for each in swept], color=VAL, lw=2, label="strangers: accepted")
    axes.set_ylim(-0.02, 1.02)
    axes.set_xlabel("threshold")
    axes.set_ylabel("share")
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.15), ncols=2, fontsize=9)


def _trade_off(axes: Axes, swept: Sequence[Threshold], rejection: Rejection) -> None:
    x = [_deviate(each.false_accepts) for each in swept]
    axes.plot(x, [_deviate(1 - each.true_accepts) for each in swept], color=TRAIN, lw=2)
    own = _deviate(rejection.false_accepts.value), _deviate(1 - rejection.true_accepts.value)
    axes.plot(*own, "o", ms=8, mfc="none", mew=1.8, color=OTHER, label="the threshold that was used", clip_on=False)
    marks = [_deviate(share) for share in TICKS]
    names = [f"{100 * share:g} %" for share in TICKS]
    axes.set_xticks(marks, names, fontsize=8)
    axes.set_yticks(marks, names, fontsize=8)
    axes.set_xlim(_deviate(LEAST), _deviate(0.99))
    axes.set_ylim(_deviate(LEAST), _deviate(0.99))
    axes.set_xlabel("strangers accepted")
    axes.set_ylabel("known: rejected or wrong")
    axes.set_title("One against the other", fontsize=13)
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.15), fontsize=9)


def _deviate(share: float) -> float:
    """Return the normal deviate of a share, which spreads small shares out; the ends are moved into the panel."""
    return float(stats.norm.ppf(min(max(share, LEAST), 0.99)))
