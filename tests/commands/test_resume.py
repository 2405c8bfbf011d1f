"""Runs that are killed, interrupted or go wrong: what is left of them, and that the same command goes on from there."""

import os
import re
import resource
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from celebtool.formats import model_file
from tests.conftest import Result, run_installed, write_parts

pytestmark = pytest.mark.slow

# Dropout, images drawn anew in every epoch, a falling rate, and patience that never ends the run early.
CNN = ("--arch", "cnn", "--image-size", "16", "--dense", "8", "--epochs", "4", "--batch-size", "8")
LINE = (*CNN, "--dropout", "0.3", "--augment", "1", "--reduce-lr", "1", "--patience", "4", "--resume")


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    counts = {"train": {"a": 12, "b": 9}, "val": {"a": 3, "b": 3}}
    return write_parts(tmp_path_factory.mktemp("resume") / "parts", counts)


@pytest.fixture
def folder(parts: Path, tmp_path: Path) -> Path:
    return shutil.copytree(parts, tmp_path / "parts")


@pytest.fixture(scope="module")
def undisturbed(parts: Path) -> bytes:
    """Return the model of a run with the options LINE that nothing disturbs."""
    model = parts.with_name("undisturbed.h5")
    result = run_installed("train", parts, model, *LINE)
    assert result.code == 0, result.stderr
    assert "nothing to continue; training starts at the beginning" in result.stderr
    return model.read_bytes()


def end_at(epoch: int, ending: signal.Signals, *arguments: object) -> Result:
    """Run ``celebtool ARGUMENTS…`` in a process of its own, and send it a signal when it has told of an epoch."""
    line = [sys.executable, "-m", "celebtool", *map(str, arguments)]
    with subprocess.Popen(line, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        said = ""
        for text in process.stderr:
            said += text
            if text.startswith(f"epoch {epoch}/"):
                process.send_signal(ending)
    return Result(process.returncode, "", said)


def test_killed_at_its_first_and_last_epoch_it_ends_with_the_same_bytes(
    folder: Path, undisturbed: bytes, tmp_path: Path
) -> None:
    """`tests/torture/test_kill.py` kills at random moments."""
    for epoch, next_one in ((1, None), (4, 2)):
        killed = end_at(epoch, signal.SIGKILL, "train", folder, tmp_path / "m.h5", *LINE)
        assert killed.code == -signal.SIGKILL
        assert re.findall(r"continuing at epoch (\d) of 4", killed.stderr) == ([str(next_one)] if next_one else [])
        assert not (tmp_path / "m.h5").exists()
    assert run_installed("train", folder, tmp_path / "m.h5", *LINE).code == 0
    assert (tmp_path / "m.h5").read_bytes() == undisturbed
    assert sorted(path.name for path in tmp_path.iterdir()) == ["m.h5", "parts"]


def test_a_damaged_checkpoint_is_said_and_training_begins_anew(
    folder: Path, undisturbed: bytes, tmp_path: Path
) -> None:
    end_at(2, signal.SIGKILL, "train", folder, tmp_path / "m.h5", *LINE)
    os.truncate(tmp_path / ".m.h5.partial/scratch/checkpoint", 2000)
    again = run_installed("train", folder, tmp_path / "m.h5", *LINE)
    assert again.code == 0, again.stderr
    assert "/checkpoint is damaged; training starts at the beginning\n" in again.stderr
    assert (tmp_path / "m.h5").read_bytes() == undisturbed


def test_interrupted_it_keeps_the_best_and_says_how_to_go_on(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "m.h5"
    line = ("train", folder, out, *CNN, "--epochs", "200", "--patience", "0")
    best = tmp_path / ".m.h5.partial/scratch/best.h5"
    before = 0
    for ending, code in ((signal.SIGINT, 130), (signal.SIGTERM, 143)):
        result = end_at(before + 2, ending, *line)
        assert result.code == code, result.stderr
        assert (f"continuing at epoch {before + 1} of 200" in result.stderr) == (before > 0)
        done = len(model_file.read(best)[0].history)
        assert done >= before + 2
        assert result.stderr.splitlines()[-1] == (
            f"the best model so far, of {done} epochs, is {best}; the same command continues after epoch {done}"
        )
        assert not out.exists()
        before = done
    again = end_at(before + 1, signal.SIGKILL, *line)
    assert f"continuing at epoch {before + 1} of 200" in again.stderr


def test_a_loss_that_is_no_number_keeps_the_last_good_model(folder: Path, tmp_path: Path) -> None:
    """A penalty that makes every step overshoot: the weights of the head grow from step to step until they overflow."""
    diverging = ("--optimizer", "sgd", "--learning-rate", "0.01", "--l2", "250", "--epochs", "100", "--patience", "0")
    result = run_installed("train", folder, tmp_path / "m.h5", *CNN, *diverging)
    kept, error = result.stderr.splitlines()[-2:]
    assert result.code == 1
    assert error.startswith("celebtool: error: epoch ")
    assert error.endswith(
        ": the loss became NaN or infinite; try a lower --learning-rate than 0.01, or --optimizer adam"
    )
    path = tmp_path / ".m.h5.partial/scratch/best.h5"
    assert str(path) in kept
    info, _ = model_file.read(path)
    assert len(info.history) == int(error.split()[3].rstrip(":")) - 1
    assert sorted(p.name for p in tmp_path.iterdir()) == [".m.h5.partial", "parts"]


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="limits address space")
def test_out_of_memory_is_one_line(folder: Path, tmp_path: Path) -> None:
    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (8 << 30, 8 << 30))

    huge = (*CNN, "--dense", "50000,50000", "--learning-rate", "0.1")
    line = [sys.executable, "-m", "celebtool", "train", str(folder), str(tmp_path / "m.h5"), *huge]
    done = subprocess.run(line, preexec_fn=limit, capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stderr
    assert done.stderr.splitlines()[-1] == (
        "celebtool: error: out of memory: lower --batch-size (8 now), --image-size (16x16), --dense or --cache-memory "
        "(4 GB)"
    )
    assert [path.name for path in tmp_path.iterdir()] == ["parts"]


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="limits the size of files")
def test_no_room_for_the_checkpoint_is_one_line_and_leaves_nothing(folder: Path, tmp_path: Path) -> None:
    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))

    line = [sys.executable, "-m", "celebtool", "train", str(folder), str(tmp_path / "m.h5"), *CNN]
    done = subprocess.run(line, preexec_fn=limit, capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stderr
    error = done.stderr.splitlines()[-1]
    assert error.startswith(f"celebtool: error: {tmp_path}/.m.h5.partial/scratch: can't write a checkpoint (")
    assert error.endswith("); make room, then run the same command to continue")
    assert [path.name for path in tmp_path.iterdir()] == ["parts"]


def test_a_wrong_name_for_the_history_is_said_before_the_run(
    celebtool: Callable[..., Result], folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "notes.csv").write_text("mine\n")
    for name, problem in {
        "notes.csv": "notes.csv: exists already and is no history; choose another name",
        "parts": "parts: exists already and is no history; choose another name",
        "no/such.csv": "no: no such directory; make it first",
        "parts/h.csv": f"parts/h.csv: lies inside the input {folder}; choose an output beside it",
        "parts/../m.h5": "parts/../m.h5: is the output as well; choose another name",
    }.items():
        result = celebtool("train", folder, tmp_path / "m.h5", *CNN, "--history", tmp_path / name)
        assert (result.code, result.stderr.splitlines()[-1]) == (1, f"celebtool: error: {tmp_path}/{problem}")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["notes.csv", "parts"]
