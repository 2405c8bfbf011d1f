import multiprocessing
import os
import time
from concurrent.futures import BrokenExecutor

import pytest

from celebtool.system import piped_workers, workers
from celebtool.system.piped_workers import PipedWorkers


def square(number: int) -> int:
    return number * number


def square_or_die(number: int) -> int:
    if number == 5:
        os._exit(1)
    return number * number


def divide(number: int) -> float:
    return 1 / number


@pytest.fixture
def no_semaphores(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take the place of a system without /dev/shm."""

    def refused(*_: object, **__: object) -> object:
        raise FileNotFoundError(2, "No such file or directory")

    monkeypatch.setattr("multiprocessing.synchronize.SemLock.__init__", refused)


@pytest.mark.usefixtures("no_semaphores")
@pytest.mark.parametrize("jobs", [1, 3])
def test_without_semaphores_the_results_are_the_same(jobs: int) -> None:
    assert not piped_workers.has_semaphores(multiprocessing.get_context("spawn"))
    assert list(workers.run(f"{__name__}:square", range(20), jobs)) == [i * i for i in range(20)]
    with pytest.raises(ZeroDivisionError):
        list(workers.run(f"{__name__}:divide", range(2), jobs))


def test_that_no_worker_can_be_started_is_told_as_a_death() -> None:
    context = multiprocessing.get_context("spawn")

    class Context(type(context)):  # type: ignore[misc]
        def Process(self, *_: object, **__: object) -> object:
            raise ConnectionRefusedError(111, "Connection refused")

    with (
        PipedWorkers(1, Context(), print, ()) as pool,
        pytest.raises(BrokenExecutor, match="no worker could be started"),
    ):
        pool.submit(square, 1).result()


@pytest.mark.slow
@pytest.mark.usefixtures("no_semaphores")
@pytest.mark.parametrize("jobs", [1, 3])
def test_without_semaphores_a_shard_that_kills_its_worker_is_the_only_one_lost(jobs: int) -> None:
    results = list(workers.run(f"{__name__}:square_or_die", range(12), jobs))
    assert isinstance(results[5], workers.WorkerDied)
    assert [results[i] for i in range(12) if i != 5] == [i * i for i in range(12) if i != 5]


@pytest.mark.usefixtures("no_semaphores")
def test_without_semaphores_workers_end_when_the_block_fails() -> None:
    futures = []

    def stop() -> None:
        with workers.local(1) as executor:
            assert isinstance(executor, PipedWorkers)
            futures.append(executor.submit(time.sleep, 60))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stop()
    assert futures[0].cancelled() or isinstance(futures[0].exception(), BrokenExecutor)
    assert not multiprocessing.active_children()
