"""The same function on many items in threads, for work that leaves Python's lock free, such as decoding images."""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
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
    executor = ThreadPoolExecutor(os.cpu_count() or 1)
    try:
        for result in executor.map(function, items):
            results.append(result)
            progress(len(results), len(items))
    finally:
        executor.shutdown(wait=True, cancel_futures=True)
    return results
