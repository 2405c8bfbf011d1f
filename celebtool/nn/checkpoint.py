"""What a training run has behind it, in one file that is replaced in one step: a killed run goes on from there."""

import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from celebtool import schedule
from celebtool.errors import CelebtoolError
from celebtool.formats.history import Epoch


@dataclass
class Run:
    """What a run has behind it: the memory of its rules, its history, and the weights of its best epoch."""

    state: schedule.State = field(default_factory=schedule.State)
    history: list[Epoch] = field(default_factory=list)
    best: list[NDArray[Any]] = field(default_factory=list)


def save(path: Path, run: Run, model: keras.Model) -> None:
    """Write where a run and its compiled model are; a run killed meanwhile finds the file before.

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
        partial.unlink(missing_ok=True)  # a stranger's may be a second name of somebody's file
        with partial.open("xb") as stream:
            for array in (np.frombuffer(note.encode(), np.uint8), *arrays, *best):
                np.save(stream, array, allow_pickle=False)
            stream.flush()
            os.fsync(stream.fileno())
        partial.replace(path)
    except OSError as error:
        partial.unlink(missing_ok=True)
        problem = f"can't write a checkpoint ({error.strerror or error})"
        raise CelebtoolError(path.parent, f"{problem}; make room, then the same command goes on") from error


def load(path: Path, model: keras.Model) -> Run:
    """Put a compiled model where its checkpoint says it was; without one the run is at its beginning."""
    if not path.exists():
        return Run()
    with path.open("rb") as stream:
        note = json.loads(np.load(stream, allow_pickle=False).tobytes())
        state = schedule.State(**note["state"])
        for variable in (*model.weights, *model.optimizer.variables):
            variable.assign(np.load(stream, allow_pickle=False))
        weights = [variable.numpy() for variable in model.weights]
        best = weights if state.improved else [np.load(stream, allow_pickle=False) for _ in weights]
    return Run(state, [Epoch(**row) for row in note["history"]], best)


def assign(variables: list[keras.Variable], values: list[NDArray[Any]]) -> None:
    """Give each variable its value."""
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)
