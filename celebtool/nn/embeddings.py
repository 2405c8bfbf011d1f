"""Face images to points: photos of one person lie closer together than 0.6, of two people farther apart."""

import functools
from collections.abc import Callable

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf

from celebtool import architectures
from celebtool.formats import images as image_files
from celebtool.nn import graphs
from celebtool.nn.networks import build, pretrained

ARCHITECTURE = "face-resnet29"
SAME_PERSON = 0.6
"""The distance below which dlib's documentation takes two faces for one person's."""
BATCH_SIZE = 32
"""Fixed, since the last bits of a convolution may depend on it."""

Images = npt.NDArray[np.uint8]
Embeddings = npt.NDArray[np.float32]


def embed(images: Images, *, mirror: bool = False, progress: Callable[[int, int], None] | None = None) -> Embeddings:
    """Compute dlib's face embedding of aligned crops.

    Args:
        images: RGB (n, height, width, 3) uint8, faces aligned as `celebtool.imaging.alignment.align` does it (margin 0.25);
            of another size than 150 by 150 they are resized.
        mirror: average with the embedding of the mirror image. That tells people apart a little better, but brings all
            points closer together: `SAME_PERSON` is meant for embeddings without it.
        progress: called with (images done, images in all).

    Returns:
        (n, 128) float32, not normalised: Euclidean distances are those that dlib speaks of.
    """
    network = _network()
    result = np.empty((len(images), 128), np.float32)
    for start in range(0, len(images), BATCH_SIZE):
        batch = _resized(images[start : start + BATCH_SIZE])
        embeddings = network(tf.constant(batch)).numpy()
        if mirror:
            embeddings = (embeddings + network(tf.constant(batch[:, :, ::-1])).numpy()) / 2
        result[start : start + len(batch)] = embeddings
        if progress is not None:
            progress(start + len(batch), len(images))
    return result


def _resized(batch: Images) -> Images:
    size = architectures.get(ARCHITECTURE).image_size
    if batch.shape[1:3] == size:
        return batch
    return np.stack([image_files.resize(image, size) for image in batch])


@functools.cache
def _network() -> Callable[[tf.Tensor], tf.Tensor]:
    """Build dlib's network once per process, as a graph."""
    model = build.build(ARCHITECTURE, 2)
    pretrained.load_faces(model, ARCHITECTURE)
    embedding = keras.Model(model.inputs, model.get_layer("embedding").output)

    def network(images: tf.Tensor) -> tf.Tensor:
        return embedding(tf.cast(images, tf.float32), training=False)

    return graphs.compiled(network, tf.TensorSpec((None, *model.input_shape[1:]), tf.uint8))
