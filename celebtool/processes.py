"""The same function on many shards in worker processes, results in the order of the shards."""

import concurrent.futures
import importlib
import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from celebtool.errors import CelebtoolError


def run(function: str, shards: Sequence[Any], jobs: int) -> Iterator[Any]:
    """Yield ``function(shard)`` for each shard, in their order, computed by ``jobs`` processes.

    Args:
        function: ``module:name``. Only the workers import it: the caller stays small and quick to start.
        shards: one argument each; it travels to a worker, so it is small and made of plain values.
        jobs: how many processes; never more than there are shards.

    Raises:
        CelebtoolError: a worker died.
    """
    if not shards:
        return
    context = multiprocessing.get_context("spawn")  # TensorFlow's threads don't survive a fork
    workers = min(jobs, len(shards))
    with concurrent.futures.ProcessPoolExecutor(workers, context, _start_worker) as executor:
        try:
            yield from _in_order(executor, function, shards, 2 * workers)
        except concurrent.futures.process.BrokenProcessPool as error:
            raise CelebtoolError("a worker process", "died; fewer --jobs need less memory") from error
        finally:
            executor.shutdown(wait=True, cancel_futures=True)


def _in_order(executor: concurrent.futures.Executor, function: str, shards: Sequence[Any], ahead: int) -> Iterator[Any]:
    """Keep so many shards under way and no more, that neither queue nor results grow with their number."""
    waiting = deque(shards)
    under_way: deque[concurrent.futures.Future[Any]] = deque()
    while waiting or under_way:
        while waiting and len(under_way) < ahead:
            under_way.append(executor.submit(_call, function, waiting.popleft()))
        yield under_way.popleft().result()


def _call(function: str, shard: object) -> object:
    module, name = function.split(":")
    work: Callable[[object], object] = getattr(importlib.import_module(module), name)
    return work(shard)


def _start_worker() -> None:
    """Leave Ctrl-C to the parent, and end when the parent is gone: a killed run leaves no process behind."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent,), daemon=True).start()


def _end_with(parent: multiprocessing.process.BaseProcess) -> None:
    parent.join()
    os._exit(1)
