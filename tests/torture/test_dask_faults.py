"""Promise 17: a cluster may fail in any way, and what a worker sends is data."""

import importlib.util
import json
import os
import random
import signal
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from celebtool.errors import CelebtoolError, SystemFaultError
from celebtool.system import cluster, workers
from tests.support.dask_cluster import DaskCluster
from tests.torture import world
from tests.torture.conftest import Tally, amount

pytestmark = [
    pytest.mark.slow,
    pytest.mark.torture,
    pytest.mark.skipif(importlib.util.find_spec("distributed") is None, reason="needs Dask"),
]

NO_ADDRESSES = (
    "", "foo", "127.0.0.1", "127.0.0.1:8786", ":8786", "tcp://", "tcp://127.0.0.1", "tcp://:8786", "tcp://127.0.0.1:0",
    "tcp://127.0.0.1:99999", "tcp://127.0.0.1:-1", "tcp://127.0.0.1:http", "tcp://a b:1", "tls://127.0.0.1:8786",
    "http://127.0.0.1:8786", "ucx://127.0.0.1:1", "inproc://1/2/3", "ws://127.0.0.1:8786", "tcp://me@host:1",
    "tcp://host:8786/x", "tcp:/host:1", "tcp://[::1]", "tcp://\x1b[31m:1", "unix:///tmp/x", "localhost",
    "localhost:8786", "TCP://127.0.0.1:8786", " tcp://127.0.0.1:8786", "tcp://127.0.0.1:\u0661", "tcp://::1:8786", "scheduler.json",
)  # fmt: skip
BAD_ANSWERS = (b"", b"[]", b"null", b"{", b"7", b'"x"', b"\xff", b"[" * 50_000, b'{"problem": 7}', b'{"problem": []}')
NAME = __name__


def wait_a_little(file: str) -> None:
    time.sleep(0.05)
    Path(file).write_text("done")


@pytest.fixture
def made(tmp_path: Path) -> Iterator[DaskCluster]:
    (tmp_path / "dask").mkdir()
    made = DaskCluster(tmp_path / "dask")
    yield made
    made.close()


def test_what_is_no_address(tmp_path: Path, tally: Tally) -> None:
    tally.begin(17, "--dask with what is no address: exit code 2 at once")
    world.photos(tmp_path)
    for address in NO_ADDRESSES[: amount(4, 8, 31)]:
        started = time.monotonic()
        ended = world.run("crop-faces", "photos", "out", "--dask", address, cwd=tmp_path)
        assert ended.code == 2, (address, ended.said)
        assert "Traceback" not in ended.said
        assert "\x1b[31m" not in ended.said
        assert time.monotonic() - started < 30
        tally.count()
    assert not (tmp_path / "out").exists()


def test_answers_that_are_none(tmp_path: Path, tally: Tally, monkeypatch: pytest.MonkeyPatch) -> None:
    tally.begin(17, "answers of a worker that are no answers")
    monkeypatch.setattr(cluster.time, "sleep", lambda _: None)
    executor = cluster.ClusterExecutor(None, set(), "tcp://host:1", tmp_path, print)
    for content in BAD_ANSWERS:
        (tmp_path / "x").write_bytes(content)
        assert isinstance(executor._error_of(tmp_path / "x"), SystemFaultError), content[:20]
        tally.count()
    (tmp_path / "x").write_text(json.dumps({"worker": "w"}))
    assert executor._error_of(tmp_path / "x") is None
    assert isinstance(executor._error_of(tmp_path / "x"), SystemFaultError)


def test_workers_that_are_killed(tmp_path: Path, made: DaskCluster, tally: Tally) -> None:
    tally.begin(17, "workers of a cluster killed at random moments: others do their work")
    chance = random.Random(0)
    members = [made.worker() for _ in range(2)]
    for number in range(amount(1, 3, 8)):
        files = [str(tmp_path / f"{number}-{each}") for each in range(30)]
        killer = threading.Timer(chance.random() * 3, members.pop(0).kill)
        members.append(made.worker())
        killer.start()
        start = cluster.dask(made.address, tmp_path, print)
        assert list(workers.run(f"{NAME}:wait_a_little", files, 2, start)) == [None] * 30
        killer.join()
        assert all(Path(file).read_text() == "done" for file in files)
        tally.count()


def test_schedulers_that_are_killed(tmp_path: Path, tally: Tally) -> None:
    tally.begin(17, "schedulers killed or stopped at random moments: one error that says how to go on")
    chance = random.Random(1)
    for number in range(amount(1, 2, 6)):
        (tmp_path / str(number)).mkdir()
        made = DaskCluster(tmp_path / str(number))
        made.worker()
        try:
            start = cluster.dask(made.address, tmp_path, print)
            killer = threading.Timer(8 + 4 * chance.random(), made.scheduler.send_signal, (signal.SIGKILL,))
            killer.start()
            with pytest.raises(CelebtoolError, match=r"scheduler (does not answer any more|answers)") as caught:
                list(workers.run("time:sleep", [0.1] * 2000, 1, start))
            assert made.address in str(caught.value)
            killer.join()
        finally:
            made.close()
        tally.count()


def test_workers_of_another_version(tmp_path: Path, made: DaskCluster, tally: Tally) -> None:
    tally.begin(17, "workers of another version of celebtool, refused by name")
    (tmp_path / "sitecustomize.py").write_text("import celebtool\ncelebtool.__version__ = '0.0.1'\n")
    made.worker(PYTHONPATH=os.pathsep.join([str(tmp_path), *filter(None, sys.path)]))
    start = cluster.dask(made.address, tmp_path, print)
    for _ in range(amount(1, 2, 3)):
        with pytest.raises(CelebtoolError, match=r"^tcp://\S+: is version 0.0.1 there and "):
            list(workers.run(f"{NAME}:wait_a_little", [str(tmp_path / "a")], 1, start))
        tally.count()
