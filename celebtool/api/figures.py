"""Measure predictions."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from celebtool.errors import count
from celebtool.evaluation import figures, judge
from celebtool.evaluation.evaluate import Evaluation
from celebtool.evaluation.intervals import Estimate
from celebtool.evaluation.judge import Gates
from celebtool.formats import predictions as table
from celebtool.formats.prediction_row import Prediction

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False, repr=False)
class Figures:
    """The figures of predictions; intervals are of 95 %.

    Attributes:
        evaluation: all of them, with confusion matrix, mistakes and calibration.
    """

    evaluation: Evaluation

    def __repr__(self) -> str:
        """Tell accuracy and macro F1, with their intervals, and the number of images."""
        told = (
            f"{name} {each.value:.3f} [{each.low:.3f}, {each.high:.3f}]"
            for name, each in (("accuracy", self.accuracy), ("macro F1", self.macro_f1))
        )
        return f"Figures({', '.join(told)}, {count(self.evaluation.images, 'image')})"

    @property
    def accuracy(self) -> Estimate:
        """The share of the labelled images whose most probable class is right."""
        return self.evaluation.accuracy

    @property
    def macro_f1(self) -> Estimate:
        """The mean F1 of the classes that have images."""
        return self.evaluation.macro.f1

    @property
    def confusion(self) -> NDArray[np.int64]:
        """Images by (label, predicted), as (classes, classes + 1); the last column counts failed images."""
        return self.evaluation.confusion

    @property
    def mistakes(self) -> Sequence[Prediction]:
        """The rows that are wrong, the most confident first."""
        return tuple(mistake.prediction for mistake in self.evaluation.mistakes)

    def to_dict(self) -> Mapping[str, float]:
        """Return the figures by the names that `celebtool report --json` uses; NaN where there is none."""
        return figures.of_table(self.evaluation)

    def to_frame(self) -> "pd.DataFrame":
        """Return a row per class: precision, recall, F1, with intervals, and images."""
        import pandas as pd

        rows: list[dict[str, Any]] = [
            {"class": name, **each} for name, each in figures.of_classes(self.evaluation).items()
        ]
        return pd.DataFrame(rows, columns=["class", *figures.OF_CLASSES]).set_index("class")


def evaluate(
    predictions: table.Predictions | str | os.PathLike[str],
    *,
    part: Literal["train", "val", "test"] | None = None,
    allow_leak: bool = False,
) -> Figures:
    """Compute the figures of predictions of labelled images, as `celebtool report` does.

    Args:
        predictions: what `Model.predict` returned, or a table that `celebtool predict` wrote. Images have labels if they lie
            in directories with the names of the classes; in ``unknown/`` are strangers.
        part: only these rows; None: test, or val if there is no test, or train, or all rows of a table without parts.
        allow_leak: measure also on images that the model was trained on.

    Raises:
        CelebtoolError: no such table, or a damaged one; there are no rows of that part; the model was trained on some of
            the images.
        TypeError: neither predictions nor a path.
    """
    given = predictions
    if not isinstance(given, table.Predictions | str | os.PathLike):
        raise TypeError(f"{type(given).__name__}; expected what Model.predict returned, or the path of a table")
    name = "predictions" if isinstance(given, table.Predictions) else os.fspath(given)
    rows = given if isinstance(given, table.Predictions) else table.read(Path(given))
    judgement = judge.judge({name: rows}, Gates(), part)
    if not allow_leak:
        judge.refuse_leaks(judgement)
    return Figures(judgement.judged[name].evaluation)
