"""Read the part of HDF5 that Keras' .h5 files use, without trust in the file.

The HDF5 library follows links into other files, decompresses without bound, and crashes on damaged files. This reader has
no code for links, filters, chunks, external or virtual storage: it refuses them, and addresses outside the file.
It reads superblock 0 or 1, old-style groups, contiguous datasets of float32 and uint8, and attributes of strings. That is
what h5py writes with HDF5 up to 1.14 by default, and celebtool with any HDF5.

HDF5 File Format Specification, version 2.0 (The HDF Group): sections II.A, III.E, IV.A.
"""

import contextlib
import math
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from celebtool.formats.hdf5.bytes import RawFile, RefusalError, opened, refusing
from celebtool.formats.hdf5.objects import ATTRIBUTE, DATASPACE, DATATYPE, LAYOUT, MAX_TEXT, members, messages

_MAX_RANK = 8
_BLOCK = 1 << 20
_TYPES: dict[bytes, np.dtype[np.generic]] = {  # a datatype message, byte for byte
    bytes.fromhex("11201f000400000000002000170800177f000000"): np.dtype("<f4"),
    bytes.fromhex("1000000001000000" + "00000800"): np.dtype("u1"),
}
_FIXED, _STRINGS = 3, (3, 9)  # datatype classes: text of fixed and of variable length


@dataclass(frozen=True)
class Dataset:
    """Where an array lies in the file; `offset` + `size` is known to be inside it."""

    name: str
    shape: tuple[int, ...]
    dtype: np.dtype[np.generic]
    offset: int
    size: int


@dataclass
class File:
    """An open file. Every method raises CelebtoolError for what is missing, damaged or not allowed."""

    raw: RawFile
    root: int
    groups: dict[int, dict[bytes, int | None]] = field(default_factory=dict)
    heaps: dict[int, dict[int, bytes]] = field(default_factory=dict)

    @property
    def path(self) -> Path:
        """What errors name."""
        return self.raw.path

    @property
    def size(self) -> int:
        """Bytes in all."""
        return self.raw.size

    def dataset(self, *names: str) -> Dataset:
        """Find an array of float32 or uint8 by the names of its groups and its own."""
        with refusing(self.path):
            found = messages(self.raw, _find(self, names))
            return _dataset(self, "/".join(names), found)

    def strings(self, names: tuple[str, ...], attribute: str) -> list[bytes] | None:
        """Return an attribute of strings of the group or dataset `names`; None if there is none."""
        with refusing(self.path):
            for kind, body in messages(self.raw, _find(self, names)):
                found = _attribute(self, body, attribute.encode()) if kind == ATTRIBUTE else None
                if found is not None:
                    return found
            return None

    def has(self, *names: str) -> bool:
        """Say whether there is a group or dataset of that name."""
        with refusing(self.path):
            return names[-1].encode("utf-8", "surrogatepass") in _members(self, _find(self, names[:-1]))

    def blocks(self, dataset: Dataset) -> Iterator[bytes]:
        """Yield the bytes of an array, a megabyte at a time."""
        for start in range(0, dataset.size, _BLOCK):
            with refusing(self.path):
                yield self.raw.read(dataset.offset + start, min(_BLOCK, dataset.size - start))

    def array(self, dataset: Dataset) -> npt.NDArray[np.generic]:
        """Read an array into memory."""
        result = np.empty(dataset.size, np.uint8)
        position = 0
        for block in self.blocks(dataset):
            result[position : position + len(block)] = np.frombuffer(block, np.uint8)
            position += len(block)
        return result.view(dataset.dtype).reshape(dataset.shape)


@contextlib.contextmanager
def open_file(path: Path) -> Iterator[File]:
    """Open a file for reading.

    Raises:
        CelebtoolError: no such file, no regular file, no HDF5, or one of a layout that Keras does not write.
    """
    with opened(path) as raw:
        with refusing(path):
            root = raw.root()
        yield File(raw, root)


def _members(file: File, address: int) -> dict[bytes, int | None]:
    if address not in file.groups:
        file.groups[address] = members(file.raw, address)
    return file.groups[address]


