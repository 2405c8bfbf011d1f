"""``finetune MODEL.h5 PARTS OUT.h5``: train the last layers of a model's backbone too, at a lower rate."""

from typing import TYPE_CHECKING, Annotated

import typer

from celebtool import architectures, console, options
from celebtool.training.options import BY_ARCHITECTURE, NETWORK, RunOptions, TrainingOptions

if TYPE_CHECKING:
    from celebtool.nn.classifier import Classifier
    from celebtool.nn.training.fit import Resources
    from celebtool.system.progress import Progress


@options.expanded
def finetune(
    model: options.Model,
    parts: options.Parts,
    out: options.OutputModel,
    training: TrainingOptions,
    run: RunOptions,
    unfreeze: Annotated[
        str | None,
        typer.Option(
            metavar="N|all",
            rich_help_panel=NETWORK,
            help="Train the last N layers of the backbone, as keras.applications counts them.",
            show_default=BY_ARCHITECTURE,
        ),
    ] = None,
    overwrite: options.Overwrite = False,
    quiet: options.Quiet = False,  # noqa: ARG001
) -> None:
    """Train a model further, the last layers of its backbone too.

    What stays frozen runs once over every image. Batch normalisation keeps its statistics. With --dense, new hidden
    layers are put before the last layer.

    Example: celebtool finetune model.h5 parts/ finetuned.h5 --unfreeze 30
    """
    from celebtool.commands import training as shared
    from celebtool.formats import model_file, provenance
    from celebtool.training import messages, settings, training_set

    shared.check_order("finetune", model, parts, out, folder=1)
    layers = options.parse_unfreeze(unfreeze)
    info = messages.single_network(model_file.read_info(model), model)
    architecture = architectures.get(info.architecture)
    last = architecture.unfreeze if layers is None else layers
    data = shared.read(parts, training, run, trained=info.trained_on)
    training_set.check_classes(data, info.class_names)
    training_set.check_crops(data, info.crops)
    head = settings.Head(info.dense, info.dropout, info.l2)
    chosen = settings.for_finetuning(training, architecture, head, has_val=bool(data.val))
    for line in settings.optimizer_notes(training, architecture, chosen):
        console.note(line)
    base = {"arrays": info.arrays_sha256, "made_by": info.recipe}
    told = {"model": base, "unfreeze": last, "allow_leak": run.allow_leak}
    recipe = provenance.recipe("finetune", told | settings.parameters(chosen), parts)

    def finetuned(resources: "Resources", progress: "Progress") -> "Classifier":
        from celebtool.nn import classifier
        from celebtool.nn.training import runs

        return runs.finetune(classifier.load(model), last, data, chosen, recipe, resources, progress)

    shared.run(shared.Job(data, out, [parts, model], recipe), run, finetuned, overwrite=overwrite)
