"""Records of histories, image folders and models for `report --json` and `report --csv`; see docs/report.md."""

import statistics
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

from celebtool.formats import history, recipes
from celebtool.formats.history import Epoch
from celebtool.formats.image_folder import UNKNOWN, ImageFolder, Sample
from celebtool.formats.manifest import Row
from celebtool.formats.model_info import ModelInfo
from celebtool.report import people, suspect_tables
from celebtool.report.prediction_records import Record, plain

if TYPE_CHECKING:  # it loads SciPy, which a report on a table has no need of
    from celebtool.folders.inspection import Inspection


def of_history(name: str, epochs: Sequence[Epoch]) -> Record:
    """A history: how many epochs, which was best, and all of them."""
    best = history.best(epochs)
    rows = history_rows(epochs)
    return {"kind": "history", "file": name, "epochs": len(rows), "best_epoch": best.epoch, "history": rows}


def history_rows(epochs: Sequence[Epoch]) -> list[Record]:
    """A row per epoch."""
    return [{key: plain(value) for key, value in asdict(epoch).items()} for epoch in epochs]


def of_folder(name: str, folder: ImageFolder, seen: "Inspection", rejects: Sequence[Row] = ()) -> Record:
    """An image folder: images per part and class, how large they are, which are copies or flawed."""
    return {
        "kind": "folder",
        "file": name,
        "images": len(folder.samples),
        "class_names": list(folder.class_names),
        "parts": {part: dict(sorted(folder.counts(part).items())) for part in folder.parts},
        "classes": dict(sorted(folder.counts().items())),
        "unlabelled": sum(sample.label is None for sample in folder.samples),
        "height": _spread([height for height, _ in seen.sizes]),
        "width": _spread([width for _, width in seen.sizes]),
        "broken": [{"path": str(error.where), "problem": error.problem} for error in seen.broken],
        "blurry": list(seen.blurry),
        "dark": list(seen.dark),
        "tiny": list(seen.tiny),
        "rejects": [{"path": row.source, "label": row.label, "reason": row.reason} for row in rejects],
        "copies": [_paths(each) for each in seen.copies],
        "copies_across_parts": [_paths(each) for each in seen.straddling],
        "copies_across_classes": [_paths(each) for each in seen.conflicts],
        "suspects": suspect_tables.records(seen.suspects),
    }


def folder_rows(folder: ImageFolder) -> list[Record]:
    """A row per part and class."""
    rows: list[Record] = []
    for part in folder.parts or (None,):
        counts = folder.counts(part)
        names = [*folder.class_names, *([UNKNOWN] if counts[UNKNOWN] else [])]
        rows += [{"part": part, "class": name, "images": counts[name]} for name in names]
    return rows


def of_model(name: str, info: ModelInfo) -> Record:
    """A model: what it is, how it was made, how well it did, and its layers."""
    total, trainable = parameters(info)
    return {
        "kind": "model",
        "file": name,
        "architecture": info.architecture,
        "class_names": list(info.class_names),
        "image_size": list(info.image_size),
        "parameters": total,
        "trainable_parameters": trainable,
        "crops": info.crops,
        "temperature": plain(info.temperature),
        "threshold": plain(info.threshold),
        "seed": info.seed,
        "metrics": {key: plain(value) for key, value in info.metrics.items()},
        "training_photos": len(info.origins),
        "digests": len(info.trained_on),
        "means": len(info.centroids),
        "people": people.records(info),
        "versions": dict(info.versions),
        "recipe": dict(info.recipe),
        "allow_leak": allowed_leak(info),
        "best_epoch": history.best(info.history).epoch if info.history else None,
        "history": history_rows(info.history),
        "members": [
            {"share": plain(share), "architecture": member.architecture, "image_size": list(member.image_size)}
            for share, member in zip(info.shares, info.members, strict=True)
        ],
        "layers": layer_rows(info),
    }


def layer_rows(info: ModelInfo) -> list[Record]:
    """A row per layer, in the order of the graph; output_shape as 7x7x64, without the batch."""
    return [
        {
            "layer": layer.name,
            "kind": layer.kind,
            "output_shape": "x".join(map(str, layer.output_shape)),
            "parameters": layer.parameters,
            "trainable_parameters": layer.trainable_parameters,
        }
        for layer in info.layers
    ]


def parameters(info: ModelInfo) -> tuple[int, int]:
    """Return how many parameters a model has, and how many of them training changed."""
    return (
        sum(layer.parameters for layer in info.layers),
        sum(layer.trainable_parameters for layer in info.layers if layer.trainable),
    )


def allowed_leak(info: ModelInfo) -> bool:
    """Return whether a model, or one that it was made from, was trained with --allow-leak."""
    return any(recipes.allowed_leak(each.recipe) for each in (info, *info.members))


def _paths(samples: Sequence[Sample]) -> list[str]:
    return [sample.path for sample in samples]


def _spread(values: Sequence[int]) -> Record | None:
    if not values:
        return None
    return {"min": min(values), "median": statistics.median(values), "max": max(values)}
