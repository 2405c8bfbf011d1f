"""Start processes in a program that is not ours, without its main module.

Python imports the main module into every process that it starts anew. A script without ``if __name__ == "__main__"`` would
begin once more there, and a notebook has no module that could be imported. Our workers need nothing of it.
"""

import contextlib
import multiprocessing.context
import sys
import threading
import types
from collections.abc import Iterator
from multiprocessing.process import BaseProcess
from typing import Any

from celebtool.system import streams

_ALONE = threading.Lock()


class Context(multiprocessing.context.SpawnContext):
    """Starts processes anew, and knows those that it has started."""

    def __init__(self) -> None:
        self._started: list[BaseProcess] = []

    def started(self) -> list[BaseProcess]:
        """Return the processes of this context that were started, and may have ended."""
        return list(self._started)

    def Process(self, *arguments: Any, **named: Any) -> BaseProcess:  # type: ignore[override]  # noqa: ANN401, N802
        """Return a process, as multiprocessing does; called by what starts workers."""
        process = _Process(*arguments, **named)
        self._started.append(process)
        return process


class _Process(multiprocessing.context.SpawnProcess):
    def start(self) -> None:
        with streams.without_stderr(), _without_main():  # its talk is lost: errors come back as results
            super().start()


@contextlib.contextmanager
def _without_main() -> Iterator[None]:
    """Let the program seem to have an empty main module, for the moment in which Python describes it to a new process."""
    with _ALONE:
        own = sys.modules["__main__"]
        sys.modules["__main__"] = types.ModuleType("__main__")
        try:
            yield
        finally:
            sys.modules["__main__"] = own
