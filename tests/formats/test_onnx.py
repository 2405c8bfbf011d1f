"""ONNX files as data: what is read of them, and that damage ends in a sentence."""

from pathlib import Path

import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import helper, numpy_helper

from celebtool.errors import CelebtoolError
from celebtool.formats import onnx as onnx_files


def example() -> bytes:
    constants = [
        numpy_helper.from_array(np.arange(6, dtype=np.float32).reshape(2, 3), "weights"),
        helper.make_tensor("listed", onnx.TensorProto.FLOAT, [2], [0.5, -1.5]),
        numpy_helper.from_array(np.array([[-3, 4]], np.int8), "bytes"),
        numpy_helper.from_array(np.array([3, -1]), "shape"),
        numpy_helper.from_array(np.ones(2, np.float64), "doubles"),
    ]
    nodes = [
        helper.make_node("Conv", ["data", "weights"], ["a"], strides=[2, 1], group=-1, epsilon=0.25, auto_pad="SAME"),
        helper.make_node("Constant", [], ["b"], value=constants[0]),
    ]
    return helper.make_model(helper.make_graph(nodes, "g", [], [], constants)).SerializeToString()


def test_nodes_and_constants() -> None:
    graph = onnx_files.parse(example(), "x.onnx")
    first, second = graph.nodes
    assert (first.kind, first.inputs, first.outputs) == ("Conv", ("data", "weights"), ("a",))
    assert {name: first.attributes[name] for name in ("strides", "group", "epsilon")} == {
        "strides": (2, 1),
        "group": -1,
        "epsilon": 0.25,
    }
    assert second.attributes["value"].tolist() == [[0, 1, 2], [3, 4, 5]]
    values = {name: array.tolist() for name, array in graph.constants.items()}
    assert values == {
        "weights": [[0, 1, 2], [3, 4, 5]],
        "listed": [0.5, -1.5],
        "bytes": [[-3, 4]],
        "shape": [3, -1],
        "doubles": [],  # of a type that no network of ours has
    }


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"", "it has no graph"),
        (b"no protocol buffers", "it is damaged"),
        (b"\x3a\x05abc", "it is cut short"),
        (b"\x38\x01", "it is damaged"),
        (b"\x3a\x0b" + b"\xff" * 11, "it is damaged"),
        (b"\x3a\x06\x2a\x04\x08\x02\x10\x01", "has no numbers"),
    ],
)
def test_damage_is_told(data: bytes, problem: str) -> None:
    if problem == "has no numbers":  # a tensor whose content lies elsewhere is as good as empty
        assert onnx_files.parse(data, "x.onnx").constants[""].size == 0
        return
    with pytest.raises(CelebtoolError, match=f"x.onnx: is no readable ONNX file: {problem}"):
        onnx_files.parse(data, "x.onnx")


def test_numbers_that_do_not_fill_the_shape() -> None:
    tensor = onnx.TensorProto(dims=[3], data_type=1, raw_data=bytes(8), name="w")
    model = onnx.ModelProto(graph=onnx.GraphProto(initializer=[tensor]))
    with pytest.raises(CelebtoolError, match=r"w has 2 numbers and the shape \[3\]"):
        onnx_files.parse(model.SerializeToString(), "x.onnx")


def test_very_many_parts_are_refused() -> None:
    graph = onnx.GraphProto(node=[onnx.NodeProto()] * 70_000)
    with pytest.raises(CelebtoolError, match="it has more than 65536 parts"):
        onnx_files.parse(onnx.ModelProto(graph=graph).SerializeToString(), "x.onnx")


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_damaged_files_end_in_a_sentence(data: st.DataObject) -> None:
    content = bytearray(example())
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    try:
        onnx_files.parse(bytes(content[: data.draw(st.integers(0, len(content)))]), "x.onnx")
    except CelebtoolError as error:
        assert str(error).startswith("x.onnx: ")


def test_files_that_are_none(tmp_path: Path) -> None:
    with pytest.raises(CelebtoolError, match="none.onnx: no such file; expected an ONNX file"):
        onnx_files.read(tmp_path / "none.onnx")
    with (tmp_path / "large.onnx").open("wb") as file:
        file.truncate(onnx_files.MAX_FILE + 1)
    with pytest.raises(CelebtoolError, match="large.onnx: is larger than 64 MiB"):
        onnx_files.read(tmp_path / "large.onnx")
