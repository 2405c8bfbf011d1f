import numpy as np
import pytest
from PIL import Image

from celebtool.drawing import annotation, fonts
from celebtool.drawing.annotation import Mark, annotated
from celebtool.drawing.fonts import Lettering
from celebtool.drawing.plots import OTHER, RIGHT_COLOUR, WRONG_COLOUR
from celebtool.formats import manifest
from celebtool.formats.image_folder import UNKNOWN
from celebtool.formats.prediction_row import Prediction
from celebtool.formats.sources import Source

NAMES = ("Ann", "Bob")
BOX = (20.0, 40.0, 30.0, 36.0)


def face(path, called="Ann", label="", box=BOX):
    return Prediction(path, np.array([0.75, 0.25]), called, label=label, box=box)


def drawn(tmp_path, predictions, files=None):
    """Draw predictions; `files` says where a photo lies that has another name in the table."""
    sources = [Source(row.path, (files or {}).get(row.path, tmp_path / row.path), row.label) for row in predictions]
    folder = tmp_path / "drawn"
    folder.mkdir()
    assert list(annotation.draw(predictions, sources, Lettering(), folder)) == predictions
    return folder


def photo(path, size=(160, 120), grey=200):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.full((*size, 3), grey, np.uint8)).save(path)


def rgb(colour):
    return np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)])


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (face("a"), Mark(BOX, "Ann 0.75", RIGHT_COLOUR)),
        (face("a", label="Ann"), Mark(BOX, "Ann 0.75", RIGHT_COLOUR)),
        (face("a", label="Bob"), Mark(BOX, "Ann 0.75", WRONG_COLOUR)),
        (face("a", label=UNKNOWN), Mark(BOX, "Ann 0.75", WRONG_COLOUR)),
        (face("a", called=UNKNOWN, label="Ann"), Mark(BOX, UNKNOWN, OTHER)),
        (Prediction("a", None, reason="no_face"), Mark(None, "no face", OTHER)),
    ],
)
def test_what_is_drawn_of_a_prediction(row, expected):
    assert annotation.mark(row, Lettering()) == expected


def test_a_name_that_no_font_has_is_drawn_as_its_number():
    lettering = fonts.lettering(["Ann", "\U0001fffe"])
    assert annotation.mark(face("a", called="\U0001fffe"), lettering).text == "#2 0.75"


def test_the_box_lies_where_the_table_says_and_the_name_above_it():
    before = np.full((160, 240, 3), 200, np.uint8)
    after = annotated(before, [Mark((80, 60, 50, 60), "Ann 0.75", RIGHT_COLOUR)], Lettering())
    assert after.shape == before.shape
    for y, x in ((60, 105), (120, 105), (90, 80), (90, 130)):
        assert (after[y, x] == rgb(RIGHT_COLOUR)).all()
    assert (after[64:117, 84:127] == 200).all()
    changed = (after != before).any(axis=(1, 2)).nonzero()[0]
    assert changed[0] < 52  # a text of 11 pixels stands above the box
    assert (after[:60, 80:] == 255).any()
    assert (before == 200).all()


@pytest.mark.parametrize("box", [(-30, -40, 60, 70), (200, 130, 90, 90), (0, 0, 240, 160), (500, 500, 9, 9), None])
def test_faces_beyond_the_edges_still_have_their_name_inside(box):
    before = np.full((160, 240, 3), 200, np.uint8)
    after = annotated(before, [Mark(box, "Ann 0.75", WRONG_COLOUR)], Lettering())
    text = (after == rgb(WRONG_COLOUR)).all(axis=2).sum()
    assert text > 11 * 40


def test_a_photo_smaller_than_a_name_stays_as_it_is_in_size():
    assert annotated(np.zeros((5, 4, 3), np.uint8), [Mark(BOX, "Ann 0.75", OTHER)], Lettering()).shape == (5, 4, 3)


def test_every_photo_is_a_picture_or_a_row_that_says_why_not(tmp_path):
    photo(tmp_path / "a/1.png")
    photo(tmp_path / "a/2.png", size=(300, 90))
    (tmp_path / "a/3.png").write_bytes(b"no picture")
    failed = [Prediction("a/2.png", None, reason="no_face"), Prediction("a/3.png", None, reason="not_an_image")]
    folder = drawn(tmp_path, [face("a/1.png"), face("a/1.png", box=(70, 40, 30, 36)), *failed])
    rows = manifest.read_all(folder)
    assert [(row.source, row.path, row.status, row.reason) for row in rows] == [
        ("a/1.png", "a/1.jpg", "kept", ""),
        ("a/2.png", "a/2.jpg", "kept", ""),
        ("a/3.png", "", "rejected", "not_an_image"),
    ]
    assert rows[0].origin == manifest.sha256(tmp_path / "a/1.png")
    with Image.open(folder / "a/1.jpg") as one, Image.open(folder / "a/2.jpg") as two:
        assert (one.size, two.size) == ((120, 160), (90, 300))
        pixels = np.asarray(one, int)
    blue = np.abs(pixels - rgb(RIGHT_COLOUR)).max(axis=2) < 30
    assert blue[50:70, 15:25].any()  # the first face's left edge
    assert blue[50:70, 95:105].any()  # the second one's right edge


def test_photos_of_one_name_have_a_picture_each(tmp_path):
    names = ["x/a.png", "../x/a.png", "/x/a.PNG", "x/a.jpg", "x/A.webp", "x/a.jpg/b.png"]
    files = {name: tmp_path / f"photo{number}.png" for number, name in enumerate(names)}
    for number, file in enumerate(files.values()):
        photo(file, grey=100 + 20 * number)
    folder = drawn(tmp_path, [face(name) for name in names], files)
    rows = {row.source: row.path for row in manifest.read_all(folder)}
    assert [rows[name] for name in names] == [
        "x/a.jpg",
        "x/a~2.jpg",
        "x/a~3.jpg",
        "x/a~4.jpg",
        "x/A~5.jpg",
        "x/a.jpg_/b.jpg",
    ]
    for number, name in enumerate(names):
        with Image.open(folder / rows[name]) as picture:
            assert abs(int(np.asarray(picture)[-1, -1, 0]) - 100 - 20 * number) <= 2


def test_a_directory_of_the_longest_name_is_told_from_a_picture_within_that_length(tmp_path):
    long = "x" * 251
    names = [f"{long}.jpg/a.png", f"{long}.jp_/a.png", f"{long[1:]}.jpg/a.png", f"{long[1:]}/a.png"]
    for name in names:
        photo(tmp_path / name)
    folder = drawn(tmp_path, [face(name) for name in names])
    pictures = [f"{long}.jp_/a.jpg", f"{long}.jp_/a~2.jpg", f"{long[1:]}.jpg_/a.jpg", f"{long[1:]}/a.jpg"]
    assert {row.source: row.path for row in manifest.read_all(folder)} == dict(zip(names, pictures, strict=True))
    assert all((folder / picture).is_file() for picture in pictures)
