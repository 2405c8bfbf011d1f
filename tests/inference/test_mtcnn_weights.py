"""MTCNN's weights are read without unpickling, from the installed package alone."""

from pathlib import Path

import pytest

from celebtool.errors import CelebtoolError
from celebtool.inference import mtcnn_weights

PICKLE = b"cos\nsystem\n(S'touch opened'\ntR."


def test_weights_in_the_current_directory_are_not_touched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in mtcnn_weights.FILES:
        (tmp_path / f"{name}.lz4").write_bytes(PICKLE)
    monkeypatch.chdir(tmp_path)
    for name in mtcnn_weights.FILES:
        mtcnn_weights.read(name)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["onet.lz4", "pnet.lz4", "rnet.lz4"]


def test_changed_weights_are_refused_unopened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    directory = tmp_path / "mtcnn" / "assets" / "weights"
    directory.mkdir(parents=True)
    (tmp_path / "mtcnn" / "__init__.py").touch()
    for name in mtcnn_weights.FILES:
        (directory / f"{name}.lz4").write_bytes(PICKLE)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(__import__("sys").modules, "mtcnn", raising=False)
    monkeypatch.chdir(tmp_path)
    for name in mtcnn_weights.FILES:
        with pytest.raises(CelebtoolError, match=r"is not the file expected .* pip install mtcnn==1\.0\.0"):
            mtcnn_weights.read(name)
    assert not (tmp_path / "opened").exists()
