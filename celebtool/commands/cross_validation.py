"""``train FACES OUT --folds K``: a model per fold, and what each predicts for the images that it has not seen."""

from pathlib import Path

import typer

from celebtool import console
from celebtool.api import cross_validation as api
from celebtool.api.plans import Network
from celebtool.errors import command_line, printable
from celebtool.training.options import RunOptions, TrainingOptions


def run(
    faces: Path,
    output: Path,
    number: int,
    network: Network,
    training: TrainingOptions,
    options: RunOptions,
    *,
    overwrite: bool,
) -> None:
    """Cross-validate, and say how the folds did."""
    from celebtool.training import fold_messages

    if output.suffix == ".h5":
        problem = f"{printable(output)}: --folds writes a directory; type {printable(output.with_suffix(''))}"
        raise typer.BadParameter(problem)
    if options.history:
        problem = "is of one run; leave it out: with --folds the output holds the history of each fold"
        raise typer.BadParameter(problem, param_hint="--history")
    job = api.planned(faces, output, number, network, training, options, console)
    found = api.write(job, options, console, overwrite=overwrite)
    if found is None:
        return
    console.table(*fold_messages.table(found.figures, found.models, job.folds), to_stderr=True)
    for line in fold_messages.doubts(found.models):
        console.warn(line)
    next_command = command_line("report", output / api.TABLE)
    console.done(output, fold_messages.summary(found.figures), next_command)
