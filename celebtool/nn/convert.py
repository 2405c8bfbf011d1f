"""Convert networks for LiteRT; `celebtool.inference.conversion` starts this module in a process of its own."""

import json
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from pkgutil import resolve_name
from typing import Any, NoReturn

import numpy as np
import tensorflow as tf

from celebtool.errors import CelebtoolError
from celebtool.inference.runtime import Network
from celebtool.nn import graphs
from celebtool.nn.networks.convertible import Convertible

_BUILDERS = ("celebtool.nn.networks.", "celebtool.nn.exporting.")
CLOSE = 1e-3
"""How far the converted network's outputs may be off, as a share of the largest; rounding makes 1e-5."""


def convert(network: Convertible) -> bytes:
    """Return a network as LiteRT reads it, in float32 and checked against TensorFlow.

    Raises:
        CelebtoolError: its outputs are not the same.
    """
    call: Any = graphs.compiled(network.function, network.signature)
    content = to_litert(call, network.variables)
    pixels = np.random.default_rng(0).integers(0, 256, network.example).astype(network.signature.dtype.as_numpy_dtype)
    wanted = [tensor.numpy() for tensor in tf.nest.flatten(call(tf.constant(pixels)))]
    for number, (one, other) in enumerate(zip(Network(content)(pixels), wanted, strict=True)):
        if not (np.isfinite(one).all() and np.isfinite(other).all()):
            continue  # weights that are far too large: whoever uses the network finds NaN or Inf
        if not np.abs(one - other).max() <= CLOSE * np.abs(other).max():
            raise CelebtoolError(
                "LiteRT", f"computes another output {number} than TensorFlow; install ai-edge-litert again"
            )
    return content


def to_litert(call: Any, variables: Iterable[tf.Variable]) -> bytes:  # noqa: ANN401 - a function that tf.function made
    """Return a function of tensors as LiteRT reads it, unchecked; `variables` are those that it reads."""
    module = tf.Module()
    module.variables_of_network = list(variables)
    converter = tf.lite.TFLiteConverter.from_concrete_functions([call.get_concrete_function()], module)
    content: bytes = converter.convert()
    return content


def main(line: str) -> None:
    """Write a file per network of an order, a line of JSON, and tell of an error in the last line on stdout."""
    order = json.loads(line)
    try:
        for number, graph in enumerate(order["graphs"]):
            _make(build(graph), Path(order["place"], str(number)))
    except CelebtoolError as error:
        _tell({"where": str(error.where), "problem": error.problem})
    except OSError as error:  # of a file that is written here; one that is read is a CelebtoolError
        _tell({"errno": error.errno, "strerror": error.strerror})


def _tell(error: Mapping[str, object]) -> NoReturn:
    sys.stdout.write(json.dumps(error) + "\n")
    sys.stdout.flush()
    sys.exit(1)


def _make(network: Convertible | bytes, file: Path) -> None:
    """Write what a builder gave, converted, and in NAME.name under which other name it would be found, too."""
    if isinstance(network, bytes):
        file.write_bytes(network)
        return
    file.write_bytes(convert(network))
    if network.same_as:
        file.with_suffix(".name").write_text(network.same_as.name, encoding="ascii")


def build(graph: Mapping[str, Any]) -> Convertible | bytes:
    """Call the builder of a `celebtool.inference.conversion.Graph`; only one of celebtool's own is called."""
    if not graph["builder"].startswith(_BUILDERS):
        raise CelebtoolError(graph["builder"], f"is no builder; expected a function in {' or '.join(_BUILDERS)}")
    source = {"source": Path(graph["source"])} if graph["source"] else {}
    network: Convertible | bytes = resolve_name(graph["builder"])(
        digest=graph["digest"], **source, **graph["arguments"]
    )
    return network
