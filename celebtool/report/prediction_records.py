"""Figures of predictions as `report --json` and `report --csv` print them, under the keys of docs/report.md."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict

from celebtool.evaluation import figures
from celebtool.evaluation.comparison import Comparison
from celebtool.evaluation.evaluate import Evaluation, Mistake
from celebtool.evaluation.intervals import Estimate

Record = dict[str, object]

MOST_CLASSES = 1000  # of a confusion matrix in JSON; of more, `--csv --confusion` lists the cells that are not zero


def of_predictions(name: str, evaluation: Evaluation, parts: Sequence[Evaluation], limit: int) -> Record:
    """A table of predictions: its figures at the top level, then classes, pairs, mistakes and parts.

    Args:
        name: the file's.
        evaluation: of the part that the report is about.
        parts: of every part, when the table covers several.
        limit: the most confused pairs and mistakes to list.
    """
    return {
        "kind": "predictions",
        "file": name,
        **part_record(evaluation),
        "failures": evaluation.failures,
        "called": evaluation.predicted,
        "class_names": list(evaluation.class_names),
        "absent_classes": list(evaluation.absent),
        "classes": class_record(evaluation),
        "confusion": evaluation.confusion[:, :-1].tolist() if evaluation.counts.classes <= MOST_CLASSES else None,
        "confused_pairs": pair_rows(evaluation, limit),
        "mistakes": mistake_rows(evaluation, limit),
        "calibration": bin_rows(evaluation),
        "thresholds": threshold_rows(evaluation),
        "accepted_strangers": stranger_rows(evaluation, limit),
        "parts": {part.part: {**part_record(part), "classes": class_record(part)} for part in parts},
    }


def part_record(evaluation: Evaluation) -> Record:
    """All single figures of an evaluation, the name of its part first; None where there is none."""
    return {"part": evaluation.part, **_plain(figures.of_table(evaluation))}


def class_record(evaluation: Evaluation) -> Record:
    """Class name → its figures, in class order."""
    return {name: _plain(each) for name, each in figures.of_classes(evaluation).items()}


def class_rows(evaluation: Evaluation) -> list[Record]:
    """A row per class, in class order."""
    return [{"class": name, **_plain(each)} for name, each in figures.of_classes(evaluation).items()]


def confusion_rows(evaluation: Evaluation) -> list[Record]:
    """A row per pair (label, predicted) that occurs, the right ones too; predicted is empty for failed images."""
    names, counts = (*evaluation.class_names, ""), evaluation.counts
    cells = zip(counts.labels.tolist(), counts.predicted.tolist(), counts.images.tolist(), strict=True)
    return [{"label": names[a], "predicted": names[b], "images": count} for a, b, count in cells]


def pair_rows(evaluation: Evaluation, limit: int) -> list[Record]:
    """A row per confused pair, the most frequent first, `limit` at most."""
    return [_plain(asdict(pair)) for pair in evaluation.confused_pairs[:limit]]


def mistake_rows(evaluation: Evaluation, limit: int) -> list[Record]:
    """A row per mistake, the most confident first, `limit` at most."""
    return mistakes(evaluation.mistakes[:limit])


def mistakes(made: Sequence[Mistake]) -> list[Record]:
    """A row per mistake."""
    return [
        {
            "path": mistake.prediction.path,
            "label": mistake.prediction.label,
            "predicted": mistake.predicted,
            "confidence": plain(mistake.confidence),
            "label_probability": plain(mistake.label_probability),
        }
        for mistake in made
    ]


def bin_rows(evaluation: Evaluation) -> list[Record]:
    """A row per bin of confidence that has images."""
    return [
        {
            "low": plain(each.low),
            "high": plain(each.high),
            "images": each.images,
            "confidence": plain(each.confidence),
            **_estimate("accuracy", each.accuracy),
        }
        for each in evaluation.calibration.bins
        if each.images
    ]


def stranger_rows(evaluation: Evaluation, limit: int) -> list[Record]:
    """A row per stranger that got a name, the highest score first, `limit` at most."""
    return [
        {"path": row.path, "predicted": row.predicted, "confidence": plain(row.confidence), "score": plain(row.score)}
        for row in evaluation.accepted_strangers[:limit]
    ]


def threshold_rows(evaluation: Evaluation) -> list[Record]:
    """A row per threshold for strangers, ascending."""
    return [
        {
            "threshold": plain(each.value),
            "accepted": plain(each.accepted),
            "true_accepts": plain(each.true_accepts),
            "false_accepts": plain(each.false_accepts),
        }
        for each in evaluation.thresholds
    ]


def of_comparison(one: Comparison) -> Record:
    """Return the record of a comparison of two tables."""
    return {**_plain(asdict(one)), "gain": plain(one.gain)}


def dumps(value: object) -> str:
    """JSON in which every script is readable and no character acts on a terminal."""
    text = json.dumps(value, ensure_ascii=False, indent=2, allow_nan=False)
    return "".join(c if c.isprintable() or c == "\n" else json.dumps(c)[1:-1] for c in text)


def plain(value: object) -> object:
    """A number rounded to what it means; None for NaN and infinity, which JSON does not know."""
    if not isinstance(value, float):
        return value
    return figures.rounded(value) if math.isfinite(value) else None


def _plain(values: Mapping[str, object]) -> Record:
    return {name: plain(value) for name, value in values.items()}


def _estimate(key: str, estimate: Estimate) -> Record:
    return {
        key: plain(estimate.value),
        f"{key}_low": plain(estimate.low),
        f"{key}_high": plain(estimate.high),
    }
