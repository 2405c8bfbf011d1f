"""`predict` on a Dask cluster, and by any number of workers: the same table."""

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Result, run_installed
from tests.support.dask_cluster import DaskCluster

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def model(face_parts: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("model") / "m.h5"
    assert run_installed("train", face_parts, path).code == 0
    return path


@pytest.mark.parametrize("find", ["--faces", "--no-faces"])
def test_the_number_of_workers_changes_no_byte(
    celebtool: Callable[..., Result], model: Path, face_parts: Path, tmp_path: Path, find: str
) -> None:
    images = face_parts.parent / "photos" if find == "--faces" else face_parts
    outputs = [tmp_path / f"{jobs}.csv" for jobs in (1, 3)]
    for jobs, output in zip((1, 3), outputs, strict=True):
        assert celebtool("predict", model, images, find, "-o", output, "--jobs", jobs).code == 0
    assert outputs[0].read_bytes() == outputs[1].read_bytes()
    assert sorted(tmp_path.iterdir()) == outputs


def test_a_cluster_that_loses_a_worker_gives_the_same_table(
    celebtool: Callable[..., Result], model: Path, face_parts: Path, tmp_path: Path
) -> None:
    pytest.importorskip("distributed")
    photos, out = face_parts.parent / "photos", tmp_path / "out.csv"
    cluster = DaskCluster(tmp_path)
    try:
        first, _ = cluster.worker(), cluster.worker()
        line = [sys.executable, "-m", "celebtool", "predict", model, photos, "--faces", "-o", out]
        with subprocess.Popen([*map(str, line), "--dask", cluster.address], stderr=subprocess.PIPE) as run:
            wait_for(tmp_path / ".out.csv.partial" / "scratch")
            first.kill()
            assert run.wait(300) == 0
    finally:
        cluster.close()
    assert celebtool("predict", model, photos, "--faces", "-o", tmp_path / "here.csv").code == 0
    assert out.read_bytes() == (tmp_path / "here.csv").read_bytes()


def wait_for(scratch: Path) -> None:
    deadline = time.monotonic() + 120
    while not scratch.is_dir():
        assert time.monotonic() < deadline, "no run has begun"
        time.sleep(0.01)
    time.sleep(2)  # whatever the cluster is doing then


def test_a_cluster_needs_a_file_to_write_beside(
    celebtool: Callable[..., Result], model: Path, face_parts: Path
) -> None:
    result = celebtool("predict", model, face_parts, "--dask", "tcp://127.0.0.1:1")
    assert (result.code, result.stdout) == (2, "")
    assert "needs --output; the workers leave their results beside it" in result.stderr.replace("\n│", "").replace(
        "│", ""
    )
    result = celebtool("predict", model, face_parts, "--dask", "somewhere", "-o", "x.csv")
    assert (result.code, result.stdout) == (2, "")
