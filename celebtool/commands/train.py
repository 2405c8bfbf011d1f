"""``train PARTS MODEL.h5``: train a network on an image folder, its pretrained backbone frozen."""

from typing import TYPE_CHECKING, Annotated

import typer

from celebtool import architectures, console, options
from celebtool.training.options import BY_ARCHITECTURE, NETWORK, RUN, RunOptions, TrainingOptions

if TYPE_CHECKING:
    from pathlib import Path

    from celebtool.inference.solved_head import Head
    from celebtool.nn.classifier import Classifier
    from celebtool.nn.training.fit import Resources
    from celebtool.system.progress import Progress


def _list_architectures(name: str) -> str:
    if name == "list":
        columns = ("name", "image size", "weights", "head", "network")
        console.table("Architectures", columns, [a.summary() for a in architectures.ARCHITECTURES.values()])
        raise typer.Exit
    return name


@options.expanded
def train(
    parts: options.Parts,
    model: options.OutputModel,
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

    Example: celebtool train parts/ model.h5
    """
    from celebtool.commands import training as shared
    from celebtool.formats import crops, provenance
    from celebtool.training import folder_doubts, settings, training_set

    shared.check_order("train", parts, model, folder=0)
    architecture = architectures.get(arch)
    given_size = options.parse_image_size(image_size)
    data = shared.read(parts, training, run)
    size = given_size or architecture.input_size(crops.margin(data.crops))
    chosen = settings.for_training(training, architecture, has_val=bool(data.val))
    for line in settings.optimizer_notes(training, architecture, chosen):
        console.note(line)
    remembers = bool(chosen.embedding) and chosen.optimizer in settings.AT_ONCE and not no_enrol
    for line in () if remembers else folder_doubts.unused(data):
        console.warn(line)
    source = weights or architecture.pretrained
    start = {
        "arch": arch,
        "image_size": list(size),
        "weights": training_set.weights_digest(source),
        "allow_leak": run.allow_leak,
    }
    if no_enrol:
        start["no_enrol"] = True
    recipe = provenance.recipe("train", start | settings.parameters(chosen), parts)
    file = training_set.weights_file(source)

    def trained(resources: "Resources", progress: "Progress") -> "Classifier":
        from celebtool.nn.training import runs

        return runs.train(
            runs.Start(architecture, size, source, enrol=not no_enrol), data, chosen, recipe, resources, progress
        )

    def solved(_scratch: "Path", progress: "Progress") -> "Head":
        from celebtool.inference import solved_head

        return solved_head.train(data, chosen, recipe, progress, enrol=not no_enrol)

    job = shared.Job(data, model, [parts, *([file] if file else [])], recipe)
    quick = settings.is_head_alone(arch, size, source, data.crops, chosen)
    shared.run(job, run, solved if quick else shared.with_keras(job, run, trained), overwrite=overwrite)
