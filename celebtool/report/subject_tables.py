"""Histories, image folders and models as tables."""

import statistics
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from celebtool.formats import history
from celebtool.formats.history import Epoch
from celebtool.formats.image_folder import UNKNOWN, ImageFolder
from celebtool.formats.model_info import ModelInfo
from celebtool.formats.text import natural_key, shorten
from celebtool.report.prediction_tables import LONGEST_NAME
from celebtool.report.subject_records import allowed_leak, parameters
from celebtool.report.table import Cell, Mark, Row, Table

if TYPE_CHECKING:  # it loads SciPy, which a report on a table has no need of
    from celebtool.folders.inspection import Inspection

SHOWN = 3  # images named of each flaw


def epochs(name: str, run: Sequence[Epoch]) -> Table:
    """A row per epoch; the best one (lowest val loss, else lowest loss) stands out and is named in the title."""
    best = history.best(run)
    columns = ("epoch", "loss", "accuracy", "val loss", "val accuracy", "learning rate", "seconds")
    rows: list[Row] = []
    for epoch in run:
        cells = (
            str(epoch.epoch),
            _figure(epoch.loss, ".4f"),
            _figure(epoch.accuracy, ".3f"),
            _figure(epoch.val_loss, ".4f"),
            _figure(epoch.val_accuracy, ".3f"),
            _figure(epoch.learning_rate, ".3g"),
            _figure(epoch.seconds, ".1f"),
        )
        rows.append([Cell(cell, Mark.BEST) for cell in cells] if epoch is best else cells)
    return Table(f"{name}: the best epoch is {best.epoch} of {len(run)}", columns, rows)


def folder(name: str, listed: ImageFolder, seen: "Inspection", longest: int = LONGEST_NAME) -> list[Table]:
    """Images per class and part, and their sizes; the sizes alone for a folder without class directories."""
    shown = [classes(name, listed, longest)] if listed.class_names else []
    flawed = flaws(seen)
    title = (
        "Sizes in pixels" if shown else f"{name}: {len(listed.samples)} images, no class directories; sizes in pixels"
    )
    return [*shown, *([sizes(title, seen)] if seen.sizes else []), *([flawed] if flawed.rows else [])]


def classes(name: str, folder: ImageFolder, longest: int = LONGEST_NAME) -> Table:
    """Images per class and part; what is missing stands out."""
    parts = folder.parts or (None,)
    counts = [folder.counts(part) for part in parts]
    total = folder.counts()
    names = [*sorted(folder.class_names, key=natural_key), *([UNKNOWN] if total[UNKNOWN] else [])]
    rows: list[Row] = []
    for label in names:
        missing = Mark.PLAIN if label == UNKNOWN else Mark.WRONG  # strangers are never trained on
        cells = [Cell(str(count[label]), Mark.PLAIN if count[label] else missing) for count in counts]
        rows.append((shorten(label, longest), *cells, *([str(total[label])] if folder.parts else [])))
    sums = [sum(count.values()) for count in counts] + ([sum(total.values())] if folder.parts else [])
    columns = ("class", *(part or "images" for part in parts), *(["all"] if folder.parts else []))
    return Table(
        f"{name}: {len(folder.samples)} images of {len(folder.class_names)} classes",
        columns,
        rows,
        [("all", *map(str, sums))],
    )


def sizes(title: str, seen: "Inspection") -> Table:
    """Smallest, median and largest height and width, in pixels."""
    rows = [
        (name, str(min(values)), f"{statistics.median(values):g}", str(max(values)))
        for name, values in zip(("height", "width"), zip(*seen.sizes, strict=True), strict=False)
    ]
    return Table(title, ("", "min", "median", "max"), rows)


def flaws(seen: "Inspection") -> Table:
    """How many images are copies, blurry, dark or tiny, and the first of each; no row for what there is none of."""
    spare = [sample.path for each in seen.copies for sample in each[1:]]
    found = {"copies of others": spare, "blurry": seen.blurry, "dark": seen.dark, "tiny": seen.tiny}
    rows = [
        (flaw, str(len(paths)), ", ".join(paths[:SHOWN]) + (", …" if len(paths) > SHOWN else ""))
        for flaw, paths in found.items()
        if paths
    ]
    return Table("Images to look at", ("", "images", "the first"), rows)


def _figure(value: float | None, form: str) -> str:
    return "" if value is None else format(value, form)


def model(name: str, info: ModelInfo) -> Table:
    """What a model is, how well it did and how it was made (the last command first), a fact a row."""
    total, trainable = parameters(info)
    facts = {
        "architecture": info.architecture,
        **{
            f"member {number}": f"{member.architecture}, {_size(member.image_size)}, share {share:.3g}"
            for number, (share, member) in enumerate(zip(info.shares, info.members, strict=True), start=1)
        },
        "input": ", ".join(_size(size) for size in info.inputs.values()) + " (height x width)",
        "parameters": f"{total:,}",
        "trainable": f"{trainable:,}",
        "not trainable": f"{total - trainable:,}",
        "head": _head(info),
        "faces": _pairs(info.crops) if info.crops else "not cropped by celebtool",
        "strangers": "" if info.threshold is None else f"below a score of {info.threshold:.4g}",
        "training photos": str(len(info.origins)) if info.origins else "",
        "leak": "trained with --allow-leak" if allowed_leak(info) else "",
        "reached": _pairs({key: f"{value:.4g}" for key, value in info.metrics.items()}),
        "written with": _pairs(info.versions),
        f"{len(info.class_names)} classes": ", ".join(info.class_names),
    }
    rows = [(fact, text) for fact, text in facts.items() if text]
    rows += [("made by", command) for command in _commands(info.recipe)]
    return Table(name, ("", "model"), rows)


def layers(info: ModelInfo) -> Table:
    """A row per layer; what was trained stands out."""
    rows = [
        tuple(
            Cell(cell, Mark.BEST if layer.trainable and layer.parameters else Mark.PLAIN)
            for cell in (
                layer.name,
                layer.kind,
                " x ".join(map(str, layer.output_shape)),
                f"{layer.parameters:,}",
                f"{layer.trainable_parameters if layer.trainable else 0:,}",
            )
        )
        for layer in info.layers
    ]
    return Table(f"{len(rows)} layers", ("layer", "kind", "output", "parameters", "trainable"), rows)


def _size(size: tuple[int, int]) -> str:
    return f"{size[0]}x{size[1]}"


def _head(info: ModelInfo) -> str:
    said = {"dense": "+".join(map(str, info.dense)), "dropout": f"{info.dropout:g}", "l2": f"{info.l2:g}"}
    return _pairs({key: value for key, value in said.items() if value not in ("", "0")})


def _pairs(pairs: Mapping[str, object]) -> str:
    return ", ".join(f"{key} {value}" for key, value in pairs.items())


def _commands(recipe: Mapping[str, object]) -> list[str]:
    """The commands of a recipe, the last one first: each has an ``input`` that was ``made_by`` the one before."""
    said = []
    made_by: object = recipe
    while isinstance(made_by, Mapping) and made_by.get("command"):
        given = made_by.get("parameters")
        set_ones = {k: v for k, v in given.items() if v not in (None, False, "")} if isinstance(given, Mapping) else {}
        said.append(": ".join(filter(None, (str(made_by["command"]), _pairs(set_ones)))))
        source = made_by.get("input")
        made_by = source.get("made_by") if isinstance(source, Mapping) else None
    return said
