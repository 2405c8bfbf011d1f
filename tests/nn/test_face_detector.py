import importlib.metadata
from pathlib import Path

import numpy as np
import pytest
from skimage import data

from celebtool.errors import CelebtoolError
from celebtool.formats import images

face_detector = pytest.importorskip("celebtool.nn.face_detector")
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def detector() -> "face_detector.FaceDetector":
    return face_detector.FaceDetector()


def test_the_one_face_of_the_astronaut(detector: "face_detector.FaceDetector") -> None:
    (face,) = [face for face in detector.detect(data.astronaut(), 20) if face.confidence > 0.9]
    left_eye, right_eye, nose, mouth_left, mouth_right = face.landmarks
    assert face.box.left < left_eye[0] < nose[0] < right_eye[0] < face.box.left + face.box.width
    assert max(left_eye[1], right_eye[1]) < nose[1] < min(mouth_left[1], mouth_right[1])
    assert left_eye == pytest.approx([204, 100], abs=6)
    assert mouth_right == pytest.approx([244, 141], abs=6)


@pytest.mark.parametrize("scale", [0.5, 2, 4])
def test_boxes_follow_the_size_of_the_photo(detector: "face_detector.FaceDetector", scale: float) -> None:
    photo = images.resize(data.astronaut(), (int(512 * scale), int(512 * scale)))
    face = detector.detect(photo, 30)[0]
    original = detector.detect(data.astronaut(), 30)[0]
    assert np.array(face.box) / scale == pytest.approx(np.array(original.box), abs=12)


@pytest.mark.parametrize("smallest", [20, 31, 40, 60])
def test_a_large_smallest_face_still_finds_larger_ones(detector: "face_detector.FaceDetector", smallest: float) -> None:
    """The package's own driver finds nothing above 30."""
    assert detector.detect(data.astronaut(), smallest)


def test_nothing_in_nothing(detector: "face_detector.FaceDetector") -> None:
    for shape in ((300, 300, 3), (1, 1, 3), (8, 400, 3)):
        assert detector.detect(np.full(shape, 128, np.uint8), 20) == []


def test_it_agrees_with_the_package(detector: "face_detector.FaceDetector") -> None:
    mtcnn = pytest.importorskip("mtcnn")
    (theirs,) = mtcnn.MTCNN().detect_faces(data.astronaut())
    ours = detector.detect(data.astronaut(), 20)[0]
    assert np.array(ours.box) == pytest.approx(np.array(theirs["box"]), abs=10)
    points = [theirs["keypoints"][name] for name in ("left_eye", "right_eye", "nose", "mouth_left", "mouth_right")]
    assert ours.landmarks == pytest.approx(np.array(points), abs=4)
    assert ours.confidence == pytest.approx(theirs["confidence"], abs=0.01)


def test_weights_in_the_current_directory_are_not_touched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in face_detector.WEIGHTS:
        (tmp_path / f"{name}.lz4").write_bytes(b"cos\nsystem\n(S'touch opened'\ntR.")
    monkeypatch.chdir(tmp_path)
    face_detector.FaceDetector()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["onet.lz4", "pnet.lz4", "rnet.lz4"]


def test_changed_weights_are_refused_unopened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    directory = tmp_path / "mtcnn" / "assets" / "weights"
    directory.mkdir(parents=True)
    for name in face_detector.WEIGHTS:
        (directory / f"{name}.lz4").write_bytes(b"cos\nsystem\n(S'touch opened'\ntR.")
    (tmp_path / "mtcnn-1.0.0.dist-info").mkdir()
    (tmp_path / "mtcnn-1.0.0.dist-info" / "METADATA").write_text("Name: mtcnn\nVersion: 1.0.0\n")
    installed = importlib.metadata.Distribution.at(tmp_path / "mtcnn-1.0.0.dist-info")
    monkeypatch.setattr("importlib.metadata.distribution", lambda _: installed)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(CelebtoolError, match=r"not the file of mtcnn 1\.0\.0"):
        face_detector.FaceDetector()
    assert not (tmp_path / "opened").exists()
