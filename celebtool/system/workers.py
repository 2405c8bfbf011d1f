"""Run a function on many shards in worker processes, here or on a cluster; results keep the order of the shards."""

import atexit
import concurrent.futures
import contextlib
import importlib
import itertools
import multiprocessing
import multiprocessing.forkserver
import os
import signal
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor, Future
from contextlib import AbstractContextManager
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any, Generic, TypeVar

from celebtool.errors import SystemFaultError
from celebtool.system import guest_processes, piped_workers, signals, streams, worker_environment

Shard = TypeVar("Shard")
Start = Callable[[int], AbstractContextManager[Executor]]
"""Starts so many workers; a new call after they broke down starts new ones."""

AHEAD = 2  # shards per worker that wait for it
ATTEMPTS = 3  # to start workers, none of which gets as far as a shard
PAUSE = 0.5  # seconds after the first of them, for what starts workers to be known as dead


class WorkerDied(Exception):  # noqa: N818 - not an error: the run goes on without that shard
    """The worker died over a shard."""


class _Waiting(Generic[Shard]):
    """The shards that no worker has been given; false when there are none left."""

    def __init__(self, shards: Iterable[Shard]) -> None:
        self._shards = iter(shards)
        self._first: list[Shard] = []
        self.taken = 0

    def __bool__(self) -> bool:
        if not self._first:
            self._first.extend(itertools.islice(self._shards, 1))
        return bool(self._first)

    @property
    def next(self) -> Shard:
        """The first of them, which there must be; it stays until `take`."""
        return self._first[0]

    def take(self) -> None:
        """Remove the first."""
        self._first.clear()
        self.taken += 1


def run(function: str, shards: Iterable[Shard], jobs: int, start: Start | None = None) -> Iterator[WorkerDied | Any]:
    """Yield ``function(shard)`` for each shard, in their order, or `WorkerDied` where the shard killed its worker.

    When a worker dies nobody knows over which shard. Those that were under way are tried again one by one, each with
    a worker of its own; the rest goes on with new workers.

    Args:
        function: ``module:name``. Only the workers import it: the caller stays small and quick to start.
        shards: one argument each; it travels to a worker, so it is small and made of plain values. They may come one by
            one: so many are taken in advance as keep the workers busy.
        jobs: how many workers; never more than there are shards, if they are a sequence.
        start: what starts workers; processes on this machine by default.
    """
    start = start or local
    if start is local:
        multiprocessing.set_forkserver_preload([function.partition(":")[0]])
    waiting = _Waiting(shards)
    jobs = min(jobs, len(shards)) if isinstance(shards, Sequence) else jobs
    under_way: deque[tuple[Shard, Future[Any]]] = deque()
    in_vain = 0
    while waiting or under_way:
        taken = waiting.taken
        with start(jobs) as executor:
            yield from _until_one_dies(executor, function, waiting, under_way, AHEAD * jobs)
        suspects = [shard for shard, future in under_way]
        under_way.clear()
        in_vain = in_vain + 1 if waiting and waiting.taken == taken else 0
        if in_vain == ATTEMPTS:
            raise SystemFaultError("worker processes", "end as soon as they start; run the same command again")
        time.sleep(in_vain * PAUSE)
        for suspect in suspects:
            yield _alone(function, suspect, start)


def _until_one_dies(
    executor: Executor,
    function: str,
    waiting: "_Waiting[Shard]",
    under_way: deque[tuple[Shard, Future[Any]]],
    ahead: int,
) -> Iterator[Any]:
    """Yield results; keep so many shards under way and no more, so that neither queue nor results pile up."""
    try:
        while waiting or under_way:
            while waiting and len(under_way) < ahead:
                under_way.append((waiting.next, _submit(executor, function, waiting.next)))
                waiting.take()
            result = under_way[0][1].result()
            under_way.popleft()
            yield result
    except Exception as error:
        if not _is_a_death(error):
            raise


def _alone(function: str, shard: object, start: Start) -> Any:  # noqa: ANN401 - whatever the function returns
    with start(1) as executor:
        try:
            return _submit(executor, function, shard).result()
        except Exception as error:
            if not _is_a_death(error):
                raise
            return WorkerDied()


