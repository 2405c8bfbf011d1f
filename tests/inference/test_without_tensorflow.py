"""After their first use, commands that only answer never import TensorFlow."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import tree

pytestmark = pytest.mark.slow
RAISES = "import pathlib; pathlib.Path({mark!r}).touch(); raise ImportError('this is no TensorFlow')"


@pytest.fixture
def without(tmp_path: Path) -> dict[str, str]:
    """An environment in which TensorFlow and Keras raise, and leave a mark, when they are imported."""
    for name in ("tensorflow", "keras"):
        (tmp_path / "fake" / name).mkdir(parents=True)
        (tmp_path / "fake" / name / "__init__.py").write_text(RAISES.format(mark=str(tmp_path / "imported")))
    path = [str(tmp_path / "fake"), *filter(None, sys.path)]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(path), "CELEBTOOL_OFFLINE": "1"}


def run(environment: dict[str, str] | None, *arguments: object) -> subprocess.CompletedProcess[str]:
    line = [sys.executable, "-m", "celebtool", *map(str, arguments)]
    return subprocess.run(line, capture_output=True, text=True, check=False, env=environment)


SUFFIXES = {"train": ".h5", "predict": ".csv", "crop-faces": ""}


def content(output: Path) -> object:
    return tree(output) if output.is_dir() else output.read_bytes()


@pytest.mark.parametrize(
    "line",
    [
        ("crop-faces", "photos", "OUT"),
        ("train", "parts", "OUT"),
        ("predict", "MODEL", "photos/s1", "--faces", "-o", "OUT"),
        ("predict", "MODEL", "parts/test", "-o", "OUT"),
        ("predict", "MODEL", "parts/test", "--mirror", "-j", "1", "-o", "OUT"),
    ],
    ids=" ".join,
)
def test_a_command_with_prepared_networks_never_imports_it(
    face_parts: Path, tmp_path: Path, without: dict[str, str], line: tuple[str, ...]
) -> None:
    assert run(None, "train", face_parts, tmp_path / "m.h5").returncode == 0
    outputs = [tmp_path / f"{number}{SUFFIXES[line[0]]}" for number in (1, 2)]
    root = face_parts.parent
    for environment, output in zip((None, without), outputs, strict=True):
        places = {"OUT": output, "MODEL": tmp_path / "m.h5"}
        words = (root / word if word.partition("/")[0] in {"photos", "parts"} else word for word in line)
        done = run(environment, *(places.get(str(word), word) for word in words))
        assert (done.returncode, "Error" in done.stderr) == (0, False), done.stderr
    assert content(outputs[0]) == content(outputs[1])
    assert not (tmp_path / "imported").exists()


def test_without_tensorflow_a_first_use_is_an_error_of_one_line(
    face_parts: Path, tmp_path: Path, without: dict[str, str]
) -> None:
    shutil.copytree(face_parts / "train", tmp_path / "train")
    assert run(None, "train", face_parts, tmp_path / "m.h5").returncode == 0
    environment = {**without, "CELEBTOOL_CACHE": str(tmp_path / "empty")}
    done = run(environment, "predict", tmp_path / "m.h5", face_parts / "test")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.splitlines()[-2:] == [
        "preparing the networks for this machine, once: face-sface",
        "celebtool: error: face-sface: can't be prepared: ImportError: this is no TensorFlow; install celebtool again",
    ]
