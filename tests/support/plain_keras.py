"""Keras without celebtool: one process that opens models as anybody would, and answers as long as the tests run."""

import atexit
import functools
import os
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np

_ANSWER = """
import os, pickle, sys
answers = os.fdopen(os.dup(1), "wb")
os.dup2(2, 1)  # what Keras prints is no answer
import keras
while True:
    try:
        folder, inputs = pickle.load(sys.stdin.buffer)
    except EOFError:
        break
    outputs = {}
    for name, images in inputs.items():
        outputs[name] = keras.models.load_model(f"{folder}/{name}.h5").predict(images, verbose=0)
        keras.utils.clear_session()
    assert not any(name.startswith("celebtool") for name in sys.modules)
    pickle.dump(outputs, answers)
    answers.flush()
"""


def predict(folder: Path, inputs: dict[str, Any]) -> dict[str, np.ndarray]:
    """What somebody without celebtool gets from FOLDER/NAME.h5 for NAME's images (by input, if there are several)."""
    process = _process()
    assert process.stdin is not None
    assert process.stdout is not None
    pickle.dump((str(folder), inputs), process.stdin)
    process.stdin.flush()
    try:
        return pickle.load(process.stdout)
    except EOFError:  # it has said on stderr why
        _process.cache_clear()
        raise AssertionError(f"plain Keras ended with exit code {process.wait()}") from None


@functools.cache
def _process() -> subprocess.Popen[bytes]:
    line = [sys.executable, "-P", "-W", "ignore", "-c", _ANSWER]
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
    process = subprocess.Popen(line, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment)
    atexit.register(process.communicate)
    return process
