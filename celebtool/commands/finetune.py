"""``finetune MODEL.h5 PARTS OUT.h5``: train the last layers of a model's backbone too, at a lower rate."""

import unicodedata
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from celebtool import architectures, console, options
from celebtool.errors import command_line, printable
from celebtool.training.options import BY_ARCHITECTURE, NETWORK, PEOPLE, RunOptions, TrainingOptions

if TYPE_CHECKING:
    from celebtool.nn.classifier import Classifier
    from celebtool.nn.training.fit import Resources
    from celebtool.system.progress import Progress


@options.expanded
def finetune(
    model: options.Model,
    parts: Annotated[
        Path,
        typer.Argument(
            metavar="PARTS",
            help="Image folder with train/ and val/, or unsplit. With --add, that of the new people; with --forget alone, none.",
        ),
    ],
    out: Annotated[
        Path | None, typer.Argument(metavar="OUT.h5", callback=options.check_model_name, help="Model to write.")
    ] = None,
    *,
    training: TrainingOptions,
    run: RunOptions,
    add: Annotated[
        bool,
        typer.Option(
            "--add",
            rich_help_panel=PEOPLE,
            help="Add the people of PARTS to those whom the model knows, without the old images; three photos of each are "
            "enough. People in unknown/ are rejected from then on.",
        ),
    ] = False,
    forget: Annotated[
        list[str] | None,
        typer.Option(
            "--forget",
            metavar="NAME",
            rich_help_panel=PEOPLE,
            help="Remove a person and everything that the file holds of them; repeatable. `unknown` stands for all "
            "strangers that the model remembers.",
        ),
    ] = None,
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

    With --add and --forget the backbone stays as it is: the head is solved again from the embeddings that the model
    holds, and the threshold for strangers is set again.

    Example: celebtool finetune model.h5 parts/ finetuned.h5 --unfreeze 30
    """
    if add or forget:
        _change_people(model, parts, out, forget or [], training, run, add=add, unfreeze=unfreeze, overwrite=overwrite)
        return
    if out is None:
        raise typer.BadParameter("the argument OUT.h5 is missing")
    _finetune(model, parts, out, training, run, unfreeze, overwrite=overwrite)


def _change_people(
    model: Path,
    parts: Path,
    out: Path | None,
    forget: list[str],
    training: TrainingOptions,
    run: RunOptions,
    *,
    add: bool,
    unfreeze: str | None,
    overwrite: bool,
) -> None:
    """Add and forget people. Without --add there is no folder, so that the second argument is the model to write."""
    from celebtool.commands import people
    from celebtool.commands import training as shared

    people.check_options(training, run, unfreeze=unfreeze)
    if add and out is None:
        raise typer.BadParameter("needs the folder of the new people before the model to write", param_hint="--add")
    if not add and out is not None:
        names = [word for name in forget for word in ("--forget", name)]
        right = command_line("finetune", model, out, *names)
        problem = f"reads no folder; type {printable(right)}, or add --add to add the people of {printable(parts)}"
        raise typer.BadParameter(problem, param_hint="--forget")
    if out is None:
        new, output = None, options.check_model_name(parts) or parts
    else:
        new, output = parts, out
        shared.check_order("finetune", model, new, output, folder=1)
    names = [unicodedata.normalize("NFC", name) for name in forget]
    people.run(people.Change(model, new, output, names), training, run, overwrite=overwrite)


def _finetune(
    model: Path,
    parts: Path,
    out: Path,
    training: TrainingOptions,
    run: RunOptions,
    unfreeze: str | None,
    *,
    overwrite: bool,
) -> None:
    from celebtool.api import training as api
    from celebtool.commands import training as shared
    from celebtool.formats import model_file, provenance
    from celebtool.training import folder_doubts, settings, training_set

    shared.check_order("finetune", model, parts, out, folder=1)
    layers = options.parse_unfreeze(unfreeze)
    info = shared.single_network(model_file.read_info(model), model)
    if info.enrolment:
        model_file.read_embeddings(model)  # a damaged model is refused before TensorFlow is loaded
    architecture = architectures.get(info.architecture)
    last = architecture.unfreeze if layers is None else layers
    data = api.read(parts, training, run, console, trained=info.trained_on)
    for line in folder_doubts.unused(data):
        console.warn(line)
    training_set.check_classes(data, info.class_names)
    if warning := training_set.check_crops(data, info.crops):
        console.warn(warning)
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

    job = api.Job(data, out, [parts, model], recipe)
    shared.run(job, run, api.with_keras(job, run, finetuned, console), overwrite=overwrite)
