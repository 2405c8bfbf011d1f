import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import celebtool
from tests.conftest import Result

pytestmark = pytest.mark.slow
Command = Callable[..., Result]


@pytest.fixture(scope="module")
def model(face_parts: Path, tmp_path_factory: pytest.TempPathFactory) -> celebtool.Model:
    return celebtool.train(face_parts, tmp_path_factory.mktemp("model") / "m.h5")


@pytest.fixture(scope="module")
def photo(face_parts: Path) -> Path:
    return face_parts.parent / "photos/s1/1.pgm"


def pixels(file: Path) -> np.ndarray:
    with Image.open(file) as image:
        return np.asarray(image.convert("RGB"))


def same(one: celebtool.Prediction, other: celebtool.Prediction) -> bool:
    assert one.probabilities is not None
    assert other.probabilities is not None
    equal = np.array_equal(one.probabilities, other.probabilities)
    return equal and (one.score, one.predicted, one.box) == (other.score, other.predicted, other.box)


def test_a_model_says_what_it_is(model: celebtool.Model) -> None:
    assert model.class_names == ("s1", "s2", "s3", "s4", "s5", "s6")
    assert (model.architecture, model.image_size) == ("face-sface", (124, 124))
    assert model.threshold is not None
    assert model.metrics["val_accuracy"] == 1
    assert model.crops == {"size": 224, "margin": 0.4, "align": True, "format": "jpg"}
    assert repr(model) == f"Model('{model.path}': face-sface, 6 classes)"


@pytest.mark.parametrize("faces", [False, True])
def test_the_table_is_the_commands(
    model: celebtool.Model, command: Command, face_parts: Path, tmp_path: Path, faces: bool
) -> None:
    images = face_parts.parent / "photos/s2" if faces else face_parts / "test"
    line = ("predict", model.path, images, "--faces" if faces else "--no-faces", "-o", tmp_path / "command.csv")
    assert command(*line).code == 0
    model.predict(images, faces).write(tmp_path / "python.csv")
    assert (tmp_path / "python.csv").read_bytes() == (tmp_path / "command.csv").read_bytes()


def test_files_arrays_and_pictures_give_the_same_numbers(model: celebtool.Model, photo: Path) -> None:
    array = pixels(photo)
    with Image.open(photo) as opened:
        rows = model.predict([photo, str(photo), array, opened, array[:, ::-1][:, ::-1]])
    assert [row.path for row in rows] == [str(photo), str(photo), "[2]", "[3]", "[4]"]
    assert all(same(row, rows[0]) for row in rows)
    (alone,) = model.predict(array)
    assert same(alone, rows[0])
    assert [same(row, rows[0]) for row in model.predict(np.stack([array, array]))] == [True, True]


