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


def die(number: int) -> None:
    os._exit(number)


def test_results_come_in_the_order_of_the_shards() -> None:
    assert list(processes.run(f"{__name__}:square", range(20), 2)) == [i * i for i in range(20)]


def test_nothing_to_do_starts_nothing() -> None:
    assert list(processes.run("missing:missing", [], 2)) == []


def test_a_dead_worker_is_an_error() -> None:
    with pytest.raises(CelebtoolError, match="died"):
        list(processes.run(f"{__name__}:die", [1, 2, 3], 2))


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
