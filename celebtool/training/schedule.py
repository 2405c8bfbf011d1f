"""Early stopping and learning-rate schedules, as functions of what a run remembers.

The rules are those of Keras' EarlyStopping and ReduceLROnPlateau with their default thresholds. The memory is a
value: it is saved after every epoch, and a killed run goes on with the same rates.
"""

import math
from dataclasses import dataclass, replace

REDUCE_FACTOR = 0.2
"""What a plateau multiplies the learning rate with: the fine-tuning recipe of keras.io."""
MIN_LEARNING_RATE = 1e-7
MIN_DELTA = 1e-4
"""What counts as an improvement to the plateau rule, as in Keras' ReduceLROnPlateau."""


@dataclass(frozen=True)
class Rules:
    """How long a run lasts, at which learning rates, and which figure decides.

    Args:
        monitor: the figure watched: ``loss``, ``accuracy``, ``val_loss`` or ``val_accuracy``.
        patience: epochs without improvement after which training stops; 0 never stops.
        reduce_lr: epochs without improvement after which the rate falls to a fifth; 0 leaves it.
        schedule: ``constant``, or ``cosine`` from the full rate down to zero over all epochs.
        warmup: epochs over which the rate first rises in equal steps.
        epochs: how many at most.
        learning_rate: the full rate.
    """

    monitor: str
    patience: int
    reduce_lr: int
    epochs: int
    learning_rate: float
    schedule: str = "constant"
    warmup: int = 0


@dataclass(frozen=True)
class State:
    """What a run remembers after `epoch` epochs; `improved` says whether the last one is the best so far."""

    epoch: int = 0
    best: float = math.inf
    best_epoch: int = 0
    waited: int = 0
    plateau_best: float = math.inf
    plateau_waited: int = 0
    factor: float = 1.0
    improved: bool = False
    stopped: bool = False


def advance(state: State, rules: Rules, value: float) -> State:
    """Return the memory after one more epoch, in which the monitored figure was `value`."""
    cost = -value if rules.monitor.endswith("accuracy") else value
    improved = cost < state.best
    waited = 0 if improved else state.waited + 1
    epoch = state.epoch + 1
    state = replace(
        state,
        epoch=epoch,
        best=cost if improved else state.best,
        best_epoch=epoch if improved else state.best_epoch,
        waited=waited,
        improved=improved,
        stopped=epoch >= rules.epochs or 0 < rules.patience <= waited,
    )
    return _after_plateau(state, rules, cost)


def _after_plateau(state: State, rules: Rules, cost: float) -> State:
    if cost < state.plateau_best - MIN_DELTA:
        return replace(state, plateau_best=cost, plateau_waited=0)
    waited = state.plateau_waited + 1
    if 0 < rules.reduce_lr <= waited:
        return replace(state, factor=state.factor * REDUCE_FACTOR, plateau_waited=0)
    return replace(state, plateau_waited=waited)


def learning_rate(state: State, rules: Rules) -> float:
    """Return the learning rate of the epoch that comes after `state`."""
    rate = rules.learning_rate * state.factor
    if state.epoch < rules.warmup:
        return rate * (state.epoch + 1) / rules.warmup
    if rules.schedule == "cosine":
        progress = (state.epoch - rules.warmup) / max(1, rules.epochs - rules.warmup)
        rate *= 0.5 * (1 + math.cos(math.pi * progress))
    return max(rate, MIN_LEARNING_RATE)