def test_a_picture_is_turned_upright_as_its_file_is(model: celebtool.Model, photo: Path, tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[274] = 6
    stream = io.BytesIO()
    Image.fromarray(np.rot90(pixels(photo)).copy()).save(stream, "PNG", exif=exif)
    (tmp_path / "turned.png").write_bytes(stream.getvalue())
    with Image.open(tmp_path / "turned.png") as opened:
        rows = model.predict([tmp_path / "turned.png", opened, pixels(photo)])
    assert same(rows[0], rows[1])
    assert same(rows[0], rows[2])


def test_a_bad_image_is_a_row_with_a_reason(model: celebtool.Model, photo: Path, tmp_path: Path) -> None:
    (tmp_path / "cut.jpg").write_bytes(b"\xff\xd8\xff\xe0 no more")
    (tmp_path / "notes.txt").write_text("x")
    nothing, nobody = np.zeros((0, 9, 3), np.uint8), np.zeros((80, 80, 3), np.uint8)
    images = [
        tmp_path / "cut.jpg",
        tmp_path / "notes.txt",
        tmp_path / "none.jpg",
        tmp_path,
        nothing,
        nobody,
        photo,
    ]
    rows = model.predict(images)
    assert [row.reason for row in rows] == [
        *("unreadable", "not_an_image", "missing", "not_an_image", "not_an_image", "no_face", "")
    ]
    assert [row.accepted for row in rows] == [False] * 6 + [True]
    frame = rows.to_frame()
    assert list(frame["status"]) == ["failed"] * 6 + ["predicted"]
    assert list(frame.columns[-4:]) == ["left", "top", "width", "height"]
    assert frame["confidence"].isna().sum() == 6


def test_grey_arrays_and_arrays_with_transparency_are_images(model: celebtool.Model, photo: Path) -> None:
    array = pixels(photo)
    clear = np.dstack([array, np.full(array.shape[:2], 255, np.uint8)])
    rows = model.predict([array, array[:, :, 0], array[:, :, :1], clear])
    assert [same(row, rows[0]) for row in rows] == [True] * 4
    assert same(model.predict(array[:, :, 0])[0], rows[0])


def test_a_column_of_paths_is_several_images(model: celebtool.Model, photo: Path) -> None:
    assert [row.path for row in model.predict(np.array([str(photo), "none.jpg"], object))] == [str(photo), "none.jpg"]


def test_no_images_are_no_rows(model: celebtool.Model) -> None:
    rows = model.predict([])
    assert (len(rows), rows.probabilities.shape, rows.to_frame().shape[0]) == (0, (0, 6), 0)


def test_what_a_call_gets_wrong_is_an_error(model: celebtool.Model, photo: Path) -> None:
    with pytest.raises(celebtool.CelebtoolError, match=r"none\.jpg: no such file or directory"):
        model.predict("none.jpg")
    with pytest.raises(celebtool.CelebtoolError, match=r"threshold: 40: expected none .* did you mean 0\.4\?"):
        model.predict(photo, threshold=40)
    with pytest.raises(celebtool.CelebtoolError, match="jobs: 0; expected 1 or more"):
        model.predict(photo, jobs=0)
    with pytest.raises(TypeError, match="bytes is no image; expected a path"):
        model.predict([b"photo"])  # type: ignore[list-item]
    for arguments, problem in (
        ({"threshold": "high"}, "threshold: 'high'; expected 'own', None or a number"),
        ({"threshold": True}, "threshold: True; expected 'own', None or a number"),
        ({"faces": "yes"}, "faces: 'yes'; expected bool"),
        ({"mirror": 2}, "mirror: 2; expected bool"),
    ):
        with pytest.raises(celebtool.CelebtoolError, match=problem):
            model.predict(photo, **arguments)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("images", "problem"),
    [
        (
            np.zeros((9, 9, 3)),
            r"an array of float64 \(9, 9, 3\) is no image; expected uint8 \(height, width, 3\), red, ",
        ),
        ([np.zeros((3, 9, 9), np.uint8)], r"an array of uint8 \(3, 9, 9\) is no image"),
        (None, "NoneType is no image; expected a path, .*, or several of these"),
        (b"photo", "bytes is no image"),
        (io.BytesIO(b"photo"), "BytesIO is no image"),
        ({"photo.jpg": 1}, "dict is no image"),
    ],
)
def test_what_is_no_image_is_an_error(model: celebtool.Model, images: object, problem: str) -> None:
    with pytest.raises(TypeError, match=problem):
        model.predict(images)  # type: ignore[arg-type]


def test_the_threshold(model: celebtool.Model, photo: Path) -> None:
    predicted = [model.predict(photo, threshold=limit)[0].predicted for limit in ("own", None, 0.999)]
    assert predicted == ["s1", "s1", "unknown"]


def test_crops_are_told_from_photos(model: celebtool.Model, face_parts: Path, photo: Path) -> None:
    crop = next((face_parts / "test/s1").iterdir())
    assert [model.predict(each, faces=None).with_boxes for each in (crop, photo)] == [False, True]
    assert not model.predict([pixels(crop)], faces=None).with_boxes
    with pytest.warns(celebtool.CelebtoolWarning, match=r"holds crops of crop-faces; faces=False takes them as they"):
        model.predict(crop)


def test_progress_is_told(model: celebtool.Model, face_parts: Path) -> None:
    stages: list[tuple[str, int, int]] = []
    rows = model.predict(face_parts / "test", False, progress=lambda *told: stages.append(told))
    assert (stages[0], stages[-1]) == (("predict", 0, 0), ("predict", len(rows), len(rows)))


def test_a_folder_that_has_changed_is_read_anew(model: celebtool.Model, face_parts: Path, tmp_path: Path) -> None:
    crop = next((face_parts / "train/s1").iterdir())
    (tmp_path / "faces/s1").mkdir(parents=True)
    (tmp_path / "faces/s1/1.jpg").write_bytes(crop.read_bytes())
    assert model.predict(tmp_path / "faces", False)[0].seen
    manifest = "path,label,source,origin,status,reason\ns1/1.jpg,s1,1.jpg,00,kept,\n"
    (tmp_path / "faces/manifest.csv").write_text(manifest)
    (tmp_path / "faces/celebtool.json").write_text("{}")
    assert model.predict(tmp_path / "faces", False)[0].seen is False
