"""INT, TERM and HUP: a signal ends the run at once, or at a point where the run can keep what it has.

Python calls a handler between any two instructions of the main thread: in an import, in a destructor, in a function
that C code calls. An exception raised there may be dropped or printed by Python or by TensorFlow, and the run would go on.
So the handler raises nothing. It runs the registered clean-ups, the innermost first, and ends the process itself.

Three functions make this safe:

- `held_back`: a workspace is made, moved and removed as a whole. A signal waits meanwhile.
- `cleaned_up`: what has to be undone when a signal ends the run. `finally` blocks do not run then.
- `check`: work that must not be cut short, such as training, holds signals back and asks here for one, once a batch. It gets
  an ordinary exception, `Stopped`, in a state in which TensorFlow can still save a model.

`os._exit` runs no exit functions; those of `multiprocessing` remove its temporary directory, so the handler calls them.
What they print is lost: a run that was stopped has nothing to add.
"""

import atexit
import contextlib
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from types import FrameType

from celebtool.system import streams


class Stopped(BaseException):
    """A signal asks the run to end; `code` is the exit code."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


_waiting: int | None = None
_held = False
_cleanups: list[Callable[[], None]] = []


def handle() -> None:
    """Handle the signals that end a run from now on; one that is ignored from the start, as by `nohup`, stays so."""
    for number in _numbers():
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _stop)


def _numbers() -> list[signal.Signals]:
    return [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]


def _stop(number: int, _frame: FrameType | None) -> None:
    global _waiting  # noqa: PLW0603 - one process, one handler of its signals
    if _held:
        _waiting = number
    else:
        _end(number)


def _end(number: int) -> None:
    """Clean up and end the process; a second signal changes nothing until only output is left to write."""
    for each in _numbers():
        signal.signal(each, signal.SIG_IGN)
    for cleanup in reversed(_cleanups):
        with contextlib.suppress(Exception):
            cleanup()
    streams.lose(streams.STDERR)
    atexit._run_exitfuncs()
    for each in _numbers():
        signal.signal(each, signal.SIG_DFL)
    with contextlib.suppress(OSError, RuntimeError, ValueError):  # full, in the middle of a write, or closed
        sys.stdout.flush()
    os._exit(128 + number)


@contextlib.contextmanager
def cleaned_up(cleanup: Callable[[], None]) -> Iterator[None]:
    """Call `cleanup` if a signal ends the process in this block; otherwise nothing is called."""
    _cleanups.append(cleanup)
    try:
        yield
    finally:
        _cleanups.remove(cleanup)


@contextlib.contextmanager
def held_back() -> Iterator[Callable[[], AbstractContextManager[None]]]:
    """Hold signals back in a block; yield what lets them through for a part of it.

    Raises:
        Stopped: a signal has waited; raised where it is let through, or at the end of the block.
    """
    with _holding(True):
        yield lambda: _holding(False)


@contextlib.contextmanager
def _holding(held: bool) -> Iterator[None]:
    global _held  # noqa: PLW0603 - one process, one handler of its signals
    before, _held = _held, held
    try:
        if not held:
            check()
        yield
    finally:
        _held = before
        if not before:
            check()


def check() -> None:
    """Raise `Stopped` if a signal waits."""
    global _waiting
    if _waiting is not None:
        number, _waiting = _waiting, None
        raise Stopped(128 + number)
