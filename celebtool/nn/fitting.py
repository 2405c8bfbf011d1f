"""The epochs of a training run: any of them can be the last, and the next run goes on from there.

Every random number of an epoch (order, dropout, augmentation) is a function of the seed and the epoch, so a run
that was killed and continued computes what an undisturbed one would have.
"""

import json
import math
import os
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from celebtool import schedule
from celebtool.errors import CelebtoolError
from celebtool.formats.history import Epoch
from celebtool.nn.batches import Batches

OPTIMIZERS = {
    "adam": keras.optimizers.Adam,
    "adamw": keras.optimizers.AdamW,
    "sgd": lambda rate: keras.optimizers.SGD(rate, momentum=0.9),
}


@dataclass
class Run:
    """What a run has behind it: the memory of its rules, its history, and the weights of its best epoch."""

    state: schedule.State = field(default_factory=schedule.State)
    history: list[Epoch] = field(default_factory=list)
    best: list[NDArray[Any]] = field(default_factory=list)


def fit(
    model: keras.Model,
    train: Batches,
    val: Batches | None,
    rules: schedule.Rules,
    *,
    optimizer: str,
    label_smoothing: float,
    scratch: Path,
    report: Callable[[Epoch], None],
) -> list[Epoch]:
    """Train until the rules say stop, and leave the model with the weights of its best epoch.

    Args:
        model: what is trained: RGB images or activations in, probabilities out.
        train: its batches.
        val: what is measured after every epoch; None monitors the training loss.
        rules: how long, at which rates, and which figure decides.
        optimizer: a key of `OPTIMIZERS`.
        label_smoothing: the share of each label spread over all classes.
        scratch: a directory for the checkpoint; one that is there already is continued.
        report: called after every epoch.

    Raises:
        CelebtoolError: loss or weights became NaN or infinite; says in which epoch and what to try.
    """
    model.compile(
        optimizer=OPTIMIZERS[optimizer](rules.learning_rate),
        loss=keras.losses.CategoricalCrossentropy(label_smoothing=label_smoothing),
        metrics=["accuracy"],
        jit_compile=False,  # XLA on the CPU is an order of magnitude slower
    )
    model.optimizer.build(model.trainable_variables)
    run = _load(scratch / "checkpoint.npz", model)
    if not run.state.stopped:
        model.fit(
            train.training(run.state.epoch, rules.epochs + 1),  # Keras looks one batch ahead
            initial_epoch=run.state.epoch,
            epochs=rules.epochs,
            steps_per_epoch=train.steps,
            validation_data=val.evaluation() if val else None,
            callbacks=[_Epochs(run, rules, train.seed, scratch / "checkpoint.npz", report)],
            shuffle=False,
            verbose=0,
        )
    _set(model.weights, run.best)
    return run.history


class _Epochs(keras.callbacks.Callback):  # type: ignore[misc] # Keras ships no types
    """Applies the rules before and after every epoch, and writes down where the run is."""

    def __init__(
        self, run: Run, rules: schedule.Rules, seed: int, checkpoint: Path, report: Callable[[Epoch], None]
    ) -> None:
        super().__init__()
        self._run, self._rules, self._seed, self._checkpoint, self._report = run, rules, seed, checkpoint, report
        self._started = 0.0

    def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:  # noqa: ARG002
        self._started = time.monotonic()
        self.model.optimizer.learning_rate = schedule.learning_rate(self._run.state, self._rules)
        for number, layer in enumerate(self.model.layers):
            generator = getattr(layer, "seed_generator", None)
            if generator is not None:
                generator.state.assign(np.array([self._seed + number, epoch], np.uint32))

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        row = _row(epoch, logs or {}, float(self.model.optimizer.learning_rate), time.monotonic() - self._started)
        _check(row, self.model)
        value = getattr(row, self._rules.monitor)
        run = self._run
        run.state = schedule.advance(run.state, self._rules, value)
        run.history.append(row)
        if run.state.improved:
            run.best = [variable.numpy() for variable in self.model.weights]
        _save(self._checkpoint, run, self.model)
        self._report(row)
        self.model.stop_training = run.state.stopped


def _row(epoch: int, logs: dict[str, float], rate: float, seconds: float) -> Epoch:
    figures = {name: float(logs[name]) for name in ("loss", "accuracy", "val_loss", "val_accuracy") if name in logs}
    return Epoch(epoch=epoch + 1, learning_rate=rate, seconds=seconds, **figures)


def _check(row: Epoch, model: keras.Model) -> None:
    broken = not math.isfinite(row.loss) or not all(
        np.isfinite(variable.numpy()).all() for variable in model.trainable_variables
    )
    if broken:
        advice = "try a lower --learning-rate, or look for damaged images with `celebtool report PARTS`"
        raise CelebtoolError(f"epoch {row.epoch}", f"the loss became NaN or infinite; {advice}")


def _save(path: Path, run: Run, model: keras.Model) -> None:
    """Write a checkpoint in one step: a run killed meanwhile finds the one before."""
    note = json.dumps({"state": asdict(run.state), "history": [asdict(epoch) for epoch in run.history]})
    groups = {"weight": model.weights, "optimizer": model.optimizer.variables, "best": run.best}
    arrays = {f"{name}_{i}": np.asarray(value) for name, group in groups.items() for i, value in enumerate(group)}
    partial = path.with_suffix(".partial")
    with partial.open("wb") as stream:
        np.savez(stream, allow_pickle=False, note=np.frombuffer(note.encode(), np.uint8), **arrays)
        stream.flush()
        os.fsync(stream.fileno())
    partial.replace(path)


def _load(path: Path, model: keras.Model) -> Run:
    """Put a model where a checkpoint says it was; without one the run is at its beginning."""
    if not path.exists():
        return Run()
    with np.load(path, allow_pickle=False) as arrays:
        note = json.loads(arrays["note"].tobytes())
        _set(model.weights, [arrays[f"weight_{i}"] for i in range(len(model.weights))])
        _set(model.optimizer.variables, [arrays[f"optimizer_{i}"] for i in range(len(model.optimizer.variables))])
        best = [arrays[f"best_{i}"] for i in range(len(model.weights))]
    return Run(schedule.State(**note["state"]), [Epoch(**row) for row in note["history"]], best)


def _set(variables: list[keras.Variable], values: list[NDArray[Any]]) -> None:
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)
