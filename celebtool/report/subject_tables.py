"""Histories, image folders and models as tables."""

import statistics
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from celebtool.errors import count
from celebtool.formats import history, manifest
from celebtool.formats.history import Epoch
from celebtool.formats.image_folder import UNKNOWN, ImageFolder
from celebtool.formats.model_info import ModelInfo
from celebtool.formats.reasons import words
from celebtool.formats.text import natural_key, shorten
from celebtool.report import people
from celebtool.report.prediction_tables import LONGEST_NAME
from celebtool.report.subject_records import allowed_leak, parameters
from celebtool.report.table import Cell, Mark, Row, Table

if TYPE_CHECKING:  # it loads SciPy, which a report on a table has no need of
    from celebtool.folders.inspection import Inspection

_UNSET: tuple[object, ...] = (None, False, "", [])  # parameters of a command that was not told so
SHOWN = 3  # images named of each flaw


def epochs(name: str, run: Sequence[Epoch]) -> Table:
    """Return a row per epoch; the best one (lowest val loss, else lowest loss) is marked and named in the title.

    The history of a model has no times, nor a column for them.
    """
    best = history.best(run)
    columns: tuple[str, ...] = ("epoch", "loss", "accuracy", "val loss", "val accuracy", "learning rate", "seconds")
    if all(epoch.seconds is None for epoch in run):
        columns = columns[:-1]
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
        )[: len(columns)]
        rows.append([Cell(cell, Mark.BEST) for cell in cells] if epoch is best else cells)
    return Table(f"{name}: the best epoch is {best.epoch} of {len(run)}", columns, rows)


def folder(
    name: str,
    listed: ImageFolder,
    seen: "Inspection",
    rejects: Sequence[manifest.Row] = (),
    longest: int = LONGEST_NAME,
) -> list[Table]:
    """Count images per class and part, and give their sizes; only these for a folder without class directories."""
    shown = [classes(name, listed, longest)] if listed.class_names else []
    flawed = flaws(seen, rejects)
    title = (
        "Sizes in pixels"
        if shown
        else f"{name}: {count(len(listed.samples), 'image')}, no class directories; sizes in pixels"
    )
    return [*shown, *([sizes(title, seen)] if seen.sizes else []), *([flawed] if flawed.rows else [])]


def classes(name: str, folder: ImageFolder, longest: int = LONGEST_NAME) -> Table:
    """Count images per class and part; a class without images in a part is marked."""
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
        f"{name}: {count(len(folder.samples), 'image')} of {count(len(folder.class_names), 'class', 'classes')}",
        columns,
        rows,
        [("all", *map(str, sums))],
    )


def sizes(title: str, seen: "Inspection") -> Table:
    """Give the smallest, median and largest height and width, in pixels."""
    rows = [
        (name, str(min(values)), f"{statistics.median(values):g}", str(max(values)))
        for name, values in zip(("height", "width"), zip(*seen.sizes, strict=True), strict=False)
    ]
    return Table(title, ("", "min", "median", "max"), rows)


def flaws(seen: "Inspection", rejects: Sequence[manifest.Row] = ()) -> Table:
    """Count the images that are copies, blurry, dark, tiny or rejected, and name the first of each."""
    spare = [f"{copy} (of {original})" for copy, original in copied(seen)]
    rejected = [f"{row.source} ({words(row.reason)})" for row in rejects]
    found = {
        "copies of others": spare,
        "blurry": seen.blurry,
        "dark": seen.dark,
        "tiny": seen.tiny,
        "rejected, not in the folder": rejected,
    }
    rows = [
        (flaw, str(len(paths)), ", ".join(paths[:SHOWN]) + (", …" if len(paths) > SHOWN else ""))
        for flaw, paths in found.items()
        if paths
    ]
    return Table("Images to look at", ("", "images", "the first"), rows)


def copies(seen: "Inspection") -> Table:
    """Every image that is a copy, and the first image, in the folder's order, that shows the same picture."""
    return Table("Copies", ("image", "is a copy of"), copied(seen))


def rejects(rows: Sequence[manifest.Row]) -> Table:
    """The images that were not taken into a folder, and why, as its manifest says."""
    shown = [(row.source, row.label, words(row.reason)) for row in rows]
    return Table(f"Rejected: {count(len(rows), 'image')}", ("image", "class", "reason"), shown)


