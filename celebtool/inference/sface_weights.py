"""SFace's weights: OpenCV Zoo's ONNX file, celebtool's own copy or another, as arrays of Keras layers."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from celebtool.errors import CelebtoolError
from celebtool.formats import onnx
from celebtool.formats.onnx import Graph, Node
from celebtool.inference import package_files
from celebtool.inference.package_files import PackageFile

Array = npt.NDArray[np.float32]
Constants = Mapping[str, Array]

FILE = PackageFile(
    network="face-sface",
    package="celebtool",
    path="weights/face_recognition_sface_2021dec_int8bq.onnx",
    digest="fb143eea07838aa532d1c95df5f69899974ea0140e1fba05e94204be13ed74ee",
    install="--force-reinstall celebtool",
)
# (channels out, stride) of the depthwise convolution of every block, each followed by a 1x1 convolution.
BLOCKS = (
    (64, 1),
    (128, 2),
    (128, 1),
    (256, 2),
    (256, 1),
    (512, 2),
    *((512, 1),) * 5,
    (1024, 2),
    (1024, 1),
)
STRIDES = [1, *(each for _, stride in BLOCKS for each in (stride, 1))]
"""Of the convolutions, in forward order; every second one is depthwise."""
OPERATIONS = [
    *("Sub", "Mul"),
    *("Conv", "BatchNormalization", "PRelu") * len(STRIDES),
    *("BatchNormalization", "Gemm", "BatchNormalization"),
]
MAX_NUMBERS = 1 << 25
"""Constants that a file may compute: SFace has 10 million, each unpacked and reshaped."""
_WITHOUT_WEIGHTS = ("Dropout", "Flatten")


def from_package() -> list[list[Array]]:
    """Return the arrays of every layer with weights, in forward order, from celebtool's own copy of the file.

    Raises:
        CelebtoolError: the file is missing, or not the one expected.
    """
    return arrays(onnx.parse(package_files.read(FILE), FILE.path), FILE.path)


def from_file(path: Path) -> list[list[Array]]:
    """Return the same of an ONNX file of OpenCV Zoo, in float32 or quantised in blocks.

    Raises:
        CelebtoolError: no ONNX file, or one of another network.
    """
    return arrays(onnx.read(path), path)


def arrays(graph: Graph, where: object) -> list[list[Array]]:
    """Return the arrays of every Keras layer of a face-sface; each normalisation goes into a layer beside it.

    Raises:
        CelebtoolError: the graph is of another network.
    """
    try:
        nodes, constants = _chain(graph)
        _check(nodes, constants)
        return [*_convolutions(nodes[2:-3], constants), _matrix(nodes[-3:], constants)]
    except (ValueError, KeyError, IndexError, TypeError) as error:
        problem = f"is not OpenCV Zoo's SFace: {error}; expected face_recognition_sface_2021dec.onnx or …_int8bq.onnx"
        raise CelebtoolError(where, problem) from error


def _chain(graph: Graph) -> tuple[list[Node], Constants]:
    """Return the operations from the image to the embedding, each of which reads the one before, and all constants."""
    constants: dict[str, Array] = dict(graph.constants)
    nodes: list[Node] = []
    computed = 0
    for node in graph.nodes:
        if all(name in constants for name in node.inputs):
            value = _constant(node, [constants[name] for name in node.inputs])
            computed += value.size
            if computed > MAX_NUMBERS:
                raise ValueError(f"it computes more than {MAX_NUMBERS} constants")
            constants[node.outputs[0]] = value
            continue
        if nodes and node.inputs[0] != nodes[-1].outputs[0]:
            raise ValueError(f"{node.kind} does not follow {nodes[-1].kind}")
        nodes.append(node)
    return [node for node in nodes if node.kind not in _WITHOUT_WEIGHTS], constants


def _constant(node: Node, values: Sequence[Array]) -> Array:
    """Compute a value that depends on constants alone."""
    match node.kind:
        case "Constant":
            return np.asarray(node.attributes["value"])
        case "Reshape":
            return values[0].reshape(values[1])
        case "DequantizeLinear":
            numbers, scale, zero = values
            return _unpacked(numbers, scale, zero, node.attributes["axis"], node.attributes["block_size"])
    raise ValueError(f"it computes a constant by {node.kind}")


def _unpacked(numbers: Array, scale: Array, zero: Array, axis: int, block: int) -> Array:
    """Return numbers that are quantised in blocks along an axis, each with its scale and zero point, as float32."""
    length = numbers.shape[axis]
    expected = [*numbers.shape]
    expected[axis] = -(-length // block)
    if not 0 < block <= length or [*scale.shape] != expected or [*zero.shape] != expected:
        raise ValueError(f"it has scales of shape {scale.shape} for numbers of shape {numbers.shape}")
    scale, zero = (np.repeat(each, block, axis).take(range(length), axis) for each in (scale, zero))
    return (numbers.astype(np.float32) - zero.astype(np.float32)) * scale


def _check(nodes: Sequence[Node], constants: Constants) -> None:
    """Compare the operations with SFace's, and what no array's shape tells of them."""
    if [node.kind for node in nodes] != OPERATIONS:
        raise ValueError("its operations differ")
    if [constants[node.inputs[1]].tolist() for node in nodes[:2]] != [[127.5], [1 / 128]]:
        raise ValueError("its preprocessing differs")
    for node, stride in zip((node for node in nodes if node.kind == "Conv"), STRIDES, strict=True):
        padding = constants[node.inputs[1]].shape[-1] // 2
        if (node.attributes["strides"], node.attributes["pads"]) != ((stride,) * 2, (padding,) * 4):
            raise ValueError(f"the stride or padding of {node.outputs[0]} differs")


def _convolutions(nodes: Sequence[Node], constants: Constants) -> Iterator[list[Array]]:
    """Yield kernel and bias of each convolution with the normalisation after it, and the slopes of the PReLU."""
    for number in range(len(nodes) // 3):
        convolution, norm, prelu = nodes[3 * number : 3 * number + 3]
        kernel, *bias = (constants[name] for name in convolution.inputs[1:])
        scale, offset = _normalisation(norm, constants)
        kernel = kernel * scale[:, None, None, None]
        # ONNX has (out, in, height, width); Keras (height, width, in, out), of depthwise ones (height, width, in, 1).
        kernel = kernel.transpose(2, 3, 0, 1) if number % 2 else kernel.transpose(2, 3, 1, 0)
        yield [kernel, sum(bias) * scale + offset]
        yield [constants[prelu.inputs[1]].reshape(1, 1, -1)]


def _matrix(nodes: Sequence[Node], constants: Constants) -> list[Array]:
    """Return kernel and bias of the last layer, with the normalisations before and after it.

    Its inputs lie in ONNX by channel, row and column; Keras flattens by row, column and channel.
    """
    before, gemm, after = nodes
    weights, bias = (constants[name] for name in gemm.inputs[1:])
    if gemm.attributes.get("transB") != 1 or gemm.attributes.get("transA", 0) != 0:
        raise ValueError("its last matrix is transposed")
    inner, inner_offset = _normalisation(before, constants)
    outer, outer_offset = _normalisation(after, constants)
    by_channel = weights.reshape(len(weights), len(inner), -1)  # (128, 1024, 49)
    bias = (bias + np.einsum("ecp,c->e", by_channel, inner_offset)) * outer + outer_offset
    kernel = by_channel * inner[:, None] * outer[:, None, None]
    return [kernel.transpose(2, 1, 0).reshape(-1, len(weights)), bias]


def _normalisation(node: Node, constants: Constants) -> tuple[Array, Array]:
    """Return what a BatchNormalization multiplies each channel by, and then adds."""
    gamma, beta, mean, variance = (constants[name] for name in node.inputs[1:])
    scale = np.asarray(gamma / np.sqrt(variance + np.float32(node.attributes["epsilon"])), np.float32)
    return scale, beta - mean * scale
