"""Read the bytes of an untrusted .h5, only within its bounds and within a budget."""

import contextlib
import os
import stat
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from celebtool.errors import CelebtoolError, printable
from celebtool.formats import file_kinds
from celebtool.suggestions import did_you_mean_path

SIGNATURE = b"\x89HDF\r\n\x1a\n"
MAX_FILE = 8 << 30
_MAY_BE_HOLES = 64 << 20  # a larger file that takes up less than half its size on the disk is no model
_BUDGET = 64 << 20  # bytes of structure that may be looked at: this also ends every cycle
_LEAST_COST = 256  # what even the smallest look costs
_ITEM_COST = 64  # and each entry of a list


class RefusalError(ValueError):
    """The file is not an .h5 as Keras writes it; the text says why."""


@dataclass
class RawFile:
    """An open file and how much of its structure may still be looked at."""

    path: Path
    stream: BinaryIO
    size: int
    budget: int = _BUDGET

    def read(self, offset: int, size: int) -> bytes:
        """Read bytes that lie inside the file."""
        if not 0 <= offset <= self.size - size:
            raise RefusalError("is damaged or cut short: an address points outside the file")
        self.stream.seek(offset)
        data = b""
        while len(data) < size:  # an unbuffered read may stop early
            part = self.stream.read(size - len(data))
            if not part:
                raise RefusalError("has become shorter while it was read")
            data += part
        return data

    def look(self, offset: int, size: int) -> bytes:
        """Read a piece of structure, which counts."""
        self._spend(max(size, _LEAST_COST))
        return self.read(offset, size)

    def count_item(self) -> None:
        """Count an entry of a list, which costs time too."""
        self._spend(_ITEM_COST)

    def root(self) -> int:
        """Check the superblock and return the address of the root group's header."""
        if self.size < 100 or self.look(0, 8) != SIGNATURE:
            head = self.read(0, min(self.size, file_kinds.LENGTH))
            raise RefusalError(file_kinds.named(head) or "is no HDF5 file")
        head = self.look(0, 100)
        version, offsets, lengths = head[8], head[13], head[14]
        if version > 1 or (offsets, lengths) != (8, 8):
            raise RefusalError(f"is an HDF5 file of another layout (superblock {version})")
        start = 24 + 4 * version
        base, _, end, _, _, address = struct.unpack_from("<6Q", head, start)
        if base or end > self.size:
            raise RefusalError("has a user block" if base else "is cut short")
        return int(address)

    def _spend(self, cost: int) -> None:
        self.budget -= cost
        if self.budget < 0:
            raise RefusalError("has more structure than a model, or structure that runs in circles")


@contextlib.contextmanager
def opened(path: Path) -> Iterator[RawFile]:
    """Open a file for reading; nothing but a regular file is touched.

    Raises:
        CelebtoolError: no such file, no regular file, or one larger than any model.
    """
    try:
        stream = open(path, "rb", buffering=0, opener=_open)  # noqa: SIM115 - Path.open takes no opener
    except (OSError, ValueError) as error:
        hint = did_you_mean_path(path) if isinstance(error, FileNotFoundError) else ""
        raise CelebtoolError(path, f"{_reason(error)}{hint or '; expected a model .h5'}") from error
    with stream:
        status = os.fstat(stream.fileno())
        if not stat.S_ISREG(status.st_mode):
            raise CelebtoolError(path, "is no regular file; expected a model .h5")
        if status.st_size > MAX_FILE or _is_mostly_holes(status):
            raise CelebtoolError(path, f"has {status.st_size} bytes, and no model has; expected a model .h5")
        yield RawFile(path, stream, status.st_size)


@contextlib.contextmanager
def refusing(path: Path) -> Iterator[None]:
    """Turn every error in a file's structure into one line."""
    try:
        yield
    except RefusalError as error:
        raise CelebtoolError(
            path, f"{printable(error)}; expected a model .h5 as Keras and celebtool write it"
        ) from error
    except (struct.error, IndexError) as error:
        raise CelebtoolError(path, "is damaged; expected a whole model .h5") from error
    except OSError as error:
        raise CelebtoolError(path, f"can't be read: {_reason(error)}; expected a model .h5") from error


def _open(path: str, flags: int) -> int:
    """Open without blocking: else opening a FIFO would wait for its writer."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def _reason(error: Exception) -> str:
    return error.strerror or str(error) if isinstance(error, OSError) else str(error)


def _is_mostly_holes(status: os.stat_result) -> bool:
    on_disk = getattr(status, "st_blocks", 0) * 512  # 0 where it is not known
    return status.st_size > _MAY_BE_HOLES and 0 < on_disk < status.st_size // 2
