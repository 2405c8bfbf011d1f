"""What `train` and `finetune` share: reading the images, the run itself, and what is said at its end."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import typer

from celebtool import console
from celebtool.errors import CelebtoolError, command_line, printable
from celebtool.formats import model_file
from celebtool.formats.model_info import ModelInfo
from celebtool.system.output import is_finished_file, new_file
from celebtool.training import acceptance, folder_doubts, messages, training_set
from celebtool.training.options import RunOptions, TrainingOptions
from celebtool.training.training_set import TrainingData

if TYPE_CHECKING:
    from celebtool.nn.classifier import Classifier
    from celebtool.nn.training.fit import Resources
    from celebtool.system.progress import Progress


class Trained(Protocol):
    """A model that has been trained."""

    @property
    def info(self) -> ModelInfo:
        """Its description."""

    def save(self, path: Path) -> None:
        """Write it."""


Train = Callable[[Path, "Progress"], Trained]
"""Trains a model; it may keep files in a directory, and tells of its progress."""


@dataclass(frozen=True)
class Job:
    """A run that is about to begin: the images, the model to write, all that is read for it, and its recipe."""

    data: TrainingData
    output: Path
    inputs: Sequence[Path]
    recipe: Mapping[str, object]


def check_order(command: str, *words: Path, folder: int) -> None:
    """Refuse arguments in another order than the command's, in which the image folder has the index `folder`."""
    folders = [word for word in words if word.is_dir()]
    if words[folder].suffix == ".h5" and len(folders) == 1 and words[folder] not in folders:
        models = [word for word in words if word not in folders]
        right = command_line(command, *models[:folder], *folders, *models[folder:])
        raise typer.BadParameter(f"the arguments are in another order than expected; type {printable(right)}")


def read(parts: Path, training: TrainingOptions, run: RunOptions, trained: Collection[str] = ()) -> TrainingData:
    """List the images to train on, and warn of what a user should know about them.

    Args:
        parts: the image folder.
        training: seed and share of strangers.
        run: whether leaks are allowed.
        trained: origins of the photos that the model has seen before.
    """
    with console.progress("reading the folder", "images") as progress:
        data = training_set.read(
            parts, training.seed, console.warn, allow_leak=run.allow_leak, trained=trained, progress=progress
        )
    for line in folder_doubts.doubts(data, training.false_accept):
        console.warn(line)
    return data


def run(job: Job, options: RunOptions, train: Train, *, overwrite: bool) -> None:
    """Train a model, write it and its history, and say what it reached."""
    messages.check_history(options.history, job.output, job.inputs)
    if not overwrite and is_finished_file(job.output, lambda path: model_file.is_made_by(path, job.recipe)):
        console.finished(job.output)
        return
    with (
        new_file(
            job.output,
            recipe=job.recipe,
            inputs=job.inputs,
            overwrite=overwrite,
            resumable=True,
        ) as workspace,
        console.progress("reading the images") as progress,
    ):
        if options.resume and not any(workspace.scratch.iterdir()):
            console.note("nothing to continue; training starts at the beginning")
        trained = train(workspace.scratch, progress)
        trained.save(workspace.content)
        if options.history:
            messages.write_history(options.history, trained.info.history, job.inputs)
    console.table(*messages.table(trained.info), to_stderr=True)
    for line in acceptance.expected(trained.info):
        console.note(line)
    for line in (*messages.remedies(trained.info), *acceptance.doubts(trained.info)):
        console.warn(line)
    console.done(job.output, messages.summary(trained.info), _next_command(job))


def with_keras(job: Job, options: RunOptions, train: "Callable[[Resources, Progress], Classifier]") -> Train:
    """Return what trains with Keras: it checks that the images are crops, and says what it computes on."""

    def trained(scratch: Path, progress: "Progress") -> "Classifier":
        progress.stage("loading TensorFlow")
        from celebtool.nn.training import devices, fit

        if job.data.crops is None and not options.allow_uncropped:
            check_crops(job.data, progress)
        console.note(devices.described(options.devices))
        return train(fit.Resources(scratch, int(options.cache_memory * 1e9), options.devices), progress)

    return trained


def check_crops(data: TrainingData, progress: "Progress") -> None:
    """Refuse raw photos, and warn of loose crops."""
    from celebtool.inference import conversion
    from celebtool.inference.detection import framing, networks

    progress.stage("looking for faces")
    conversion.prepare(networks.graphs(), progress.say)
    found = framing.framing(framing.sample(data.files(data.train)))
    if found.is_uncropped:
        raise CelebtoolError(data.folder.root, messages.uncropped(data.folder.root, found.raw, found.images))
    if found.is_loose:
        console.warn(messages.loose(data.folder.root, found.fill))


def _next_command(job: Job) -> str:
    if "test" in job.data.folder.parts:
        return f"{command_line('predict', job.output, job.data.folder.root / 'test')} | celebtool report"
    return f"{command_line('predict', job.output)} PHOTOS"
