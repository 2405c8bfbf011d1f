"""What `train` and `finetune` do: a network built or taken up, fitted, and described."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import keras
import numpy as np
from numpy.typing import NDArray

from celebtool.architectures import Architecture
from celebtool.formats.model_info import ModelInfo
from celebtool.nn import classifier
from celebtool.nn.classifier import Classifier
from celebtool.nn.networks import build, pretrained
from celebtool.nn.training import fit, memory
from celebtool.nn.training.fit import Outcome, Resources, Voice
from celebtool.system import trees
from celebtool.training import messages
from celebtool.training.data import TrainingData
from celebtool.training.settings import Settings


@dataclass(frozen=True)
class Start:
    """What `train` begins with: a network, the size (height, width) it sees, and its backbone's weights."""

    architecture: Architecture
    image_size: tuple[int, int]
    weights: str


def train(
    start: Start,
    data: TrainingData,
    settings: Settings,
    recipe: Mapping[str, object],
    resources: Resources,
    voice: Voice,
) -> Classifier:
    """Train a new classifier: the head alone if the backbone's weights are given, else the whole network."""
    info = ModelInfo(
        architecture=start.architecture.name,
        class_names=data.class_names,
        image_size=start.image_size,
        seed=settings.seed,
    )
    with memory.explained(_advice(info, settings, resources)):
        model = _build(info, data, settings)
        if start.weights != "none":
            _load_weights(model, start)
            build.freeze(model)
        return _fitted(model, info, data, settings, recipe, resources, voice)


def finetune(
    base: Classifier,
    unfreeze: int | Literal["all"],
    data: TrainingData,
    settings: Settings,
    recipe: Mapping[str, object],
    resources: Resources,
    voice: Voice,
) -> Classifier:
    """Train the last layers of a classifier further.

    Hidden layers that come new into the head start from random weights, and so does then the last layer.
    """
    with memory.explained(_advice(base.info, settings, resources)):
        model = _build(base.info, data, settings)
        _copy_weights(base.model, model)
        build.unfreeze(model, unfreeze)
        return _fitted(model, base.info, data, settings, recipe, resources, voice)


def _advice(info: ModelInfo, settings: Settings, resources: Resources) -> str:
    """Say what to lower when memory runs out."""
    height, width = info.image_size
    return (
        f"lower --batch-size ({settings.batch_size} now), --image-size ({height}x{width}), --dense or "
        f"--cache-memory ({resources.cache_memory / 1e9:g} GB)"
    )


def _load_weights(model: keras.Model, start: Start) -> None:
    if start.weights == "faces":
        pretrained.load_faces(model)
    elif start.weights == "imagenet":
        pretrained.load_imagenet(model, start.architecture.name)
    else:
        pretrained.load_file(model, start.architecture.name, Path(start.weights))


def _build(info: ModelInfo, data: TrainingData, settings: Settings) -> keras.Model:
    head = settings.head
    return build.build(
        info.architecture,
        len(data.class_names),
        image_size=info.image_size,
        dense=head.dense,
        dropout=head.dropout,
        l2=head.l2,
        seed=settings.seed,
    )


def _copy_weights(source: keras.Model, target: keras.Model) -> None:
    """Copy the weights of every layer that both have in the same shape."""
    for layer in target.layers:
        weights: list[NDArray[np.float32]] = next(
            (same.get_weights() for same in source.layers if same.name == layer.name), []
        )
        if [w.shape for w in weights] == [w.shape for w in layer.get_weights()]:
            layer.set_weights(weights)


def _fitted(
    model: keras.Model,
    info: ModelInfo,
    data: TrainingData,
    settings: Settings,
    recipe: Mapping[str, object],
    resources: Resources,
    voice: Voice,
) -> Classifier:
    def described(outcome: Outcome) -> Classifier:
        return Classifier(model, _described(info, data, settings, recipe, outcome))

    def keep(outcome: Outcome) -> None:
        """Save what a run that ends before its time has reached; the checkpoint beside it is what goes on."""
        path = resources.scratch / "best.h5"
        partial = path.with_suffix(".partial.h5")
        try:
            classifier.save(described(outcome), trees.vacated(partial))
            partial.replace(path)
        except OSError:  # a full disk is what ended the run, perhaps; that is what will be said
            partial.unlink(missing_ok=True)
            return
        voice.say(messages.kept(path, outcome.history))

    return described(fit.fit(model, data, settings, resources, voice, keep))


def _described(
    info: ModelInfo, data: TrainingData, settings: Settings, recipe: Mapping[str, object], outcome: Outcome
) -> ModelInfo:
    metrics = {f"{part}_{name}": value for part, figures in outcome.figures.items() for name, value in figures.items()}
    return ModelInfo(
        architecture=info.architecture,
        class_names=info.class_names,
        image_size=info.image_size,
        seed=settings.seed,
        dense=settings.head.dense,
        dropout=settings.head.dropout,
        l2=settings.head.l2,
        crops=data.crops,
        temperature=outcome.calibration.temperature,
        threshold=outcome.calibration.threshold,
        centroids=outcome.calibration.centroids,
        history=outcome.history,
        metrics=metrics,
        origins=tuple(sorted({*info.origins, *data.origins})),
        recipe=recipe,
    )
