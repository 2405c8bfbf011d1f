"""Collect the operations and constants of an ONNX graph."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper, numpy_helper

OPSET, IR_VERSION = 17, 8
"""The operations and the file format of 2022, which ONNX Runtime reads since 1.12."""


class Nodes:
    """The operations of a graph, in an order in which they can be computed; each has one output."""

    def __init__(self) -> None:
        self._nodes: list[onnx.NodeProto] = []
        self._constants: list[onnx.TensorProto] = []

    def add(self, kind: str, inputs: Sequence[str], name: str, *, output: str = "", **attributes: Any) -> str:  # noqa: ANN401
        """Add an operation and return the name of its output.

        Args:
            kind: what ONNX calls it.
            inputs: the names of what it reads.
            name: its own.
            output: the name of an output of the graph, if it is one.
            attributes: as ONNX defines them.
        """
        result = output or f"{name}/output"
        self._nodes.append(helper.make_node(kind, list(inputs), [result], name, **attributes))
        return result

    def constant(self, name: str, values: NDArray[Any]) -> str:
        """Add an array; return its name."""
        self._constants.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def model(
        self, inputs: Sequence[onnx.ValueInfoProto], outputs: Sequence[onnx.ValueInfoProto], producer: str, version: str
    ) -> onnx.ModelProto:
        """Return the file, checked.

        Raises:
            onnx.checker.ValidationError: the graph is not as ONNX wants it.
        """
        graph = helper.make_graph(self._nodes, producer, inputs, outputs, self._constants)
        made = helper.make_model(
            graph,
            opset_imports=[helper.make_opsetid("", OPSET)],
            ir_version=IR_VERSION,
            producer_name=producer,
            producer_version=version,
        )
        onnx.checker.check_model(made)
        return made
