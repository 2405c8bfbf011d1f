"""How a network is trained: the options of a command line, completed by the architecture's own recipe."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, TypeVar

from celebtool.architectures import EMBEDDER, Architecture, get
from celebtool.formats import crops
from celebtool.training.options import TrainingOptions
from celebtool.training.schedule import Rules

Value = TypeVar("Value")
LBFGS = "lbfgs"
"""The optimizer that solves a head of one softmax layer as a logistic regression."""
MEAN = "mean"
"""The optimizer that makes the nearest class mean of such a head."""
AT_ONCE = (LBFGS, MEAN)
_EPOCHWISE = ("epochs", "batch_size", "learning_rate", "patience", "reduce_lr", "monitor", "schedule", "warmup")
_SHAPING = ("dense", "dropout", "label_smoothing")


@dataclass(frozen=True)
class Head:
    """The last layers of a network.

    Args:
        dense: units of the hidden layers.
        dropout: share of the features that each step drops.
        l2: penalty on the squared weights.
    """

    dense: tuple[int, ...]
    dropout: float
    l2: float


@dataclass(frozen=True)
class TrainSettings:
    """How a network is trained, complete.

    Args:
        head: the network's last layers.
        rules: epochs, rates, patience and the monitored figure.
        optimizer: ``adam``, ``adamw``, ``sgd``, ``lbfgs`` or ``mean``.
        by_distance: whether the score is the cosine to a class's mean embedding, not the largest probability.
        embedding: the architecture whose pretrained embedding that is; empty: it has none, or training may change it.
        batch_size, class_weights, label_smoothing, augment, false_accept, seed: see `TrainingOptions`.
    """

    head: Head
    rules: Rules
    optimizer: str
    batch_size: int
    class_weights: bool
    label_smoothing: float
    augment: int
    false_accept: float | None
    by_distance: bool
    embedding: str
    seed: int


def for_training(options: TrainingOptions, architecture: Architecture, *, has_val: bool) -> TrainSettings:
    """Complete the options of `train`; hidden layers that are given replace the recipe's."""
    head = Head(
        dense=_first(options.dense, architecture.dense),
        dropout=_first(options.dropout, architecture.dropout),
        l2=_first(options.l2, architecture.l2),
    )
    optimizer = options.optimizer or architecture.optimizer
    if options.optimizer is None and optimizer in AT_ONCE:
        optimizer = "adam" if _iterative(options) else LBFGS if options.l2 else optimizer
    epochs, rate = architecture.epochs, architecture.learning_rate
    found = _settings(options, head, optimizer, architecture, _rules(options, architecture, epochs, rate, has_val))
    return replace(found, embedding=architecture.name if found.by_distance else "")


def for_finetuning(options: TrainingOptions, architecture: Architecture, head: Head, *, has_val: bool) -> TrainSettings:
    """Complete the options of `finetune`; hidden layers that are given come after those of the model's head."""
    head = Head(
        dense=(*head.dense, *(options.dense or ())),
        dropout=_first(options.dropout, head.dropout),
        l2=_first(options.l2, head.l2),
    )
    optimizer = options.optimizer or architecture.finetune_optimizer
    epochs, rate = architecture.finetune_epochs, architecture.finetune_learning_rate
    return _settings(options, head, optimizer, architecture, _rules(options, architecture, epochs, rate, has_val))


def parameters(settings: TrainSettings) -> dict[str, object]:
    """Return all settings as values of JSON, for a recipe."""
    values: dict[str, object] = asdict(settings)
    return json.loads(json.dumps(values))  # type: ignore[no-any-return]


def is_head_alone(
    architecture: str,
    image_size: tuple[int, int],
    weights: str,
    cropped: Mapping[str, Any] | None,
    settings: TrainSettings,
) -> bool:
    """Say whether a run trains nothing but a head that is solved at once, on embeddings as `crop-faces` leaves them.

    Args:
        architecture: the network's name.
        image_size: (height, width) of its input.
        weights: of its backbone, as `--weights` takes them.
        cropped: how `crop-faces` made the images; None if it did not.
        settings: how it is trained.
    """
    if (architecture, weights) != (EMBEDDER, "faces") or cropped is None:
        return False
    own_size = image_size == get(EMBEDDER).input_size(crops.margin(cropped))
    shaped = settings.head.dense or settings.head.dropout or settings.label_smoothing
    return own_size and settings.optimizer in AT_ONCE and not (shaped or settings.augment or settings.class_weights)


def optimizer_notes(options: TrainingOptions, architecture: Architecture, settings: TrainSettings) -> list[str]:
    """Return what a user should know who asks for epochs where the head would be solved without them."""
    asked = ", ".join(_iterative(options))
    would_solve = architecture.optimizer in AT_ONCE and options.optimizer is None
    if asked and would_solve and settings.optimizer not in AT_ONCE:
        otherwise = f"without such options --arch {architecture.name} solves it at once, which is usually better"
        return [f"{asked}: the head is trained with {settings.optimizer} in epochs; {otherwise}"]
    unused = [name for name in _iterative(options) if name in map(_name, _EPOCHWISE)]
    if settings.optimizer in AT_ONCE and unused:
        return [f"{', '.join(unused)}: no effect with --optimizer {settings.optimizer}, which has no epochs"]
    return []


def _settings(
    options: TrainingOptions, head: Head, optimizer: str, architecture: Architecture, rules: Rules
) -> TrainSettings:
    return TrainSettings(
        head=head,
        rules=rules,
        optimizer=optimizer,
        batch_size=_first(options.batch_size, architecture.batch_size),
        class_weights=options.class_weights,
        label_smoothing=options.label_smoothing,
        augment=options.augment,
        false_accept=options.false_accept,
        by_distance=architecture.features == "normalise",
        embedding="",
        seed=options.seed,
    )


def _rules(options: TrainingOptions, architecture: Architecture, epochs: int, rate: float, has_val: bool) -> Rules:
    return Rules(
        monitor=options.monitor if has_val else options.monitor.removeprefix("val_"),
        patience=_first(options.patience, architecture.patience),
        reduce_lr=_first(options.reduce_lr, architecture.reduce_lr),
        epochs=_first(options.epochs, epochs),
        learning_rate=_first(options.learning_rate, rate),
        schedule=options.schedule,
        warmup=options.warmup,
    )


def _iterative(options: TrainingOptions) -> list[str]:
    """Return the options given that only an optimizer with epochs has."""
    untouched = TrainingOptions()
    given = [name for name in _EPOCHWISE if getattr(options, name) != getattr(untouched, name)]
    given += [name for name in _SHAPING if getattr(options, name)]
    return [_name(name) for name in given]


def _name(field: str) -> str:
    return f"--{field.replace('_', '-')}"


def _first(given: Value | None, default: Value) -> Value:
    return default if given is None else given
