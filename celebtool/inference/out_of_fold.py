"""Predictions of a fold's model for the images that it was not trained on; its table is kept as soon as the fold is done."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from celebtool.errors import CelebtoolError
from celebtool.formats import history, model_info, predictions
from celebtool.formats.model_info import ModelInfo
from celebtool.formats.predictions import Prediction
from celebtool.inference import prediction, predictor
from celebtool.system import trees
from celebtool.system.progress import Progress, Within
from celebtool.training.folds import Folds
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


Train = Callable[[TrainingData, Mapping[str, object]], Callable[[Path, Progress], FoldModel]]
"""Makes, for a fold's images and its recipe, what trains its model with a directory and tells of its progress."""


@dataclass(frozen=True)
class Done:
    """A fold that is finished: what is known of its model, and its rows."""

    info: ModelInfo
    rows: tuple[Prediction, ...]


def run(folds: Folds, recipe: Mapping[str, object], train: Train, scratch: Path, progress: Progress) -> list[Done]:
    """Train and test the model of each fold, but for those that an earlier run has finished in the same directory.

    Args:
        folds: the images.
        recipe: of the whole run; a fold's says the fold, too.
        train: trains.
        scratch: where the tables are kept.
        progress: told of every fold.
    """
    found = []
    for number, data in enumerate(folds.data, start=1):
        name = f"fold-{number}"
        table, own = scratch / f"{name}.csv", {**recipe, "fold": name}
        told = Within(progress, f"fold {number}/{len(folds.data)}")
        done = _read(table, own, data)
        if done is None:
            _train(train(data, own), data, number, table, told)
            done = _read(table, own, data)
        else:
            told.say("finished by an earlier run")
        if done is None:
            raise CelebtoolError(table, "is not as it was written; run the command again")
        found.append(done)
    return found


def ordered(folds: Folds, done: Sequence[Done]) -> tuple[Prediction, ...]:
    """Return the rows of all folds in the order of the folder."""
    by_path = {row.path: row for each in done for row in each.rows}
    return tuple(by_path[sample.path] for sample in folds.tested)


def write_histories(done: Sequence[Done], target: Path) -> None:
    """Write the history of each fold that was trained in epochs, without times, which no two runs have in common."""
    for number, each in enumerate(done, start=1):
        if len(each.info.history) > 1:
            history.write(target / f"history-{number}.csv", [replace(row, seconds=None) for row in each.info.history])


def _train(
    train: Callable[[Path, Progress], FoldModel], data: TrainingData, number: int, table: Path, progress: Progress
) -> None:
    """Train a fold's model, and leave its description and its rows; a directory holds what an interrupted run goes on from."""
    place = table.with_suffix("")
    place.mkdir(exist_ok=True)
    trained = train(place, progress)
    table.with_suffix(".json").write_bytes(model_info.to_json(_bare(trained.info)))
    write(table, trained.info.class_names, rows(trained, data, number))
    trees.remove(place)


def _bare(info: ModelInfo) -> ModelInfo:
    """Return a description without what a model holds of people."""
    return replace(info, origins=(), images=(), centroids=(), strangers=(), enrolment=None)


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


def _read(path: Path, recipe: Mapping[str, object], data: TrainingData) -> Done | None:
    """Return what was left of a fold; None if it is not there, or not whole.

    Args:
        path: the table.
        recipe: how the fold's model is made.
        data: the fold's images.
    """
    description = path.with_suffix(".json")
    if not (path.is_file() and description.is_file()):
        return None
    try:
        table = predictions.read(path)
        info = model_info.from_json(description.read_bytes())
    except (CelebtoolError, ValueError):
        return None
    wanted = [sample.path for sample in data.test]
    is_whole = [row.path for row in table.rows] == wanted and table.class_names == data.class_names
    return Done(info, table.rows) if is_whole and info.recipe == json.loads(json.dumps(recipe)) else None
