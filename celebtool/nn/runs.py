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
from celebtool.nn import architectures, pretrained, training
from celebtool.nn.classifier import Classifier
from celebtool.nn.training import Resources, Voice
from celebtool.settings import Settings
from celebtool.training_data import TrainingData


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
    model = _build(start.architecture.name, start.image_size, data, settings)
    if start.weights != "none":
        _load_weights(model, start)
        architectures.freeze(model)
    info = ModelInfo(
        architecture=start.architecture.name,
        class_names=data.class_names,
        image_size=start.image_size,
        seed=settings.seed,
    )
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
    model = _build(base.info.architecture, base.info.image_size, data, settings)
    _copy_weights(base.model, model)
    architectures.unfreeze(model, unfreeze)
    return _fitted(model, base.info, data, settings, recipe, resources, voice)


def _load_weights(model: keras.Model, start: Start) -> None:
    if start.weights == "faces":
        pretrained.load_faces(model)
    elif start.weights == "imagenet":
        pretrained.load_imagenet(model, start.architecture.name)
    else:
        pretrained.load_file(model, start.architecture.name, Path(start.weights))


def _build(name: str, image_size: tuple[int, int], data: TrainingData, settings: Settings) -> keras.Model:
    head = settings.head
    return architectures.build(
        name,
        len(data.class_names),
        image_size=image_size,
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
    outcome = training.fit(model, data, settings, resources, voice)
    metrics = {f"{part}_{name}": value for part, figures in outcome.figures.items() for name, value in figures.items()}
    return Classifier(
        model,
        ModelInfo(
            architecture=info.architecture,
            class_names=info.class_names,
            image_size=info.image_size,
            seed=settings.seed,
            dense=settings.head.dense,
            dropout=settings.head.dropout,
            l2=settings.head.l2,
            crops=data.crops,
            history=outcome.history,
            metrics=metrics,
            origins=tuple(sorted({*info.origins, *data.origins})),
            recipe=recipe,
        ),
    )
