"""``ensemble MODEL.h5… OUT.h5``: one model that averages several."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from celebtool import console, options
from celebtool.errors import command_line, printable

if TYPE_CHECKING:
    from celebtool.training.training_set import TrainingData


def parse_shares(text: str | None, count: int) -> list[float] | None:
    """Parse ``0.6,0.4`` into one positive number per model."""
    if text is None:
        return None
    try:
        shares = [float(part) for part in text.split(",")]
    except ValueError:
        shares = []
    if len(shares) != count or not all(share > 0 and math.isfinite(share) for share in shares):
        raise typer.BadParameter(
            f"{text!r}: expected {count} positive numbers, one per model, as 0.6,0.4", param_hint="--shares"
        )
    return shares


def ensemble(
    models: Annotated[
        list[Path], typer.Argument(metavar="MODEL.h5... OUT.h5", help="Models to average, then the model to write.")
    ],
    shares: Annotated[
        str | None,
        typer.Option(
            "--shares", metavar="S,S…", help="Weight of each model in the average, as 0.6,0.4.", show_default="equal"
        ),
    ] = None,
    tune: Annotated[
        Path | None,
        typer.Option("--tune", metavar="PARTS", help="Choose the shares that give the lowest log loss on PARTS/val."),
    ] = None,
    overwrite: options.Overwrite = False,
    quiet: options.Quiet = False,  # noqa: ARG001
) -> None:
    """Combine several models into one.

    It averages their probabilities. The models may have different architectures and image sizes; they must know the
    same people.

    Example: celebtool ensemble mobilenet.h5 inception.h5 both.h5 --tune parts/
    """
    from celebtool.formats import model_file, provenance
    from celebtool.system.output import is_finished_file, new_file
    from celebtool.training import ensembles, training_set

    *inputs, path = models
    _check_models(inputs, path, overwrite=overwrite)
    if shares and tune:
        raise typer.BadParameter("chooses the shares; remove --shares", param_hint="--tune")
    given = parse_shares(shares, len(inputs)) or (None if tune else [1 / len(inputs)] * len(inputs))
    infos = [(source, model_file.read_info(source)) for source in inputs]
    warning = ensembles.check(infos)
    data = training_set.read(tune, 0, console.warn) if tune else None
    if data:
        ensembles.check_tuning(data, infos, console.warn)
    tuned_on = provenance.recipe("ensemble", {}, tune) if tune else None
    recipe = ensembles.recipe([info for _, info in infos], given, tuned_on)
    if not overwrite and is_finished_file(path, lambda made: model_file.is_made_by(made, recipe)):
        console.finished(path)
        return
    read = [*inputs, *([tune] if tune else [])]
    with new_file(path, inputs=read, recipe=recipe, overwrite=overwrite) as workspace:
        if warning:
            console.warn(warning)
        weights = given or (_tuned(inputs, data) if data else [])
        info, arrays = ensembles.combine([model_file.read(source) for source in inputs], weights, recipe)
        from celebtool.nn import classifier

        classifier.save(classifier.restore(info, arrays, path), workspace.content)
    what = f"{len(inputs)} models, {len(info.class_names)} classes, inputs {', '.join(info.inputs)}"
    console.done(path, what, f"{command_line('predict', path)} PHOTOS")


def _check_models(inputs: Sequence[Path], path: Path, *, overwrite: bool) -> None:
    """Refuse too few models, and a model to write that is not the last one."""
    if len(inputs) < 2:
        raise typer.BadParameter(
            "expected at least two models, and the model to write", param_hint="MODEL.h5... OUT.h5"
        )
    options.check_model_name(path)
    if path.is_file() and not inputs[0].exists() and not overwrite:
        right = command_line("ensemble", *inputs[1:], path, inputs[0])
        raise typer.BadParameter(f"the model to write comes last; type {printable(right)}")


def _tuned(models: Sequence[Path], data: "TrainingData") -> Sequence[float]:
    """Predict val/ with every model, choose the shares, and show the log loss of each model and of the average."""
    import numpy as np

    from celebtool.inference import conversion, predictor, tuning
    from celebtool.training import ensembles

    files, labels = data.files(data.val), [sample.label or "" for sample in data.val]
    found = []
    with console.progress("reading the models") as progress:
        loaded = [predictor.load(model) for model in models]
        conversion.prepare([model.graphs[0] for model in loaded], progress.say)
        for number, model in enumerate(loaded, start=1):
            progress.stage(f"predicting val with model {number} of {len(models)}", "images")
            found.append(tuning.probabilities_of_labels(model, files, labels, progress))
    probabilities = np.stack(found)
    shares = ensembles.tune(probabilities)
    rows = [
        (str(model), f"{share:.3f}", f"{ensembles.log_loss(own[None], [1]):.4f}")
        for model, share, own in zip(models, shares, probabilities, strict=True)
    ]
    rows.append(("ensemble", "", f"{ensembles.log_loss(probabilities, shares):.4f}"))
    console.table(f"Shares chosen on {len(files)} val images", ("model", "share", "log loss"), rows, to_stderr=True)
    return shares
