"""Run a function on many items in threads, for work that leaves Python's lock free, such as decoding images."""

import contextlib
import os
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


def run(
    function: Callable[[Item], Result], items: Sequence[Item], progress: Callable[[int, int], None]
) -> list[Result]:
    """Return ``function(item)`` for each item, in their order; the first failure, in that order, is raised.

    Args:
        function: called from several threads at once.
        items: one argument each.
        progress: called with (done, total) after each.
    """
    results = []
    for result in map_ahead(function, items):  # a future for each of a million items would take gigabytes
        results.append(result)
        progress(len(results), len(items))
    return results


@contextlib.contextmanager
def repeating(function: Callable[[], None], seconds: float) -> Iterator[None]:
    """Call a function in a thread every so many seconds while the block runs."""
    over = threading.Event()

    def repeat() -> None:
        while not over.wait(seconds):
            function()

    thread = threading.Thread(target=repeat, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def map_ahead(function: Callable[[Item], Result], items: Iterable[Item], ahead: int = 64) -> Iterator[Result]:
    """Yield ``function(item)`` in the order of the items, computed by threads at most `ahead` items in advance."""
    pending: deque[Future[Result]] = deque()
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        try:
            for item in items:
                pending.append(pool.submit(function, item))
                if len(pending) > ahead:
                    yield pending.popleft().result()
            while pending:
                yield pending.popleft().result()
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def batched(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    """Yield lists of `size` items; the last may be shorter."""
    batch: list[Item] = []
    for item in items:
        batch.append(item)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch
