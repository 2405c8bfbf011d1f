"""Settings of other programs, in files of the home and in environment variables, change no byte of an output."""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

TRAIN = ("train", "parts", "m.h5", "--arch", "cnn", "--image-size", "16", "--dense", "8", "--epochs", "2", "-q")
TABLE = """path,part,label,status,reason,predicted,confidence,score,seen,prob_ann,prob_bob
1.jpg,,ann,predicted,,ann,0.9,0.9,no,0.9,0.1
2.jpg,,bob,predicted,,bob,0.9,0.9,no,0.1,0.9
"""
VARIABLES = {
    "KERAS_BACKEND": "jax",
    "KERAS_MAX_EPOCHS": "1",
    "KERAS_MAX_STEPS_PER_EPOCH": "1",
    "TF_ENABLE_ONEDNN_OPTS": "0",
    "TF_USE_LEGACY_KERAS": "1",
    "TF_XLA_FLAGS": "--tf_xla_auto_jit=2",
    "XLA_FLAGS": "--no_such_flag",
    "PYTHONWARNINGS": "error",
    "PYTHONUTF8": "0",
    "LC_ALL": "C",
}

SITECUSTOMIZE = """import os
stderr = os.dup(2)
os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # TensorFlow talks when it is imported
import keras
os.dup2(stderr, 2)
keras.config.set_image_data_format("channels_first")
keras.config.set_floatx("float16")
keras.config.set_dtype_policy("mixed_float16")
keras.config.set_epsilon(0.1)
"""


def run(cwd: Path, arguments: tuple[str, ...], variables: Mapping[str, str]) -> None:
    line = [sys.executable, "-m", "celebtool", *arguments]
    done = subprocess.run(line, capture_output=True, check=False, cwd=cwd, env={**os.environ, **variables})
    assert (done.returncode, done.stderr.decode()) == (0, "")


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a directory with an image folder and the model that is trained on it without any settings."""
    place = tmp_path_factory.mktemp("trained")
    rng = np.random.default_rng(0)
    for part, count in (("train", 6), ("val", 3)):
        for person in "ab":
            (place / "parts" / part / person).mkdir(parents=True)
            for number in range(count):
                picture = Image.fromarray(rng.integers(0, 256, (16, 16, 3), np.uint8))
                picture.save(place / "parts" / part / person / f"{number}.png")
    run(place, TRAIN, {})
    return place


@pytest.mark.slow
@pytest.mark.parametrize(
    ("config", "variables"),
    [
        ('{"image_data_format": "channels_first", "floatx": "float16", "epsilon": 0.1}', VARIABLES),
        ('{"floatx": "float12"}', {"KERAS_HOME": "home/.keras"}),
    ],
)
def test_a_model_is_the_same(trained: Path, tmp_path: Path, config: str, variables: dict[str, str]) -> None:
    shutil.copytree(trained / "parts", tmp_path / "parts")
    (tmp_path / "home/.keras").mkdir(parents=True)
    (tmp_path / "home/.keras/keras.json").write_text(config)
    run(tmp_path, TRAIN, {"HOME": str(tmp_path / "home"), **variables})
    assert (tmp_path / "m.h5").read_bytes() == (trained / "m.h5").read_bytes()


@pytest.mark.slow
def test_a_model_is_the_same_where_keras_was_set_up_by_others(trained: Path, tmp_path: Path) -> None:
    shutil.copytree(trained / "parts", tmp_path / "parts")
    (tmp_path / "site").mkdir()
    (tmp_path / "site/sitecustomize.py").write_text(SITECUSTOMIZE)
    path = os.pathsep.join([str(tmp_path / "site"), os.environ.get("PYTHONPATH", "")])
    run(tmp_path, TRAIN, {"PYTHONPATH": path})
    assert (tmp_path / "m.h5").read_bytes() == (trained / "m.h5").read_bytes()


@pytest.mark.parametrize("backend", ["module://matplotlib_inline.backend_inline", "no_such_backend"])
def test_plots_are_the_same_in_a_notebook_and_without_a_home(tmp_path: Path, backend: str) -> None:
    (tmp_path / "p.csv").write_text(TABLE)
    (tmp_path / "matplotlibrc").write_text("figure.dpi: 7\nno.such.key: 1\n")
    run(tmp_path, ("report", "p.csv", "--plots", "wanted", "-q"), {})
    variables = {"MPLBACKEND": backend, "MATPLOTLIBRC": str(tmp_path / "matplotlibrc"), "HOME": "/nonexistent"}
    run(tmp_path, ("report", "p.csv", "--plots", "made", "-q"), variables)
    for wanted in (tmp_path / "wanted").iterdir():
        assert (tmp_path / "made" / wanted.name).read_bytes() == wanted.read_bytes()
