"""Check where outputs may be written: outside the inputs and one another, under names that are free."""

import contextlib
import os
from collections.abc import Sequence
from pathlib import Path

from celebtool.errors import CelebtoolError, command_line

INSTEAD = "choose another name or add --overwrite"
"""What to do if an output exists."""


def check_order(source: Path, output: Path, command: str) -> None:
    """Check that input and output, both directories, are not swapped.

    Raises:
        CelebtoolError: the input does not exist, but the output does.
    """
    if not source.exists() and output.is_dir() and any(output.iterdir()):
        typed = command_line(command, output, source)
        raise CelebtoolError(source, f"no such directory, but {output} is there; are they swapped? {typed}")


def check_places(outputs: Sequence[Path | None], inputs: Sequence[Path]) -> None:
    """Refuse, before the work, outputs of one run that can't be written at their places.

    Raises:
        CelebtoolError: one has no directory to be in, or is, lies in or contains an input or another one.
    """
    wanted = [path for path in outputs if path is not None]
    for number, path in enumerate(wanted):
        checked(path, inputs, wanted[:number])


def check_file(path: Path, *, overwrite: bool) -> None:
    """Refuse a name under which no file can be written, or under which there is one already.

    Raises:
        CelebtoolError: it is a directory, a device or a pipe; or a file, which is not to be replaced.
    """
    if path.is_dir():
        raise CelebtoolError(path, "is a directory; expected the name of a file to write")
    if path.exists() and not path.is_file():  # a device or a pipe, which a rename would replace for everybody
        raise CelebtoolError(path, "is no regular file; expected the name of a file to write")
    if path.exists() and not overwrite:
        raise CelebtoolError(path, f"exists already; {INSTEAD}")


def checked(path: Path, inputs: Sequence[Path], outputs: Sequence[Path] = ()) -> Path:
    """Return the absolute path of an output, without links; errors name it as it was given.

    Raises:
        CelebtoolError: nothing can be written there: it has no directory to be in, or is, lies in or contains an input.
    """
    if path.is_symlink() and not path.exists():
        raise CelebtoolError(path, "is a link to nowhere; remove it or choose another name")
    for kind, others in (("input", inputs), ("output", outputs)):
        for other in others:
            _check_apart(path, kind, other)
    real = Path(os.path.realpath(path))
    if not real.parent.is_dir():
        raise CelebtoolError(path.parent, "no such directory; make it first")
    return real


def _check_apart(output: Path, kind: str, given: Path) -> None:
    path, other = Path(os.path.realpath(output)), Path(os.path.realpath(given))
    if path == other:
        raise CelebtoolError(output, f"is the {kind} as well; choose another name")
    if other in path.parents:
        raise CelebtoolError(output, f"lies inside the {kind} {given}; choose an output beside it")
    if path in other.parents:
        raise CelebtoolError(output, f"contains the {kind} {given}; choose an output beside it")


def is_mount_point(path: Path) -> bool:
    """Say whether something is mounted at a file or directory, as containers do with those of their host."""
    if path.is_dir() and os.path.ismount(path):
        return True
    mounts = Path("/proc/self/mountinfo")  # a bind mount of the same file system shows only here, and only on Linux
    with contextlib.suppress(OSError):
        name = os.fsencode(os.path.realpath(path))
        for mark, escape in ((b"\\", b"\\134"), (b" ", b"\\040"), (b"\t", b"\\011"), (b"\n", b"\\012")):
            name = name.replace(mark, escape)
        return any(line.split(b" ")[4] == name for line in mounts.read_bytes().splitlines())
    return False
