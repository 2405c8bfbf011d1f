"""SFace in Keras: the numbers of the ONNX file itself, from either form of the file, and what is refused."""

from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np
import onnx
import pytest
from onnx import numpy_helper

from celebtool.errors import CelebtoolError
from celebtool.formats import images
from celebtool.nn.networks import build, pretrained
from tests.support import sface


@pytest.fixture(scope="module")
def network() -> keras.Model:
    return loaded()


def loaded(path: Path | None = None) -> keras.Model:
    model = build.build("face-sface", 2)
    if path:
        pretrained.load_file(model, "face-sface", path)
    else:
        pretrained.load_faces(model, "face-sface")
    return model


def embeddings(model: keras.Model, faces: np.ndarray) -> np.ndarray:
    """Return what comes after the window: (n, 128) of images (n, 112, 112, 3)."""
    network = keras.Model(model.get_layer("preprocess").input, model.get_layer("embedding").output)
    return np.concatenate([network(faces[i : i + 40].astype(np.float32)) for i in range(0, len(faces), 40)])


def cosine_distances(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    return 1 - np.sum(first * second, axis=1) / np.linalg.norm(first, axis=1) / np.linalg.norm(second, axis=1)


@pytest.fixture(scope="module")
def faces(att_faces: Path) -> np.ndarray:
    files = sorted(att_faces.glob("s*/*.pgm"))[::2]
    return np.stack([images.resize(images.read(file), (112, 112)) for file in files])


@pytest.mark.slow
def test_embeddings_are_the_files_own(network: keras.Model, faces: np.ndarray) -> None:
    """Two hundred faces, by ONNX Runtime and by Keras."""
    assert len(faces) == 200
    expected = sface.embeddings(sface.quantised(), faces)
    got = embeddings(network, faces)
    assert cosine_distances(got, expected).max() < 1e-4
    np.testing.assert_allclose(got, expected, atol=1e-4)


def test_the_float32_file_gives_the_same_network(network: keras.Model, tmp_path: Path) -> None:
    path = sface.write(sface.in_float32(), tmp_path / "face_recognition_sface_2021dec.onnx")
    assert 38_000_000 < path.stat().st_size < 39_000_000
    for first, second in zip(network.layers[:-1], loaded(path).layers[:-1], strict=True):
        for ours, theirs in zip(first.get_weights(), second.get_weights(), strict=True):
            np.testing.assert_array_equal(ours, theirs)


def changed(name: str, change: Callable[[np.ndarray], np.ndarray]) -> onnx.ModelProto:
    """Return the file with another initialiser of a name."""
    model = sface.quantised()
    (one,) = (each for each in model.graph.initializer if each.name == name)
    one.CopyFrom(numpy_helper.from_array(change(numpy_helper.to_array(one)), name))
    return model


def with_attribute(output: str, **attributes: object) -> onnx.ModelProto:
    """Return the file with other attributes of the node that gives an output."""
    model = sface.quantised()
    (node,) = (each for each in model.graph.node if output in each.output)
    kept = [each for each in node.attribute if each.name not in attributes]
    del node.attribute[:]
    node.attribute.extend(kept)
    node.attribute.extend(onnx.helper.make_attribute(name, value) for name, value in attributes.items())
    return model


def without(output: str) -> onnx.ModelProto:
    """Return the file without a node, what read it reading what it read."""
    model = sface.quantised()
    (node,) = (each for each in model.graph.node if output in each.output)
    for each in model.graph.node:
        if each.input and each.input[0] == output:
            each.input[0] = node.input[0]
    model.graph.node.remove(node)
    return model


@pytest.mark.parametrize(
    ("make", "problem"),
    [
        (lambda: without("conv_9_relu"), "is not OpenCV Zoo's SFace: its operations differ; expected face_recog"),
        (lambda: changed("scalar_op1", lambda x: x + 1), "its preprocessing differs"),
        (
            lambda: with_attribute("conv_3_dw_conv2d", strides=[1, 1]),
            "the stride or padding of conv_3_dw_conv2d differs",
        ),
        (lambda: with_attribute("pre_fc1", transB=0), "its last matrix is transposed"),
        (lambda: with_attribute("conv_5_conv2d_weight_dequantized", block_size=2), "it has scales of shape"),
        (lambda: changed("conv_1_conv2d_weight_shape", lambda x: x * 2), "cannot reshape"),
        (lambda: changed("fc1_gamma", lambda x: x * np.float32(np.nan)), "has NaN or Inf in embedding"),
        (lambda: changed("conv_4_relu_gamma", lambda x: x[:64]), r"where conv_4_prelu needs \(1, 1, 128\)"),
    ],
)
def test_other_networks_are_refused(
    make: Callable[[], onnx.ModelProto], problem: str, network: keras.Model, tmp_path: Path
) -> None:
    path = sface.write(make(), tmp_path / "m.onnx")
    with pytest.raises(CelebtoolError, match=f"m.onnx: .*{problem}"):
        pretrained.load_file(network, "face-sface", path)


def test_a_file_that_computes_far_more_than_it_holds_is_refused(network: keras.Model, tmp_path: Path) -> None:
    model = sface.quantised()
    (node,) = (each for each in model.graph.node if "pre_fc1_weight_dequantized" in each.output)
    for number in range(10):
        model.graph.node.insert(0, onnx.helper.make_node("DequantizeLinear", node.input, [f"{number}"]))
        model.graph.node[0].attribute.extend(node.attribute)
    with pytest.raises(CelebtoolError, match="it computes more than 33554432 constants"):
        pretrained.load_file(network, "face-sface", sface.write(model, tmp_path / "m.onnx"))
