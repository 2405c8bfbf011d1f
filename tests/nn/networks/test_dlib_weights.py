"""dlib's network in Keras: the numbers that dlib itself computes, also of crops with more around the face."""

import keras
import numpy as np
import pytest

from celebtool.nn.networks import build, pretrained

# The first numbers and the length of dlib 20.0's `compute_face_descriptor` for the two images of `_images`.
DLIB = np.array(
    [
        [-0.072724, 0.056649, 0.026175, -0.072493, -0.079123, -0.042856, 0.01185, 0.047091, 0.116083, -0.013817],
        [-0.075238, 0.076785, 0.004988, 0.085611, -0.099547, 0.011913, -0.033575, -0.134996, 0.064724, -0.02579],
    ]
)
LENGTHS = [1.308014, 1.422329]


def _images() -> np.ndarray:
    data = pytest.importorskip("skimage.data")
    row, column = np.indices((150, 150))
    ramp = np.stack([3 * row + 5 * column, 7 * row + 2 * column, row * column], axis=-1) % 256
    return np.stack([ramp.astype(np.uint8), data.astronaut()[40:190, 145:295]])


def network(side: int, margin: float | None) -> keras.Model:
    model = build.build("face-resnet29", 2, image_size=(side, side), margin=margin)
    pretrained.load_faces(model, "face-resnet29")
    return keras.Model(model.inputs, model.get_layer("embedding").output)


def test_embeddings_are_dlibs_own() -> None:
    result = network(150, None)(_images().astype(np.float32)).numpy()
    np.testing.assert_allclose(result[:, :10], DLIB, atol=2e-5)
    np.testing.assert_allclose(np.linalg.norm(result, axis=1), LENGTHS, atol=2e-5)


def test_of_crops_with_more_around_the_face_the_middle_is_seen() -> None:
    wider = np.pad(_images(), ((0, 0), (15, 15), (15, 15), (0, 0)), mode="reflect").astype(np.float32)
    result = network(180, 0.4)(wider).numpy()
    np.testing.assert_allclose(result[:, :10], DLIB, atol=2e-5)
    whole = network(180, 0.25)(wider).numpy()  # a size that somebody chose for crops of the network's own geometry
    assert np.abs(whole[:, :10] - DLIB).max() > 0.01
