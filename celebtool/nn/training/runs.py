"""Build or take up a network, train it, and describe the result: the work of `train` and `finetune`."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import keras
import numpy as np
from numpy.typing import NDArray

from celebtool.architectures import EMBEDDER, LAST_LAYER, Architecture
from celebtool.formats import crops
from celebtool.formats.faces import Embeddings
from celebtool.formats.model_info import ModelInfo
from celebtool.nn.classifier import Classifier, save
from celebtool.nn.networks import build, pretrained
from celebtool.nn.training import fit, memory
from celebtool.nn.training.fit import Resources
from celebtool.system import trees
from celebtool.system.progress import Progress
from celebtool.training import messages
from celebtool.training.calibrate import Layer
from celebtool.training.outcome import Outcome, Tested, described, enrolled
from celebtool.training.settings import TrainSettings
from celebtool.training.training_set import TrainingData


@dataclass(frozen=True)
class Start:
    """What `train` begins with: an architecture, its image size (height, width), and its backbone's weights.

    `enrol` says whether the model is to hold the embeddings of its people, if it has such.
    """

    architecture: Architecture
    image_size: tuple[int, int]
    weights: str
    enrol: bool = True


def train(
    start: Start,
    data: TrainingData,
    settings: TrainSettings,
    recipe: Mapping[str, object],
    resources: Resources,
    progress: Progress,
) -> Classifier:
    """Train a new classifier: the head alone if the backbone's weights are given, else the whole network."""
    info = ModelInfo(
        architecture=start.architecture.name,
        class_names=data.class_names,
        image_size=start.image_size,
        crops=data.crops,
        seed=settings.seed,
    )
    with memory.explained(_advice(info, settings, resources)):
        model = _build(info, data, settings)
        if start.weights != "none":
            _load_weights(model, start)
            build.freeze(model)
        from_crops = _computes_embeddings(start, data)
        known = data.embeddings if from_crops else None
        found, outcome = _fitted(model, info, data, settings, recipe, resources, progress, known)
        if outcome.tested is not None:
            found = replace(found, tested=Tested(outcome.tested, Layer(*model.get_layer(LAST_LAYER).get_weights())))
        if not start.enrol:
            return found
        info, embeddings = enrolled(found.info, outcome, data, settings, from_crops=from_crops)
        return replace(found, info=info, embeddings=embeddings)


def finetune(
    base: Classifier,
    unfreeze: int | Literal["all"],
    data: TrainingData,
    settings: TrainSettings,
    recipe: Mapping[str, object],
    resources: Resources,
    progress: Progress,
) -> Classifier:
    """Train the last layers of a classifier further.

    Hidden layers that come new into the head start from random weights, and so does then the last layer.
    """
    with memory.explained(_advice(base.info, settings, resources)):
        model = _build(base.info, data, settings)
        _copy_weights(base.model, model)
        build.unfreeze(model, unfreeze)
        return _fitted(model, base.info, data, settings, recipe, resources, progress)[0]


def _computes_embeddings(start: Start, data: TrainingData) -> bool:
    """Say whether the frozen part of the network gives the embeddings that `crop-faces` leaves."""
    own_size = start.architecture.input_size(crops.margin(data.crops))
    return (start.architecture.name, start.weights, start.image_size) == (EMBEDDER, "faces", own_size)


def _advice(info: ModelInfo, settings: TrainSettings, resources: Resources) -> str:
    """Say what to lower when memory runs out."""
    height, width = info.image_size
    return (
        f"lower --batch-size ({settings.batch_size} now), --image-size ({height}x{width}), --dense or "
        f"--cache-memory ({resources.cache_memory / 1e9:g} GB)"
    )


def _load_weights(model: keras.Model, start: Start) -> None:
    if start.weights == "faces":
        pretrained.load_faces(model, start.architecture.name)
    elif start.weights == "imagenet":
        pretrained.load_imagenet(model, start.architecture.name)
    else:
        pretrained.load_file(model, start.architecture.name, Path(start.weights))


def _build(info: ModelInfo, data: TrainingData, settings: TrainSettings) -> keras.Model:
    head = settings.head
    return build.build(
        info.architecture,
        len(data.class_names),
        image_size=info.image_size,
        margin=crops.margin(info.crops),
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
    settings: TrainSettings,
    recipe: Mapping[str, object],
    resources: Resources,
    progress: Progress,
    known: Embeddings | None = None,
) -> tuple[Classifier, Outcome]:
    """Train a model and describe it; what ends training before its time is raised when the best model is saved."""
    with memory.cleared(resources.scratch):
        reached = fit.fit(model, data, settings, resources, progress, known)
        classifier = Classifier(model, described(info, data, settings, recipe, reached))
        if reached.failure is not None:
            _keep(classifier, resources.scratch, progress)
            raise reached.failure
        return classifier, reached


def _keep(classifier: Classifier, scratch: Path, progress: Progress) -> None:
    """Save what a run reached that ended before its time; the checkpoint beside it is what the next run goes on from."""
    path = scratch / "best.h5"
    partial = path.with_suffix(".partial.h5")
    try:
        save(classifier, trees.vacated(partial))
        partial.replace(path)
    except OSError:  # a full disk is perhaps what ended the run; that is what will be said
        partial.unlink(missing_ok=True)
        return
    progress.say(messages.kept(path, classifier.info.history))
