"""Predictions of a fold's model for the images that it was not trained on; its table is kept as soon as the fold is done."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from celebtool.errors import CelebtoolError
from celebtool.formats import model_file, predictions
from celebtool.formats.model_info import ModelInfo
from celebtool.formats.predictions import Prediction
from celebtool.inference import prediction, predictor
from celebtool.system import trees
from celebtool.training.outcome import Tested
from celebtool.training.training_set import TrainingData


class FoldModel(Protocol):
    """A model that was trained on images without a fold, and what it reads of those of the fold."""

    @property
    def info(self) -> ModelInfo:
        """Its description."""

    @property
    def tested(self) -> Tested | None:
        """What its last layer reads of the fold's images."""


def rows(model: FoldModel, data: TrainingData, fold: int) -> list[Prediction]:
    """Return the rows of a fold's images, as `predict` with that model writes them.

    Args:
        model: the fold's model.
        data: its images.
        fold: its number, from 1.
    """
    if model.tested is None:
        return []
    info = model.info
    answers = predictor.of_last_layer(info, model.tested.last).answer([model.tested.features])
    seen = info.trained_on
    bare = [
        Prediction(sample.path, None, label=sample.label or "", seen=data.origin(sample) in seen, fold=fold)
        for sample in data.test
    ]
    return list(prediction.named(bare, answers, info.class_names, info.threshold))


def write(path: Path, class_names: Sequence[str], found: Iterable[Prediction]) -> None:
    """Write a table of predictions with the column `fold`; the file appears whole."""
    partial = path.with_suffix(".partial")
    with trees.vacated(partial).open("x", encoding="utf-8", newline="") as stream:
        writer = predictions.Writer(stream, class_names, folds=True)
        for row in found:
            writer.row(row)
    partial.replace(path)


def read(path: Path, model: Path, recipe: Mapping[str, object], data: TrainingData) -> tuple[Prediction, ...] | None:
    """Return what an earlier run wrote of a fold; None if it is not there, or not whole.

    Args:
        path: the table.
        model: the fold's model.
        recipe: how that is made.
        data: the fold's images.
    """
    if not (path.is_file() and model.is_file()):
        return None
    try:
        table = predictions.read(path)
        model_file.read(model)
    except CelebtoolError:
        return None
    wanted = [sample.path for sample in data.test]
    is_whole = [row.path for row in table.rows] == wanted and table.class_names == data.class_names
    return table.rows if is_whole and model_file.is_made_by(model, recipe) else None
