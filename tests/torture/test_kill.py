"""Promise 9: training killed at random moments, and models killed while they are saved."""

import multiprocessing
import random
import subprocess
import time
from collections.abc import Callable
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest

from celebtool.formats import model_file
from celebtool.formats.model_info import ModelInfo
from celebtool.system.output import new_file
from tests.conftest import run_installed
from tests.torture import world
from tests.torture.conftest import Tally, amount

pytestmark = pytest.mark.torture


def test_training_killed_at_random_moments_ends_with_the_same_bytes(
    make_folder: Callable[..., Path], tmp_path: Path, tally: Tally
) -> None:
    tally.begin(9, "kills of train at random moments, each continued, the model the same in the end")
    make_folder({"a": 12, "b": 9}, "parts/train")
    folder = make_folder({"a": 3, "b": 3}, "parts/val").parent
    options = ("--arch", "cnn", "--image-size", "32", "--dense", "64", "--epochs", "60", "--batch-size", "4")
    line = ("train", folder, tmp_path / "m.h5", *options, "--patience", "0", "--augment", "1", "--dropout", "0.3")
    started = time.monotonic()
    assert run_installed(*line[:2], tmp_path / "undisturbed.h5", *line[3:]).code == 0
    duration = time.monotonic() - started
    undisturbed = (tmp_path / "undisturbed.h5").read_bytes()
    moments = random.Random(0)
    killed = 0
    while killed < amount(2, 5, 20):
        process = subprocess.Popen(world.line(*line), stderr=subprocess.DEVNULL)
        try:
            process.wait(moments.uniform(0, duration))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            killed += 1
            tally.count()
        else:  # done between two kills: once more from the beginning
            assert (tmp_path / "m.h5").read_bytes() == undisturbed
            (tmp_path / "m.h5").unlink()
    run_installed(*line)
    assert (tmp_path / "m.h5").read_bytes() == undisturbed
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


def test_a_model_is_whole_after_every_kill_while_it_is_saved(tmp_path: Path, tally: Tally) -> None:
    tally.begin(9, "kills of a process that saves a model over another: one of both, whole")
    path, begun = tmp_path / "m.h5", tmp_path / "m.begun"
    processes = multiprocessing.get_context("forkserver")  # which imports TensorFlow once, for all of them
    processes.set_forkserver_preload(["celebtool.nn.classifier"])
    moments = random.Random(0)
    seeds = {1: 0, 2: 0}
    for _ in range(amount(5, 50, 200)):
        process = processes.Process(target=save_for_ever, args=(path,))
        process.start()
        _await(begun, process)
        time.sleep(moments.uniform(0, 0.3))
        process.kill()
        process.join()
        info, _ = model_file.read(path)
        seeds[info.seed] += 1
        begun.unlink()
        tally.count()
    assert min(seeds.values()) > sum(seeds.values()) / 5


def _await(file: Path, process: BaseProcess) -> None:
    while not file.exists():
        assert process.is_alive()
        time.sleep(0.01)
