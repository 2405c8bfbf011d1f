"""Cross-validate: train a model per fold, and write what each predicts for the images that it has not seen.

The models are not kept. They would be as large as the one that `train` makes of all images, and hold as much of people.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from celebtool.api import plans, training
from celebtool.api.plans import Network, Plan
from celebtool.api.training import Common, Job
from celebtool.evaluation import cross_validation
from celebtool.evaluation.cross_validation import CrossValidation
from celebtool.formats import provenance
from celebtool.formats.model_info import ModelInfo
from celebtool.formats.predictions import Predictions
from celebtool.system.output import is_finished, new_directory
from celebtool.system.progress import Listener
from celebtool.training import folder_doubts, folds
from celebtool.training.folds import Folds
from celebtool.training.options import RunOptions, TrainingOptions
from celebtool.training.training_set import TrainingData

if TYPE_CHECKING:
    from celebtool.inference.out_of_fold import Train

TABLE = "predictions.csv"
"""The name of the table in the directory that is written."""


@dataclass(frozen=True)
class FoldsJob:
    """A cross-validation that is about to begin: the folds, the directory to write, how to train, and the recipe."""

    folds: Folds
    output: Path
    plan: Plan
    recipe: Mapping[str, object]

    @property
    def inputs(self) -> list[Path]:
        """All that is read."""
        return [self.folds.folder.root, *self.plan.files]


@dataclass(frozen=True)
class Validated:
    """The figures of a cross-validation, and the description of each fold's model."""

    figures: CrossValidation
    models: tuple[ModelInfo, ...]


def planned(
    faces: Path,
    output: Path,
    number: int,
    network: Network,
    options: TrainingOptions,
    run: RunOptions,
    tell: Listener,
) -> FoldsJob:
    """Return a cross-validation with so many folds.

    Raises:
        CelebtoolError: the folder or the weights can't be used, or there are too few pictures for so many folds.
    """
    with tell.progress("reading the folder", "images") as progress:
        found = folds.read(faces, number, options.seed, tell.warn, progress)
    first = found.data[0]
    for line in folder_doubts.doubts(first, options.false_accept):
        tell.warn(line)
    plan = plans.completed(network, options, first, tell, has_val=all(data.val for data in found.data))
    parameters = {**plans.parameters(plan, allow_leak=run.allow_leak), "folds": number}
    return FoldsJob(found, output, plan, provenance.recipe("train", parameters, faces))


def write(job: FoldsJob, run: RunOptions, tell: Listener, *, overwrite: bool) -> Validated | None:
    """Train a model per fold, and write one table of predictions; None if it was there already.

    Raises:
        CelebtoolError: the output can't be written where it is wanted, or the images can't be trained on.
    """
    if not overwrite and is_finished(job.output, job.recipe):
        tell.finished(job.output)
        return None
    from celebtool.inference import out_of_fold

    with (
        new_directory(
            job.output, recipe=job.recipe, inputs=job.inputs, overwrite=overwrite, resumable=True
        ) as workspace,
        tell.progress("reading the images") as progress,
    ):
        training.note_start(run, workspace, tell)
        train = _trainer(job, run, tell, Common(job.folds.used, workspace.scratch))
        done = out_of_fold.run(job.folds, job.recipe, train, workspace.scratch, progress)
        rows = out_of_fold.ordered(job.folds, done)
        class_names = job.folds.data[0].class_names
        out_of_fold.write(workspace.content / TABLE, class_names, rows)
        out_of_fold.write_histories(done, workspace.content)
    figures = cross_validation.evaluate(Predictions(class_names, rows), job.folds.groups)
    return Validated(figures, tuple(each.info for each in done))


def _trainer(job: FoldsJob, run: RunOptions, tell: Listener, common: Common) -> "Train":
    def train(data: TrainingData, recipe: Mapping[str, object]) -> training.Train:
        return training.trainer(Job(data, job.output, job.inputs, recipe), run, job.plan, tell, common)

    return train
