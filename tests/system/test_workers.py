import contextlib
import multiprocessing.forkserver
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import BrokenExecutor, Executor, Future
from pathlib import Path
from types import SimpleNamespace

import pytest

from celebtool.errors import SystemFaultError
from celebtool.system import workers


def square(number: int) -> int:
    return number * number


def square_or_die(number: int) -> int:
    if number % 6 == 5:
        os._exit(1)
    return number * number


def deaf(_parent: object) -> None:
    """Take the place of what makes a worker listen."""


def surroundings(_number: int) -> tuple[int, str, list[str]]:
    return os.getppid(), os.environ["CUDA_VISIBLE_DEVICES"], sorted({"", os.getcwd()} & set(sys.path))


def divide(number: int) -> float:
    return 1 / number


def test_results_come_in_the_order_of_the_shards() -> None:
    assert list(workers.run(f"{__name__}:square", range(20), 2)) == [i * i for i in range(20)]


def test_nothing_to_do_starts_nothing() -> None:
    assert list(workers.run("missing:missing", [], 2)) == []


@pytest.mark.slow
@pytest.mark.parametrize("jobs", [1, 3])
def test_a_shard_that_kills_its_worker_is_the_only_one_lost(jobs: int) -> None:
    results = list(workers.run(f"{__name__}:square_or_die", range(12), jobs))
    assert isinstance(results[5], workers.WorkerDied)
    assert isinstance(results[11], workers.WorkerDied)
    kept = [i for i in range(12) if i % 6 != 5]
    assert [results[i] for i in kept] == [i * i for i in kept]


def test_workers_that_do_not_listen_yet_end_with_the_block(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "_start_worker", deaf)
    futures = []

    def stop() -> None:
        with workers.local(1) as executor:
            futures.append(executor.submit(time.sleep, 60))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stop()
    assert futures[0].cancelled() or isinstance(futures[0].exception(), BrokenExecutor)


@pytest.mark.skipif(sys.platform != "linux", reason="workers are started anew elsewhere")
def test_workers_are_forks_of_one_process_that_is_not_this_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It has no GPU, which a fork would break, and takes no modules from the current directory."""
    monkeypatch.chdir(tmp_path)
    first, second = workers.run(f"{__name__}:surroundings", range(2), 2)
    assert first == second == (first[0], "-1", [])
    assert first[0] != os.getpid()


@pytest.mark.parametrize("directory", ["x" * 90, "missing/directory"])
def test_workers_start_where_no_socket_can_be(directory: str, tmp_path: Path) -> None:
    if "/" not in directory:
        (tmp_path / directory).mkdir()
    script = (
        "from celebtool.system import workers\n"
        "if __name__ == '__main__': print(*workers.run('math:sqrt', [4.0, 9.0], 2))\n"
    )
    environment = {"PYTHONPATH": os.pathsep.join(sys.path), "TMPDIR": str(tmp_path / directory)}
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ | environment)
    assert (done.stdout, done.stderr, done.returncode) == ("2.0 3.0\n", "", 0)


def test_an_error_in_a_shard_ends_the_run() -> None:
    with pytest.raises(ZeroDivisionError):
        list(workers.run(f"{__name__}:divide", [0], 1))


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="workers are started anew elsewhere")
@pytest.mark.parametrize("moment", [0, 1, 5])
def test_the_process_that_starts_workers_may_be_killed(moment: int) -> None:
    """As the system does when memory runs out."""
    results = workers.run(f"{__name__}:square", range(40), 2)
    found = [next(results) for _ in range(moment)]
    multiprocessing.forkserver.ensure_running()
    os.kill(multiprocessing.forkserver._forkserver._forkserver_pid, signal.SIGKILL)
    assert [*found, *results] == [number * number for number in range(40)]
    assert list(workers.run(f"{__name__}:square", range(3), 2)) == [0, 1, 4]


@pytest.mark.parametrize("error", [EOFError, ConnectionRefusedError, BrokenPipeError])
def test_workers_that_can_never_start_end_the_run(error: type[Exception]) -> None:
    class Unable(Executor):
        def submit(self, *_arguments: object, **_: object) -> "Future[object]":
            raise error

    @contextlib.contextmanager
    def start(_workers: int) -> Iterator[Executor]:
        yield Unable()

    with pytest.raises(SystemFaultError, match="worker processes: end as soon as they start; run the same command"):
        list(workers.run("math:sqrt", [4.0], 1, start))


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_workers_end_with_a_killed_parent() -> None:
    script = (
        "from celebtool.system import workers\n"
        "if __name__ == '__main__':\n"
        "    for _ in workers.run('time:sleep', [0.01, 1000], 1): print('started', flush=True)\n"
    )
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, env=environment) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == b"started\n"
        family = _descendants(parent.pid)
        parent.kill()
    assert family
    deadline = time.monotonic() + 20
    while any(_runs(member) for member in family):
        assert time.monotonic() < deadline, "a worker outlived its parent"
        time.sleep(0.05)


def _descendants(pid: int) -> list[int]:
    children = [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return children + [each for child in children for each in _descendants(child)]


def _runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_inline_workers_are_this_process() -> None:
    assert list(workers.run(f"{__name__}:own_process", [0, 0], 2, workers.inline)) == [os.getpid()] * 2
    with pytest.raises(ZeroDivisionError):
        list(workers.run(f"{__name__}:fail", [0], 1, workers.inline))


def test_shards_may_come_one_by_one() -> None:
    assert list(workers.run(f"{__name__}:square", (number for number in range(20)), 2)) == [i * i for i in range(20)]
    assert list(workers.run(f"{__name__}:square_or_die", iter(range(5)), 2)) == [0, 1, 4, 9, 16]


def own_process(_: int) -> int:
    return os.getpid()


def fail(_: int) -> None:
    raise ZeroDivisionError


def test_a_reader_of_stdout_that_has_gone_is_no_dead_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    def flush() -> None:
        raise BrokenPipeError

    monkeypatch.setattr(sys, "stdout", SimpleNamespace(flush=flush))
    with pytest.raises(BrokenPipeError):
        list(workers.run(f"{__name__}:square", [1, 2], 1))
