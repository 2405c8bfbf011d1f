"""dlib's network in Keras: the numbers that dlib itself computes, and what they are good for on real faces."""

from pathlib import Path

import numpy as np
import pytest

from celebtool.formats import images
from celebtool.imaging import alignment
from celebtool.nn import embeddings

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


def test_embeddings_are_dlibs_own() -> None:
    result = embeddings.embed(_images())
    np.testing.assert_allclose(result[:, :10], DLIB, atol=2e-5)
    np.testing.assert_allclose(np.linalg.norm(result, axis=1), LENGTHS, atol=2e-5)


def test_a_mirror_image_has_the_same_mirrored_embedding() -> None:
    once, twice = embeddings.embed(_images(), mirror=True), embeddings.embed(_images()[:, :, ::-1], mirror=True)
    np.testing.assert_allclose(once, twice, atol=1e-6)


def test_nothing_depends_on_the_other_images_or_their_number() -> None:
    faces = np.concatenate([_images()] * 20)
    done: list[tuple[int, int]] = []
    result = embeddings.embed(faces, progress=lambda *counts: done.append(counts))
    assert done == [(32, 40), (40, 40)]
    np.testing.assert_allclose(result, np.concatenate([embeddings.embed(_images())] * 20), atol=1e-6)
    assert embeddings.embed(faces[:0]).shape == (0, 128)


def test_other_sizes_are_resized() -> None:
    face = _images()[1]
    large = images.resize(face, (300, 300))
    distance = np.linalg.norm(embeddings.embed(face[None]) - embeddings.embed(large[None]))
    assert distance < 0.1


@pytest.mark.slow
def test_people_are_told_apart_on_the_faces_of_forty(att_faces: Path) -> None:
    """AT&T Database of Faces: 78,000 pairs, at the distance that dlib's documentation gives."""
    from celebtool.nn.detection.detector import FaceDetector

    detector, crops, people = FaceDetector(), [], []
    for path in sorted(att_faces.glob("s*/*.pgm")):
        image = images.read(path)
        faces = [face for face in detector.detect(image, 20) if face.confidence >= 0.9]
        if faces:
            crops.append(alignment.align(image, faces[0].landmarks, 150))
            people.append(path.parent.name)
    assert len(crops) >= 395
    points = embeddings.embed(np.stack(crops))
    first, second = np.triu_indices(len(points), 1)
    distances = np.linalg.norm(points[first] - points[second], axis=1)
    same = np.array(people)[first] == np.array(people)[second]
    assert (distances[same] < embeddings.SAME_PERSON).mean() >= 0.995
    assert (distances[~same] >= embeddings.SAME_PERSON).mean() >= 0.97
