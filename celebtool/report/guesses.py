"""Predictions as a person reads them on a terminal: the best guesses of each image."""

from collections.abc import Sequence

from celebtool.formats import guesses as of_rows
from celebtool.formats.image_folder import UNKNOWN
from celebtool.formats.prediction_row import Prediction
from celebtool.formats.reasons import words

COLUMNS = ("image", "predicted", "probability", "label")


def cells(
    row: Prediction, class_names: Sequence[str], top: int, threshold: float | None = None
) -> list[tuple[object, ...]]:
    """Return a prediction as one table row per guess, the best first.

    A mistake is red. A failure shows its reason. For ``unknown`` the score and the threshold are shown; the probability
    of the name that was rejected would look like that of ``unknown``.
    """
    style = "red" if row.label and row.label != row.predicted else ""
    if row.probabilities is None:
        return [(row.path, (words(row.reason), "yellow"), "", row.label)]
    guesses = [(class_names[i], f"{share:.4f}") for i, share in of_rows.best(row.probabilities, top)]
    if row.predicted == UNKNOWN and row.score is not None and threshold is not None:
        first = (row.path, (UNKNOWN, style), f"score {row.score:.3g} < {threshold:.3g}", row.label)
        rest = guesses if top > 1 else []
    else:
        (best, probability), *rest = guesses
        first = (row.path, (row.predicted or best, style), probability, row.label)
    return [first, *(("", (name, "dim"), share, "") for name, share in rest)]