def copied(seen: "Inspection") -> list[tuple[str, str]]:
    """Pairs of paths: a copy, and what it is a copy of."""
    return [(copy.path, each[0].path) for each in seen.copies for copy in each[1:]]


def _figure(value: float | None, form: str) -> str:
    return "" if value is None else format(value, form)


def model(name: str, info: ModelInfo) -> Table:
    """Describe a model: its network, figures and classes, then how it was made, the last command first."""
    total, trainable = parameters(info)
    facts = {
        "architecture": info.architecture,
        **{
            f"member {number}": f"{member.architecture} of {_size(member.image_size)}, with a share of {share:.3g}"
            for number, (share, member) in enumerate(zip(info.shares, info.members, strict=True), start=1)
        },
        "input": f"images of {' and '.join(_size(size) for size in info.inputs.values())}",
        "faces": _crops(info.crops) if info.crops else "not cropped by celebtool",
        "parameters": f"{total:,}, of which training changed {trainable:,}",
        "head": _head(info),
        "classes": f"{len(info.class_names)}: {', '.join(sorted(info.class_names, key=natural_key))}",
        "strangers": _strangers(info),
        "training photos": str(len(info.origins)) if info.origins else "",
        **people.facts(info),
        "leak": "trained with --allow-leak" if allowed_leak(info) else "",
        "reached": _pairs({key: f"{value:.4g}" for key, value in info.metrics.items()}),
        "written with": _pairs(info.versions),
    }
    rows = [(fact, text) for fact, text in facts.items() if text]
    rows += [("made by", command) for command in _commands(info.recipe)]
    return Table(name, ("", "model"), rows)


def layers(info: ModelInfo) -> Table:
    """Return a row per layer; the trained ones are marked."""
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
    return Table(count(len(rows), "layer"), ("layer", "kind", "output", "parameters", "trainable"), rows)


def _size(size: tuple[int, int]) -> str:
    return f"{size[0]} x {size[1]} pixels"


def _crops(crops: Mapping[str, object]) -> str:
    """``crops of 224 pixels, aligned by eyes, nose and mouth, margin 0.25``, from an untrusted recipe."""
    aligned = "aligned by eyes, nose and mouth" if crops.get("align") else "not aligned"
    rest = {key: value for key, value in crops.items() if key not in ("size", "align")}
    return ", ".join(filter(None, (f"crops of {_words(crops.get('size'))} pixels", aligned, _pairs(rest))))


def _head(info: ModelInfo) -> str:
    units = " and ".join(map(str, info.dense))
    said = (
        f"hidden layers of {units} units" if units else "",
        f"dropout {info.dropout:g}" if info.dropout else "",
        f"L2 penalty {info.l2:g}" if info.l2 else "",
    )
    return ", ".join(filter(None, said))


def _strangers(info: ModelInfo) -> str:
    if info.threshold is None:
        return "never called unknown: the model has no threshold"
    return f"called unknown below a score of {info.threshold:.4g}"


def _pairs(pairs: Mapping[str, object]) -> str:
    """``epochs 10, class weights yes``; what is not set is left out."""
    return ", ".join(f"{key.replace('_', ' ')} {_words(v)}" for key, v in pairs.items() if v not in _UNSET)


def _words(value: object) -> str:
    """A value of a recipe in words: ``yes``, ``0.8 0.1 0.1``, ``(size 224, align yes)``."""
    if isinstance(value, Mapping):
        return f"({_pairs(value)})"
    if isinstance(value, list | tuple):
        return " ".join(map(_words, value))
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _commands(recipe: Mapping[str, object]) -> list[str]:
    """The commands of a recipe, the last one first: each has an ``input`` that was ``made_by`` the one before."""
    said = []
    made_by: object = recipe
    while isinstance(made_by, Mapping) and made_by.get("command"):
        given = made_by.get("parameters")
        parameters = _pairs(given) if isinstance(given, Mapping) else ""
        said.append(" with ".join(filter(None, (str(made_by["command"]), parameters))))
        source = made_by.get("input")
        made_by = source.get("made_by") if isinstance(source, Mapping) else None
    return said
