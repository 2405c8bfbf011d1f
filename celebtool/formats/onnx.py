"""Read the graph of an ONNX file: its nodes and its constants, nothing of it run.

ONNX files are Protocol Buffers messages (`onnx.proto` of the ONNX project; the wire format is in the Protocol Buffers
documentation). Only what a network's weights need is read: nodes, their attributes, and initialisers of a few types
that lie in the file itself.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from celebtool.errors import CelebtoolError, printable

MAX_FILE = 1 << 26  # bytes; SFace in float32 has 39 MB
MAX_FIELDS = 1 << 16  # of all messages together; SFace has 4,000

Array: TypeAlias = NDArray[Any]

# TensorProto.DataType → numpy, for those that are read.
_FLOAT, _INT8, _INT64 = 1, 3, 7
_TYPES: dict[int, np.dtype[Any]] = {_FLOAT: np.dtype("<f4"), _INT8: np.dtype("i1"), _INT64: np.dtype("<i8")}


@dataclass(frozen=True)
class Node:
    """An operation: its type as ONNX names it, the names of the values it reads and gives.

    Attributes are integers, floats, tuples of integers and arrays; those of other types are left out.
    """

    kind: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: Mapping[str, Any]


@dataclass(frozen=True)
class Graph:
    """The nodes of a graph in the order of the file, and its initialisers by name."""

    nodes: tuple[Node, ...]
    constants: Mapping[str, Array]


def read(path: Path) -> Graph:
    """Read a file.

    Raises:
        CelebtoolError: no regular file, too large, damaged, or no ONNX file.
    """
    try:
        if not path.is_file():
            raise CelebtoolError(path, "no such file; expected an ONNX file")
        if path.stat().st_size > MAX_FILE:
            raise CelebtoolError(path, f"is larger than {MAX_FILE >> 20} MiB; expected the weights of a face network")
        data = path.read_bytes()
    except OSError as error:
        raise CelebtoolError(path, f"can't be read: {error.strerror}; expected an ONNX file") from error
    return parse(data, path)


def parse(data: bytes, where: object) -> Graph:
    """Return the graph of a file's content; errors name `where`.

    Raises:
        CelebtoolError: damaged, or no ONNX file.
    """
    try:
        return _Parser().model(memoryview(data))
    except (ValueError, IndexError) as error:
        raise CelebtoolError(where, f"is no readable ONNX file: {printable(error)}") from error


class _Parser:
    """Reads messages, field by field, and no more of them than a file of weights has."""

    def __init__(self) -> None:
        self.left = MAX_FIELDS

    def model(self, data: memoryview) -> Graph:
        for number, value in self._fields(data):
            if number == 7:
                return self._graph(_bytes(value))
        raise ValueError("it has no graph")

    def _graph(self, data: memoryview) -> Graph:
        nodes, constants = [], {}
        for number, value in self._fields(data):
            if number == 1:
                nodes.append(self._node(_bytes(value)))
            elif number == 5:
                name, array = self._tensor(_bytes(value))
                constants[name] = array
        return Graph(tuple(nodes), constants)

    def _node(self, data: memoryview) -> Node:
        kind, inputs, outputs, attributes = "", [], [], {}
        for number, value in self._fields(data):
            if number == 1:
                inputs.append(_text(value))
            elif number == 2:
                outputs.append(_text(value))
            elif number == 4:
                kind = _text(value)
            elif number == 5:
                name, attribute = self._attribute(_bytes(value))
                attributes[name] = attribute
        return Node(kind, tuple(inputs), tuple(outputs), attributes)

    def _attribute(self, data: memoryview) -> tuple[str, Any]:
        name, integers = "", list[int]()
        attribute: Any = None
        for number, value in self._fields(data):
            if number == 1:
                name = _text(value)
            elif number == 2:
                attribute = float(np.frombuffer(_bytes(value), "<f4", 1)[0])
            elif number == 3:
                attribute = _integer(value)
            elif number == 5:
                attribute = self._tensor(_bytes(value))[1]
            elif number == 8:
                integers += self._integers(value)
        return name, tuple(integers) if attribute is None else attribute

    def _tensor(self, data: memoryview) -> tuple[str, Array]:
        """Return name and numbers; none of a tensor whose type is not read, or whose numbers lie in another file."""
        name, kind, sizes, content = "", 0, list[int](), None
        for number, value in self._fields(data):
            if number == 1:
                sizes += self._integers(value)
            elif number == 2:
                kind = _integer(value)
            elif number in (4, 9):  # float_data, raw_data
                content = _bytes(value)
            elif number == 8:
                name = _text(value)
        if kind not in _TYPES or content is None:
            return name, np.zeros(0, np.float32)
        array = np.frombuffer(content, _TYPES[kind])
        if any(size < 0 for size in sizes) or math.prod(sizes) != array.size:
            raise ValueError(f"{name} has {array.size} numbers and the shape {sizes}")
        return name, array.reshape(sizes)

    def _fields(self, data: memoryview) -> Iterator[tuple[int, int | memoryview]]:
        """Yield (field number, value) of a message: an integer, or the bytes of anything else."""
        position = 0
        while position < len(data):
            self._count()
            key, position = _varint(data, position)
            value: int | memoryview
            match key & 7:
                case 0:
                    value, position = _varint(data, position)
                case 1:
                    value, position = _part(data, position, 8)
                case 2:
                    length, position = _varint(data, position)
                    value, position = _part(data, position, length)
                case 5:
                    value, position = _part(data, position, 4)
                case _:
                    raise ValueError("it is damaged")
            yield key >> 3, value

    def _integers(self, value: int | memoryview) -> list[int]:
        """Return one integer, or the many of a packed field."""
        if isinstance(value, int):
            return [_integer(value)]
        found, position = [], 0
        while position < len(value):
            self._count()
            each, position = _varint(value, position)
            found.append(_integer(each))
        return found

    def _count(self) -> None:
        self.left -= 1
        if self.left < 0:
            raise ValueError(f"it has more than {MAX_FIELDS} parts")


def _varint(data: memoryview, position: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 70, 7):
        byte = data[position]
        position += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, position
    raise ValueError("it is damaged")


def _part(data: memoryview, position: int, length: int) -> tuple[memoryview, int]:
    if length > len(data) - position:
        raise ValueError("it is cut short")
    return data[position : position + length], position + length


def _bytes(value: int | memoryview) -> memoryview:
    if isinstance(value, int):
        raise ValueError("it is damaged")  # noqa: TRY004 - the file is, not an argument
    return value


def _integer(value: int | memoryview) -> int:
    """Return an int64, which the file has as 64 bits without a sign."""
    if not isinstance(value, int):
        raise ValueError("it is damaged")  # noqa: TRY004
    return value - (1 << 64) if value >> 63 else value


def _text(value: int | memoryview) -> str:
    return bytes(_bytes(value)).decode()
