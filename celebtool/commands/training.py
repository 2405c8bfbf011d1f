"""What `train` and `finetune` share: checks of their arguments and models, and what is said at the end of a run."""

from pathlib import Path

import typer

from celebtool import console
from celebtool.api import training as api
from celebtool.api.training import Job, Train
from celebtool.errors import CelebtoolError, command_line, printable
from celebtool.formats.model_info import ENSEMBLE, ModelInfo
from celebtool.training import messages
from celebtool.training.options import RunOptions


def check_order(command: str, *words: Path, folder: int) -> None:
    """Refuse arguments in another order than the command's, in which the image folder has the index `folder`."""
    folders = [word for word in words if word.is_dir()]
    if words[folder].suffix == ".h5" and len(folders) == 1 and words[folder] not in folders:
        models = [word for word in words if word not in folders]
        right = command_line(command, *models[:folder], *folders, *models[folder:])
        raise typer.BadParameter(f"the arguments are in another order than expected; type {printable(right)}")


def single_network(info: ModelInfo, path: Path) -> ModelInfo:
    """Return the description of a model that can be fine-tuned.

    Raises:
        CelebtoolError: it is an ensemble.
    """
    if info.architecture == ENSEMBLE:
        raise CelebtoolError(path, "is an ensemble; fine-tune its members, then make the ensemble again")
    return info


def run(job: Job, options: RunOptions, train: Train, *, overwrite: bool) -> None:
    """Train a model, write it and its history, and say what it reached."""
    info = api.write(job, options, train, console, overwrite=overwrite)
    if info is None:
        return
    console.table(*messages.table(info), to_stderr=True)
    api.tell_of(info, console)
    console.done(job.output, messages.summary(info), _next_command(job))


def _next_command(job: Job) -> str:
    if "test" in job.data.folder.parts:
        return f"{command_line('predict', job.output, job.data.folder.root / 'test')} | celebtool report"
    return f"{command_line('predict', job.output)} PHOTOS"
