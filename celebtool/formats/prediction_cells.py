"""Read and check the cells of a row of predictions."""

import math
import re
import sys
from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from celebtool.formats import spreadsheets
from celebtool.formats.guesses import Probabilities
from celebtool.formats.image_folder import PARTS, UNKNOWN
from celebtool.formats.prediction_row import BOX_COLUMNS, FAILED, FOLD, PREDICTED, PROBABILITY, Prediction
from celebtool.suggestions import did_you_mean_class

TOLERANCE = 1e-3  # of a row's sum; six digits are written, so 1,000 classes stay far below it

_SEEN = {"yes": True, "no": False, "": None}


class Classes(Protocol):
    """The classes of a table of predictions, and the columns with their probabilities.

    Attributes:
        columns: those columns.
        known: the names of all classes; None if no column says them.
    """

    columns: Sequence[str]
    known: Collection[str] | None

    def read(self, row: Mapping[str, str]) -> Probabilities:
        """Return the probabilities of a row that did not fail; raises ValueError as `read_cells`."""


class EachClass:
    """The classes of a table that has a column for each."""

    def __init__(self, class_names: Sequence[str]) -> None:
        """`class_names`: in class order."""
        self.class_names = tuple(class_names)
        self.columns: Sequence[str] = [PROBABILITY + name for name in class_names]
        self.known: Collection[str] | None = {name: class_id for class_id, name in enumerate(class_names)}
        self._ids = self.known

    def read(self, row: Mapping[str, str]) -> NDArray[np.float64]:
        """Return the probabilities (classes,) of a row."""
        found = _probabilities(row, self.columns)
        self._check_predicted(row, found)
        return found

    def _check_predicted(self, row: Mapping[str, str], probabilities: NDArray[np.float64]) -> None:
        largest = probabilities.max()
        off = abs(number(row, "confidence") - largest)
        if off > TOLERANCE and off > _tolerance(row, self.columns):
            raise ValueError(f"has confidence {row['confidence']}; expected the largest probability, {largest:.6g}")
        if row["predicted"] == UNKNOWN:
            return
        off = largest - probabilities[self._ids[row["predicted"]]]
        if off > TOLERANCE and off > _tolerance(row, self.columns):
            name = self.class_names[int(probabilities.argmax())]
            raise ValueError(
                f"is predicted as {row['predicted']!r}; expected {name!r}, which has the largest probability"
            )


def read_cells(row: Mapping[str, str], classes: Classes) -> Prediction:
    """One row, checked.

    Args:
        row: column → text.
        classes: those of the table.

    Raises:
        ValueError: what is wrong with the row, and what was expected.
    """
    row = {**row, **{column: _as_written(row[column], classes.known) for column in ("label", "predicted")}}
    _check_texts(row, classes.known)
    common = {
        "path": row["path"],
        "part": sys.intern(row["part"]),  # of millions of rows, one text each
        "label": sys.intern(row["label"]),
        "reason": sys.intern(row["reason"]),
        "score": number(row, "score") if row["score"] else None,
        "seen": _SEEN[row["seen"]],
        "box": _box(row),
        "fold": _fold(row),
    }
    if row["status"] == FAILED:
        filled = [column for column in ("predicted", "confidence", *classes.columns) if row[column]]
        if filled:
            raise ValueError(f"has status {FAILED} and a {filled[0]!r}; expected that cell to be empty")
        return Prediction(probabilities=None, **common)  # type: ignore[arg-type]
    return Prediction(probabilities=classes.read(row), predicted=sys.intern(row["predicted"]), **common)  # type: ignore[arg-type]


def _check_texts(row: Mapping[str, str], known: Collection[str] | None) -> None:
    def check(column: str, allowed: Collection[str], expected: str, others: tuple[str, ...] = ()) -> None:
        if row[column] not in allowed and row[column] not in others:
            near = did_you_mean_class(row[column], (*allowed, *others))
            raise ValueError(f"has the {column} {row[column]!r}; expected {expected}{near}")

    if not row["path"]:
        raise ValueError("has no path; expected the image's")
    check("part", (*PARTS, ""), "train, val, test or nothing")
    check("status", (PREDICTED, FAILED), f"{PREDICTED} or {FAILED}")
    check("seen", _SEEN, "yes, no or nothing")
    if known is None:
        return
    one_of = f"one of the {len(known)} classes that have a {PROBABILITY} column"
    check("label", known, f"{one_of}, {UNKNOWN} or nothing", (UNKNOWN, ""))
    if row["status"] == PREDICTED:
        check("predicted", known, f"{one_of}, or {UNKNOWN}", (UNKNOWN,))


def _probabilities(row: Mapping[str, str], columns: Sequence[str]) -> NDArray[np.float64]:
    try:
        values = np.array([float(row[column]) for column in columns])
    except ValueError:
        values = np.array([number(row, column) for column in columns])  # finds the cell that is to blame
    if not (np.isfinite(values).all() and values.min() >= 0 and values.max() <= 1 + TOLERANCE):
        wrong = next(column for column in columns if not 0 <= number(row, column) <= 1 + TOLERANCE)
        raise ValueError(f"has {row[wrong]} in column {wrong!r}; expected a number from 0 to 1")
    total = values.sum()
    if abs(total - 1) <= TOLERANCE:
        return values
    if abs(total - 1) > _tolerance(row, columns):
        raise ValueError(f"has probabilities that sum to {total:.6g}; expected 1")
    return np.asarray(values / total)


def _as_written(text: str, known: Collection[str] | None) -> str:
    """Return the class that a spreadsheet program made a text of: ``TRUE`` of True, ``7`` of 007."""
    if known is None or text in known or not text or text == UNKNOWN:
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


def _box(row: Mapping[str, str]) -> tuple[float, float, float, float] | None:
    if not any(row.get(column) for column in BOX_COLUMNS):
        return None
    left, top, width, height = (number(row, column) for column in BOX_COLUMNS)
    return left, top, width, height


def _fold(row: Mapping[str, str]) -> int | None:
    if not row.get(FOLD):
        return None
    fold = number(row, FOLD)
    if not (fold.is_integer() and fold >= 1):
        raise ValueError(f"has {row[FOLD]!r} in column {FOLD!r}; expected the number of a fold, from 1")
    return int(fold)


def number(row: Mapping[str, str], column: str) -> float:
    """Return a cell as a finite number; a ValueError names the column."""
    text = row.get(column, "")
    try:
        number = spreadsheets.number(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise ValueError(f"has {text!r} in column {column!r}; expected a number")
    return number
