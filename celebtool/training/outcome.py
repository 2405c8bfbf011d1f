"""What a training run reached, and the description of the model that it made."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from celebtool.formats.enrolment import Solver
from celebtool.formats.history import Epoch
from celebtool.formats.model_info import ModelInfo
from celebtool.training import calibration, enrolment, newcomers
from celebtool.training.calibrate import Calibration, Layer
from celebtool.training.evidence import Points
from celebtool.training.settings import MEAN, TrainSettings
from celebtool.training.training_set import TrainingData


@dataclass(frozen=True)
class Outcome:
    """What a run reached with the weights of its best epoch.

    Args:
        history: a row per epoch.
        figures: loss, accuracy and top-5 accuracy per part.
        calibration: temperature and threshold.
        embeddings: (n, d) of the images of train, then of the remembered strangers, if the head was solved from those.
        tested: (n, d) what the last layer reads of the images of test, if there are any.
        failure: what ended the run before its time, after at least one epoch; figures and calibration are missing then.
    """

    history: tuple[Epoch, ...]
    figures: dict[str, dict[str, float]] = field(default_factory=dict)
    calibration: Calibration = field(default_factory=Calibration)
    embeddings: NDArray[np.floating] | None = None
    tested: NDArray[np.floating] | None = None
    failure: BaseException | None = None


@dataclass(frozen=True)
class Tested:
    """What a model's last layer reads of the images of test (n, d), and that layer."""

    features: NDArray[np.floating]
    last: Layer


def figures(probabilities: NDArray[np.floating], class_ids: NDArray[np.int64]) -> dict[str, float]:
    """Return loss (mean cross-entropy), accuracy and top5 of probabilities (n, classes) of images of known classes (n,)."""
    return _means([_losses_and_ranks(probabilities, class_ids)])


def figures_of(last: Layer, known: Points) -> dict[str, float]:
    """Return `figures` of what a last layer makes of embeddings."""
    blocks = calibration.blocks(len(known.class_ids), len(last.bias))
    return _means(
        [
            _losses_and_ranks(calibration.softmax(last.logits(known.embeddings[rows])), known.class_ids[rows])
            for rows in blocks
        ]
    )


def _losses_and_ranks(
    probabilities: NDArray[np.floating], class_ids: NDArray[np.int64]
) -> tuple[NDArray[np.floating], NDArray[np.intp]]:
    """Return the cross-entropy (n,) of images, and how many classes are more probable than their own (n,)."""
    right = probabilities[np.arange(len(probabilities)), class_ids]
    return -np.log(np.maximum(right, 1e-7)), (probabilities > right[:, None]).sum(axis=1)  # as Keras clips it


def _means(found: Sequence[tuple[NDArray[np.floating], NDArray[np.intp]]]) -> dict[str, float]:
    loss, rank = (np.concatenate(each) for each in zip(*found, strict=True))
    return {"loss": float(loss.mean()), "accuracy": float((rank < 1).mean()), "top5": float((rank < 5).mean())}


def solved(train: Mapping[str, float], val: Mapping[str, float]) -> Epoch:
    """Return the one row of history of a head that was solved at once, from its `figures`."""
    return Epoch(
        epoch=1,
        loss=train["loss"],
        accuracy=train["accuracy"],
        val_loss=val.get("loss"),
        val_accuracy=val.get("accuracy"),
    )


def described(
    info: ModelInfo, data: TrainingData, settings: TrainSettings, recipe: Mapping[str, object], outcome: Outcome
) -> ModelInfo:
    """Return the description of a trained model, without the tables of its layers and arrays.

    Args:
        info: what is known before: architecture, classes, image size, and what an earlier model was trained on.
        data: the images.
        settings: how it was trained.
        recipe: how to train it again.
        outcome: what it reached.
    """
    metrics = {f"{part}_{name}": value for part, figures in outcome.figures.items() for name, value in figures.items()}
    return ModelInfo(
        architecture=info.architecture,
        class_names=info.class_names,
        image_size=info.image_size,
        seed=settings.seed,
        dense=settings.head.dense,
        dropout=settings.head.dropout,
        l2=settings.head.l2,
        crops=info.crops if data.crops is None else data.crops,
        temperature=outcome.calibration.temperature,
        threshold=outcome.calibration.threshold,
        acceptance=outcome.calibration.acceptance,
        centroids=outcome.calibration.centroids,
        history=outcome.history,
        metrics=metrics,
        origins=tuple(sorted({*info.origins, *data.origins})),
        images=tuple(sorted({*info.images, *data.images})),
        recipe=recipe,
    )


def enrolled(
    info: ModelInfo, outcome: Outcome, data: TrainingData, settings: TrainSettings, *, from_crops: bool
) -> tuple[ModelInfo, NDArray[np.float32] | None]:
    """Let a model hold the embeddings that its head was solved from, if it was; return its description and them.

    `from_crops`: whether they are of the kind that `crop-faces` leaves in faces.csv.
    """
    if outcome.embeddings is None:
        return info, None
    known, strangers = newcomers.gathered(data, [*data.train, *data.remembered], outcome.embeddings)
    solver: Solver = "mean" if settings.optimizer == MEAN else "lbfgs"
    method = enrolment.Method(solver, settings.class_weights, settings.false_accept, from_crops)
    return enrolment.described(info, enrolment.People(known, strangers, method))
