import json
import math
from collections.abc import Callable
from pathlib import Path

import pytest

import celebtool
from celebtool.formats import predictions
from tests.conftest import Result
from tests.support.predictions import many, write

Command = Callable[..., Result]


def test_figures_are_the_commands(command: Command, tmp_path: Path) -> None:
    table = write(tmp_path / "p.csv", many(wrong=3))
    told = json.loads(command("report", table, "--json").stdout)
    figures = celebtool.evaluate(table)
    for name, value in figures.to_dict().items():
        expected = told[name]
        assert math.isnan(value) if expected is None else value == pytest.approx(expected, rel=1e-5), name
    assert figures.accuracy.value == figures.to_dict()["accuracy"]
    assert figures.macro_f1.low == figures.to_dict()["macro_f1_low"]
    frame = figures.to_frame()
    assert list(frame.index) == told["class_names"]
    assert list(frame["recall"]) == pytest.approx([told["classes"][name]["recall"] for name in told["class_names"]])
    assert figures.confusion[:, :-1].tolist() == told["confusion"]
    assert [row.path for row in figures.mistakes] == [mistake["path"] for mistake in told["mistakes"]]


def test_rows_in_memory_are_measured_too(tmp_path: Path) -> None:
    table = predictions.read(write(tmp_path / "p.csv", many(wrong=1)))
    rows = celebtool.Predictions(table.class_names, table.rows)
    assert celebtool.evaluate(rows).accuracy == celebtool.evaluate(tmp_path / "p.csv").accuracy


def test_what_can_not_be_measured(tmp_path: Path) -> None:
    table = write(tmp_path / "p.csv", many(wrong=1))
    with pytest.raises(celebtool.CelebtoolError, match="has no images of the part val; it has test"):
        celebtool.evaluate(table, part="val")
    with pytest.raises(celebtool.CelebtoolError, match=r"none\.csv: cannot be read"):
        celebtool.evaluate("none.csv")
    with pytest.raises(TypeError, match=r"list; expected what Model\.predict returned, or the path of a table"):
        celebtool.evaluate([])  # type: ignore[arg-type]
