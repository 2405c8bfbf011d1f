"""What the system is to blame for when a file is read: a mount that is away, a failing disk, no file left to open.

It says nothing of the file, and may be over a moment later.
"""

import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from celebtool.errors import SystemFaultError

PAUSES = (0.1, 0.4, 1.5)  # seconds before each further attempt

Value = TypeVar("Value")


def tried_again(path: Path, attempt: Callable[[], Value]) -> Value:
    """Return what an attempt to read a file gives; one that the system lets fail is made again, a few times.

    Raises:
        SystemFaultError: it failed each time.
    """
    for pause in PAUSES:
        try:
            return attempt()
        except OSError:
            time.sleep(pause)
    try:
        return attempt()
    except OSError as error:
        raise fault(path, error) from error


def fault(path: Path, error: OSError) -> SystemFaultError:
    """Return the error that ends a run when a file can't be read."""
    problem = f"can't be read ({error.strerror or error}), which says nothing of its content"
    return SystemFaultError(path, f"{problem}; when it can be read again, run the same command again")
