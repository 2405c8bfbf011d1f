"""Read tables of predictions that hold the most probable classes of each image instead of a column per class."""

import itertools
from collections.abc import Collection, Iterable, Mapping, Sequence

import numpy as np

from celebtool.formats import prediction_cells
from celebtool.formats.guesses import Guesses
from celebtool.formats.image_folder import UNKNOWN
from celebtool.formats.prediction_cells import TOLERANCE
from celebtool.formats.prediction_row import GUESS, ITS_PROBABILITY, Prediction, guess_columns


class GuessedClasses:
    """The classes of a table whose rows name them: those that occur, as labels or as guesses."""

    def __init__(self, columns: Collection[str]) -> None:
        """`columns`: all of the table."""
        self.columns: Sequence[str] = guess_columns(_count(columns))
        self.known: Collection[str] | None = None
        self._ids: dict[str, int] = {}

    def read(self, row: Mapping[str, str]) -> Guesses:
        """Return the guesses of a row; their ids are only good once `settle` has changed them."""
        names = [name for column in self.columns[::2] if (name := row[column])]
        values = [prediction_cells.number(row, column) for column in self.columns[1 : 2 * len(names) : 2]]
        self._check(row, names, values)
        ids = [self._ids.setdefault(name, len(self._ids)) for name in names]
        return Guesses(np.array([ids, values]))

    def settle(self, rows: Iterable[Prediction]) -> tuple[str, ...]:
        """Return the names of all classes, in order, and give the guesses of the rows their ids."""
        rows = list(rows)
        names = tuple(sorted({*self._ids, *(row.label for row in rows)} - {UNKNOWN, ""}))
        place = {name: class_id for class_id, name in enumerate(names)}
        ids = np.array([place[name] for name in self._ids], np.float64)
        for row in rows:
            if isinstance(row.probabilities, Guesses):
                row.probabilities.cells[0] = ids[row.probabilities.class_ids]
        return names

    def _check(self, row: Mapping[str, str], names: Sequence[str], values: Sequence[float]) -> None:
        empty = [column for column in self.columns[: 2 * max(1, len(names))] if not row[column]]
        filled = [column for column in self.columns[2 * len(names) :] if row[column]]
        if empty or filled:
            expected = "something" if empty else "nothing"
            raise ValueError(
                f"has {row[(empty or filled)[0]]!r} in column {(empty or filled)[0]!r}; expected {expected}"
            )
        if UNKNOWN in names or len(set(names)) < len(names):
            raise ValueError(f"has the guesses {', '.join(names)}; expected different classes")
        falls = all(high + TOLERANCE >= low for high, low in itertools.pairwise(values))
        if min(values) < 0 or sum(values) > 1 + TOLERANCE * len(values) or not falls:
            raise ValueError(f"has the probabilities {values}; expected falling ones that sum to 1 at most")
        if abs(prediction_cells.number(row, "confidence") - values[0]) > TOLERANCE:
            raise ValueError(f"has confidence {row['confidence']}; expected the largest probability, {values[0]:.6g}")
        likely = {UNKNOWN, *(name for name, value in zip(names, values, strict=True) if values[0] - value <= TOLERANCE)}
        if row["predicted"] not in likely:
            raise ValueError(
                f"is predicted as {row['predicted']!r}; expected {names[0]!r}, which has the largest probability"
            )


def are_in(columns: Collection[str]) -> bool:
    """Say whether a table with these columns holds guesses."""
    pair = {f"{GUESS}1", f"{ITS_PROBABILITY}1"}
    return pair <= set(columns) and set(guess_columns(_count(columns))) <= set(columns)


def _count(columns: Collection[str]) -> int:
    return sum(column.startswith(GUESS) for column in columns)
