"""Define a row of a table of predictions; write and check its cells."""

import math
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from celebtool.formats import spreadsheets
from celebtool.formats.image_folder import PARTS, UNKNOWN
from celebtool.suggestions import did_you_mean_class

BOX_COLUMNS = ("left", "top", "width", "height")
FOLD = "fold"
PROBABILITY = "prob_"
PREDICTED, FAILED = "predicted", "failed"
TOLERANCE = 1e-3  # of a row's sum; six digits are written, so 1,000 classes stay far below it

_SEEN = {"yes": True, "no": False, "": None}


@dataclass(frozen=True, slots=True)
class Prediction:
    """The prediction for one image or face.

    Attributes:
        path: relative to the folder that was predicted, with ``/``; as given for single files.
        probabilities: one per class, summing to 1; None when the image failed.
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
    probabilities: NDArray[np.float64] | None
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
        return None if self.probabilities is None else float(self.probabilities.max())


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


def write_cells(row: Prediction, names: Sequence[str]) -> dict[str, object]:
    """One prediction as column → value; None where there is none. `names` are the columns of the classes."""
    probabilities = [] if row.probabilities is None else row.probabilities.tolist()
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
        **dict(zip(names, probabilities, strict=False)),
        **dict(zip(BOX_COLUMNS, row.box or (), strict=False)),
        **({} if row.fold is None else {FOLD: row.fold}),
    }


def read_cells(row: Mapping[str, str], columns: Sequence[str], known: frozenset[str]) -> Prediction:
    """One row, checked.

    Args:
        row: column → text.
        columns: those of the classes, in class order.
        known: the class names.

    Raises:
        ValueError: what is wrong with the row, and what was expected.
    """
    row = {**row, **{column: _as_written(row[column], known) for column in ("label", "predicted")}}
    _check_texts(row, known)
    common = {
        "path": row["path"],
        "part": sys.intern(row["part"]),  # of millions of rows, one text each
        "label": sys.intern(row["label"]),
        "reason": sys.intern(row["reason"]),
        "score": _number(row, "score") if row["score"] else None,
        "seen": _SEEN[row["seen"]],
        "box": _box(row),
        "fold": _fold(row),
    }
    if row["status"] == FAILED:
        filled = [column for column in ("predicted", "confidence", *columns) if row[column]]
        if filled:
            raise ValueError(f"has status {FAILED} and a {filled[0]!r}; expected that cell to be empty")
        return Prediction(probabilities=None, **common)  # type: ignore[arg-type]
    probabilities = _probabilities(row, columns)
    _check_predicted(row, columns, probabilities)
    return Prediction(probabilities=probabilities, predicted=sys.intern(row["predicted"]), **common)  # type: ignore[arg-type]


def _check_texts(row: Mapping[str, str], known: frozenset[str]) -> None:
    def check(column: str, allowed: Iterable[str], expected: str) -> None:
        if row[column] not in allowed:
            near = did_you_mean_class(row[column], allowed)
            raise ValueError(f"has the {column} {row[column]!r}; expected {expected}{near}")

    if not row["path"]:
        raise ValueError("has no path; expected the image's")
    check("part", (*PARTS, ""), "train, val, test or nothing")
    check("status", (PREDICTED, FAILED), f"{PREDICTED} or {FAILED}")
    check("seen", _SEEN, "yes, no or nothing")
    one_of = f"one of the {len(known)} classes that have a {PROBABILITY} column"
    check("label", {*known, UNKNOWN, ""}, f"{one_of}, {UNKNOWN} or nothing")
    if row["status"] == PREDICTED:
        check("predicted", {*known, UNKNOWN}, f"{one_of}, or {UNKNOWN}")


def _probabilities(row: Mapping[str, str], columns: Sequence[str]) -> NDArray[np.float64]:
    try:
        values = np.array([float(row[column]) for column in columns])
    except ValueError:
        values = np.array([_number(row, column) for column in columns])  # finds the cell that is to blame
    if not (np.isfinite(values).all() and values.min() >= 0 and values.max() <= 1 + TOLERANCE):
        wrong = next(column for column in columns if not 0 <= _number(row, column) <= 1 + TOLERANCE)
        raise ValueError(f"has {row[wrong]} in column {wrong!r}; expected a number from 0 to 1")
    total = values.sum()
    if abs(total - 1) <= TOLERANCE:
        return values
    if abs(total - 1) > _tolerance(row, columns):
        raise ValueError(f"has probabilities that sum to {total:.6g}; expected 1")
    return np.asarray(values / total)


def _as_written(text: str, known: frozenset[str]) -> str:
    """Return the class that a spreadsheet program made a text of: ``TRUE`` of True, ``7`` of 007."""
    if text in known or not text or text == UNKNOWN:
        return text
    same = [name for name in known if _value(name) is not None and _value(name) == _value(text)]
    return same[0] if len(same) == 1 else text


def _value(text: str) -> object:
    """Return what a spreadsheet program takes a text for, a number or a truth value; None if for a text."""
    if text.casefold() in {"true", "false"}:
        return text.casefold()
    try:
        return float(text.replace(",", "."))
    except ValueError:
        return None


def _tolerance(row: Mapping[str, str], columns: Sequence[str]) -> float:
    """Return how far sums may be off: half a unit of a row's last decimal each, if a spreadsheet program has rounded."""
    decimals = (len(re.split("[.,]", row[column])[-1]) for column in columns if re.search("[.,]", row[column]))
    return max(TOLERANCE, len(columns) * 0.5 * 10.0 ** -max([2, *decimals]))


def _check_predicted(row: Mapping[str, str], columns: Sequence[str], probabilities: NDArray[np.float64]) -> None:
    largest = probabilities.max()
    off = abs(_number(row, "confidence") - largest)
    if off > TOLERANCE and off > _tolerance(row, columns):
        raise ValueError(f"has confidence {row['confidence']}; expected the largest probability, {largest:.6g}")
    if row["predicted"] == UNKNOWN:
        return
    off = largest - probabilities[columns.index(PROBABILITY + row["predicted"])]
    if off > TOLERANCE and off > _tolerance(row, columns):
        name = columns[int(probabilities.argmax())].removeprefix(PROBABILITY)
        raise ValueError(f"is predicted as {row['predicted']!r}; expected {name!r}, which has the largest probability")


def _box(row: Mapping[str, str]) -> tuple[float, float, float, float] | None:
    if not any(row.get(column) for column in BOX_COLUMNS):
        return None
    left, top, width, height = (_number(row, column) for column in BOX_COLUMNS)
    return left, top, width, height


def _fold(row: Mapping[str, str]) -> int | None:
    if not row.get(FOLD):
        return None
    fold = _number(row, FOLD)
    if not (fold.is_integer() and fold >= 1):
        raise ValueError(f"has {row[FOLD]!r} in column {FOLD!r}; expected the number of a fold, from 1")
    return int(fold)


def _number(row: Mapping[str, str], column: str) -> float:
    """A cell as a finite number; a ValueError names the column."""
    text = row.get(column, "")
    try:
        number = spreadsheets.number(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise ValueError(f"has {text!r} in column {column!r}; expected a number")
    return number