def _find(file: File, names: tuple[str, ...]) -> int:
    address = file.root
    for depth, name in enumerate(names):
        for part in name.encode("utf-8", "surrogatepass").split(b"/"):
            found = _members(file, address).get(part, -1)
            if found is None:
                raise RefusalError(f"has a link where {'/'.join(names[: depth + 1])} should be")
            if found < 0:
                raise RefusalError(f"has no {'/'.join(names[: depth + 1])}")
            address = found
    return address


def _dataset(file: File, name: str, found: list[tuple[int, bytes]]) -> Dataset:
    bodies = {kind: body for kind, body in found if kind in {DATASPACE, DATATYPE, LAYOUT}}
    if len(bodies) != 3:
        raise RefusalError(f"has no array {name}")
    shape = _shape(bodies[DATASPACE])
    dtype = next((known for message, known in _TYPES.items() if bodies[DATATYPE].startswith(message)), None)
    if dtype is None:
        raise RefusalError(f"has {name} in another type than float32 or bytes")
    size = math.prod(shape) * dtype.itemsize
    version, layout, address, stored = struct.unpack_from("<BBQQ", bodies[LAYOUT])
    if (version, layout) != (3, 1):
        raise RefusalError(f"stores {name} in pieces")
    if stored != size or not 0 < address <= file.size - size:
        raise RefusalError(f"has less of {name} than its shape {shape} needs")
    return Dataset(name, shape, dtype, address, size)


def _shape(body: bytes) -> tuple[int, ...]:
    version, rank = body[0], body[1]
    start = {1: 8, 2: 4}.get(version, 0)
    if not start or rank > _MAX_RANK:
        raise RefusalError("is damaged")
    return struct.unpack_from(f"<{rank}Q", body, start)


def _attribute(file: File, body: bytes, wanted: bytes) -> list[bytes] | None:
    """Return the strings of an attribute message if it has the wanted name."""
    version, _, name_size, type_size, space_size = struct.unpack_from("<BBHHH", body)
    start = 9 if version == 3 else 8
    name_end = start + _padded(name_size, version)
    if body[start : start + name_size].rstrip(b"\0") != wanted:
        return None
    type_end = name_end + _padded(type_size, version)
    space_end = type_end + _padded(space_size, version)
    kind, length = struct.unpack_from("<B3xI", body, name_end)
    count = math.prod(_shape(body[type_end:space_end]))
    if count == 0:
        return []
    if kind & 15 not in _STRINGS or not 0 < length <= (len(body) - space_end) // count:
        raise RefusalError(f"has an attribute {wanted.decode()} that is no text")
    cells = [body[space_end + i * length : space_end + (i + 1) * length] for i in range(count)]
    return [cell.rstrip(b"\0") if kind & 15 == _FIXED else _heap_text(file, cell) for cell in cells]


def _heap_text(file: File, cell: bytes) -> bytes:
    """Follow a variable-length string into its global heap collection."""
    length, address, index = struct.unpack("<IQI", cell)
    if address not in file.heaps:
        file.heaps[address] = _collection(file, address)
    text = file.heaps[address].get(index, b"")
    if not length <= len(text) <= MAX_TEXT:
        raise RefusalError("is damaged")
    return text[:length]


def _collection(file: File, address: int) -> dict[int, bytes]:
    signature, version, size = struct.unpack("<4sB3xQ", file.raw.look(address, 16))
    if signature != b"GCOL" or version != 1:
        raise RefusalError("is damaged")
    data = file.raw.look(address, size)
    objects: dict[int, bytes] = {}
    position = 16
    while position + 16 <= size:
        file.raw.count_item()
        index, length = struct.unpack_from("<H6xQ", data, position)
        if index == 0:  # the free space at the end
            break
        objects[index] = data[position + 16 : position + 16 + length]
        position += 16 + _padded(length, 1)
    return objects


def _padded(size: int, version: int) -> int:
    return (size + 7) // 8 * 8 if version == 1 else size
