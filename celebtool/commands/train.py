"""``train PARTS MODEL.h5``: train an architecture on an image folder, its pretrained backbone frozen."""

from typing import Annotated

import typer

from celebtool import console, options
from celebtool.system.output import is_finished_file, new_file


def _list_architectures(name: str) -> str:
    if name == "list":
        from celebtool.architectures import ARCHITECTURES

        columns = ("name", "image size", "weights", "head", "network")
        console.table("Architectures", columns, [a.summary() for a in ARCHITECTURES.values()])
        raise typer.Exit
    return name


def train(
    parts: options.Parts,
    model: options.OutputModel,
    arch: Annotated[
        str,
        typer.Option(
            "--arch",
            metavar="NAME",
            callback=_list_architectures,
            is_eager=True,
            help="Network to train; `--arch list` shows them.",
        ),
    ] = "face-resnet29",
    weights: Annotated[
        str | None,
        typer.Option(
            "--weights",
            metavar="imagenet|none|FILE.h5",
            help="The backbone's weights; none trains the whole network from random ones.",
            show_default=options.BY_ARCHITECTURE,
        ),
    ] = None,
    image_size: options.ImageSizeText = None,
    epochs: options.Epochs = None,
    batch_size: options.TrainBatchSize = None,
    learning_rate: options.LearningRate = None,
    optimizer: options.Optimizer = None,
    schedule: options.Schedule = "constant",
    warmup: options.Warmup = 0,
    dense: options.Dense = None,
    dropout: options.Dropout = None,
    l2: options.L2 = None,
    patience: options.Patience = None,
    monitor: options.Monitor = "val_loss",
    reduce_lr: options.ReduceLr = None,
    class_weights: options.ClassWeights = False,
    label_smoothing: options.LabelSmoothing = 0.0,
    augment: options.Augment = 0,
    allow_leak: options.AllowLeak = False,
    false_accept: options.FalseAccept = 0.01,
    cache_memory: options.CacheMemory = 4.0,
    devices: options.Devices = "one",
    history: options.History = None,
    resume: options.Resume = False,
    seed: options.Seed = 0,
    overwrite: options.Overwrite = False,
    quiet: options.Quiet = False,  # noqa: ARG001
) -> None:
    """Train a classifier: what is frozen runs once over every image, the rest in every epoch.

    Example: celebtool train parts/ model.h5
    """
    from celebtool import architectures
    from celebtool.formats import model_file, provenance
    from celebtool.training import data as training_data
    from celebtool.training import messages, settings

    architecture = architectures.get(arch)
    size = options.parse_image_size(image_size) or architecture.image_size
    given = settings.Given(
        dense=options.parse_dense(dense),
        dropout=dropout,
        l2=l2,
        epochs=epochs,
        batch_size=batch_size,
        learning_rate=learning_rate,
        optimizer=optimizer,
        schedule=schedule,
        warmup=warmup,
        patience=patience,
        monitor=monitor,
        reduce_lr=reduce_lr,
        class_weights=class_weights,
        label_smoothing=label_smoothing,
        augment=augment,
        false_accept=false_accept,
        seed=seed,
    )
    data = training_data.read(parts, seed, console.warn, allow_leak=allow_leak)
    for line in training_data.doubts(data, false_accept):
        console.warn(line)
    chosen = settings.for_training(given, architecture, has_val=bool(data.val))
    source = weights or architecture.pretrained
    start = {
        "arch": arch,
        "image_size": list(size),
        "weights": training_data.weights_digest(source),
        "allow_leak": allow_leak,
    }
    recipe = provenance.recipe("train", start | settings.parameters(chosen), parts)
    weights_file = training_data.weights_file(source)
    inputs = [parts, *([weights_file] if weights_file else [])]
    messages.check_history(history, model, inputs)
    if not overwrite and is_finished_file(model, lambda path: model_file.is_made_by(path, recipe)):
        console.finished(model)
        return
    with (
        new_file(
            model,
            recipe=recipe,
            inputs=inputs,
            overwrite=overwrite,
            resumable=True,
        ) as workspace,
        console.progress("images", "images") as progress,
    ):
        from celebtool.nn import classifier
        from celebtool.nn.training import fit, runs

        resources = fit.Resources(workspace.scratch, int(cache_memory * 1e9), devices)
        voice = fit.Voice(progress, console.note, resume=resume)
        begin = runs.Start(architecture, size, source)
        trained = runs.train(begin, data, chosen, recipe, resources, voice)
        classifier.save(trained, workspace.content)
        if history:
            messages.write_history(history, trained.info.history, inputs)
    console.table(*messages.table(trained.info), to_stderr=True)
    for line in messages.remedies(trained.info):
        console.warn(line)
