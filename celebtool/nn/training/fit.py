"""Train a network on an image folder: run the frozen part once, fit the rest, calibrate and measure."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from celebtool.errors import CelebtoolError
from celebtool.formats.faces import Embeddings
from celebtool.formats.history import Epoch
from celebtool.formats.image_folder import UNKNOWN, Sample
from celebtool.nn import graphs
from celebtool.nn.training import activations, devices, epochs, memory
from celebtool.nn.training.batches import Batches
from celebtool.nn.training.calibrate import calibrate, features
from celebtool.nn.training.cut import Cut, cut
from celebtool.nn.training.epochs import Fitted
from celebtool.nn.training.shared import Shared
from celebtool.system.progress import Progress
from celebtool.training import logistic, messages, outcome
from celebtool.training.calibrate import Scoring
from celebtool.training.outcome import Outcome
from celebtool.training.settings import AT_ONCE, TrainSettings
from celebtool.training.training_set import TrainingData


@dataclass(frozen=True)
class Resources:
    """What a run may use.

    Args:
        scratch: a directory for checkpoints and activations.
        cache_memory: bytes of memory for what is computed once.
        devices: ``one``, or ``all``.
        shared: what other runs on the folder compute of its images too; None: there are none.
    """

    scratch: Path
    cache_memory: int
    devices: str = "one"
    shared: Shared | None = None


def fit(
    model: keras.Model,
    data: TrainingData,
    settings: TrainSettings,
    resources: Resources,
    progress: Progress,
    known: Embeddings | None = None,
) -> Outcome:
    """Train what is trainable of a model, in place.

    The frozen part runs once over every image (`celebtool.nn.training.cut`), the rest once per epoch.

    Args:
        model: RGB 0–255 in, probabilities out; its layers' `trainable` say what changes.
        data: the images.
        settings: how.
        resources: where, and with how much memory.
        progress: told of the images read and of the epochs.
        known: what the frozen part makes of images, if that is an embedding.
    """
    parts = cut(model)
    make = _BatchMaker(parts, model.input_shape[1:3], data, settings, resources, progress, known)
    train = make.batches(data.train, "train", training=True)
    val = make.batches(data.val, "val") if data.val else None
    fitted = _fit(parts.suffix, train, val, settings, resources, progress)
    if fitted.failure is not None:
        return Outcome(fitted.history, failure=fitted.failure)
    strangers = make.batches(data.strangers, UNKNOWN) if data.strangers else None
    progress.stage("measuring the result")
    plain = train.originals()
    scoring = Scoring(settings.by_distance, settings.false_accept, settings.embedding)
    calibration = calibrate(parts.suffix, plain, val, strangers, scoring)
    figures = {name: measure(parts.suffix, b) for name, b in (("train", plain), ("val", val)) if b}
    tested = features(parts.suffix, make.batches(data.test, "test")) if data.test else None
    embeddings = None
    if settings.embedding and settings.optimizer in AT_ONCE:
        remembered = [make.batches(data.remembered, UNKNOWN).inputs[0]] if data.remembered else []
        embeddings = np.concatenate([plain.inputs[0], *remembered])
    return Outcome(fitted.history, figures, calibration, embeddings, tested)


def _fit(
    suffix: keras.Model,
    train: Batches,
    val: Batches | None,
    settings: TrainSettings,
    resources: Resources,
    progress: Progress,
) -> Fitted:
    if settings.optimizer in AT_ONCE:
        progress.stage("solving the head")
        row = _solve(suffix, train, val, settings)
        progress.say(messages.epoch(row, settings.rules.epochs))
        return Fitted((row,))
    with devices.spread(suffix, resources.devices) as (network, replicas):
        spread_train = replace(train, replicas=replicas)
        spread_val = replace(val, replicas=replicas) if val else None
        return epochs.fit(network, spread_train, spread_val, settings, resources.scratch, progress)


def measure(model: keras.Model, batches: Batches) -> dict[str, float]:
    """Return loss (mean cross-entropy), accuracy and top5 of a model on samples as they are."""
    return outcome.figures(_probabilities(model, batches), batches.class_ids)


def _probabilities(model: keras.Model, batches: Batches) -> NDArray[np.float32]:
    """Run samples as they are through a model, (n, classes), as a graph."""
    dataset = batches.evaluation()
    run = graphs.compiled(lambda inputs: model(inputs, training=False), dataset.element_spec[0])
    return np.concatenate([run(inputs).numpy() for inputs, _, _ in dataset])


@dataclass(frozen=True)
class _BatchMaker:
    """Makes batches of images, or of what the frozen part of a network makes of them."""

    parts: Cut
    image_size: tuple[int, int]
    data: TrainingData
    settings: TrainSettings
    resources: Resources
    progress: Progress
    known: Embeddings | None

    @cached_property
    def allocate(self) -> memory.Allocate:
        """What makes the arrays of all parts."""
        return memory.allocator(self.resources.cache_memory, self.resources.scratch)

    def batches(self, samples: Sequence[Sample], part: str, *, training: bool = False) -> Batches:
        """Run the frozen part over the samples, and make batches of what comes out."""
        settings, frozen = self.settings, self.parts.prefix is not None
        count = settings.augment if training and frozen else 0
        self.progress.stage(f"reading {part}", "images")
        arrays = self._arrays(samples, count)
        class_ids = np.repeat(self.data.class_ids(samples), count + 1)
        weights = np.ones(len(class_ids), np.float32)
        if training and settings.class_weights:
            weights = logistic.class_weights(class_ids)
        return Batches(
            inputs=arrays,
            class_ids=class_ids,
            class_count=len(self.data.class_names),
            sample_weights=weights,
            batch_size=settings.batch_size,
            seed=settings.seed,
            variants=count,
            redraw=training and settings.augment > 0 and not frozen,
        )

    def _arrays(self, samples: Sequence[Sample], count: int) -> list[NDArray[Any]]:
        """Return what the frozen part makes of images and of so many variants of each."""
        shared = self.resources.shared
        if shared is None:
            return self._activations(samples, count, self.allocate)
        drawn = self.settings.augment if self.parts.prefix else 0
        return shared.arrays(samples, drawn, count, lambda every, allocate: self._activations(every, drawn, allocate))

    def _activations(self, samples: Sequence[Sample], count: int, allocate: memory.Allocate) -> list[NDArray[Any]]:
        files, prefix = self.data.files(samples), self.parts.prefix
        if self.known and prefix and not count:
            return activations.embeddings(prefix, files, self.known, self.image_size, allocate, self.progress)
        variants = activations.Variants(count, self.settings.seed)
        return activations.activations(prefix, files, self.image_size, variants, allocate, progress=self.progress)


def _solve(suffix: keras.Model, train: Batches, val: Batches | None, settings: TrainSettings) -> Epoch:
    """Set a single softmax layer to the classes' means or to the solution of its logistic regression; one row of history."""
    layers = [layer for layer in suffix.layers if layer.weights]
    if len(layers) != 1 or len(suffix.layers) > 2 or settings.label_smoothing:
        problem = "solves a head of one softmax layer without dropout or label smoothing; choose adam, adamw or sgd"
        raise CelebtoolError(f"--optimizer {settings.optimizer}", problem)
    embeddings = np.asarray(train.inputs[0])
    kernel, bias = logistic.head(
        embeddings, train.class_ids, train.sample_weights, settings.optimizer, settings.head.l2
    )
    layers[0].set_weights([kernel, bias])
    return outcome.solved(measure(suffix, train), measure(suffix, val) if val else {})
