"""Save and load the checkpoint that a killed run is continued from: one file, replaced in one step."""

import json
import os
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

import keras
import numpy as np
from numpy.typing import NDArray

from celebtool.errors import CelebtoolError, printable
from celebtool.formats.history import Epoch, check_epoch
from celebtool.system import trees
from celebtool.training import schedule


@dataclass
class Run:
    """The progress of a run: what its rules remember, its history, and the weights of its best epoch."""

    state: schedule.State = field(default_factory=schedule.State)
    history: list[Epoch] = field(default_factory=list)
    best: list[NDArray[Any]] = field(default_factory=list)


def save(path: Path, run: Run, model: keras.Model) -> None:
    """Write a run and its compiled model; if it is killed meanwhile, the previous file stays.

    One array after the other in NumPy's own format: without the checksums of a .npz, an epoch of a small network waits
    for its checkpoint half as long.

    Raises:
        CelebtoolError: the disk is full.
    """
    note = json.dumps({"state": asdict(run.state), "history": [asdict(epoch) for epoch in run.history]})
    arrays = [variable.numpy() for variable in (*model.weights, *model.optimizer.variables)]
    best = [] if run.state.improved else run.best  # else the best weights are the present ones
    partial = path.with_suffix(".partial")
    try:
        with trees.vacated(partial).open("xb") as stream:
            for array in (np.frombuffer(note.encode(), np.uint8), *arrays, *best):
                np.save(stream, array, allow_pickle=False)
            stream.flush()
            os.fsync(stream.fileno())
        partial.replace(path)
    except OSError as error:
        partial.unlink(missing_ok=True)
        problem = f"can't write a checkpoint ({error.strerror or error})"
        raise CelebtoolError(path.parent, f"{problem}; make room, then run the same command to continue") from error


def load(path: Path, model: keras.Model, say: Callable[[str], None]) -> Run:
    """Restore a compiled model from its checkpoint; without a whole one the run is at its beginning.

    Args:
        path: where `save` wrote it.
        model: changed when all of the checkpoint is read and right.
        say: told of one that is damaged.
    """
    if not path.exists():
        return Run()
    variables = [*model.weights, *model.optimizer.variables]
    try:
        run, values = _read(path, variables, len(model.weights))
    except Exception:  # noqa: BLE001 - NumPy, its tokenizer and JSON each say in their own way that a file is damaged
        say(f"{printable(path)} is damaged; training starts at the beginning")
        path.unlink()
        return Run()
    assign(variables, values)
    return run


def _read(path: Path, variables: Sequence[keras.Variable], count: int) -> tuple[Run, list[NDArray[Any]]]:
    """Return what `save` wrote: a run, and the values of all variables, of which the first `count` are the weights."""
    with path.open("rb") as stream:
        note = json.loads(np.lib.format.read_array(stream, allow_pickle=False).tobytes())
        state = _state(note["state"])
        history = [check_epoch(row) for row in note["history"]]
        values = [_array(stream, variable) for variable in variables]
        best = values[:count] if state.improved else [_array(stream, variable) for variable in variables[:count]]
    return Run(state, history, best), values


def _state(fields: dict[str, Any]) -> schedule.State:
    state = schedule.State(**fields)
    if [*map(type, asdict(state).values())] != [*map(type, asdict(schedule.State()).values())]:
        raise ValueError("not the memory of a run")
    return state


def _array(stream: BinaryIO, variable: keras.Variable) -> NDArray[Any]:
    values = np.lib.format.read_array(stream, allow_pickle=False)
    if values.shape != tuple(variable.shape) or values.dtype != variable.dtype or not np.isfinite(values).all():
        raise ValueError("not the values of the variable")
    return values


def assign(variables: list[keras.Variable], values: list[NDArray[Any]]) -> None:
    """Give each variable its value."""
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)