def _submit(executor: Executor, function: str, shard: object) -> Future[Any]:
    """Give a shard to a worker; the process that starts workers may have been killed, and is then started again.

    What was printed is flushed before, as a new process would do, so that a reader of stdout that has gone is no dead worker.
    """
    with contextlib.suppress(AttributeError, ValueError):  # there is no stdout, or it is closed
        sys.stdout.flush()
    try:
        return executor.submit(_call, function, shard)
    except (EOFError, ConnectionError) as error:
        raise concurrent.futures.BrokenExecutor("no worker could be started") from error


def _is_a_death(error: Exception) -> bool:
    """Say whether an error tells of a dead worker."""
    return isinstance(error, concurrent.futures.BrokenExecutor)


@contextlib.contextmanager
def local(workers: int) -> Iterator[Executor]:
    """Yield an executor of so many processes on this machine; they are not waited for when the block fails."""
    with (
        worker_environment.prepared(),  # which the fork server reads when it starts, too
        _executor(workers, _context(), multiprocessing.active_children) as executor,
    ):
        yield executor


@contextlib.contextmanager
def guests(workers: int) -> Iterator[Executor]:
    """Yield an executor as `local` does, in a program that is not ours: its processes and its main module stay alone.

    Each worker is started anew, so that nothing of this program, such as threads or a fork server, is touched.
    """
    context = guest_processes.Context()
    with worker_environment.prepared(), _executor(workers, context, context.started) as executor:
        yield executor


@contextlib.contextmanager
def _executor(
    workers: int, context: multiprocessing.context.BaseContext, started: Callable[[], Iterable[BaseProcess]]
) -> Iterator[Executor]:
    theirs, ours = context.Pipe(duplex=False)
    pool = _pool(workers, context, theirs)

    def kill() -> None:
        ours.close()
        for worker in started():  # one that still imports does not listen yet
            worker.kill()
            worker.join(1)

    with signals.cleaned_up(kill), theirs, ours, pool as executor:
        try:
            yield executor
        except BaseException:
            kill()
            raise
        finally:
            executor.shutdown(wait=True, cancel_futures=True)


def _pool(workers: int, context: multiprocessing.context.BaseContext, parent: Connection) -> Executor:
    if piped_workers.has_semaphores(context):
        return concurrent.futures.ProcessPoolExecutor(workers, context, _start_worker, (parent,))
    return piped_workers.PipedWorkers(workers, context, _start_worker, (parent,))


@contextlib.contextmanager
def inline(_workers: int) -> Iterator[Executor]:
    """Yield an executor that calls in this process: for one shard, for which a worker would take longer to start."""
    yield _Inline()


class _Inline(Executor):
    def submit(self, call: Callable[..., Any], /, *arguments: Any, **_: Any) -> Future[Any]:  # noqa: ANN401
        """Call at once; an exception is raised and not kept."""
        result: Future[Any] = Future()
        result.set_result(call(*arguments))
        return result


def _call(function: str, shard: object) -> object:
    module, name = function.split(":")
    work: Callable[[object], object] = getattr(importlib.import_module(module), name)
    return work(shard)


def _context() -> multiprocessing.context.BaseContext:
    """Return how workers start: anew, but on Linux as forks of one process that has imported what they run.

    So the time for its imports is spent once. It has run no network, because threads don't survive a fork.
    """
    if sys.platform == "linux":
        # no room for its socket, or a longer path than a socket's may be; the talk of processes is lost: errors come back
        # as results, and a run that is stopped leaves nobody to tell
        with contextlib.suppress(OSError), streams.without_stderr():
            multiprocessing.forkserver.ensure_running()
            atexit.register(
                streams.lose, streams.STDERR
            )  # a temporary directory of theirs that can't be removed is nobody's concern
            return multiprocessing.get_context("forkserver")
    return multiprocessing.get_context("spawn")


def _start_worker(parent: Connection) -> None:
    """Leave Ctrl-C to the parent, and end when its end of a pipe is closed: a killed run leaves no process behind."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()


def _end_with(parent: Connection) -> None:
    parent.poll(None)
    os._exit(1)
