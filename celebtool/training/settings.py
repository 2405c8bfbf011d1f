"""How a network is trained: what a command line gives, completed by the architecture's own recipe."""

import json
from dataclasses import asdict, dataclass
from typing import Literal, TypeVar

from celebtool.architectures import Architecture
from celebtool.training.schedule import Rules

Value = TypeVar("Value")
Monitor = Literal["loss", "accuracy", "val_loss", "val_accuracy"]
LBFGS = "lbfgs"
"""The optimizer that solves a head of one softmax layer as a logistic regression."""


@dataclass(frozen=True)
class Given:
    """The training options of a command line; None where the architecture's recipe decides.

    Args:
        dense, dropout, l2: see `Head`.
        epochs, learning_rate, schedule, warmup, patience, monitor, reduce_lr: see `celebtool.training.schedule.Rules`.
        batch_size, optimizer, class_weights, label_smoothing, augment, false_accept, seed: see `Settings`.
    """

    dense: tuple[int, ...] | None
    dropout: float | None
    l2: float | None
    epochs: int | None
    batch_size: int | None
    learning_rate: float | None
    optimizer: str | None
    schedule: str
    warmup: int
    patience: int | None
    monitor: Monitor
    reduce_lr: int | None
    class_weights: bool
    label_smoothing: float
    augment: int
    false_accept: float
    seed: int


@dataclass(frozen=True)
class Head:
    """The last layers of a network: units of the hidden ones, the share of features dropped, the kernels' penalty."""

    dense: tuple[int, ...]
    dropout: float
    l2: float


@dataclass(frozen=True)
class Settings:
    """How a network is trained, complete.

    Args:
        head: the network's last layers.
        rules: epochs, rates, patience and what they watch.
        optimizer: ``adam``, ``adamw``, ``sgd`` or ``lbfgs``.
        batch_size: images per step.
        class_weights: let every class count the same, however many images it has.
        label_smoothing: the share of each label spread over all classes.
        augment: augmented variants of each training image; a network without frozen layers redraws its images
            in every epoch instead.
        false_accept: the share of strangers that the threshold may let pass.
        by_distance: whether the score that it applies to is the nearness to a class's mean embedding.
        seed: of every random number.
    """

    head: Head
    rules: Rules
    optimizer: str
    batch_size: int
    class_weights: bool
    label_smoothing: float
    augment: int
    false_accept: float
    by_distance: bool
    seed: int


def for_training(given: Given, architecture: Architecture, *, has_val: bool) -> Settings:
    """Complete the options of `train`; a hidden layer that is given replaces the recipe's."""
    head = Head(
        dense=_first(given.dense, architecture.dense),
        dropout=_first(given.dropout, architecture.dropout),
        l2=_first(given.l2, architecture.l2),
    )
    optimizer = given.optimizer or architecture.optimizer
    if given.optimizer is None and optimizer == LBFGS and _needs_epochs(given):
        optimizer = "adam"
    return _settings(
        given, head, optimizer, architecture, architecture.epochs, architecture.learning_rate, has_val=has_val
    )


def for_finetuning(given: Given, architecture: Architecture, head: Head, *, has_val: bool) -> Settings:
    """Complete the options of `finetune`; hidden layers that are given come after those of the model's head."""
    head = Head(
        dense=(*head.dense, *(given.dense or ())),
        dropout=_first(given.dropout, head.dropout),
        l2=_first(given.l2, head.l2),
    )
    optimizer = given.optimizer or architecture.finetune_optimizer
    rate = architecture.finetune_learning_rate
    return _settings(given, head, optimizer, architecture, architecture.finetune_epochs, rate, has_val=has_val)


def parameters(settings: Settings) -> dict[str, object]:
    """Return all settings as values of JSON, for a recipe."""
    values: dict[str, object] = asdict(settings)
    return json.loads(json.dumps(values))  # type: ignore[no-any-return]


def _settings(
    given: Given,
    head: Head,
    optimizer: str,
    architecture: Architecture,
    epochs: int,
    learning_rate: float,
    *,
    has_val: bool,
) -> Settings:
    rules = Rules(
        monitor=given.monitor if has_val else given.monitor.removeprefix("val_"),
        patience=_first(given.patience, architecture.patience),
        reduce_lr=_first(given.reduce_lr, architecture.reduce_lr),
        epochs=_first(given.epochs, epochs),
        learning_rate=_first(given.learning_rate, learning_rate),
        schedule=given.schedule,
        warmup=given.warmup,
    )
    return Settings(
        head=head,
        rules=rules,
        optimizer=optimizer,
        batch_size=_first(given.batch_size, architecture.batch_size),
        class_weights=given.class_weights,
        label_smoothing=given.label_smoothing,
        augment=given.augment,
        false_accept=given.false_accept,
        by_distance=architecture.features == "normalise",
        seed=given.seed,
    )


def _needs_epochs(given: Given) -> bool:
    """Whether something is asked for that only an iterative optimizer has."""
    asked = (given.epochs, given.learning_rate, given.batch_size, given.patience, given.reduce_lr)
    shaped = given.schedule != "constant" or given.monitor != "val_loss"
    layers = given.dense or given.dropout
    return bool(layers or given.label_smoothing or given.warmup) or shaped or any(value is not None for value in asked)


def _first(given: Value | None, default: Value) -> Value:
    return default if given is None else given
