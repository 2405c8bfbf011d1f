"""Hear what a run tells in a Python program: warnings as warnings, remarks as logs, progress by a callable."""

import contextlib
import inspect
import logging
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

from celebtool.errors import CelebtoolWarning, printable
from celebtool.system.progress import Progress

Callback = Callable[[str, int, int], object]
"""Called with the name of a stage, how much of it is done, and how much there is; 0 if nobody knows."""

_ROOT = str(Path(__file__).parents[1])
_log = logging.getLogger("celebtool")


class Heard:
    """Listens to a run; see `celebtool.system.progress.Listener`."""

    def __init__(self, callback: Callback | None = None) -> None:
        self._callback = callback

    def note(self, text: object) -> None:
        """Log something that is good to know."""
        _log.info("%s", printable(text))

    def warn(self, text: object) -> None:
        """Warn, at the line of the program that called celebtool."""
        warnings.warn(printable(text), CelebtoolWarning, stacklevel=_level())

    def finished(self, path: object, what: str = "nothing to do", again: str = "makes it anew") -> None:
        """Log that an output is there already."""
        self.note(f"{path}: finished; {what} (overwrite=True {again})")

    @contextlib.contextmanager
    def progress(self, description: str, unit: str = "") -> Iterator[Progress]:
        """Yield what passes progress on."""
        yield _Stages(self._callback, description, self.note)
        del unit


class _Stages:
    """Passes on what is told of a long task."""

    def __init__(self, callback: Callback | None, name: str, say: Callable[[str], None]) -> None:
        self._callback, self._name, self._say = callback, name, say

    def stage(self, name: str, unit: str = "") -> None:
        """Begin a stage."""
        del unit
        self._name = name
        self(0, 0)

    def __call__(self, done: int, total: int) -> None:
        """Report how much of it is done."""
        if self._callback is not None:
            self._callback(self._name, done, total)

    def say(self, line: str) -> None:
        """Log a line."""
        self._say(line)


def _level() -> int:
    """Return how many calls lie between the caller's and the program's that is not celebtool."""
    frame, level = inspect.currentframe(), 0
    while frame is not None and (level < 2 or _is_between(frame.f_code.co_filename)):
        frame, level = frame.f_back, level + 1
    return level


def _is_between(file: str) -> bool:
    return file.startswith(_ROOT) or file == contextlib.__file__
