"""Face crops to points on a sphere: photos of one person lie close together, photos of two people far apart."""

import functools
from collections.abc import Callable

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf

from celebtool.architectures import EMBEDDER, get
from celebtool.formats import images as image_files
from celebtool.nn import graphs
from celebtool.nn.networks import build, pretrained

SAME_PERSON = 0.637
"""The cosine distance below which OpenCV's documentation takes two faces for one person's (SFace, a cosine of 0.363)."""
BATCH_SIZE = 32
"""Fixed, because the last bits of a convolution may depend on it."""

Images = npt.NDArray[np.uint8]
Embeddings = npt.NDArray[np.float32]


def embed(images: Images, *, margin: float, progress: Callable[[int, int], None] | None = None) -> Embeddings:
    """Compute the embeddings of aligned crops, as `train` does with the default network.

    Args:
        images: RGB (n, height, width, 3) uint8, faces aligned as `celebtool.imaging.alignment.align` does it.
        margin: the room around the faces that they were aligned with.
        progress: called with (images done, images in all).

    Returns:
        (n, 128) float32, each of length 1: 1 minus their scalar product is the cosine distance.
    """
    size = get(EMBEDDER).input_size(margin)
    network = _network(margin)
    result = np.empty((len(images), 128), np.float32)
    for start in range(0, len(images), BATCH_SIZE):
        batch = [image_files.resize(image, size) for image in images[start : start + BATCH_SIZE]]
        result[start : start + len(batch)] = network(tf.constant(np.stack(batch))).numpy()
        if progress is not None:
            progress(start + len(batch), len(images))
    return result


@functools.lru_cache(maxsize=2)
def _network(margin: float) -> Callable[[tf.Tensor], tf.Tensor]:
    """Build the network for crops of a margin once per process, as a graph."""
    size = get(EMBEDDER).input_size(margin)
    model = build.build(EMBEDDER, 2, image_size=size, margin=margin)
    pretrained.load_faces(model, EMBEDDER)
    embedding = keras.Model(model.inputs, model.get_layer("head_normalise").output)

    def network(images: tf.Tensor) -> tf.Tensor:
        return embedding(tf.cast(images, tf.float32), training=False)

    return graphs.compiled(network, tf.TensorSpec((None, *size, 3), tf.uint8))
