"""The single figures of an evaluation by name, as `--require` compares them and `--json` and `--csv` print them."""

import math

from celebtool.evaluation import evaluate
from celebtool.evaluation.confusion import ClassFigures
from celebtool.evaluation.evaluate import TOP, Evaluation
from celebtool.evaluation.intervals import NONE, Estimate
from celebtool.evaluation.rejection import FALSE_ACCEPTS, Rejection
from celebtool.formats.predictions import Predictions

Figures = dict[str, float]
"""Name → number; NaN where there is none."""

COUNTS = ("rows", "images", "strangers", "seen", "leaks", "support", "predicted", "threshold")
"""The beginnings of the names of figures that are no shares."""
AT = {share: f"at_{100 * share:g}_percent".replace(".", "_") for share in FALSE_ACCEPTS}


def of_table(evaluation: Evaluation) -> Figures:
    """Return the figures of a whole table, or of the part that was evaluated."""
    macro, weighted = evaluation.macro, evaluation.weighted
    return {
        "rows": evaluation.rows,
        "images": evaluation.images,
        "strangers": evaluation.strangers,
        "seen": len(evaluation.seen),
        "leaks": len(evaluation.leaks),
        "coverage": evaluation.coverage,
        **_estimate("accuracy", evaluation.accuracy),
        **{f"top_{k}_accuracy": evaluation.top.get(k, math.nan) for k in TOP},
        "balanced_accuracy": evaluation.balanced_accuracy,
        "macro_precision": macro.precision,
        **_estimate("macro_recall", macro.recall),
        **_estimate("macro_f1", macro.f1),
        "weighted_precision": weighted.precision,
        **_estimate("weighted_recall", weighted.recall),
        **_estimate("weighted_f1", weighted.f1),
        "calibration_error": evaluation.calibration.error,
        **_of_rejection(evaluation.rejection),
    }


def of_class(figures: ClassFigures) -> Figures:
    """Return the figures of one class."""
    return {
        **_estimate("precision", figures.precision),
        **_estimate("recall", figures.recall),
        "f1": figures.f1,
        "support": figures.support,
        "predicted": figures.predicted,
    }


def of_classes(evaluation: Evaluation) -> dict[str, Figures]:
    """Return class name → its figures, in class order."""
    return {each.name: of_class(each) for each in evaluation.classes}


def rounded(value: float) -> float:
    """Return a figure with the six digits that are printed, so that what is compared is what is read."""
    return float(f"{value:.6g}") if isinstance(value, float) and math.isfinite(value) else value


def _of_rejection(rejection: Rejection | None) -> Figures:
    at = rejection.at if rejection else {}
    figures = {
        **_estimate("accepted", rejection.accepted if rejection else NONE),
        **_estimate("true_accepts", rejection.true_accepts if rejection else NONE),
        **_estimate("false_accepts", rejection.false_accepts if rejection else NONE),
    }
    for share, name in AT.items():
        figures |= _estimate(f"true_accepts_{name}", at[share].true_accepts if share in at else NONE)
        figures[f"threshold_{name}"] = at[share].threshold if share in at else math.nan
    return figures


def _estimate(name: str, estimate: Estimate) -> Figures:
    return {name: estimate.value, f"{name}_low": estimate.low, f"{name}_high": estimate.high}


OF_TABLES = tuple(of_table(evaluate.evaluate(Predictions(("a", "b"), ()))))
"""The names of all figures of a table."""
OF_CLASSES = tuple(of_class(ClassFigures("", NONE, NONE, math.nan, 0, 0)))
"""The names of the figures of a class."""
