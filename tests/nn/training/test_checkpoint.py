"""A checkpoint that was damaged is said to be, and the run begins anew; never is anything of it put in the model."""

import os
import pickle
from pathlib import Path

import keras
import numpy as np
import pytest

from celebtool.formats.history import Epoch
from celebtool.nn.training import checkpoint
from celebtool.nn.training.checkpoint import Run
from celebtool.training import schedule


def made(seed: int) -> keras.Model:
    keras.utils.set_random_seed(seed)
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
    model.compile(keras.optimizers.Adam(), "mse")
    model.optimizer.build(model.trainable_variables)
    return model


def values(model: keras.Model) -> list[np.ndarray]:
    return [variable.numpy() for variable in (*model.weights, *model.optimizer.variables)]


def written(path: Path, *, improved: bool = True) -> Run:
    model = made(1)
    run = Run(
        schedule.State(2, 0.5, 2, improved=improved), [Epoch(1, 1.0, 0.5), Epoch(2, 0.5, 0.5)], model.get_weights()
    )
    checkpoint.save(path, run, model)
    return run


@pytest.mark.parametrize("improved", [True, False])
def test_a_whole_one_is_taken_up(tmp_path: Path, *, improved: bool) -> None:
    run = written(tmp_path / "checkpoint", improved=improved)
    model = made(2)
    loaded = checkpoint.load(tmp_path / "checkpoint", model, pytest.fail)
    assert (loaded.state, loaded.history) == (run.state, run.history)
    for ours, theirs in zip(values(model), values(made(1)), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    for ours, theirs in zip(loaded.best, run.best, strict=True):
        np.testing.assert_array_equal(ours, theirs)


def refused(path: Path, model: keras.Model) -> bool:
    """Say whether a checkpoint is found damaged; then it is gone, and the model is as it was."""
    before, said = values(model), []
    run = checkpoint.load(path, model, said.append)
    if not said:
        return False
    assert said == [f"{path} is damaged; training starts at the beginning"]
    assert run == Run()
    assert not path.exists()
    assert all(np.array_equal(one, other) for one, other in zip(before, values(model), strict=True))
    return True


def test_cut_off_at_any_length_it_is_refused(tmp_path: Path) -> None:
    path, model = tmp_path / "checkpoint", made(2)
    written(path, improved=False)
    content = path.read_bytes()
    for length in range(0, len(content), 7):
        path.write_bytes(content[:length])
        assert refused(path, model), length


def test_any_byte_may_be_wrong(tmp_path: Path) -> None:
    path, model = tmp_path / "checkpoint", made(2)
    written(path, improved=False)
    content = path.read_bytes()
    for at in range(0, len(content), 5):
        path.write_bytes(content[:at] + bytes([content[at] ^ 0xFF]) + content[at + 1 :])
        refused(path, model)  # a number may be another; what matters is that nothing is raised


def test_what_is_no_checkpoint_is_refused(tmp_path: Path) -> None:
    path, model = tmp_path / "checkpoint", made(2)

    def array(value: object) -> bytes:
        with path.open("wb") as stream:
            np.save(stream, np.asarray(value))
        return path.read_bytes()

    hostile = (
        b"",
        b"\x93NUMPY" + b"\xff" * 500,
        b"PK\x03\x04" + bytes(500),
        pickle.dumps({"state": {}}),
        array(np.frombuffer(b"[" * 100_000, np.uint8)),
        array(np.frombuffer(b'{"state": {}, "history": 7}', np.uint8)),
        array(np.frombuffer(b'{"state": {"epoch": "2"}, "history": []}', np.uint8)),
        array(np.array([{"a": 1}], object)),
    )
    for number, content in enumerate(hostile):
        path.write_bytes(content)
        assert refused(path, model), number


def test_of_another_network_or_with_nan_it_is_refused(tmp_path: Path) -> None:
    path, model = tmp_path / "checkpoint", made(2)
    other = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)])
    other.compile(keras.optimizers.Adam(), "mse")
    other.optimizer.build(other.trainable_variables)
    checkpoint.save(path, Run(schedule.State(improved=True)), other)
    assert refused(path, model)
    broken = made(1)
    broken.layers[0].set_weights([np.full((3, 2), np.nan, "f4"), np.zeros(2, "f4")])
    checkpoint.save(path, Run(schedule.State(improved=True)), broken)
    assert refused(path, model)


def test_it_is_a_new_file_whatever_lies_in_its_place(tmp_path: Path) -> None:
    (tmp_path / "photo.png").write_text("mine")
    for name in ("checkpoint", "checkpoint.partial"):
        os.link(tmp_path / "photo.png", tmp_path / name)
    run = written(tmp_path / "checkpoint")
    assert (tmp_path / "photo.png").read_text() == "mine"
    assert checkpoint.load(tmp_path / "checkpoint", made(2), pytest.fail).state == run.state
    assert sorted(path.name for path in tmp_path.iterdir()) == ["checkpoint", "photo.png"]
