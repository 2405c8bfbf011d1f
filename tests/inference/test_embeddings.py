"""Embeddings: of length 1, the same whatever else is embedded, and what they are good for on real faces."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from celebtool.formats import images
from celebtool.imaging import alignment
from celebtool.inference import conversion, embeddings

SAME_PERSON = 0.637
"""The cosine distance below which OpenCV's documentation takes two faces for one person's (SFace, a cosine of 0.363)."""


def _images() -> np.ndarray:
    data = pytest.importorskip("skimage.data")
    row, column = np.indices((150, 150))
    ramp = np.stack([3 * row + 5 * column, 7 * row + 2 * column, row * column], axis=-1) % 256
    return np.stack([ramp.astype(np.uint8), data.astronaut()[40:190, 145:295]])


def test_embeddings_have_length_one() -> None:
    lengths = np.linalg.norm(embeddings.embed(_images(), margin=0.4), axis=1)
    np.testing.assert_allclose(lengths, 1, atol=1e-6)


def test_nothing_depends_on_the_other_images_or_their_number() -> None:
    faces = np.concatenate([_images()] * 20)
    result = embeddings.embed(faces, margin=0.4)
    np.testing.assert_allclose(result, np.concatenate([embeddings.embed(_images(), margin=0.4)] * 20), atol=1e-6)
    assert embeddings.embed(faces[:0], margin=0.4).shape == (0, 128)


def test_the_margin_tells_where_in_a_crop_the_face_is() -> None:
    """Of one photo, crops of three margins and sizes have nearly the same embedding."""
    photo = Image.fromarray(pytest.importorskip("skimage.data").astronaut())
    landmarks = np.array([(204, 109), (248, 108), (229, 139), (207, 152), (247, 152)], float)
    conversion.prepare([embeddings.graph(margin) for margin in (0.55, 0.4, 1.0, 0.8)])  # in one go
    crops = [(alignment.align(photo, landmarks, size, margin), margin) for size, margin in CUTS]
    first, *others = (embeddings.embed(crop[None], margin=margin)[0] for crop, margin in crops)
    assert max(1 - first @ other for other in others) < 0.05
    wrong = embeddings.embed(crops[0][0][None], margin=0.8)[0]
    assert 1 - first @ wrong > 0.2


CUTS = [(224, 0.55), (224, 0.4), (313, 0.55), (400, 1.0)]


@pytest.mark.slow
def test_people_are_told_apart_on_the_faces_of_forty(att_faces: Path) -> None:
    """AT&T Database of Faces: 78,000 pairs, at the distance that OpenCV's documentation gives."""
    from celebtool.inference.detection.detector import FaceDetector

    detector, crops, people = FaceDetector(), [], []
    for path in sorted(att_faces.glob("s*/*.pgm")):
        image = images.open_photo(path).decode_part(1)
        faces = [face for face in detector.detect(image, 20) if face.confidence >= 0.9]
        if faces:
            crops.append(alignment.align(image, faces[0].landmarks, 150, 0.4))
            people.append(path.parent.name)
    assert len(crops) >= 395
    points = embeddings.embed(np.stack(crops), margin=0.4)
    first, second = np.triu_indices(len(points), 1)
    distances = 1 - np.einsum("nd,nd->n", points[first], points[second])
    same = np.array(people)[first] == np.array(people)[second]
    assert (distances[same] < SAME_PERSON).mean() >= 0.995
    assert (distances[~same] >= SAME_PERSON).mean() >= 0.97
