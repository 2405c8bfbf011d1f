import importlib.metadata
from pathlib import Path

import numpy as np
import pytest

from celebtool.errors import CelebtoolError

face_networks = pytest.importorskip("celebtool.nn.detection.networks")
pytestmark = pytest.mark.slow


def pictures(*sizes: tuple[int, int]) -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    return [rng.integers(0, 256, (height, width, 3)).astype(np.float32) for height, width in sizes]


def test_bands_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    propose = face_networks.load()[0]
    (whole,) = propose(pictures((301, 97)))
    monkeypatch.setattr(face_networks, "BAND", 97 * 64)
    (banded,) = propose(pictures((301, 97)))
    assert whole[1].shape == (145, 43)
    for one, other in zip(whole, banded, strict=True):
        assert one == pytest.approx(other, abs=1e-5)


def test_neighbours_on_the_canvas_change_nothing() -> None:
    propose = face_networks.load()[0]
    several = pictures((90, 121), (64, 85), (45, 60), (33, 41), (22, 30), (13, 15), (12, 12))
    for picture, (offsets, scores) in zip(several, propose(several), strict=True):
        ((own_offsets, own_scores),) = propose([picture])
        assert own_scores.shape == scores.shape == tuple((side - 2) // 2 - 4 for side in picture.shape[:2])
        assert offsets == pytest.approx(own_offsets, abs=1e-5)
        assert scores == pytest.approx(own_scores, abs=1e-5)


@pytest.mark.parametrize("count", [1, 8, 33])
def test_batches_change_nothing(count: int) -> None:
    _, refine, output = face_networks.load()
    rng = np.random.default_rng(0)
    for network, size in ((refine, 24), (output, 48)):
        patches = rng.integers(0, 256, (count, size, size, 3)).astype(np.float32)
        together = network(patches)
        alone = [network(patch[None]) for patch in patches]
        for index, outputs in enumerate(together):
            assert len(outputs) == count
            assert outputs == pytest.approx(np.concatenate([one[index] for one in alone]), abs=1e-5)


def test_weights_in_the_current_directory_are_not_touched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in face_networks.WEIGHTS:
        (tmp_path / f"{name}.lz4").write_bytes(b"cos\nsystem\n(S'touch opened'\ntR.")
    monkeypatch.chdir(tmp_path)
    face_networks.load()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["onet.lz4", "pnet.lz4", "rnet.lz4"]


def test_changed_weights_are_refused_unopened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    directory = tmp_path / "mtcnn" / "assets" / "weights"
    directory.mkdir(parents=True)
    for name in face_networks.WEIGHTS:
        (directory / f"{name}.lz4").write_bytes(b"cos\nsystem\n(S'touch opened'\ntR.")
    (tmp_path / "mtcnn-1.0.0.dist-info").mkdir()
    (tmp_path / "mtcnn-1.0.0.dist-info" / "METADATA").write_text("Name: mtcnn\nVersion: 1.0.0\n")
    installed = importlib.metadata.Distribution.at(tmp_path / "mtcnn-1.0.0.dist-info")
    monkeypatch.setattr("importlib.metadata.distribution", lambda _: installed)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(CelebtoolError, match=r"not the file of mtcnn 1\.0\.0"):
        face_networks.load()
    assert not (tmp_path / "opened").exists()
