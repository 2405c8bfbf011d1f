import numpy as np
import pytest
from PIL import Image
from skimage import data

from celebtool.formats import images
from celebtool.inference.detection import detector as face_detector

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def detector() -> "face_detector.FaceDetector":
    return face_detector.FaceDetector()


@pytest.fixture(scope="module")
def astronaut() -> Image.Image:
    return Image.fromarray(data.astronaut())


def test_the_one_face_of_the_astronaut(detector: "face_detector.FaceDetector", astronaut: Image.Image) -> None:
    (face,) = [face for face in detector.detect(astronaut, 20) if face.confidence > 0.9]
    left_eye, right_eye, nose, mouth_left, mouth_right = face.landmarks
    assert face.box.left < left_eye[0] < nose[0] < right_eye[0] < face.box.left + face.box.width
    assert max(left_eye[1], right_eye[1]) < nose[1] < min(mouth_left[1], mouth_right[1])
    assert left_eye == pytest.approx([204, 100], abs=6)
    assert mouth_right == pytest.approx([244, 141], abs=6)


@pytest.mark.parametrize("scale", [0.5, 2, 4])
def test_boxes_follow_the_size_of_the_photo(
    detector: "face_detector.FaceDetector", astronaut: Image.Image, scale: float
) -> None:
    photo = astronaut.resize((int(512 * scale), int(512 * scale)), Image.Resampling.BICUBIC)
    face = detector.detect(photo, 30)[0]
    original = detector.detect(astronaut, 30)[0]
    assert np.array(face.box) / scale == pytest.approx(np.array(original.box), abs=12)


@pytest.mark.parametrize("smallest", [20, 31, 40, 60])
def test_a_large_smallest_face_still_finds_larger_ones(
    detector: "face_detector.FaceDetector", astronaut: Image.Image, smallest: float
) -> None:
    """The package's own driver finds nothing above 30."""
    assert detector.detect(astronaut, smallest)


def test_nothing_in_nothing(detector: "face_detector.FaceDetector") -> None:
    for shape in ((300, 300, 3), (1, 1, 3), (8, 400, 3)):
        assert detector.detect(Image.fromarray(np.full(shape, 128, np.uint8)), 20) == []


def test_it_agrees_with_the_package(detector: "face_detector.FaceDetector", astronaut: Image.Image) -> None:
    mtcnn = pytest.importorskip("mtcnn")
    (theirs,) = mtcnn.MTCNN().detect_faces(data.astronaut())
    ours = detector.detect(astronaut, 20)[0]
    assert np.array(ours.box) == pytest.approx(np.array(theirs["box"]), abs=10)
    points = [theirs["keypoints"][name] for name in ("left_eye", "right_eye", "nose", "mouth_left", "mouth_right")]
    assert ours.landmarks == pytest.approx(np.array(points), abs=4)
    assert ours.confidence == pytest.approx(theirs["confidence"], abs=0.01)


def test_small_faces_call_for_finer_levels(detector: "face_detector.FaceDetector") -> None:
    """A crowd of faces of 26 pixels beside one of 200: the first levels show none of the small ones by themselves."""
    face = data.astronaut()[20:260, 110:350]
    photo = np.full((600, 1000, 3), 90, np.uint8)
    for column in range(8):
        photo[20:90, 30 + 120 * column : 100 + 120 * column] = images.resize(face, (70, 70))
    small = [one for one in detector.detect(Image.fromarray(photo), 20) if one.confidence > 0.9]
    assert len(small) >= 7
    assert all(20 < one.box.width < 45 for one in small)


def test_levels_are_those_of_the_package() -> None:
    utils = pytest.importorskip("mtcnn.utils.images")
    for height, width in ((100, 300), (333, 500), (1200, 800), (4000, 3000)):
        scales = utils.build_scale_pyramid(width, height, min_face_size=20, scale_factor=0.709)
        assert face_detector.levels(height, width) == len(scales)
        assert [face_detector.scale(k) for k in range(len(scales))] == pytest.approx(scales)
