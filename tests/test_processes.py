import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from celebtool import processes
from celebtool.errors import CelebtoolError


def square(number: int) -> int:
    return number * number


def square_or_die(number: int) -> int:
    if number % 6 == 5:
        os._exit(1)
    return number * number


def divide(number: int) -> float:
    return 1 / number


def test_results_come_in_the_order_of_the_shards() -> None:
    assert list(processes.run(f"{__name__}:square", range(20), 2)) == [i * i for i in range(20)]


def test_nothing_to_do_starts_nothing() -> None:
    assert list(processes.run("missing:missing", [], 2)) == []


@pytest.mark.slow
@pytest.mark.parametrize("jobs", [1, 3])
def test_a_shard_that_kills_its_worker_is_the_only_one_lost(jobs: int) -> None:
    results = list(processes.run(f"{__name__}:square_or_die", range(12), jobs))
    assert isinstance(results[5], processes.WorkerDied)
    assert isinstance(results[11], processes.WorkerDied)
    kept = [i for i in range(12) if i % 6 != 5]
    assert [results[i] for i in kept] == [i * i for i in kept]


def test_an_error_in_a_shard_ends_the_run() -> None:
    with pytest.raises(ZeroDivisionError):
        list(processes.run(f"{__name__}:divide", [0], 1))


def test_dask_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(CelebtoolError, match=r"pip install 'celebtool\[dask\]'"):
        processes.dask("tcp://127.0.0.1:1")


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_workers_end_with_a_killed_parent() -> None:
    script = (
        "from celebtool import processes\n"
        "if __name__ == '__main__':\n"
        "    for _ in processes.run('time:sleep', [0.01, 1000], 1): print('started', flush=True)\n"
    )
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, env=environment) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == b"started\n"
        children = _children(parent.pid)
        parent.kill()
    assert children
    deadline = time.monotonic() + 20
    while any(_runs(child) for child in children):
        assert time.monotonic() < deadline, "a worker outlived its parent"
        time.sleep(0.05)


def _children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False
