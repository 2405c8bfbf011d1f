"""Train a model on an image folder: plan the run, train, write the model."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from celebtool.api import plans
from celebtool.api.plans import Network, Plan
from celebtool.errors import CelebtoolError
from celebtool.formats import history, model_file, provenance
from celebtool.formats.image_folder import Sample
from celebtool.formats.model_info import ModelInfo
from celebtool.system import places
from celebtool.system.output import Workspace, is_finished_file, new_file
from celebtool.system.progress import Listener, Progress
from celebtool.training import acceptance, folder_doubts, messages, settings, training_set
from celebtool.training.options import RunOptions, TrainingOptions
from celebtool.training.outcome import Tested
from celebtool.training.training_set import TrainingData

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from celebtool.inference.solved_head import Head
    from celebtool.nn.classifier import Classifier
    from celebtool.nn.training.fit import Resources
    from celebtool.nn.training.shared import Shared


class Trained(Protocol):
    """A model that has been trained."""

    @property
    def info(self) -> ModelInfo:
        """Its description."""

    @property
    def tested(self) -> Tested | None:
        """What its last layer reads of the images of test, if there are any."""

    def save(self, path: Path) -> None:
        """Write it."""


Train = Callable[[Path, Progress], Trained]
"""Trains a model; it may keep files in a directory, and tells of its progress."""


@dataclass(frozen=True)
class Job:
    """A run that is about to begin: the images, the model to write, all that is read for it, and its recipe."""

    data: TrainingData
    output: Path
    inputs: Sequence[Path]
    recipe: Mapping[str, object]


@dataclass
class Common:
    """What several runs on images of one folder share.

    Args:
        samples: all images.
        scratch: a directory.
        embeddings: those that were computed or known, by path.
        activations: what the frozen part of a network made of all images.
    """

    samples: Sequence[Sample]
    scratch: Path
    embeddings: "dict[str, NDArray[np.float32]]" = field(default_factory=dict)
    activations: "Shared | None" = None


def read(
    parts: Path, training: TrainingOptions, run: RunOptions, tell: Listener, trained: Collection[str] = ()
) -> TrainingData:
    """List the images to train on, and warn of what a user should know about them.

    Args:
        parts: the image folder.
        training: seed and share of strangers.
        run: whether leaks are allowed.
        tell: hears of progress and of doubts.
        trained: origins of the photos that the model has seen before.
    """
    with tell.progress("reading the folder", "images") as progress:
        data = training_set.read(
            parts, training.seed, tell.warn, allow_leak=run.allow_leak, trained=trained, progress=progress
        )
    for line in folder_doubts.doubts(data, training.false_accept):
        tell.warn(line)
    return data


def planned(
    parts: Path, output: Path, network: Network, training: TrainingOptions, run: RunOptions, tell: Listener
) -> tuple[Job, Train]:
    """Return a run of `train`, and what trains the model.

    Raises:
        CelebtoolError: the folder or the weights can't be used, or the output is one of them.
    """
    data = read(parts, training, run, tell)
    how = plans.completed(network, training, data, tell, has_val=bool(data.val))
    inputs = [parts, *how.files]
    places.checked(output, inputs)  # before the weights are read, since they may be the output by mistake
    recipe = provenance.recipe("train", plans.parameters(how, allow_leak=run.allow_leak), parts)
    job = Job(data, output, inputs, recipe)
    return job, trainer(job, run, how, tell)


def trainer(job: Job, run: RunOptions, plan: Plan, tell: Listener, common: Common | None = None) -> Train:
    """Return what trains: without TensorFlow if nothing but the default head is trained.

    `common`: what other runs on the same images share with this one.
    """
    network, chosen = plan.network, plan.chosen

    def trained(resources: "Resources", progress: Progress) -> "Classifier":
        from celebtool.nn.training import runs

        start = runs.Start(network.architecture, plan.size, plan.source, enrol=network.enrol)
        return runs.train(start, job.data, chosen, job.recipe, resources, progress)

    def solved(_scratch: Path, progress: Progress) -> "Head":
        from celebtool.inference import solved_head

        computed = common.embeddings if common else {}
        return solved_head.train(job.data, chosen, job.recipe, progress, enrol=network.enrol, computed=computed)

    quick = settings.is_head_alone(network.architecture.name, plan.size, plan.source, job.data.crops, chosen)
    return solved if quick else with_keras(job, run, trained, tell, common)


def write(job: Job, run: RunOptions, train: Train, tell: Listener, *, overwrite: bool) -> ModelInfo | None:
    """Train a model, and write it and its history; return its description, None if it was there already.

    Raises:
        CelebtoolError: an output can't be written where it is wanted, or the images can't be trained on.
    """
    history.check_place(run.history, job.output, job.inputs)
    if not overwrite and is_finished_file(job.output, lambda path: model_file.is_made_by(path, job.recipe)):
        tell.finished(job.output)
        return None
    with (
        new_file(
            job.output,
            recipe=job.recipe,
            inputs=job.inputs,
            overwrite=overwrite,
            resumable=True,
        ) as workspace,
        tell.progress("reading the images") as progress,
    ):
        note_start(run, workspace, tell)
        trained = train(workspace.scratch, progress)
        trained.save(workspace.content)
        if run.history:
            history.write_new(run.history, trained.info.history, job.inputs)
    return trained.info


def note_start(run: RunOptions, workspace: Workspace, tell: Listener) -> None:
    """Note that there is nothing to continue, if a run is to continue an earlier one."""
    if run.resume and not any(workspace.scratch.iterdir()):
        tell.note("nothing to continue; training starts at the beginning")


def tell_of(info: ModelInfo, tell: Listener) -> None:
    """Tell what to expect of a model that has been trained, and what to doubt."""
    for line in acceptance.expected(info):
        tell.note(line)
    for line in (*messages.remedies(info), *acceptance.doubts(info)):
        tell.warn(line)


def with_keras(
    job: Job,
    run: RunOptions,
    train: "Callable[[Resources, Progress], Classifier]",
    tell: Listener,
    common: Common | None = None,
) -> Train:
    """Return what trains with Keras: it checks that the images are crops, and says what it computes on.

    `common`: what other runs on the same images share with this one; the first of them checks and says it for all.
    """

    def trained(scratch: Path, progress: Progress) -> "Classifier":
        progress.stage("loading TensorFlow")
        from celebtool.nn.training import devices, fit, memory
        from celebtool.nn.training.shared import Shared

        room = int(run.cache_memory * 1e9)
        if common is None or common.activations is None:
            if job.data.crops is None and not run.allow_uncropped:
                check_crops(job.data, progress, tell.warn)
            tell.note(devices.described(run.devices))
        if common is None:
            return train(fit.Resources(scratch, room, run.devices), progress)
        common.activations = common.activations or Shared(common.samples, common.scratch, room)
        with memory.cleared(common.scratch):
            return train(fit.Resources(scratch, room, run.devices, common.activations), progress)

    return trained


def check_crops(data: TrainingData, progress: Progress, warn: Callable[[str], None]) -> None:
    """Refuse raw photos, and warn of loose crops.

    Raises:
        CelebtoolError: the images look like photos from which no faces were cropped.
    """
    from celebtool.inference import conversion
    from celebtool.inference.detection import framing, networks

    progress.stage("looking for faces")
    conversion.prepare(networks.graphs(), progress.say)
    found = framing.framing(framing.sample(data.files(data.train)))
    if found.is_uncropped:
        raise CelebtoolError(data.folder.root, messages.uncropped(data.folder.root, found.raw, found.images))
    if found.is_loose:
        warn(messages.loose(data.folder.root, found.fill))
