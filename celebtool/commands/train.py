"""``train PARTS MODEL.h5``: train a network on an image folder, its pretrained backbone frozen."""

from pathlib import Path
from typing import Annotated

import typer

from celebtool import architectures, console, options
from celebtool.training.options import BY_ARCHITECTURE, DATA, NETWORK, RUN, RunOptions, TrainingOptions


def _list_architectures(name: str) -> str:
    if name == "list":
        columns = ("name", "image size", "weights", "head", "network")
        console.table("Architectures", columns, [a.summary() for a in architectures.ARCHITECTURES.values()])
        raise typer.Exit
    return name


@options.expanded
def train(
    parts: options.Parts,
    model: Annotated[
        Path,
        typer.Argument(metavar="OUT.h5", help="Model to write; with --folds, a directory."),
    ],
    training: TrainingOptions,
    run: RunOptions,
    arch: Annotated[
        str,
        typer.Option(
            metavar="NAME",
            callback=_list_architectures,
            is_eager=True,
            rich_help_panel=NETWORK,
            help="Network to train; `--arch list` shows them.",
        ),
    ] = architectures.DEFAULT,
    weights: Annotated[
        str | None,
        typer.Option(
            metavar="imagenet|none|FILE",
            rich_help_panel=NETWORK,
            help="Weights of the backbone. With none, the whole network is trained from random weights.",
            show_default=BY_ARCHITECTURE,
        ),
    ] = None,
    image_size: options.ImageSizeText = None,
    folds: Annotated[
        int | None,
        typer.Option(
            "--folds",
            min=2,
            metavar="K",
            rich_help_panel=DATA,
            help="Cross-validate: write, instead of a model, a directory with one table of what K models, each trained without a "
            "K-th of the images, predict for those that they have not seen.",
        ),
    ] = None,
    no_enrol: Annotated[
        bool,
        typer.Option(
            "--no-enrol",
            rich_help_panel=RUN,
            help="Leave the embeddings of the training images, which are biometric data, out of the model. "
            "`finetune --add` and `--forget` need them.",
        ),
    ] = False,
    overwrite: options.Overwrite = False,
    quiet: options.Quiet = False,  # noqa: ARG001
) -> None:
    """Train a face classifier.

    A pretrained backbone stays as it is: it runs once over every image, and only the layers after it are trained.

    With --folds, every image is tested once, by a model that has seen neither it nor a copy of it.

    Example: celebtool train parts/ model.h5
    """
    from celebtool.api import training as api
    from celebtool.api.plans import Network
    from celebtool.commands import training as shared

    shared.check_order("train", parts, model, folder=0)
    network = Network(architectures.get(arch), weights, options.parse_image_size(image_size), enrol=not no_enrol)
    if folds:
        from celebtool.commands import cross_validation

        cross_validation.run(parts, model, folds, network, training, run, overwrite=overwrite)
        return
    options.check_model_name(model)
    job, training_of = api.planned(parts, model, network, training, run, console)
    shared.run(job, run, training_of, overwrite=overwrite)
