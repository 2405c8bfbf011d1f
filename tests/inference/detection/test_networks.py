"""MTCNN's networks on LiteRT give what TensorFlow makes of the package's weights, whatever else they see at once."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from celebtool.inference import mtcnn_weights
from celebtool.inference.detection.networks import Networks

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def networks() -> Networks:
    return Networks()


def pictures(*sizes: tuple[int, int]) -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    return [rng.integers(0, 256, (3, height, width)).astype(np.float32) for height, width in sizes]


def packages(name: str) -> Iterator[np.ndarray]:
    """The arrays of a network as the package itself reads them."""
    joblib = pytest.importorskip("joblib")
    mtcnn = pytest.importorskip("mtcnn")
    yield from joblib.load(Path(mtcnn.__file__).parent / "assets" / "weights" / f"{name}.lz4")


@pytest.mark.parametrize("name", ["pnet", "rnet", "onet"])
def test_weights_are_those_that_the_package_reads(name: str) -> None:
    for ours, theirs in zip(mtcnn_weights.read(name), packages(name), strict=True):
        assert (ours == theirs.reshape(ours.shape)).all()


def test_p_net_gives_what_the_packages_own_gives(networks: Networks) -> None:
    """As MTCNN's authors wrote it: a softmax of two logits, on pixels from -1 to 1."""
    stages = pytest.importorskip("mtcnn.stages.stage_pnet")
    theirs = stages.StagePNet(stage_name="pnet", weights=f"{_assets()}/pnet.lz4").model
    (picture,) = pictures((61, 97))
    offsets, probabilities = theirs(((picture.transpose(1, 2, 0) - 127.5) / 128)[None])
    ((own_offsets, logits),) = networks.propose([picture])
    rows, columns = logits.shape
    assert own_offsets == pytest.approx(np.asarray(offsets)[0, :rows, :columns], abs=1e-4)
    assert 1 / (1 + np.exp(-logits)) == pytest.approx(np.asarray(probabilities)[0, :rows, :columns, 1], abs=1e-4)


def test_r_net_and_o_net_give_what_the_packages_own_give(networks: Networks) -> None:
    r_stage = pytest.importorskip("mtcnn.stages.stage_rnet")
    o_stage = pytest.importorskip("mtcnn.stages.stage_onet")
    small, large = (
        np.random.default_rng(0).integers(0, 256, (5, side, side, 4)).astype(np.float32) for side in (24, 48)
    )
    r_net = r_stage.StageRNet(stage_name="rnet", weights=f"{_assets()}/rnet.lz4").model
    o_net = o_stage.StageONet(stage_name="onet", weights=f"{_assets()}/onet.lz4").model
    theirs = [np.asarray(output) for output in r_net((small[..., :3] - 127.5) / 128)]
    for one, other in zip(networks.refine(small), (theirs[0], theirs[1][:, 1]), strict=True):
        assert one == pytest.approx(other, abs=1e-4)
    offsets, points, scores = (np.asarray(output) for output in o_net((large[..., :3] - 127.5) / 128))
    wanted = offsets, points.reshape(-1, 2, 5).transpose(0, 2, 1), scores[:, 1]
    for one, other in zip(networks.output(large), wanted, strict=True):
        assert one == pytest.approx(other, abs=1e-4)


def test_neighbours_on_the_canvas_change_nothing(networks: Networks) -> None:
    several = pictures((190, 121), (64, 85), (45, 60), (33, 41), (22, 30), (13, 15), (12, 12))
    for picture, (offsets, scores) in zip(several, networks.propose(several), strict=True):
        ((own_offsets, own_scores),) = networks.propose([picture])
        assert own_scores.shape == scores.shape == tuple((side - 2) // 2 - 4 for side in picture.shape[1:])
        assert offsets == pytest.approx(own_offsets, abs=1e-5)
        assert scores == pytest.approx(own_scores, abs=1e-5)


@pytest.mark.parametrize("count", [1, 8, 33, 41])
def test_batches_change_nothing(networks: Networks, count: int) -> None:
    rng = np.random.default_rng(0)
    for network, size in ((networks.refine, 24), (networks.output, 48)):
        patches = rng.integers(0, 256, (count, size, size, 4)).astype(np.float32)
        together = network(patches)
        alone = [network(patch[None]) for patch in patches]
        for index, outputs in enumerate(together):
            assert len(outputs) == count
            assert outputs == pytest.approx(np.concatenate([one[index] for one in alone]), abs=1e-5)


def test_the_fourth_channel_is_ignored(networks: Networks) -> None:
    patches = np.random.default_rng(0).integers(0, 256, (2, 48, 48, 4)).astype(np.float32)
    others = patches.copy()
    others[..., 3] = 0
    for one, other in zip(networks.output(patches), networks.output(others), strict=True):
        assert (one == other).all()


def _assets() -> Path:
    return Path(pytest.importorskip("mtcnn").__file__).parent / "assets" / "weights"
