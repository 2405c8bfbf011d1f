"""From an image folder to a trained classifier: what is frozen is computed once, the rest is fitted."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import keras
import numpy as np
from numpy.typing import NDArray

from celebtool.errors import CelebtoolError
from celebtool.formats.history import Epoch
from celebtool.formats.image_folder import Sample
from celebtool.nn import graphs
from celebtool.nn.training import activations, devices, epochs, logistic, memory
from celebtool.nn.training.batches import Batches, class_weights
from celebtool.nn.training.calibrate import Calibration, calibrate
from celebtool.nn.training.cut import Cut, cut
from celebtool.training import messages
from celebtool.training.data import TrainingData
from celebtool.training.settings import LBFGS, Settings


@dataclass(frozen=True)
class Voice:
    """How a run tells where it is.

    Args:
        progress: called with images prepared, of how many.
        say: called with a line to show.
        resume: say also that there is nothing to continue.
    """

    progress: Callable[[int, int], None]
    say: Callable[[str], None]
    resume: bool = False


@dataclass(frozen=True)
class Resources:
    """What a run may use.

    Args:
        scratch: a directory for checkpoints and activations.
        cache_memory: bytes of memory for what is computed once.
        devices: ``one``, or ``all``.
    """

    scratch: Path
    cache_memory: int
    devices: str = "one"


@dataclass(frozen=True)
class Outcome:
    """What a run reached: its history, and per part loss, accuracy and top-5 accuracy of the weights it kept."""

    history: tuple[Epoch, ...]
    figures: dict[str, dict[str, float]]
    calibration: Calibration = field(default_factory=Calibration)


Keep = Callable[[Outcome], None]
"""Called when a run ends before its time, with its history and the model at the weights of its best epoch."""


def fit(
    model: keras.Model, data: TrainingData, settings: Settings, resources: Resources, voice: Voice, keep: Keep
) -> Outcome:
    """Train what is trainable of a model, in place.

    The frozen part runs once over every image (`celebtool.nn.training.cut`), the rest once per epoch.

    Args:
        model: RGB 0–255 in, probabilities out; its layers' `trainable` say what changes.
        data: the images.
        settings: how.
        resources: where, and with how much memory.
        voice: told how it goes.
        keep: see `Keep`.
    """
    parts = cut(model)
    allocate = memory.allocator(resources.cache_memory, resources.scratch)
    with memory.cleared(resources.scratch):
        train = _batches(parts, model, data, data.train, settings, allocate, voice, training=True)
        val = _batches(parts, model, data, data.val, settings, allocate, voice) if data.val else None
        history = _fit(parts.suffix, train, val, settings, resources, voice, keep)
        strangers = _batches(parts, model, data, data.strangers, settings, allocate, voice) if data.strangers else None
        plain = train.originals()
        calibration = calibrate(
            parts.suffix, plain, val, strangers, settings.false_accept, by_distance=settings.by_distance
        )
        figures = {name: measure(parts.suffix, b) for name, b in (("train", plain), ("val", val)) if b}
        return Outcome(tuple(history), figures, calibration)


def _fit(
    suffix: keras.Model,
    train: Batches,
    val: Batches | None,
    settings: Settings,
    resources: Resources,
    voice: Voice,
    keep: Keep,
) -> list[Epoch]:
    rules = settings.rules

    def begin(first: int) -> None:
        if first > 1 or voice.resume:
            voice.say(messages.begin(first, rules.epochs))

    def report(row: Epoch) -> None:
        voice.say(messages.epoch(row, rules.epochs))

    if settings.optimizer == LBFGS:
        begin(1)
        row = _solve(suffix, train, val, settings)
        report(row)
        return [row]
    with devices.spread(suffix, resources.devices) as (network, replicas):

        def end(history: Sequence[Epoch]) -> None:
            suffix.set_weights(network.get_weights())
            keep(Outcome(tuple(history), {}))

        return epochs.fit(
            network,
            replace(train, replicas=replicas),
            replace(val, replicas=replicas) if val else None,
            rules,
            optimizer=settings.optimizer,
            label_smoothing=settings.label_smoothing,
            scratch=resources.scratch,
            watch=epochs.Watch(begin, report, voice.say, end),
        )


def measure(model: keras.Model, batches: Batches) -> dict[str, float]:
    """Return loss (mean cross-entropy), accuracy and top5 of a model on samples as they are."""
    probabilities = _probabilities(model, batches)
    right = probabilities[np.arange(len(probabilities)), batches.class_ids]
    rank = (probabilities > right[:, None]).sum(axis=1)
    loss = -np.log(np.maximum(right, 1e-7))  # as Keras clips it
    return {"loss": float(loss.mean()), "accuracy": float((rank < 1).mean()), "top5": float((rank < 5).mean())}


def _probabilities(model: keras.Model, batches: Batches) -> NDArray[np.float32]:
    """Run samples as they are through a model, (n, classes), as a graph."""
    dataset = batches.evaluation()
    run = graphs.compiled(lambda inputs: model(inputs, training=False), dataset.element_spec[0])
    return np.concatenate([run(inputs).numpy() for inputs, _, _ in dataset])


def _batches(
    parts: Cut,
    model: keras.Model,
    data: TrainingData,
    samples: Sequence[Sample],
    settings: Settings,
    allocate: memory.Allocate,
    voice: Voice,
    *,
    training: bool = False,
) -> Batches:
    """Run the frozen part over the samples, and make batches of what comes out."""
    count = settings.augment if training and parts.prefix is not None else 0
    redraw = training and settings.augment > 0 and parts.prefix is None
    arrays = activations.activations(
        parts.prefix,
        data.files(samples),
        model.input_shape[1:3],
        activations.Variants(count, settings.seed),
        allocate,
        progress=voice.progress,
    )
    class_ids = np.repeat(data.class_ids(samples), count + 1)
    weights = np.ones(len(class_ids), np.float32)
    if training and settings.class_weights:
        weights = class_weights(class_ids, len(data.class_names))
    return Batches(
        inputs=arrays,
        class_ids=class_ids,
        class_count=len(data.class_names),
        sample_weights=weights,
        batch_size=settings.batch_size,
        seed=settings.seed,
        variants=count,
        redraw=redraw,
    )


def _solve(suffix: keras.Model, train: Batches, val: Batches | None, settings: Settings) -> Epoch:
    """Set a single softmax layer to the solution of its logistic regression; one row of history."""
    layers = [layer for layer in suffix.layers if layer.weights]
    if len(layers) != 1 or len(suffix.layers) > 2 or settings.label_smoothing:
        problem = "solves a head of one softmax layer without dropout or label smoothing; choose adam, adamw or sgd"
        raise CelebtoolError("--optimizer lbfgs", problem)
    kernel, bias, _ = logistic.solve(
        np.asarray(train.inputs[0]), train.class_ids, train.sample_weights, max(settings.head.l2, 1e-9)
    )
    layers[0].set_weights([kernel, bias])
    figures = measure(suffix, train)
    val_figures = measure(suffix, val) if val else {}
    return Epoch(
        epoch=1,
        loss=figures["loss"],
        accuracy=figures["accuracy"],
        val_loss=val_figures.get("loss"),
        val_accuracy=val_figures.get("accuracy"),
    )
