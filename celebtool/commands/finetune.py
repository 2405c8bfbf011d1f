"""``finetune MODEL.h5 PARTS OUT.h5``: train the last layers of a model's backbone too, at a lower rate."""

from typing import Annotated

import typer

from celebtool import console, options
from celebtool.system.output import is_finished_file, new_file


def finetune(
    model: options.Model,
    parts: options.Parts,
    out: options.OutputModel,
    unfreeze: Annotated[
        str | None,
        typer.Option(
            "--unfreeze",
            metavar="N|all",
            help="The backbone's last layers to train, as keras.applications counts them.",
            show_default=options.BY_ARCHITECTURE,
        ),
    ] = None,
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
    """Train a model further, the last layers of its backbone too.

    What stays frozen runs once over every image; batch normalisation keeps what it learnt before. With --dense, new
    hidden layers come before the last one.

    Example: celebtool finetune model.h5 parts/ finetuned.h5 --unfreeze 30
    """
    from celebtool import architectures
    from celebtool.formats import model_file, provenance
    from celebtool.training import data as training_data
    from celebtool.training import messages, settings

    layers = options.parse_unfreeze(unfreeze)
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
    info = messages.single_network(model_file.read_info(model), model)
    architecture = architectures.get(info.architecture)
    last = architecture.unfreeze if layers is None else layers
    data = training_data.read(parts, seed, console.warn, allow_leak=allow_leak, trained=info.origins)
    for line in training_data.doubts(data, false_accept):
        console.warn(line)
    training_data.check_classes(data, info.class_names)
    head = settings.Head(info.dense, info.dropout, info.l2)
    chosen = settings.for_finetuning(given, architecture, head, has_val=bool(data.val))
    told = {"model": {"arrays": info.arrays_sha256, "made_by": info.recipe}, "unfreeze": last, "allow_leak": allow_leak}
    recipe = provenance.recipe("finetune", told | settings.parameters(chosen), parts)
    inputs = [parts, model]
    messages.check_history(history, out, inputs)
    if not overwrite and is_finished_file(out, lambda path: model_file.is_made_by(path, recipe)):
        console.finished(out)
        return
    with (
        new_file(
            out,
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
        base = classifier.load(model)
        trained = runs.finetune(base, last, data, chosen, recipe, resources, voice)
        classifier.save(trained, workspace.content)
        if history:
            messages.write_history(history, trained.info.history, inputs)
    console.table(*messages.table(trained.info), to_stderr=True)
    for line in messages.remedies(trained.info):
        console.warn(line)
