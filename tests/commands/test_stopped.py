"""Ctrl-C: each command says what is kept, and how to go on."""

from collections.abc import Callable
from pathlib import Path

import pytest

from celebtool.nn import classifier
from tests.conftest import Result, tree
from tests.support import classifiers, stopping

pytestmark = pytest.mark.slow

Run = Callable[..., Result]
Make = Callable[..., Path]
READ = "celebtool.formats.images:read"
TAKE = "celebtool.inference.lots:take"  # in the command's own process; workers read the images
ANEW = "the same command starts at the beginning"
SMALL = ("--image-size", "16", "--dense", "8", "--epochs", "3", "--patience", "0")


@pytest.fixture
def place(make_folder: Make, tmp_path: Path) -> Path:
    make_folder({"ann": 12, "bob": 12, "Zoë": 12}, "faces")
    make_folder({"ann": 6, "bob": 6, "Zoë": 6}, "parts/train")
    make_folder({"ann": 3, "bob": 3, "Zoë": 3}, "parts/val")
    classifier.save(classifiers.tiny(), tmp_path / "m.h5")
    return tmp_path


def test_split_keeps_the_fingerprints_and_continues(celebtool: Run, place: Path) -> None:
    stopped = stopping.at("celebtool.folders.duplicates:fingerprint", 9, "split", "faces", "parts-2", cwd=place)
    kept = "stopped; what was done for parts-2 is kept, and the same command continues it\n"
    assert (stopped.code, stopped.stderr) == (130, kept)
    assert not (place / "parts-2").exists()
    continued = celebtool("split", place / "faces", place / "parts-2")
    assert continued.stderr.startswith("continuing at 8 of 36 images\n"), continued.stderr
    celebtool("split", place / "faces", place / "undisturbed")
    assert tree(place / "parts-2") == tree(place / "undisturbed")
    assert not list(place.glob(".*"))


@pytest.mark.parametrize(
    "line",
    [
        ("train", "parts", "out.h5", "--arch", "cnn", *SMALL),
        ("finetune", "m.h5", "parts", "out.h5", "--epochs", "3"),
        ("predict", "m.h5", "parts/val", "-o", "out.csv"),
        ("ensemble", "m.h5", "m.h5", "out.h5", "--tune", "parts"),
        ("augment", "parts", "out"),
    ],
    ids=lambda line: str(line[0]),
)
def test_of_what_was_only_begun_nothing_is_kept(place: Path, line: tuple[str, ...]) -> None:
    before = tree(place)
    stopped = stopping.at(*((TAKE, 1) if line[0] == "predict" else (READ, 2)), *line, cwd=place)
    out = next(word for word in line if word.startswith("out"))
    assert stopped.stderr.splitlines()[-1] == f"stopped; {out} was not written; {ANEW}"
    assert (stopped.code, stopped.stdout, tree(place)) == (130, "", before)
    assert not list(place.glob(".*"))


def test_an_output_that_is_to_be_replaced_stays_as_it_was(place: Path) -> None:
    (place / "out.csv").write_text("mine\n")
    line = ("predict", "m.h5", "parts/val", "-o", "out.csv", "--overwrite")
    stopped = stopping.at(TAKE, 1, *line, cwd=place)
    assert stopped.stderr.splitlines()[-1] == f"stopped; out.csv is as it was; {ANEW}"
    assert (place / "out.csv").read_text() == "mine\n"


def test_rows_that_were_printed_are_whole(place: Path) -> None:
    stopped = stopping.at(TAKE, 12, "predict", "m.h5", *["parts/train"] * 20, cwd=place)
    assert stopped.stderr.splitlines()[-1] == f"stopped; rows that were printed are whole; {ANEW}"
    header, *rows = stopped.stdout.splitlines()
    assert rows
    assert {row.count(",") for row in rows} == {header.count(",")}
    assert stopped.stdout.endswith("\n")
