"""Face crops to points on a sphere: photos of one person lie close together, photos of two people far apart."""

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from celebtool.architectures import EMBEDDER, get
from celebtool.formats import images as image_files
from celebtool.inference import runtime, sface_weights
from celebtool.inference.conversion import Graph

BATCH_SIZE = 32

Images = npt.NDArray[np.uint8]
Embeddings = npt.NDArray[np.float32]


def graph(margin: float) -> Graph:
    """Return the network for crops of a margin, from RGB (n, height, width, 3) uint8 to embeddings (n, 128)."""
    return Graph(
        title=EMBEDDER,
        builder="celebtool.nn.networks.answering:embedder",
        digest=sface_weights.FILE.digest,
        arguments={"name": EMBEDDER, "margin": margin},
    )


def layout(margin: float) -> Graph:
    """Return what `celebtool.inference.keras_file` needs to write a model of that network."""
    return replace(graph(margin), builder="celebtool.nn.networks.answering:layout")


def embed(images: Images, *, margin: float) -> Embeddings:
    """Compute the embeddings of aligned crops, as `train` does with the default network.

    Args:
        images: RGB (n, height, width, 3) uint8, faces aligned as `celebtool.imaging.alignment.align` does it.
        margin: the room around the faces that they were aligned with.

    Returns:
        (n, 128) float32, each of length 1: 1 minus their scalar product is the cosine distance.
    """
    size = get(EMBEDDER).input_size(margin)
    network = runtime.load(graph(margin))
    result = np.empty((len(images), 128), np.float32)
    for start in range(0, len(images), BATCH_SIZE):
        batch = [image_files.resize(image, size) for image in images[start : start + BATCH_SIZE]]
        result[start : start + len(batch)] = network.features(np.stack(batch))
    return result
