"""Read the objects of an .h5: headers, which hold messages, and groups, which hold a B-tree and a heap of names.

HDF5 File Format Specification, version 2.0 (The HDF Group): sections III.A.1, III.B, III.D, IV.A.
"""

import struct
from collections.abc import Iterator

from celebtool.formats.hdf5.bytes import RawFile, RefusalError

MAX_TEXT = 4096
DATASPACE, DATATYPE, LAYOUT, ATTRIBUTE, _CONTINUATION, SYMBOL_TABLE = 1, 3, 8, 12, 16, 17
_UNSUPPORTED = {2: "new-style groups", 6: "links", 7: "external storage", 11: "filters", 21: "dense attributes"}
_SHARED = 2
_SOFT_LINK = 2
_MAX_LEVEL = 4


def messages(raw: RawFile, address: int) -> list[tuple[int, bytes]]:
    """Return the messages (kind, body) of a version-1 object header, its continuations included."""
    version, _, count, _, size = struct.unpack("<BBHII", raw.look(address, 12))
    if version != 1:
        raise RefusalError("has objects of another HDF5 layout")
    blocks = [(address + 16, size)]
    found: list[tuple[int, bytes]] = []
    for offset, length in blocks:
        block = raw.look(offset, length)
        position = 0
        while position + 8 <= length and len(found) < count:
            raw.count_item()
            kind, size, flags = struct.unpack_from("<HHB", block, position)
            body = block[position + 8 : position + 8 + size]
            if len(body) < size or flags & _SHARED:
                raise RefusalError("is damaged")
            if kind in _UNSUPPORTED:
                raise RefusalError(f"uses {_UNSUPPORTED[kind]}, which no model needs")
            if kind == _CONTINUATION:
                blocks.append(struct.unpack_from("<QQ", body))
            found.append((kind, body))
            position += 8 + size
    return found


def members(raw: RawFile, address: int) -> dict[bytes, int | None]:
    """Return the members of a group: name → address of the object's header, None for a link."""
    tables = [body for kind, body in messages(raw, address) if kind == SYMBOL_TABLE]
    if len(tables) != 1:
        raise RefusalError("has a dataset or nothing where a group should be")
    tree, heap = struct.unpack_from("<QQ", tables[0])
    return dict(_entries(raw, tree, _heap(raw, heap), level=None))


def _heap(raw: RawFile, address: int) -> bytes:
    signature, version, size, _, start = struct.unpack("<4sB3xQQQ", raw.look(address, 32))
    if signature != b"HEAP" or version != 0:
        raise RefusalError("is damaged")
    return raw.look(start, size)


def _entries(raw: RawFile, address: int, names: bytes, level: int | None) -> Iterator[tuple[bytes, int | None]]:
    """Walk a group's B-tree down to its symbol nodes; every level is one less than the one above, so this ends."""
    signature, kind, found, used = struct.unpack("<4sBBH", raw.look(address, 8))
    if signature != b"TREE" or kind != 0 or found > _MAX_LEVEL or (level is not None and found != level):
        raise RefusalError("is damaged")
    for _, child in struct.iter_unpack("<QQ", raw.look(address + 24, 16 * used)):
        if found:
            yield from _entries(raw, child, names, found - 1)
        else:
            yield from _symbols(raw, child, names)


def _symbols(raw: RawFile, address: int, names: bytes) -> Iterator[tuple[bytes, int | None]]:
    signature, version, count = struct.unpack("<4sBxH", raw.look(address, 8))
    if signature != b"SNOD" or version != 1:
        raise RefusalError("is damaged")
    for name, header, cache in struct.iter_unpack("<QQI20x", raw.look(address + 8, 40 * count)):
        raw.count_item()
        end = names.find(b"\0", name, name + MAX_TEXT)
        if end < 0:
            raise RefusalError("is damaged")
        yield names[name:end], None if cache == _SOFT_LINK else header
