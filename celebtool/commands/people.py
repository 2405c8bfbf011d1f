"""What `finetune --add` and `--forget` do: change whom a model knows, without the images that it was trained on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path

import typer

from celebtool import architectures, console
from celebtool.api import training as api
from celebtool.commands.training import single_network
from celebtool.errors import CelebtoolError, command_line
from celebtool.formats import crops, model_file, provenance, recipes
from celebtool.formats.model_info import Arrays, ModelInfo
from celebtool.system.output import is_finished_file, new_file
from celebtool.system.progress import Progress
from celebtool.training import acceptance, enrolment, enrolment_messages, newcomers, training_set
from celebtool.training.enrolment import People
from celebtool.training.options import RunOptions, TrainingOptions
from celebtool.training.training_set import TrainingData

_MEANT = {"false_accept", "allow_leak", "allow_uncropped"}
"""The options that say something to a head that is solved at once."""


@dataclass(frozen=True)
class Change:
    """Whom to add to a model, from a folder, and whom to forget."""

    model: Path
    new: Path | None
    output: Path
    forget: Sequence[str]


def check_options(*groups: TrainingOptions | RunOptions, unfreeze: str | None) -> None:
    """Refuse the options of a training in epochs."""
    given = [
        each.name
        for group in groups
        for each in fields(group)
        if each.name not in _MEANT and getattr(group, each.name) != each.default
    ]
    given += ["unfreeze"] if unfreeze is not None else []
    if given:
        names = ", ".join(f"--{name.replace('_', '-')}" for name in given)
        problem = "has no effect with --add and --forget, which solve the head at once; remove it"
        raise typer.BadParameter(problem, param_hint=names)


def run(change: Change, training: TrainingOptions, options: RunOptions, *, overwrite: bool) -> None:
    """Change a model's people, write the new model, and say what has changed."""
    described, arrays, embeddings = model_file.read_whole(change.model)
    info = single_network(described, change.model)
    before = enrolment.read(info, embeddings, change.model)
    kept = enrolment.without(before, change.forget, change.model)
    if training.false_accept is not None:
        kept = replace(kept, method=replace(kept.method, false_accept=training.false_accept))
    data = _read_new(change.new, info, options) if change.new else None
    recipe = _recipe(info, kept, data, forget=bool(change.forget), allow_leak=options.allow_leak)
    if not overwrite and is_finished_file(change.output, lambda path: model_file.is_made_by(path, recipe)):
        console.finished(change.output)
        return
    inputs = [change.model, *([change.new] if change.new else [])]
    with (
        new_file(change.output, recipe=recipe, inputs=inputs, overwrite=overwrite) as workspace,
        console.progress("reading the model") as progress,
    ):
        if data and not options.allow_uncropped and data.crops is None:
            api.check_crops(data, progress, console.warn)
        after = _with_new(kept, data, info, change.model, progress) if data else kept
        enrolment.check_enough(after, change.output)
        found = _save(info, arrays, after, recipe, workspace.content, progress)
    for line in acceptance.expected(found):
        console.note(line)
    doubts = [*enrolment_messages.namesakes(kept, after), *enrolment_messages.doubts(kept, after, found.threshold)]
    for line in (*doubts, *acceptance.doubts(found)):
        console.warn(line)
    console.done(
        change.output, enrolment_messages.summary(before, after), f"{command_line('predict', change.output)} PHOTOS"
    )


def _read_new(new: Path, info: ModelInfo, options: RunOptions) -> TrainingData:
    data = newcomers.read_new(new, info.trained_on, console.warn, allow_leak=options.allow_leak)
    if warning := training_set.check_crops(data, info.crops):
        console.warn(warning)
    return data


def _recipe(
    info: ModelInfo, kept: People, data: TrainingData | None, *, forget: bool, allow_leak: bool
) -> Mapping[str, object]:
    """Return the recipe; after --forget it holds nothing of those who are forgotten, nor of what was made of them."""
    if forget:
        base = {"people": enrolment.digest(kept), "made_by": recipes.bare(info.recipe)}
    else:
        base = {"arrays": info.arrays_sha256, "made_by": info.recipe}
    told = {"model": base, "add": data is not None, "forget": forget}
    told |= {"false_accept": kept.method.false_accept, "allow_leak": allow_leak}
    return provenance.recipe("finetune", told, data.folder.root) if data else recipes.build("finetune", told, {})


def _with_new(kept: People, data: TrainingData, info: ModelInfo, model: Path, progress: Progress) -> People:
    """Add the people of a folder; embeddings that `crop-faces` left are not computed again."""
    samples = [*data.train, *data.remembered]
    margin = crops.margin(data.crops)
    if _is_default(info, kept) and margin is not None and margin == crops.margin(info.crops):
        from celebtool.inference import solved_head

        embeddings = solved_head.embedded("the new images", samples, data, margin, progress)
    else:
        progress.stage("loading TensorFlow")
        from celebtool.nn.training import enrolling

        progress.stage("reading the new images", "images")
        embeddings = enrolling.embeddings(model, data.files(samples), progress)
    width = info.enrolment.width if info.enrolment else 0  # of whom nobody may be left
    if embeddings.shape[1:] != (width,):
        problem = f"holds embeddings of {width} numbers, its network gives {embeddings.shape[1]}"
        raise CelebtoolError(model, f"{problem}; expected a whole model .h5")
    return enrolment.added(kept, *newcomers.gathered(data, samples, embeddings))


def _is_default(info: ModelInfo, people: People) -> bool:
    """Say whether a model's network is the default one, for crops as `crop-faces` cuts them."""
    own_size = info.image_size == architectures.get(architectures.EMBEDDER).input_size(crops.margin(info.crops))
    return people.method.from_crops and info.architecture == architectures.EMBEDDER and own_size


def _save(
    info: ModelInfo, arrays: Arrays, people: People, recipe: Mapping[str, object], path: Path, progress: Progress
) -> ModelInfo:
    """Solve the head, set the threshold, and write the model; return its description."""
    progress.stage("solving the head")
    from celebtool.training import head

    found, arrays, embeddings = head.solved(info, arrays, people)
    found = replace(found, recipe=recipe)
    progress.stage("writing the model")
    if _is_default(info, people):
        from celebtool.inference import solved_head

        solved_head.save(found, arrays, embeddings, path, progress)
    else:
        from celebtool.nn.training import enrolling

        enrolling.save(found, arrays, embeddings, path)
    return found
