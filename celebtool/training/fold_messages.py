"""The table and the lines that a cross-validation prints."""

import math
from collections.abc import Sequence

from celebtool.errors import count
from celebtool.evaluation.cross_validation import CrossValidation
from celebtool.evaluation.intervals import Estimate
from celebtool.formats.model_info import ModelInfo
from celebtool.training import acceptance
from celebtool.training.folds import Folds
from celebtool.training.messages import Table


def table(figures: CrossValidation, models: Sequence[ModelInfo], folds: Folds) -> Table:
    """Return the table of the folds, and of all images together."""
    strangers = any(fold.strangers for fold in figures.folds)
    columns = ["fold", "train", "test", "accuracy", "accepted and right", "threshold"]
    rows = [
        [
            str(fold.number),
            str(len(data.train) + len(data.val)),
            str(fold.images),
            _share(fold.accuracy),
            _share(fold.accepted),
            "" if info.threshold is None else f"{info.threshold:.3g}",
            *([_share(fold.false_accepts)] if strangers else []),
        ]
        for fold, info, data in zip(figures.folds, models, folds.data, strict=True)
    ]
    last = ["all", "", str(figures.images), _interval(figures.accuracy), _share(figures.accepted.value), ""]
    if strangers:
        columns.append("strangers accepted")
        last.append(_share(figures.false_accepts.value))
    first = models[0]
    title = f"{first.architecture}, {len(first.class_names)} classes, {len(models)} folds"
    return title, columns, [*rows, last]


def summary(figures: CrossValidation) -> str:
    """Return what was written: ``1,827 predictions by 5 models, accuracy 0.9995 (0.997–1.000), by fold 0.9973 to 1.0000``."""
    accuracies = [fold.accuracy for fold in figures.folds]
    by_fold = f"by fold {min(accuracies):.4f} to {max(accuracies):.4f}"
    rows = sum(fold.images + fold.strangers for fold in figures.folds)
    made = f"{count(rows, 'prediction')} by {len(figures.folds)} models"
    return f"{made}, accuracy {_interval(figures.accuracy)}, {by_fold}"


def doubts(models: Sequence[ModelInfo]) -> list[str]:
    """Return what is wrong with the thresholds, of the first fold in which something is."""
    for number, info in enumerate(models, start=1):
        if found := acceptance.doubts(info):
            return [f"fold {number}: {line}" for line in found]
    return []


def _share(value: float) -> str:
    return "" if math.isnan(value) else f"{value:.4f}"


def _interval(estimate: Estimate) -> str:
    return f"{estimate.value:.4f} ({estimate.low:.3f}\u2013{estimate.high:.3f})"
