"""What `report --json` and `report --csv` print: plain values under stable keys, listed in docs/report.md."""

import json
import math
import statistics
from collections.abc import Sequence
from dataclasses import asdict

from celebtool.evaluation import TOP, Evaluation
from celebtool.formats import history
from celebtool.formats.history import Epoch
from celebtool.formats.image_folder import UNKNOWN, ImageFolder
from celebtool.formats.image_sizes import ImageSizes
from celebtool.formats.model_info import ModelInfo
from celebtool.intervals import Estimate

Record = dict[str, object]


def of_predictions(name: str, evaluation: Evaluation, parts: Sequence[Evaluation], limit: int) -> Record:
    """A table of predictions: its figures at the top level, then classes, pairs, mistakes and parts.

    Args:
        name: the file's.
        evaluation: of the part that the report is about.
        parts: of every part, when the table covers several.
        limit: so many confused pairs and mistakes at most.
    """
    return {
        "kind": "predictions",
        "file": name,
        **figures(evaluation),
        "failures": evaluation.failures,
        "called": evaluation.called,
        "class_names": list(evaluation.class_names),
        "absent_classes": list(evaluation.absent),
        "classes": {row["class"]: {k: v for k, v in row.items() if k != "class"} for row in class_rows(evaluation)},
        "confusion": evaluation.confusion[:, :-1].tolist(),
        "confused_pairs": pair_rows(evaluation, limit),
        "mistakes": mistake_rows(evaluation, limit),
        "parts": {part.part: figures(part) for part in parts},
    }


def figures(evaluation: Evaluation) -> Record:
    """All single figures of an evaluation; None where there is none."""
    macro, weighted = evaluation.macro, evaluation.weighted
    return {
        "part": evaluation.part,
        "rows": evaluation.rows,
        "images": evaluation.images,
        "strangers": evaluation.strangers,
        "coverage": _plain(evaluation.coverage),
        **_estimate("accuracy", evaluation.accuracy),
        **{f"top_{k}_accuracy": _plain(evaluation.top.get(k, math.nan)) for k in TOP},
        "balanced_accuracy": _plain(evaluation.balanced_accuracy),
        "macro_precision": _plain(macro.precision),
        "macro_recall": _plain(macro.recall),
        **_estimate("macro_f1", macro.f1),
        "weighted_precision": _plain(weighted.precision),
        "weighted_recall": _plain(weighted.recall),
        **_estimate("weighted_f1", weighted.f1),
    }


def class_rows(evaluation: Evaluation) -> list[Record]:
    """A row per class, in class order."""
    return [
        {
            "class": one.name,
            "precision": _plain(one.precision),
            "recall": _plain(one.recall),
            "f1": _plain(one.f1),
            "support": one.support,
            "predicted": one.predicted,
        }
        for one in evaluation.classes
    ]


def confusion_rows(evaluation: Evaluation) -> list[Record]:
    """A row per pair (label, predicted) that occurs, the right ones too; predicted is empty for failed images."""
    names = (*evaluation.class_names, "")
    return [
        {"label": names[label], "predicted": names[predicted], "images": int(count)}
        for label, row in enumerate(evaluation.confusion)
        for predicted, count in enumerate(row)
        if count
    ]


def pair_rows(evaluation: Evaluation, limit: int) -> list[Record]:
    """A row per confused pair, the most frequent first, `limit` at most."""
    return [{key: _plain(value) for key, value in asdict(pair).items()} for pair in evaluation.confused_pairs[:limit]]


def mistake_rows(evaluation: Evaluation, limit: int) -> list[Record]:
    """A row per mistake, the most confident first, `limit` at most."""
    return [
        {
            "path": mistake.prediction.path,
            "label": mistake.prediction.label,
            "predicted": mistake.predicted,
            "confidence": _plain(mistake.confidence),
            "label_probability": _plain(mistake.label_probability),
        }
        for mistake in evaluation.mistakes[:limit]
    ]


def of_history(name: str, epochs: Sequence[Epoch]) -> Record:
    """A history: how many epochs, which was best, and all of them."""
    best = history.best(epochs)
    rows = history_rows(epochs)
    return {"kind": "history", "file": name, "epochs": len(rows), "best_epoch": best.epoch, "history": rows}


def history_rows(epochs: Sequence[Epoch]) -> list[Record]:
    """A row per epoch."""
    return [{key: _plain(value) for key, value in asdict(epoch).items()} for epoch in epochs]


def of_folder(name: str, folder: ImageFolder, sizes: ImageSizes) -> Record:
    """An image folder: images per part and class, and how large they are."""
    return {
        "kind": "folder",
        "file": name,
        "images": len(folder.samples),
        "class_names": list(folder.class_names),
        "parts": {part: dict(sorted(folder.counts(part).items())) for part in folder.parts},
        "classes": dict(sorted(folder.counts().items())),
        "unlabelled": sum(sample.label is None for sample in folder.samples),
        "height": _spread([height for height, _ in sizes.sizes]),
        "width": _spread([width for _, width in sizes.sizes]),
        "broken": [{"path": str(error.where), "problem": error.problem} for error in sizes.broken],
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
        "temperature": _plain(info.temperature),
        "threshold": _plain(info.threshold),
        "seed": info.seed,
        "metrics": {key: _plain(value) for key, value in info.metrics.items()},
        "training_photos": len(info.origins),
        "versions": dict(info.versions),
        "recipe": dict(info.recipe),
        "best_epoch": history.best(info.history).epoch if info.history else None,
        "history": history_rows(info.history),
        "members": [
            {"share": _plain(share), "architecture": member.architecture, "image_size": list(member.image_size)}
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
    """How many parameters a model has, and how many of them its training moved."""
    return (
        sum(layer.parameters for layer in info.layers),
        sum(layer.trainable_parameters for layer in info.layers if layer.trainable),
    )


def dumps(value: object) -> str:
    """JSON that people can read in any script and that does nothing to a terminal."""
    text = json.dumps(value, ensure_ascii=False, indent=2, allow_nan=False)
    return "".join(c if c.isprintable() or c == "\n" else json.dumps(c)[1:-1] for c in text)


def _plain(value: object) -> object:
    """A number rounded to what it means; None for NaN and infinity, which JSON does not know."""
    if not isinstance(value, float):
        return value
    return float(f"{value:.6g}") if math.isfinite(value) else None


def _estimate(key: str, estimate: Estimate) -> Record:
    return {
        key: _plain(estimate.value),
        f"{key}_low": _plain(estimate.low),
        f"{key}_high": _plain(estimate.high),
    }


def _spread(values: Sequence[int]) -> Record | None:
    if not values:
        return None
    return {"min": min(values), "median": statistics.median(values), "max": max(values)}
