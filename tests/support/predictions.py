"""Tables of predictions for tests: written to files, evaluated, and read back from what a command prints."""

import csv
import io
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from celebtool.evaluation import evaluate
from celebtool.evaluation.evaluate import Evaluation
from celebtool.formats import predictions
from celebtool.formats.predictions import Prediction, Predictions
from celebtool.report import table
from celebtool.report.table import Row
from tests.conftest import Result

NAMES = ("007", "Beyoncé", "NA")
PROBABILITIES = {"007": [0.75, 0.25, 0], "Beyoncé": [0.125, 0.75, 0.125], "NA": [0, 0.25, 0.75]}


def write(path: Path, rows: Iterable[tuple[str, str, str | None, str]], names: Sequence[str] = NAMES) -> Path:
    """Write a table; rows are (path, label, predicted or None, part), and images of train were trained on."""
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = predictions.Writer(stream, names)
        for name, label, predicted, part in rows:
            if predicted is None:
                writer.row(Prediction(name, None, label=label, part=part, reason="unreadable", seen=False))
            else:
                shares = np.array(PROBABILITIES[predicted])
                writer.row(Prediction(name, shares, predicted, part, label, seen=part == "train"))
    return path


def many(count: int = 12, wrong: int = 1, part: str = "test") -> list[tuple[str, str, str | None, str]]:
    """Return rows of `count` images of each class, the first `wrong` of 007 predicted as NA."""
    return [
        (f"{part}/{name}/{i}.png", name, "NA" if name == "007" and i < wrong else name, part)
        for name in NAMES
        for i in range(count)
    ]


def evaluated(counts: Sequence[Sequence[int]], names: Sequence[str], failed: Sequence[str] = ()) -> Evaluation:
    """Evaluate a table with `counts[true][predicted]` images, and a failed image of each of `failed`."""
    rows = []
    for label, row in enumerate(counts):
        for predicted, count in enumerate(row):
            for _ in range(count):
                shares = np.full(len(names), 0.1 / (len(names) - 1))
                shares[predicted] = 0.9
                rows.append(Prediction(f"{len(rows)}.jpg", shares, names[predicted], label=names[label]))
    rows += [Prediction(f"{name}-failed.jpg", None, label=name, reason="unreadable") for name in failed]
    return evaluate.evaluate(Predictions(tuple(names), tuple(rows)))


def diagonal(classes: int, count: int = 10) -> list[list[int]]:
    """Return the confusion matrix of a model that is always right."""
    return (np.eye(classes, dtype=int) * count).tolist()


def texts(row: Row) -> list[str]:
    """Return the texts of a row without their marks."""
    return [cell.text for cell in next(table.cells([row]))]


def marks(row: Row) -> list[table.Mark]:
    """Return the marks of a row."""
    return [cell.mark for cell in next(table.cells([row]))]


def csv_rows(result: Result) -> list[dict[str, str]]:
    """Return the rows of a CSV that a command printed."""
    assert result.code == 0, result.stderr
    return list(csv.DictReader(io.StringIO(result.stdout)))


def printed(text: str) -> list[list[str]]:
    """Return the rows of all tables in a text that a terminal shows, as lists of cells without blanks around them."""
    rows = (line.strip("│┃") for line in text.splitlines() if line[:1] in {"│", "┃"})
    return [[cell.strip() for cell in row.replace("┃", "│").split("│")] for row in rows]
