"""Find a place for temporary files, or say what to type if there is none."""

import tempfile

from celebtool.errors import CelebtoolError

PREFIX = "celebtool-"
"""With which the names of temporary directories begin."""


def directory() -> "tempfile.TemporaryDirectory[str]":
    """Return a new temporary directory, which a `with` removes; raises as `root`."""
    return tempfile.TemporaryDirectory(prefix=PREFIX, dir=root())


def root() -> str:
    """Return the directory for temporary files.

    Raises:
        CelebtoolError: none of those that the system names can be written, as in a container whose root is read-only.
    """
    try:
        return tempfile.gettempdir()
    except FileNotFoundError as error:
        problem = "no directory for them can be written, such as /tmp; set TMPDIR to one that can, as TMPDIR=$HOME"
        raise CelebtoolError("temporary files", problem) from error
