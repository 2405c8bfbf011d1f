import multiprocessing
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import celebtool
from tests.conftest import Result, tree

pytestmark = pytest.mark.slow
Command = Callable[..., Result]


@pytest.fixture(scope="module")
def photos(att_faces: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("photos")
    for person in ("s1", "s2"):
        (root / person).mkdir()
        for number in (1, 2, 3):
            (root / f"{person}/{number}.pgm").write_bytes((att_faces / person / f"{number}.pgm").read_bytes())
    (root / "s2/4.jpg").write_text("no image")
    return root


def test_a_folder_of_crops_is_the_commands(command: Command, photos: Path, tmp_path: Path) -> None:
    assert command("crop-faces", photos, tmp_path / "command", "--size", 112).code == 0
    crops = celebtool.crop_faces(photos, tmp_path / "python", size=112, jobs=2)
    assert all(child.name.startswith("ForkServer") for child in multiprocessing.active_children())  # the command's
    assert tree(tmp_path / "python") == tree(tmp_path / "command")
    assert crops.summary == "6 crops from 7 photos: 1 not an image"
    assert [(row.source, row.reason) for row in crops.rejected] == [("s2/4.jpg", "not_an_image")]
    assert list(crops.to_frame()["path"]) == [row.path for row in crops.rows]
    assert celebtool.crop_faces(str(photos), str(tmp_path / "python"), size=112).rows == crops.rows
    with pytest.raises(celebtool.CelebtoolError, match="exists already; add --update"):
        celebtool.crop_faces(photos, tmp_path / "python", size=96)


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"size": 8}, "size: 8; expected a number from 16 to 2048"),
        ({"size": 96.5}, "size: 96.5; expected int"),
        ({"min_confidence": 0.5}, "min_confidence: 0.5; expected a number from 0.8 to 1"),
        ({"jobs": 0}, "jobs: 0; expected 1 or more"),
        ({"select": "best"}, "select: 'best'; expected 'identity', 'largest', 'center', 'confident', 'only', 'all'"),
        ({"format": "gif"}, "format: 'gif'; expected 'jpg', 'png'"),
        (
            {"group": True, "select": "identity"},
            "select: identity looks for one person per folder; leave it out with group",
        ),
    ],
)
def test_values_that_are_not_allowed(photos: Path, tmp_path: Path, options: dict, problem: str) -> None:
    with pytest.raises(celebtool.CelebtoolError) as raised:
        celebtool.crop_faces(photos, tmp_path / "faces", **options)
    assert str(raised.value) == problem
    assert list(tmp_path.iterdir()) == []


def test_an_argument_that_does_not_exist(photos: Path, tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="there is no argument 'sise'"):
        celebtool.crop_faces(photos, tmp_path / "faces", sise=96)  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="there is no argument 'format'"):
        celebtool.find_faces(photos / "s1/1.pgm", format="jpg")  # type: ignore[call-arg]


def test_faces_are_found_without_writing(command: Command, photos: Path, tmp_path: Path) -> None:
    assert command("crop-faces", photos / "s1", tmp_path / "faces", "--format", "png").code == 0
    with Image.open(photos / "s1/1.pgm") as image:
        array = np.asarray(image.convert("RGB"))
    first, second, third = celebtool.find_faces([array, photos / "s2/4.jpg", "none.jpg"])
    (face,) = first.faces
    with Image.open(tmp_path / "faces/1.png") as image:
        assert np.array_equal(face.image, np.asarray(image))
    assert (face.landmarks.shape, face.confidence > 0.9, face.box.width > 50) == ((5, 2), True, True)
    assert [(each.path, each.faces, each.reason) for each in (second, third)] == [
        (str(photos / "s2/4.jpg"), (), "not_an_image"),
        ("none.jpg", (), "missing"),
    ]


def test_a_model_is_the_commands(command: Command, face_parts: Path, tmp_path: Path) -> None:
    assert command("train", face_parts, tmp_path / "command.h5", "--l2", 0.5, "--no-enrol").code == 0
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model = celebtool.train(face_parts, tmp_path / "python.h5", l2=0.5, enrol=False)
    assert (tmp_path / "python.h5").read_bytes() == (tmp_path / "command.h5").read_bytes()
    again = celebtool.train(face_parts, tmp_path / "python.h5", l2=0.5, enrol=False)
    assert again.class_names == model.class_names
    with pytest.raises(celebtool.CelebtoolError, match="exists already"):
        celebtool.train(face_parts, tmp_path / "python.h5")


def test_what_a_user_should_know_is_a_warning(photos: Path, tmp_path: Path) -> None:
    celebtool.crop_faces(photos, tmp_path / "faces")
    with pytest.warns(celebtool.CelebtoolWarning, match="is not split: 2 of its 6 images") as warned:
        celebtool.train(tmp_path / "faces", tmp_path / "m.h5")
    assert {warning.filename for warning in warned} == {__file__}


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"path": "m.keras"}, "m.keras: models are .h5 files; expected m.h5"),
        ({"arch": "vgg61"}, "vgg61"),
        ({"image_size": (0, 96)}, "image_size: 0; expected a number from 1 to 1024"),
        ({"epochs": 0}, "epochs: 0; expected 1 or more"),
    ],
)
def test_a_training_that_is_not_allowed(face_parts: Path, tmp_path: Path, options: dict, problem: str) -> None:
    with pytest.raises(celebtool.CelebtoolError) as raised:
        celebtool.train(face_parts, **{"path": tmp_path / "m.h5", **options})
    assert str(raised.value).startswith(problem)


def test_a_cross_validation_is_the_commands(command: Command, face_parts: Path, tmp_path: Path) -> None:
    faces = face_parts.parent / "faces"
    assert command("train", faces, tmp_path / "command", "--folds", 2).code == 0
    rows = celebtool.cross_validate(faces, tmp_path / "python", 2)
    assert tree(tmp_path / "python") == tree(tmp_path / "command")
    assert celebtool.evaluate(rows).evaluation.images == len(rows) == 60
    rows.write(tmp_path / "again.csv")
    assert (tmp_path / "again.csv").read_bytes() == (tmp_path / "python/predictions.csv").read_bytes()
    assert set(rows.to_frame()["fold"]) == {1, 2}
    with pytest.raises(celebtool.CelebtoolError, match="folds: 1; expected 2 or more"):
        celebtool.cross_validate(faces, tmp_path / "python", 1)
    with pytest.raises(celebtool.CelebtoolError, match="history: is of one run"):
        celebtool.cross_validate(faces, tmp_path / "python", 2, history="h.csv")
