"""Define a row of a table of predictions, and write its cells."""

from collections.abc import Sequence
from dataclasses import dataclass

from celebtool.formats import guesses
from celebtool.formats.guesses import Guesses, Probabilities
from celebtool.formats.image_folder import UNKNOWN

BOX_COLUMNS = ("left", "top", "width", "height")
FOLD = "fold"
PROBABILITY = "prob_"
GUESS, ITS_PROBABILITY = "guess_", "probability_"
PREDICTED, FAILED = "predicted", "failed"


@dataclass(frozen=True, slots=True)
class Prediction:
    """The prediction for one image or face.

    Attributes:
        path: relative to the folder that was predicted, with ``/``; as given for single files.
        probabilities: one per class, summing to 1, or the largest of them; None when the image failed.
        predicted: a class name or ``unknown``; empty when the image failed.
        part: ``train``, ``val``, ``test``, or empty.
        label: the true name, ``unknown`` for a person who is no class, or empty if nobody knows.
        reason: why the image failed; empty when it did not.
        score: the number that the threshold applies to; None if there is none.
        seen: whether the image's origin was trained on; None when that is not known.
        box: left, top, width, height of the face in the photo, in pixels.
        fold: which of the models of a cross-validation answered, from 1; None if it was none of them.
    """

    path: str
    probabilities: Probabilities | None
    predicted: str = ""
    part: str = ""
    label: str = ""
    reason: str = ""
    score: float | None = None
    seen: bool | None = None
    box: tuple[float, float, float, float] | None = None
    fold: int | None = None

    @property
    def failed(self) -> bool:
        """Whether there is no prediction for this image."""
        return self.probabilities is None

    @property
    def accepted(self) -> bool:
        """Whether the face got a name: the image did not fail, and the score reaches the threshold."""
        return not self.failed and self.predicted != UNKNOWN

    @property
    def confidence(self) -> float | None:
        """The largest probability, whatever `predicted` says; None when the image failed."""
        return None if self.probabilities is None else guesses.largest(self.probabilities)


def cell_text(value: object) -> str:
    """A value as a CSV cell: six digits, ``yes`` and ``no``, nothing for None."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return format(value, ".6g") if isinstance(value, float) else str(value)


def json_value(value: object) -> object:
    """A value as JSON carries it: six digits, null for what is empty."""
    if isinstance(value, float):
        return float(format(value, ".6g"))
    return None if value == "" else value


def guess_columns(top: int) -> list[str]:
    """Return the columns of so many guesses."""
    return [f"{kind}{place}" for place in range(1, top + 1) for kind in (GUESS, ITS_PROBABILITY)]


def write_cells(row: Prediction, class_names: Sequence[str], top: int | None = None) -> dict[str, object]:
    """One prediction as column → value; None where there is none. `top`: only of so many classes, the most probable."""
    return {
        "path": row.path,
        "part": row.part,
        "label": row.label,
        "status": FAILED if row.failed else PREDICTED,
        "reason": row.reason,
        "predicted": row.predicted,
        "confidence": row.confidence,
        "score": row.score,
        "seen": row.seen,
        **_probability_cells(row.probabilities, class_names, top),
        **dict(zip(BOX_COLUMNS, row.box or (), strict=False)),
        **({} if row.fold is None else {FOLD: row.fold}),
    }


def _probability_cells(found: Probabilities | None, class_names: Sequence[str], top: int | None) -> dict[str, object]:
    if found is None:
        return {}
    if top is None and not isinstance(found, Guesses):
        return {PROBABILITY + name: value for name, value in zip(class_names, found.tolist(), strict=True)}
    listed = guesses.best(found, top or len(class_names))
    cells = (cell for class_id, value in listed for cell in (class_names[class_id], value))
    return dict(zip(guess_columns(len(listed)), cells, strict=True))
