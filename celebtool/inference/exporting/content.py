"""Have the content of an exported file made, and load it as other programs do."""

import importlib.util
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from celebtool.errors import CelebtoolError
from celebtool.formats import exported, manifest, model_file
from celebtool.inference import conversion, runtime
from celebtool.inference.conversion import Graph

TFLITE, ONNX = ".tflite", ".onnx"
_PACKAGES = ("onnx", "onnxruntime")

Images = Mapping[str, NDArray[np.uint8]]
Answers = Mapping[str, NDArray[np.float32]]


def check_packages(path: Path) -> None:
    """Refuse a .onnx file to write if what that needs is not installed.

    Raises:
        CelebtoolError: says what to install.
    """
    missing = [name for name in _PACKAGES if importlib.util.find_spec(name) is None]
    if path.suffix.lower() == ONNX and missing:
        raise CelebtoolError(path, f"needs {', '.join(missing)} to be written; pip install 'celebtool[onnx]'")


def make(model: Path, output: Path, scratch: Path) -> bytes:
    """Return the content of a file, made in a process of its own that imports TensorFlow.

    Args:
        model: the .h5.
        output: what will be written; its suffix says in which format, and errors name it.
        scratch: a directory to work in.

    Raises:
        CelebtoolError: no model of celebtool's, a damaged one, or one that can't be converted.
    """
    digest = manifest.sha256(model)
    description = exported.describe(model_file.read_info(model), digest)
    builder = f"celebtool.nn.exporting.files:as_{output.suffix.lower().removeprefix('.')}"
    graph = Graph(str(output), builder, digest, {"description": description}, str(model.absolute()))
    conversion.convert([graph], scratch, output)
    return (scratch / "0").read_bytes()


def load(content: bytes, output: Path) -> Callable[[Images], Answers]:
    """Return what a file that `make` has just made computes, as other programs run it.

    That is a function of images (n, height, width, 3) for each of its inputs.
    """
    if output.suffix.lower() == TFLITE:
        return runtime.signature(content)
    import onnxruntime  # noqa: PLC0415 - of an extra

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    names = [each.name for each in session.get_outputs()]
    return lambda images: dict(zip(names, session.run(names, dict(images)), strict=True))
