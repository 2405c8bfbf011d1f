"""``ensemble MODEL.h5… OUT.h5``: one model that averages several."""

import math
from pathlib import Path
from typing import Annotated

import typer

from celebtool import console, options


def parse_shares(text: str | None, count: int) -> list[float]:
    """Parse ``0.6,0.4`` into one positive number per model; None: equal shares."""
    if text is None:
        return [1 / count] * count
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
        typer.Option("--shares", metavar="S,S…", help="What each model counts, as 0.6,0.4.", show_default="equal"),
    ] = None,
    overwrite: options.Overwrite = False,
    quiet: options.Quiet = False,  # noqa: ARG001
) -> None:
    """Average the probabilities of several models, of whatever architectures and image sizes, in one file.

    Example: celebtool ensemble mobilenet.h5 inception.h5 both.h5 --shares 0.4,0.6
    """
    from celebtool import ensembles
    from celebtool.formats import model_file
    from celebtool.output import new_file

    *inputs, path = models
    if len(inputs) < 2:
        raise typer.BadParameter(
            "expected two models at least, and the model to write", param_hint="MODEL.h5... OUT.h5"
        )
    weights = parse_shares(shares, len(inputs))
    infos = [(source, model_file.read_info(source)) for source in inputs]
    warning = ensembles.check(infos)
    recipe = ensembles.recipe([info for _, info in infos], weights)
    with new_file(
        path, inputs=inputs, overwrite=overwrite, finished=lambda made: model_file.is_made_by(made, recipe)
    ) as workspace:
        if warning:
            console.warn(warning)
        info, arrays = ensembles.combine([model_file.read(source) for source in inputs], weights, recipe)
        from celebtool.nn import classifier

        classifier.save(classifier.restore(info, arrays, path), workspace.content)
    console.note(f"{path}: {len(inputs)} models, {len(info.class_names)} classes, inputs {', '.join(info.inputs)}")
