"""What `report --json` and `report --csv` print: plain values under stable keys, listed in docs/report.md."""

import json
import math
from collections.abc import Sequence
from dataclasses import asdict

from celebtool.evaluation.comparison import Comparison
from celebtool.evaluation.confusion import ClassFigures
from celebtool.evaluation.evaluate import TOP, Evaluation
from celebtool.evaluation.intervals import Estimate
from celebtool.evaluation.rejection import FALSE_ACCEPTS, Rejection

Record = dict[str, object]
NOWHERE = Estimate(math.nan, math.nan, math.nan)
AT = {share: f"at_{100 * share:g}_percent".replace(".", "_") for share in FALSE_ACCEPTS}


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
        "calibration": bin_rows(evaluation),
        "accepted_strangers": stranger_rows(evaluation, limit),
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
        "seen": len(evaluation.seen),
        "leaks": len(evaluation.leaks),
        "coverage": plain(evaluation.coverage),
        **_estimate("accuracy", evaluation.accuracy),
        **{f"top_{k}_accuracy": plain(evaluation.top.get(k, math.nan)) for k in TOP},
        "balanced_accuracy": plain(evaluation.balanced_accuracy),
        "macro_precision": plain(macro.precision),
        "macro_recall": plain(macro.recall),
        **_estimate("macro_f1", macro.f1),
        "weighted_precision": plain(weighted.precision),
        "weighted_recall": plain(weighted.recall),
        **_estimate("weighted_f1", weighted.f1),
        "calibration_error": plain(evaluation.calibration.error),
        **_rejection(evaluation.rejection),
    }


def class_rows(evaluation: Evaluation) -> list[Record]:
    """A row per class, in class order."""
    return [{"class": one.name, **of_class(one)} for one in evaluation.classes]


def of_class(figures: ClassFigures) -> Record:
    """The figures of one class."""
    return {key: plain(value) for key, value in asdict(figures).items() if key != "name"}


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
    return [{key: plain(value) for key, value in asdict(pair).items()} for pair in evaluation.confused_pairs[:limit]]


def mistake_rows(evaluation: Evaluation, limit: int) -> list[Record]:
    """A row per mistake, the most confident first, `limit` at most."""
    return [
        {
            "path": mistake.prediction.path,
            "label": mistake.prediction.label,
            "predicted": mistake.predicted,
            "confidence": plain(mistake.confidence),
            "label_probability": plain(mistake.label_probability),
        }
        for mistake in evaluation.mistakes[:limit]
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


def of_comparison(one: Comparison) -> Record:
    """What a comparison of two tables found."""
    return {**{key: plain(value) for key, value in asdict(one).items()}, "gain": plain(one.gain)}


def dumps(value: object) -> str:
    """JSON that people can read in any script and that does nothing to a terminal."""
    text = json.dumps(value, ensure_ascii=False, indent=2, allow_nan=False)
    return "".join(c if c.isprintable() or c == "\n" else json.dumps(c)[1:-1] for c in text)


def plain(value: object) -> object:
    """A number rounded to what it means; None for NaN and infinity, which JSON does not know."""
    if not isinstance(value, float):
        return value
    return float(f"{value:.6g}") if math.isfinite(value) else None


def _rejection(figures: Rejection | None) -> Record:
    at = figures.at if figures else {}
    true_accepts = {share: at[share].true_accepts if share in at else NOWHERE for share in AT}
    return {
        **_estimate("accepted", figures.accepted if figures else NOWHERE),
        **_estimate("true_accepts", figures.true_accepts if figures else NOWHERE),
        **_estimate("false_accepts", figures.false_accepts if figures else NOWHERE),
        **{
            key: value
            for share, name in AT.items()
            for key, value in {
                **_estimate(f"true_accepts_{name}", true_accepts[share]),
                f"threshold_{name}": plain(at[share].threshold) if share in at else None,
            }.items()
        },
    }


def _estimate(key: str, estimate: Estimate) -> Record:
    return {
        key: plain(estimate.value),
        f"{key}_low": plain(estimate.low),
        f"{key}_high": plain(estimate.high),
    }
