"""``make torture``: runs killed at random moments, and killed while they save. Minutes, so not part of `make test`."""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from celebtool.formats import model_file
from celebtool.formats.model_info import ModelInfo
from celebtool.output import new_file
from tests.conftest import run_installed

pytestmark = pytest.mark.torture

MOMENTS = 20
SAVES = 200


def test_training_killed_at_random_moments_ends_with_the_same_bytes(
    make_folder: Callable[..., Path], tmp_path: Path
) -> None:
    make_folder({"a": 12, "b": 9}, "parts/train")
    folder = make_folder({"a": 3, "b": 3}, "parts/val").parent
    options = ("--arch", "cnn", "--image-size", "32", "--dense", "64", "--epochs", "60", "--batch-size", "4")
    line = ("train", folder, tmp_path / "m.h5", *options, "--patience", "0", "--augment", "1", "--dropout", "0.3")
    started = time.monotonic()
    assert run_installed(*line[:2], tmp_path / "undisturbed.h5", *line[3:]).code == 0
    duration = time.monotonic() - started
    moments = random.Random(0)
    killed = 0
    while killed < MOMENTS:
        process = subprocess.Popen([sys.executable, "-m", "celebtool", *map(str, line)], stderr=subprocess.DEVNULL)
        try:
            process.wait(moments.uniform(0, duration))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            killed += 1
        else:  # done between two kills: once more from the beginning
            assert (tmp_path / "m.h5").read_bytes() == (tmp_path / "undisturbed.h5").read_bytes()
            (tmp_path / "m.h5").unlink()
    run_installed(*line)
    assert (tmp_path / "m.h5").read_bytes() == (tmp_path / "undisturbed.h5").read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["m.h5", "parts", "undisturbed.h5"]


def save_for_ever(path: Path) -> None:
    """Save two models over each other, as `train --overwrite` saves; tell by a file beside it that it has begun."""
    from celebtool.nn import classifier
    from tests.nn.test_classifier import tiny

    models = [tiny(ModelInfo("cnn", ("a", "b"), (64, 64), seed=seed, dense=(256,))) for seed in (1, 2)]
    while True:
        for model in models:
            with new_file(path, overwrite=True) as workspace:
                classifier.save(model, workspace.content)
            path.with_suffix(".begun").touch()


def test_a_model_is_whole_after_every_kill_while_it_is_saved(tmp_path: Path) -> None:
    """Two processes at a time: one starts while the other saves and is killed."""
    paths = [tmp_path / f"{number}.h5" for number in range(2)]
    moments = random.Random(0)
    seeds = {1: 0, 2: 0}
    waiting = [start(path) for path in paths]
    for number in range(SAVES):
        path, process = paths[number % 2], waiting[number % 2]
        while not path.with_suffix(".begun").exists():
            assert process.poll() is None
            time.sleep(0.01)
        time.sleep(moments.uniform(0, 0.3))
        process.send_signal(signal.SIGKILL)
        process.wait()
        info, _ = model_file.read(path)
        seeds[info.seed] += 1
        path.with_suffix(".begun").unlink()
        waiting[number % 2] = start(path)
    for process in waiting:
        process.kill()
        process.wait()
    assert sum(seeds.values()) == SAVES
    assert min(seeds.values()) > SAVES / 5


def start(path: Path) -> "subprocess.Popen[bytes]":
    code = f"from pathlib import Path; from tests.torture.test_kill import save_for_ever; save_for_ever(Path({str(path)!r}))"
    return subprocess.Popen([sys.executable, "-c", code], cwd=Path(__file__).parents[2], env={**os.environ})
