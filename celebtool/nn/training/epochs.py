"""Train in epochs; an interrupted run is continued after the last epoch that it finished.

Every random number of an epoch (order, dropout, augmentation) is a function of the seed and the epoch, so a run
that was killed and continued computes what an undisturbed one would have.
"""

import contextlib
import math
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from celebtool.errors import CelebtoolError
from celebtool.formats.history import Epoch
from celebtool.nn.training import checkpoint
from celebtool.nn.training.batches import Batches
from celebtool.nn.training.checkpoint import Run
from celebtool.system import signals
from celebtool.system.progress import Progress
from celebtool.training import messages, schedule
from celebtool.training.settings import TrainSettings

CHECKPOINT = "checkpoint"
"""The file of a run's scratch directory from which an interrupted run goes on."""
OPTIMIZERS = {
    "adam": keras.optimizers.Adam,
    "adamw": keras.optimizers.AdamW,
    "sgd": lambda rate: keras.optimizers.SGD(rate, momentum=0.9),
}


@dataclass(frozen=True)
class Fitted:
    """What the epochs reached: their history, and what ended them before their time, such as Ctrl-C, if anything."""

    history: tuple[Epoch, ...]
    failure: BaseException | None = None


def fit(
    model: keras.Model, train: Batches, val: Batches | None, settings: TrainSettings, scratch: Path, progress: Progress
) -> Fitted:
    """Train until the rules say stop, and leave the model with the weights of its best epoch.

    Args:
        model: what is trained: RGB images or activations in, probabilities out.
        train: its batches.
        val: what is measured after every epoch; None monitors the training loss.
        settings: how long, at which rates, with which optimizer, and which figure decides.
        scratch: a directory for the checkpoint; one that is there already is continued.
        progress: told of the epochs and of the batches in each.

    Returns:
        The history; if an error or a signal ends training after the first epoch, that too.

    Raises:
        CelebtoolError: loss or weights became NaN or infinite in the first epoch; says what to try.
    """
    rules = settings.rules
    _compile(model, settings)
    path = scratch / CHECKPOINT
    run = checkpoint.load(path, model, progress.say)
    if run.state.epoch:
        progress.say(messages.continuing(run.state.epoch + 1, rules.epochs))
    failure = None
    if not run.state.stopped:
        failure = _go_on(model, train, val, run, rules, _Epochs(run, rules, train, path, progress))
    checkpoint.assign(model.weights, run.best)
    return Fitted(tuple(run.history), failure)


def _go_on(
    model: keras.Model, train: Batches, val: Batches | None, run: Run, rules: schedule.Rules, each_epoch: "_Epochs"
) -> BaseException | None:
    """Train from the epoch on that a run has come to; return what ended it before its time, after an epoch at least."""
    try:
        with contextlib.ExitStack() as stack:
            model.fit(
                train.training(run.state.epoch, rules.epochs + 1),  # Keras looks one batch ahead
                initial_epoch=run.state.epoch,
                epochs=rules.epochs,
                steps_per_epoch=train.steps,
                validation_data=val.evaluation() if val else None,
                callbacks=[each_epoch, _Stoppable(stack)],
                shuffle=False,
                verbose=0,
            )
    except BaseException as error:  # a signal too, see `_Stoppable`
        if not run.best:
            raise
        return error
    return None


def _compile(model: keras.Model, settings: TrainSettings) -> None:
    model.compile(
        optimizer=OPTIMIZERS[settings.optimizer](settings.rules.learning_rate),
        loss=keras.losses.CategoricalCrossentropy(label_smoothing=settings.label_smoothing),
        metrics=[_Accuracy(name="accuracy")],
        jit_compile=False,  # XLA on the CPU is an order of magnitude slower
    )
    model.optimizer.build(model.trainable_variables)


class _Accuracy(keras.metrics.CategoricalAccuracy):  # type: ignore[misc] # Keras ships no types
    """The share of right answers among the samples that have a label: padding (`Batches.replicas`) has none."""

    def update_state(self, y_true: tf.Tensor, y_pred: tf.Tensor, sample_weight: tf.Tensor | None = None) -> None:  # noqa: ARG002
        super().update_state(y_true, y_pred, sample_weight=keras.ops.sum(y_true, axis=-1))


class _Epochs(keras.callbacks.Callback):  # type: ignore[misc]
    """Apply the rules before and after every epoch, write a checkpoint, and tell of the progress."""

    def __init__(self, run: Run, rules: schedule.Rules, train: Batches, path: Path, progress: Progress) -> None:
        super().__init__()
        self._run, self._rules, self._train, self._path, self._progress = run, rules, train, path, progress
        self._started = 0.0

    def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:  # noqa: ARG002
        self._started = time.monotonic()
        self._progress.stage(f"epoch {epoch + 1}/{self._rules.epochs}", "batches")
        self.model.optimizer.learning_rate = schedule.learning_rate(self._run.state, self._rules)
        for number, layer in enumerate(self.model.layers):
            generator = getattr(layer, "seed_generator", None)
            if generator is not None:
                generator.state.assign(np.array([(self._train.seed + number) % 2**32, epoch], np.uint32))

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:  # noqa: ARG002
        self._progress(batch + 1, self._train.steps)

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        row = _row(
            epoch, logs or {}, float(self.model.optimizer.learning_rate.numpy()), time.monotonic() - self._started
        )
        _check(row, self.model)
        run = self._run
        run.state = schedule.advance(run.state, self._rules, getattr(row, self._rules.monitor))
        run.history.append(row)
        if run.state.improved:
            run.best = [variable.numpy() for variable in self.model.weights]
        checkpoint.save(self._path, run, self.model)
        self._progress.say(messages.epoch(row, self._rules.epochs))
        self.model.stop_training = run.state.stopped


class _Stoppable(keras.callbacks.Callback):  # type: ignore[misc]
    """Ends the run between two batches when a signal has come, so that the best weights so far can be saved.

    There are none before the first epoch has ended: until then a signal ends the run at once.
    """

    def __init__(self, stack: contextlib.ExitStack) -> None:
        super().__init__()
        self._stack = stack
        self._held = False

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:  # noqa: ARG002
        if not self._held:
            self._held = True
            self._stack.enter_context(signals.held_back())

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:  # noqa: ARG002
        signals.check()

    def on_test_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:  # noqa: ARG002
        signals.check()


def _row(epoch: int, logs: dict[str, float], rate: float, seconds: float) -> Epoch:
    figures = {name: float(logs[name]) for name in ("loss", "accuracy", "val_loss", "val_accuracy") if name in logs}
    return Epoch(epoch=epoch + 1, learning_rate=rate, seconds=seconds, **figures)


def _check(row: Epoch, model: keras.Model) -> None:
    losses = [loss for loss in (row.loss, row.val_loss) if loss is not None]
    if all(map(math.isfinite, losses)) and all(map(_is_finite, model.weights)):
        return
    advice = f"try a lower --learning-rate than {row.learning_rate:.3g}, or --optimizer adam"
    raise CelebtoolError(f"epoch {row.epoch}", f"the loss became NaN or infinite; {advice}")


def _is_finite(variable: Any) -> bool:  # noqa: ANN401
    return bool(np.isfinite(variable.numpy()).all())
