"""Commands on a real terminal: what they print has lines of its own, beside the progress bar."""

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from celebtool.nn import classifier
from tests.support import classifiers, terminal
from tests.support.terminal import Shown

pytestmark = pytest.mark.slow

SMALL = ("--arch", "cnn", "--image-size", "16", "--dense", "8", "--epochs", "3", "--patience", "0")
TABLE = r"[┏┃┡│├└].*[┓┃┩│┤┘]"
EPOCH = r"epoch [123]/3: loss .* s"
LINES = {
    "crop-faces photos out": [r"wrote out: 6 crops from 6 photos; next: .*"],
    "split faces out": [r"celebtool: warning: fewer than 5 test images, .*", TABLE, r"wrote out: 36 images of 3 .*"],
    "augment parts out": [TABLE, r"wrote out: 45 images, 18 of them changed copies; next: .*"],
    "finetune m.h5 parts out.h5 --epochs 3": [
        r"celebtool: warning: .*",
        r"training on .*",
        EPOCH,
        r"cnn, 3 classes, best of 3 epochs: \d",
        TABLE,
        r"wrote out\.h5: 3 classes, .*",
    ],
    "ensemble m.h5 m.h5 out.h5 --tune parts": [
        r"celebtool: warning: .*",
        r" *Shares chosen on 9 val images",
        TABLE,
        r"wrote out\.h5: 2 models, .*",
    ],
    "report faces": [r" *[A-Za-z][^|%]*", TABLE],
}
"""Command → patterns of all the lines that stay on its screen."""
STAGES = {
    "crop-faces": "crop-faces",
    "split": "split",
    "augment": "augment",
    "finetune": "epoch 1/3",
    "ensemble": "predicting val with model 2 of 2",
    "report": "report",
}
"""Command → a stage that its bar names."""
ONCE = r"preparing the networks for this machine, once: .*"


@pytest.fixture
def place(make_folder: Callable[..., Path], att_faces: Path, tmp_path: Path) -> Path:
    make_folder({"ann": 12, "bob": 12, "Zoë": 12}, "faces")
    make_folder({"ann": 6, "bob": 6, "Zoë": 6}, "parts/train")
    make_folder({"ann": 3, "bob": 3, "Zoë": 3}, "parts/val")
    for person in ("s1", "s2"):
        (tmp_path / "photos" / person).mkdir(parents=True)
        for number in (1, 2, 3):
            shutil.copy(att_faces / person / f"{number}.pgm", tmp_path / "photos" / person)
    classifier.save(classifiers.tiny(), tmp_path / "m.h5")
    return tmp_path


def lines(shown: Shown, columns: int) -> list[str]:
    """The lines that stay on a screen so wide that none is broken; on the real one they are broken and nothing else."""
    assert shown.code == 0, shown.lines
    whole = [line for line in terminal.screen(shown.written, 10_000) if line]
    narrow = [line[at : at + columns].rstrip() for line in whole for at in range(0, len(line), columns)]
    assert [line for line in shown.lines if line] == [line for line in narrow if line]
    return whole


@pytest.mark.parametrize("columns", [80, 120])
@pytest.mark.parametrize("line", LINES)
def test_only_results_stay_on_the_screen(place: Path, line: str, columns: int) -> None:
    shown = terminal.run(*line.split(), columns=columns, cwd=place)
    patterns = LINES[line]
    kept = [text for text in lines(shown, columns) if not re.fullmatch(ONCE, text)]
    found = [[each for each in patterns if re.fullmatch(each, text)] for text in kept]
    assert all(found), (kept, found)
    assert {each for of_line in found for each in of_line} == set(patterns), kept
    drawn = re.split(r"[\r\n]", shown.written)
    stage = STAGES[line.partition(" ")[0]]
    assert any(text.startswith(stage) for text in drawn), drawn
    assert not re.search(r"\? ?(photos|images|batches)", shown.written)


@pytest.mark.parametrize("columns", [80, 120])
def test_results_are_not_glued_to_the_bar(place: Path, columns: int) -> None:
    trained = terminal.run("train", "parts", "new.h5", *SMALL, columns=columns, cwd=place)
    assert trained.code == 0, trained.lines
    epochs = [line for line in trained.lines if "epoch" in line and "/3" in line]
    assert [re.match(r"epoch (\d)/3\b", line) is not None for line in epochs] == [True] * 3, trained.lines

    predicted = terminal.run("predict", "new.h5", "parts/val", columns=columns, cwd=place)
    assert "predict: reading the model" in predicted.written
    assert "? photos/s" not in predicted.written
    shown = [line for line in lines(predicted, columns) if not re.fullmatch(ONCE, line)]
    assert (shown[0][0], shown[0][-1]) == ("┏", "┓"), shown
    assert shown[-1] == "predicted 9 images"
    assert all(line[0] in "┏┃┡│└" for line in shown[:-1]), shown
