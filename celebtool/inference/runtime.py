"""Run networks on LiteRT.

XNNPACK, LiteRT's kernels, give the same numbers for an image alone and in a batch, and for any number of threads.
"""

import functools
import math
import os
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from itertools import pairwise
from typing import Any

import numpy as np
from ai_edge_litert.interpreter import Interpreter
from numpy.typing import NDArray

from celebtool.errors import CelebtoolError
from celebtool.inference import conversion
from celebtool.inference.conversion import Graph
from celebtool.system import streams

NETWORKS = 20
"""Networks of a process, at most: three that find faces, one that compares them, and sixteen members of an ensemble."""
STEP = 8
"""Images that `Network.features` gives to a network at once."""
ROOM, ROOM_OF_NUMBER = 1 << 28, 64
"""Bytes that a network may need for itself, and for each number of its input: 24 for SFace, 27 for P-Net."""
SHAPES = 8
"""Input shapes of one network for which memory is laid out at a time; the one not used for longest is dropped."""


class Network:
    """A network of one input and one or more outputs, each with the batch as first axis.

    It may be called from several threads, which then wait for one another.
    """

    def __init__(self, content: bytes, *, threads: int = 1) -> None:
        """Take a network as LiteRT stores it; `threads` is how many compute one call."""
        self._content, self._threads = content, threads
        self._by_shape: OrderedDict[tuple[int, ...], _Interpreter] = OrderedDict()
        self._lock = threading.Lock()

    def __call__(self, pixels: NDArray[Any]) -> list[NDArray[Any]]:
        """Return the outputs for an input of the network's number type, in the order in which its builder gave them.

        Raises:
            MemoryError: there is too little memory for an input of this shape.
            CelebtoolError: LiteRT fails for another reason.
        """
        with self._lock:
            return self._of_shape(pixels.shape)(pixels)

    def features(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return the one output (n, d) of a network for images (n, height, width, 3), a few at a time.

        They are given by `STEP`, and the rest one by one: each number of images takes memory of its own, with a copy of all
        weights, and more at a time are no faster.
        """
        whole = len(images) - len(images) % STEP
        steps = [*range(0, whole, STEP), *range(whole, len(images) + 1)]
        return np.asarray(np.concatenate([self(images[start:end])[0] for start, end in pairwise(steps)]))

    def _of_shape(self, shape: tuple[int, ...]) -> "_Interpreter":
        """Return the interpreter for a shape: laying out the memory anew costs as much as a small network."""
        found = self._by_shape.pop(shape, None) or _Interpreter(self._content, shape, self._threads)
        self._by_shape[shape] = found
        while len(self._by_shape) > SHAPES:
            self._by_shape.popitem(last=False)
        return found


class _Interpreter:
    """LiteRT's interpreter of a network for one shape of input."""

    def __init__(self, content: bytes, shape: tuple[int, ...], threads: int) -> None:
        try:
            with streams.without_stderr():  # a line about XNNPACK that no setting stops
                self._interpreter = Interpreter(model_content=content, num_threads=threads)
                self._input = self._interpreter.get_input_details()[0]["index"]
                self._interpreter.resize_tensor_input(self._input, shape)
                self._interpreter.allocate_tensors()
        except RuntimeError as error:
            raise _failure(shape, error) from error
        self._outputs = list(_outputs(self._interpreter))

    def __call__(self, pixels: NDArray[Any]) -> list[NDArray[Any]]:
        self._interpreter.set_tensor(self._input, pixels)
        try:
            self._interpreter.invoke()
        except RuntimeError as error:
            raise _failure(pixels.shape, error) from error
        return [self._interpreter.get_tensor(index) for index in self._outputs]


def _failure(shape: tuple[int, ...], error: RuntimeError) -> MemoryError | CelebtoolError:
    """Return what a failure of LiteRT's is, which says the same of too little memory and of an input that does not fit.

    It is a lack of memory if there is not as much to be had as a network may need.
    """
    try:
        np.empty(ROOM + ROOM_OF_NUMBER * math.prod(shape), np.uint8)
    except MemoryError:
        return MemoryError(f"no memory for an input of shape {shape}: {error}")
    problem = f"can't run a network for an input of shape {shape}: {error}"
    return CelebtoolError(
        "LiteRT", f"{problem}; there is memory enough, so install celebtool again, or report this line"
    )


def signature(content: bytes) -> Callable[[Mapping[str, NDArray[np.uint8]]], dict[str, NDArray[np.float32]]]:
    """Return a network that `export` has made as other programs run it: a function of its inputs to its outputs, by name."""
    with streams.without_stderr():
        run = Interpreter(model_content=content, num_threads=os.cpu_count()).get_signature_runner()

    def answers(images: Mapping[str, NDArray[np.uint8]]) -> dict[str, NDArray[np.float32]]:
        with streams.without_stderr():
            return dict(run(**images))

    return answers


def _outputs(interpreter: Interpreter) -> Iterable[int]:
    """Return the tensors of the outputs in the builder's order, which their names end with: ``output_0`` and so on."""
    details = interpreter.get_signature_runner().get_output_details()
    numbered = sorted((int(name.rpartition("_")[2]), found["index"]) for name, found in details.items())
    return (index for _, index in numbered)


@functools.lru_cache(maxsize=NETWORKS)
def load(graph: Graph, *, threads: int = 1) -> Network:
    """Return a network, read once per process; it is converted first if that has not been done yet.

    Args:
        graph: the network.
        threads: how many compute one call.

    Raises:
        CelebtoolError: its weights are missing or damaged, or it can't be converted.
    """
    return Network(conversion.content(graph), threads=threads)
