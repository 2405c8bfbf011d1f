"""Commands on a real terminal: what they print has lines of its own, beside the progress bar."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support import terminal

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("columns", [80, 120])
def test_results_are_not_glued_to_the_bar(make_folder: Callable[..., Path], tmp_path: Path, columns: int) -> None:
    make_folder({"a": 6, "b": 6}, "parts/train")
    make_folder({"a": 3, "b": 3}, "parts/val")
    small = ("--arch", "cnn", "--image-size", "16", "--dense", "8", "--epochs", "3", "--patience", "0")
    trained = terminal.run("train", "parts", "m.h5", *small, columns=columns, cwd=tmp_path)
    assert trained.code == 0, trained.lines
    epochs = [line for line in trained.lines if "epoch" in line and "/3" in line]
    assert [re.match(r"epoch (\d)/3\b", line) is not None for line in epochs] == [True] * 3, trained.lines

    predicted = terminal.run("predict", "m.h5", "parts/val", columns=columns, cwd=tmp_path)
    assert predicted.code == 0, predicted.lines
    assert "predict: loading the network" in predicted.written
    assert "? photos/s" not in predicted.written
    shown = [line for line in predicted.lines if line]
    assert (shown[0][0], shown[0][-1]) == ("┏", "┓"), shown
    assert shown[-1] == "predicted 6 images"
    assert all(line[0] in "┏┃┡│└" for line in shown[:-1]), shown
