import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import celebtool
from tests.conftest import Result, tree

Command = Callable[..., Result]
pytestmark = pytest.mark.filterwarnings("ignore:fewer than 5 test images")


@pytest.fixture(scope="module")
def faces(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An image folder: seven pictures of noise of each of two people."""
    root = tmp_path_factory.mktemp("split") / "faces"
    rng = np.random.default_rng(0)
    for person in ("ann", "bob"):
        (root / person).mkdir(parents=True)
        for number in range(7):
            pixels = rng.integers(0, 256, (48, 48, 3), np.uint8)
            Image.fromarray(pixels).save(root / f"{person}/{number}.png")
    return root


def test_the_parts_are_the_commands(command: Command, faces: Path, tmp_path: Path) -> None:
    assert command("split", faces, tmp_path / "command", "--train", ".6", "--seed", 3).code == 0
    with pytest.warns(celebtool.CelebtoolWarning, match=r"^fewer than 5 test images, .* ann \(2\), bob \(2\)$"):
        parts = celebtool.split(faces, tmp_path / "python", train=0.6, seed=3)
    assert tree(tmp_path / "python") == tree(tmp_path / "command")
    assert parts.summary == "14 images of 2 people: 8 train, 2 val, 4 test"
    assert repr(parts) == f"Parts({str(tmp_path / 'python')!r}: {parts.summary})"
    assert list(parts.to_frame()["part"]) == [row.extra["part"] for row in parts.rows]


def test_the_same_call_again_reads_what_is_there(faces: Path, tmp_path: Path) -> None:
    first = celebtool.split(faces, tmp_path / "parts", test=0, folds=None, val=0.3)
    before = tree(tmp_path / "parts")
    again = celebtool.split(str(faces), str(tmp_path / "parts"), test=0, val=0.3)
    assert again == celebtool.Parts(tmp_path / "parts", first.rows)
    assert again.summary == first.summary
    assert tree(tmp_path / "parts") == before
    with pytest.raises(celebtool.CelebtoolError, match="exists already"):
        celebtool.split(faces, tmp_path / "parts", test=0)
    assert celebtool.split(faces, tmp_path / "parts", test=0, val=0.5, overwrite=True).summary.endswith("6 val, 0 test")


def test_folds_are_the_commands(command: Command, faces: Path, tmp_path: Path) -> None:
    assert command("split", faces, tmp_path / "command", "--folds", 3).code == 0
    folds = celebtool.split(faces, tmp_path / "python", folds=3)
    assert tree(tmp_path / "python") == tree(tmp_path / "command")
    assert (folds.summary, len(folds.rows)) == ("3 folds of 14 images of 2 people", 42)


def test_a_picture_in_two_classes(faces: Path, tmp_path: Path) -> None:
    shutil.copytree(faces, tmp_path / "faces")
    shutil.copy(faces / "ann/0.png", tmp_path / "faces/bob/9.png")
    with pytest.raises(celebtool.CelebtoolError, match=r"1 picture is in several classes: .*parts-conflicts\.csv"):
        celebtool.split(tmp_path / "faces", tmp_path / "parts")
    assert (tmp_path / "parts-conflicts.csv").read_text().splitlines()[1] == "1,ann/0.png,ann"
    with pytest.warns(celebtool.CelebtoolWarning, match="2 images left out that are in several classes"):
        parts = celebtool.split(tmp_path / "faces", tmp_path / "parts", conflicts="drop")
    assert [row.source for row in parts.rows if row.reason] == ["ann/0.png", "bob/9.png"]


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"train": "80%"}, "train: '80%'; expected float"),
        ({"val": -0.1}, "val: -0.1; expected 0 or more"),
        ({"train": 0, "val": 0, "test": 0}, "train, val, test: "),
        ({"folds": 1}, "folds: 1; expected 2 or more"),
        ({"folds": 2, "test": 0.1}, "folds: are of equal size; leave out train, val and test"),
        ({"conflicts": "keep"}, "conflicts: 'keep'; expected 'error', 'drop'"),
        ({"near_duplicates": None}, "near_duplicates: None; expected 'together', 'drop', 'ignore'"),
        ({"seed": 0.5}, "seed: 0.5; expected int"),
        ({"decisions": "none.csv"}, "none.csv: "),
    ],
)
def test_values_that_are_not_allowed(faces: Path, tmp_path: Path, options: dict, problem: str) -> None:
    with pytest.raises(celebtool.CelebtoolError) as raised:
        celebtool.split(faces, tmp_path / "parts", **options)
    assert str(raised.value).startswith(problem)
    assert list(tmp_path.iterdir()) == []


def test_an_argument_that_does_not_exist(faces: Path, tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="there is no argument 'shuffle'"):
        celebtool.split(faces, tmp_path / "parts", shuffle=True)  # type: ignore[call-arg]
