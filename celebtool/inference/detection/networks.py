"""Run MTCNN's three networks on LiteRT.

Pixels are 0 to 255. LiteRT lays out memory for each shape of an input, so inputs come in few shapes. A network gives the
same numbers for a photo alone and in a batch.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from celebtool.inference import mtcnn_weights, runtime
from celebtool.inference.conversion import Graph
from celebtool.inference.detection import canvas
from celebtool.inference.runtime import Network

Array = NDArray[np.float32]

_TITLE = "face detector"
_BATCHES = {"rnet": (32, 8), "onet": (16, 4)}
"""Patches that a network sees at once; the last ones in the smaller number."""


def graphs() -> list[Graph]:
    """Return the three networks."""
    return [_graph(name) for name in mtcnn_weights.FILES]


class Networks:
    """The three networks, loaded.

    Raises:
        CelebtoolError: the weights of mtcnn 1.0.0 are missing, or the networks can't be converted.
    """

    def __init__(self) -> None:
        self._propose, self._refine, self._output = (runtime.load(graph) for graph in graphs())

    def propose(self, pictures: Sequence[Array]) -> list[tuple[Array, Array]]:
        """Return P-Net's answer for pictures (3, height, width), the largest first.

        It is for each the four offsets (rows, columns, 4) of the boxes in its windows of 12 pixels, which move by two, and
        the logits (rows, columns) of a face.
        """
        answers = canvas.run(lambda band: self._propose(band)[0], pictures)
        return [(answer[..., :4], answer[..., 4]) for answer in answers]

    def refine(self, patches: Array) -> tuple[Array, Array]:
        """Return R-Net's answer for patches (n, 24, 24, 4): offsets (n, 4) and scores (n,), 0 to 1."""
        answers = _in_batches(self._refine, patches, *_BATCHES["rnet"])
        return answers[:, :4], probability(answers[:, 4])

    def output(self, patches: Array) -> tuple[Array, Array, Array]:
        """Return O-Net's answer for patches (n, 48, 48, 4): offsets (n, 4), points (n, 5, 2) and scores (n,)."""
        answers = _in_batches(self._output, patches, *_BATCHES["onet"])
        points = answers[:, 4:14].reshape(-1, 2, 5).transpose(0, 2, 1)
        return answers[:, :4], points, probability(answers[:, 14])


def probability(logits: Array) -> Array:
    """Return the probabilities, 0 to 1, that logits stand for."""
    return np.asarray((1 + np.tanh(logits / 2)) / 2, np.float32)


def _graph(name: str) -> Graph:
    digest = mtcnn_weights.FILES[name].digest
    return Graph(_TITLE, "celebtool.nn.networks.mtcnn:stage", digest, {"name": name})


def _in_batches(network: Network, patches: Array, large: int, small: int) -> Array:
    """Run a network on patches (n, …), in batches of two sizes; the last one is filled up."""
    answers = []
    start = 0
    while start < len(patches):
        batch = patches[start : start + (large if len(patches) - start >= large else small)]
        start += len(batch)
        if missing := -len(batch) % small:
            batch = np.concatenate([batch, np.zeros((missing, *batch.shape[1:]), np.float32)])
        answers.append(network(batch)[0])
    return np.concatenate(answers)[: len(patches)]
