import os
from pathlib import Path

import keras
import numpy as np

from celebtool.nn import checkpoint
from celebtool.nn.checkpoint import Run


def model() -> keras.Model:
    made = keras.Sequential([keras.Input((2,)), keras.layers.Dense(3, kernel_initializer="ones")])
    made.compile(optimizer="sgd", loss="mse")
    made.optimizer.build(made.trainable_variables)
    return made


def test_a_checkpoint_is_a_new_file_whatever_lies_in_its_place(tmp_path: Path) -> None:
    (tmp_path / "photo.png").write_text("mine")
    for name in ("checkpoint", "checkpoint.partial"):
        os.link(tmp_path / "photo.png", tmp_path / name)
    saved = model()
    checkpoint.save(tmp_path / "checkpoint", Run(best=saved.get_weights()), saved)
    assert (tmp_path / "photo.png").read_text() == "mine"
    checkpoint.load(tmp_path / "checkpoint", loaded := model())
    assert all(map(np.array_equal, loaded.get_weights(), saved.get_weights()))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["checkpoint", "photo.png"]
