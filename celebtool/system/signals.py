"""What ends a run from outside: INT, TERM and HUP, held back for the moments in which a workspace is made or removed."""

import _thread
import contextlib
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from types import FrameType, TracebackType


class Stopped(BaseException):
    """A signal asked the run to end; carries the exit code."""


_waiting: list[Stopped] = []
_held = False
_came: Stopped | None = None


def stop(number: int, frame: FrameType | None) -> None:
    """Handle a signal: raise `Stopped`, now or when it is held back no longer."""
    global _came  # noqa: PLW0603 - there is one process, and one handler of its signals
    _came = Stopped(128 + number)
    if frame is not None and _is_swallowed(frame):
        _again(_came)
        return
    _waiting.append(_came)
    _let_through()


def unraisable(lost: "sys.UnraisableHookArgs") -> None:
    """Take the place of `sys.unraisablehook`: code in C can't pass on what is raised where it calls Python."""
    if isinstance(lost.exc_value, Stopped):
        _again(lost.exc_value)
    else:
        sys.__unraisablehook__(lost)


def uncaught(kind: type[BaseException], error: BaseException, traceback: TracebackType | None) -> None:
    """Take the place of `sys.excepthook`: TensorFlow's code in C++ prints what it can't pass on, and then drops it."""
    if _came is not None:  # and all else that goes wrong in a run that is stopped is no news
        _again(_came)
    else:
        sys.__excepthook__(kind, error, traceback)


def begin() -> None:
    """Forget the signals of an earlier run in this process."""
    global _came  # noqa: PLW0603 - there is one process, and one handler of its signals
    _came = None


def came() -> Stopped | None:
    """Return the signal that has come; whatever a library raises then, it made of that."""
    return _came


def _again(stopped: Stopped) -> None:
    threading.Timer(0.01, _thread.interrupt_main, (stopped.args[0] - 128,)).start()


def _is_swallowed(frame: FrameType) -> bool:
    """Say whether Python would not pass on what is raised here: callbacks of the import's locks, names of attributes."""
    return frame.f_code.co_filename.startswith("<frozen importlib") or frame.f_code.co_name == "__set_name__"


@contextlib.contextmanager
def held_back() -> Iterator[Callable[[], AbstractContextManager[None]]]:
    """Hold signals back in a block; yield what lets them through for a part of it.

    A handler raises wherever the run happens to be: in the middle of a clean-up it would leave half of it undone.
    """
    with _holding(True):
        yield lambda: _holding(False)


@contextlib.contextmanager
def _holding(held: bool) -> Iterator[None]:
    global _held  # noqa: PLW0603 - there is one process, and one handler of its signals
    before, _held = _held, held
    try:
        _let_through()
        yield
    finally:
        _held = before
        _let_through()


def _let_through() -> None:
    if _waiting and not _held:
        first = _waiting[0]
        _waiting.clear()
        raise first
