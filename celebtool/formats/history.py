"""Histories: a row per epoch of a training run."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Annotated, TextIO

from celebtool.errors import CelebtoolError
from celebtool.formats import spreadsheets, tables
from celebtool.formats.json_checks import number, optional, record, whole
from celebtool.system.output import new_file
from celebtool.system.places import check_places


@dataclass(frozen=True)
class Epoch:
    """One epoch's figures; None where there is none (no val/ images, or a history that keeps no times).

    Each field has its check for untrusted JSON beside its type.

    Attributes:
        epoch: counted from 1.
        loss: mean loss on train/; NaN when training diverged.
        accuracy: share of train/ that was right, 0 to 1.
        val_loss: the same on val/.
        val_accuracy: the same on val/.
        learning_rate: at the end of the epoch.
        seconds: how long the epoch took.
    """

    epoch: Annotated[int, whole(0, 10**9)]
    loss: Annotated[float, number()]
    accuracy: Annotated[float, number(0, 1)]
    val_loss: Annotated[float | None, optional(number())] = None
    val_accuracy: Annotated[float | None, optional(number(0, 1))] = None
    learning_rate: Annotated[float | None, optional(number(0))] = None
    seconds: Annotated[float | None, optional(number(0))] = None


check_epoch = record(Epoch)
"""Accept the JSON of an epoch; raises ValueError otherwise."""

COLUMNS = tuple(field.name for field in fields(Epoch))
_OPTIONAL = COLUMNS[3:]
_LARGEST = 1e300  # beyond, the difference of two is no number
_SHARES = ("accuracy", "val_accuracy")


def write(path: Path, epochs: Iterable[Epoch]) -> None:
    """Write a history to a file."""
    tables.write(path, COLUMNS, ({name: _text(getattr(epoch, name)) for name in COLUMNS} for epoch in epochs))


def check_place(path: Path | None, model: Path, inputs: Sequence[Path]) -> None:
    """Refuse, before a long run, a name that `write_new` would refuse after it.

    Raises:
        CelebtoolError: the file exists and is no history, or it can't be written where it is wanted.
    """
    if path is None:
        return
    if path.exists() and not (path.is_file() and _is_own(path)):
        raise CelebtoolError(path, "exists already and is no history; choose another name")
    check_places([model, path], inputs)


def write_new(path: Path, epochs: Iterable[Epoch], inputs: Sequence[Path]) -> None:
    """Write the history of a run; an earlier history of that name is replaced, any other file is not."""
    with new_file(path, inputs=inputs, overwrite=path.is_file() and _is_own(path)) as workspace:
        write(workspace.content, epochs)


def read(path: Path) -> tuple[Epoch, ...]:
    """Read a history from a file; see `parse`."""
    return _epochs(tables.read(path, COLUMNS), path)


def parse(stream: TextIO, where: object) -> tuple[Epoch, ...]:
    """Read a history from an open text stream; errors call it `where`.

    Raises:
        CelebtoolError: a column is missing, a cell is no number, epochs do not count upwards; names the line.
    """
    return _epochs(tables.parse(stream, where, COLUMNS), where)


def is_history(stream: TextIO, where: object) -> bool:
    """Say whether an open text stream holds a history: its header has an epoch and no path.

    Raises:
        CelebtoolError: it is no text.
    """
    header, _ = spreadsheets.header(tables.lines(stream, where))
    columns = spreadsheets.columns(header, spreadsheets.separator(header, COLUMNS))
    return "epoch" in columns and "path" not in columns


def best(epochs: Iterable[Epoch]) -> Epoch:
    """The epoch of the lowest val_loss, or of the lowest loss when there are no val/ images; the first of equals."""
    candidates = list(epochs)
    watched = [epoch.loss if epoch.val_loss is None else epoch.val_loss for epoch in candidates]
    return min(zip(watched, candidates, strict=True), key=lambda pair: math.inf if math.isnan(pair[0]) else pair[0])[1]


def _is_own(path: Path) -> bool:
    """Say whether a file begins as `write` begins one."""
    return path.read_bytes()[:40].startswith(",".join(COLUMNS[:3]).encode())


def _text(value: float | None) -> str:
    return "" if value is None else str(value) if isinstance(value, int) else format(value, ".6g")


def _epochs(rows: list[dict[str, str]], where: object) -> tuple[Epoch, ...]:
    if not rows:
        raise CelebtoolError(where, "has a header and no rows; expected at least one epoch")
    epochs: list[Epoch] = []
    for line, row in enumerate(rows, start=2):
        try:
            epoch = Epoch(_count(row["epoch"]), **{name: _number(row, name) for name in COLUMNS[1:]})  # type: ignore[arg-type]
        except ValueError as error:
            raise CelebtoolError(f"{where}:{line}", str(error)) from error
        if epochs and epoch.epoch <= epochs[-1].epoch:
            problem = f"has epoch {epoch.epoch} after epoch {epochs[-1].epoch}; expected epochs to count upwards"
            raise CelebtoolError(f"{where}:{line}", problem)
        epochs.append(epoch)
    return tuple(epochs)


def _count(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) < 10):
        raise ValueError(f"has {text[:20]!r} in column 'epoch'; expected a whole number")
    return int(text)


def _number(row: Mapping[str, str], column: str) -> float | None:
    """A cell as a number; a loss may be nan or inf, which is what a diverged run leaves."""
    text = row[column]
    if not text and column in _OPTIONAL:
        return None
    try:
        number = spreadsheets.number(text)
    except ValueError:
        raise ValueError(f"has {text!r} in column {column!r}; expected a number") from None
    if _LARGEST < abs(number) < math.inf:
        raise ValueError(f"has {text} in column {column!r}; expected a number within {_LARGEST:g}")
    if column in _SHARES and not 0 <= number <= 1:
        raise ValueError(f"has {text} in column {column!r}; expected a number from 0 to 1")
    return number
