"""Small classifiers, images for them, and what plain Keras makes of their files."""

import os
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np

from celebtool.formats.model_info import ModelInfo
from celebtool.nn.classifier import Classifier
from celebtool.nn.networks import build

SIZE = (16, 16)
INFO = ModelInfo("cnn", ("ann", "bob", "Zoë"), SIZE, seed=1, dense=(4,), dropout=0.5, recipe={"command": "train"})


def tiny(info: ModelInfo = INFO) -> Classifier:
    model = build.build(
        info.architecture,
        len(info.class_names),
        image_size=info.image_size,
        dense=info.dense,
        dropout=info.dropout,
        l2=info.l2,
        seed=info.seed,
    )
    return Classifier(model, info)


def images(size: tuple[int, int], count: int = 5) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (count, *size, 3), dtype=np.uint8)


def in_plain_keras(folder: Path, inputs: dict[str, Any]) -> dict[str, np.ndarray]:
    """What somebody without celebtool gets from FOLDER/NAME.h5 for NAME's images (by input, if there are several)."""
    (folder / "inputs.pickle").write_bytes(pickle.dumps(inputs))
    code = """
import sys, pickle, numpy as np, keras
inputs = pickle.load(open("inputs.pickle", "rb"))
outputs = {name: keras.models.load_model(name + ".h5").predict(images, verbose=0) for name, images in inputs.items()}
np.savez("outputs.npz", **outputs)
assert not any(name.startswith("celebtool") for name in sys.modules)
"""
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
    subprocess.run([sys.executable, "-W", "ignore", "-c", code], check=True, cwd=folder, env=environment)
    return dict(np.load(folder / "outputs.npz"))
