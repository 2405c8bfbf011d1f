"""Set the environment variables that worker processes read when they start."""

import contextlib
import threading
from collections.abc import Iterator

from celebtool.system import environment

WANTED = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MALLOC_ARENA_MAX": "1",
    "CUDA_VISIBLE_DEVICES": "-1",
    "PYTHONSAFEPATH": "1",
}


@contextlib.contextmanager
def prepared() -> Iterator[None]:
    """Set what workers read when they start.

    One thread each, memory that is given back, no GPU (it does not survive a fork, nor do many workers fit on it), and
    no modules of the current directory, which may be an untrusted folder of photos.

    Blocks of several threads may overlap: the environment is as it was at the end of the last.
    """
    _environment.begin()
    try:
        yield
    finally:
        _environment.end()


class _Environment:
    """How many blocks have set the variables, and what puts them back."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._blocks = 0
        self._changed = contextlib.ExitStack()

    def begin(self) -> None:
        with self._lock:
            if not self._blocks:
                self._changed.enter_context(environment.changed(WANTED))
            self._blocks += 1

    def end(self) -> None:
        with self._lock:
            self._blocks -= 1
            if not self._blocks:
                self._changed.close()


_environment = _Environment()
