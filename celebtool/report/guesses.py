"""Predictions as a person reads them on a terminal: the best guesses of each image."""

from collections.abc import Sequence

from celebtool.formats.prediction_row import Prediction

COLUMNS = ("image", "predicted", "probability", "label")


def cells(row: Prediction, class_names: Sequence[str], top: int) -> list[tuple[object, ...]]:
    """Return a prediction as one table row per guess, the best first; a mistake stands out, a failure says why."""
    if row.probabilities is None:
        return [(row.path, (row.reason.replace("_", " "), "yellow"), "", row.label)]
    order = row.probabilities.argsort(kind="stable")[::-1][:top]
    guesses = [(class_names[i], f"{row.probabilities[i]:.4f}") for i in order]
    (first, probability), *rest = guesses
    style = "red" if row.label and row.label != row.predicted else ""
    shown = [(row.path, (row.predicted or first, style), probability, row.label)]
    return [*shown, *(("", (name, "dim"), share, "") for name, share in rest)]
