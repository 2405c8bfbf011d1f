import csv
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image, ImageOps

from celebtool.formats import manifest
from tests.conftest import Result, run_installed, tree


@pytest.fixture(scope="module")
def model(face_parts: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("model") / "m.h5"
    assert run_installed("train", face_parts, path).code == 0
    return path


def rows(result: Result) -> list[dict[str, str]]:
    assert result.code == 0, result.stderr
    return list(csv.DictReader(result.stdout.splitlines()))


pytestmark = pytest.mark.slow


def test_a_row_per_image_whatever_happens(
    celebtool: Callable[..., Result], model: Path, face_parts: Path, tmp_path: Path
) -> None:
    shutil.copytree(face_parts / "test/s1", tmp_path / "in/s1")
    (tmp_path / "in/s1/broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 no more")
    (tmp_path / "in/s1/notes.txt").write_text("x")
    (tmp_path / "in/somebody").mkdir()
    shutil.copy(next((face_parts / "test/s2").iterdir()), tmp_path / "in/somebody/1.jpg")
    found = rows(celebtool("predict", model, tmp_path / "in"))
    assert [(row["path"], row["label"], row["status"], row["reason"]) for row in found] == [
        *((f"s1/{p.name}", "s1", "predicted", "") for p in sorted((face_parts / "test/s1").iterdir())),
        ("s1/broken.jpg", "s1", "failed", "unreadable"),
        ("s1/notes.txt", "s1", "failed", "not_an_image"),
        ("somebody/1.jpg", "unknown", "predicted", ""),
    ]


def test_parts_and_what_was_seen(celebtool: Callable[..., Result], model: Path, face_parts: Path) -> None:
    found = rows(celebtool("predict", model, face_parts))
    assert {(row["part"], row["seen"]) for row in found} == {("train", "yes"), ("val", "no"), ("test", "no")}
    assert len(found) == 60


def test_files_keep_the_names_they_were_given_by(
    celebtool: Callable[..., Result], model: Path, face_parts: Path
) -> None:
    names = [str(p) for p in sorted((face_parts / "test").rglob("*.jpg"))[:3]]
    found = rows(celebtool("predict", model, *names))
    assert [row["path"] for row in found] == names
    assert [row["reason"] for row in found] == ["", "", ""]


def test_a_name_on_stdin_that_does_not_exist_is_a_row(model: Path, face_parts: Path) -> None:
    name = str(next((face_parts / "test/s1").iterdir()))
    found = rows(run_installed("predict", model, "-", stdin=f"gone.jpg\n{name}\nnowhere.jpg\n".encode()))
    reasons = [("gone.jpg", "missing"), (name, ""), ("nowhere.jpg", "missing")]
    assert [(row["path"], row["reason"]) for row in found] == reasons


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ("parts/tset", "no such file or directory; did you mean parts/test?"),
        ("nowhere/", "no such file or directory; expected a directory, a file, or - for a list on stdin"),
        ("parts/*.png", "no file matches; expected a directory, a file, or - for a list on stdin"),
        ("https://example.com/a.jpg", "is an address; download it first and give the file"),
    ],
)
def test_a_path_that_does_not_exist_is_an_error_before_any_work(
    celebtool: Callable[..., Result],
    model: Path,
    face_parts: Path,
    monkeypatch: pytest.MonkeyPatch,
    given: str,
    problem: str,
) -> None:
    monkeypatch.chdir(face_parts.parent)
    result = celebtool("predict", model, "parts/test", given)
    assert (result.code, result.stdout, result.stderr) == (1, "", f"celebtool: error: {given}: {problem}\n")


def test_a_mistyped_model_and_swapped_arguments_are_told(
    celebtool: Callable[..., Result], model: Path, face_parts: Path
) -> None:
    images = face_parts / "test"
    result = celebtool("predict", model.with_name("n.h5"), images)
    assert result.stderr == (
        f"celebtool: error: {model.with_name('n.h5')}: No such file or directory; did you mean {model}?\n"
    )
    result = celebtool("predict", images, model)
    assert (result.code, result.stderr) == (
        1,
        f"celebtool: error: {images}: is no model; the model comes first: celebtool predict {model} {images}\n",
    )


def test_a_run_in_which_every_image_failed_is_an_error(
    celebtool: Callable[..., Result], model: Path, tmp_path: Path
) -> None:
    (tmp_path / "a.jpg").write_bytes(b"no photo")
    (tmp_path / "b.jpg").write_bytes(b"\xff\xd8\xff\xe0 no more")
    result = celebtool("predict", model, tmp_path / "a.jpg", tmp_path / "b.jpg", "-o", tmp_path / "p.csv")
    why = "no prediction for any of 2 images (1 not an image, 1 unreadable); expected photos of faces"
    assert (result.code, result.stderr.splitlines()[-1]) == (
        1,
        f"celebtool: error: {tmp_path}/a.jpg, {tmp_path}/b.jpg: {why}",
    )
    assert not (tmp_path / "p.csv").exists()


def test_too_many_failures_are_exit_code_3_and_the_rows_are_there(
    celebtool: Callable[..., Result], model: Path, face_parts: Path, tmp_path: Path
) -> None:
    shutil.copytree(face_parts / "test/s1", tmp_path / "in")
    (tmp_path / "in/broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 no more")
    line = ("predict", model, tmp_path / "in", "--no-faces", "-o", tmp_path / "p.csv", "--overwrite", "--max-failures")
    met = celebtool(*line, "40%")
    assert (met.code, met.stderr) == (
        0,
        f"wrote {tmp_path}/p.csv: 3 images; 1 image failed (unreadable); next: celebtool report {tmp_path}/p.csv\n",
    )
    result = celebtool(*line, "0.1")
    assert (result.code, result.stderr.splitlines()[-1]) == (
        3,
        f"celebtool: error: {tmp_path}/p.csv: 1 of 3 images failed (33.3%); at most 10.0% were allowed",
    )
    assert len((tmp_path / "p.csv").read_text().splitlines()) == 4


@pytest.mark.parametrize(
    ("options", "unknown"),
    [((), None), (("--threshold", "1"), True), (("--threshold", "none"), False), (("--closed-set",), False)],
)
def test_the_threshold_may_be_given(
    celebtool: Callable[..., Result], model: Path, face_parts: Path, options: tuple[str, ...], unknown: bool | None
) -> None:
    found = rows(celebtool("predict", model, face_parts / "test", *options))
    if unknown is not None:
        assert {row["predicted"] == "unknown" for row in found} == {unknown}


@pytest.mark.parametrize(
    "options", [("--threshold", "x"), ("--threshold", "nan"), ("--threshold", "1", "--closed-set")]
)
def test_a_threshold_is_a_number_or_none(
    celebtool: Callable[..., Result], model: Path, face_parts: Path, options: tuple[str, ...]
) -> None:
    result = celebtool("predict", model, face_parts / "test", *options)
    assert (result.code, result.stdout, "--threshold" in result.stderr) == (2, "", True)


@pytest.mark.parametrize(("text", "hint"), [("-1.01", ""), ("1.5", ""), ("80", "; did you mean 0.8?"), ("high", "")])
def test_a_threshold_that_no_score_reaches_names_the_range(
    celebtool: Callable[..., Result], model: Path, face_parts: Path, text: str, hint: str
) -> None:
    result = celebtool("predict", model, face_parts / "test", f"--threshold={text}")
    expected = f"expected none or a number from -1 to 1, as this model's scores are{hint}"
    assert (result.code, result.stdout) == (2, "")
    assert result.stderr.splitlines()[-1] == f"celebtool: error: --threshold {text}: {expected}"


@pytest.mark.parametrize(("option", "separator"), [([], b"\n"), (["-0"], b"\0")])
def test_a_list_on_stdin(model: Path, face_parts: Path, option: list[str], separator: bytes) -> None:
    names = sorted((face_parts / "test").rglob("*.jpg"))[:3]
    result = run_installed("predict", model, *option, "-", stdin=separator.join(os.fsencode(p) for p in names))
    assert [row["path"] for row in rows(result)] == [str(p) for p in names]


def test_batches_change_nothing_but_the_last_digits(
    celebtool: Callable[..., Result], model: Path, face_parts: Path
) -> None:
    one, many = (rows(celebtool("predict", model, face_parts / "test", "--batch-size", n)) for n in (1, 32))
    for a, b in zip(one, many, strict=True):
        assert (a["path"], a["predicted"]) == (b["path"], b["predicted"])
        assert float(a["confidence"]) == pytest.approx(float(b["confidence"]), abs=1e-4)


def test_mirror_averages_with_the_mirror_image(
    celebtool: Callable[..., Result], model: Path, face_parts: Path, tmp_path: Path
) -> None:
    image = next((face_parts / "test/s1").iterdir())
    ImageOps.mirror(Image.open(image)).save(tmp_path / "mirrored.png")
    Image.open(image).save(tmp_path / "image.png")
    both = [tmp_path / "image.png", tmp_path / "mirrored.png"]
    plain = rows(celebtool("predict", model, *both))
    averaged = rows(celebtool("predict", model, *both, "--mirror"))
    for name in ("prob_s1", "prob_s2", "score"):
        values = [float(row[name]) for row in plain]
        assert values[0] != values[1] or name != "score"  # six digits may hide it in a probability near 0 or 1
        assert [float(row[name]) for row in averaged] == pytest.approx([sum(values) / 2] * 2, abs=1e-4)


def test_json_lines_and_a_file(celebtool: Callable[..., Result], model: Path, face_parts: Path, tmp_path: Path) -> None:
    line = ("predict", model, face_parts / "test", "--format", "jsonl", "-o", tmp_path / "p.jsonl")
    assert celebtool(*line).code == 0
    read = [json.loads(text) for text in (tmp_path / "p.jsonl").read_text().splitlines()]
    assert [row["predicted"] for row in read] == [row["label"] for row in read]
    again = celebtool(*line)
    assert (again.code, again.stderr) == (
        1,
        f"celebtool: error: {tmp_path}/p.jsonl: exists already; choose another name or add --overwrite\n",
    )
    assert celebtool(*line, "--overwrite").code == 0


def test_faces_in_raw_photos_are_cropped_as_in_training(
    celebtool: Callable[..., Result], model: Path, face_parts: Path
) -> None:
    """The crops of crop-faces and those made on the way agree but for the rounding of another number of threads."""
    photos = face_parts.parent / "photos"
    raw = rows(celebtool("predict", model, photos, "--faces"))
    cropped = {row["path"]: row for row in rows(celebtool("predict", model, face_parts.parent / "faces"))}
    compared = 0
    for row in raw:
        other = cropped.get(row["path"].replace(".pgm", ".jpg"))
        if other and sum(r["path"] == row["path"] for r in raw) == 1:
            assert float(row["prob_s1"]) == pytest.approx(float(other["prob_s1"]), abs=0.01)
            assert row["predicted"] == other["predicted"]
            assert float(row["width"]) > 20
            compared += 1
    assert compared >= 55


def test_strangers_are_called_unknown_and_closed_set_names_them(
    celebtool: Callable[..., Result], model: Path, att_faces: Path, face_parts: Path
) -> None:
    strangers = [path for number in range(7, 41) for path in sorted((att_faces / f"s{number}").glob("*.pgm"))[:2]]
    found = rows(celebtool("predict", model, *strangers, "--faces"))
    faces = [row for row in found if row["status"] == "predicted"]
    assert len(faces) >= 65
    assert sum(row["predicted"] == "unknown" for row in faces) >= 0.9 * len(faces)
    known = rows(celebtool("predict", model, face_parts / "test"))
    assert max(float(row["score"]) for row in faces) < max(float(row["score"]) for row in known)
    assert all(float(row["confidence"]) > 1 / 6 for row in faces)
    named = rows(celebtool("predict", model, *strangers, "--faces", "--closed-set"))
    assert "unknown" not in {row["predicted"] for row in named}
    assert [row["score"] for row in named] == [row["score"] for row in found]


SAID = "the images are no crops of crop-faces: finding faces first, as in training (--no-faces: don't)\n"


def test_raw_photos_are_cropped_as_the_training_images_were(
    celebtool: Callable[..., Result], model: Path, face_parts: Path
) -> None:
    photos = face_parts.parent / "photos" / "s1"
    decided = celebtool("predict", model, photos)
    assert decided.stderr.startswith(SAID)
    forced = celebtool("predict", model, photos, "--faces")
    assert SAID not in forced.stderr
    assert rows(decided) == rows(forced)
    assert "left" in rows(decided)[0]
    prevented = celebtool("predict", model, photos, "--no-faces")
    assert SAID not in prevented.stderr
    assert "left" not in rows(prevented)[0]
    listed = run_installed("predict", model, "-", stdin=os.fsencode(photos / "1.pgm"))
    assert listed.stderr == SAID + "predicted 1 face in 1 photo\n"


def test_crops_are_taken_as_they_are(model: Path, face_parts: Path, tmp_path: Path) -> None:
    crop = next((face_parts / "test/s1").iterdir())
    shutil.copy(crop, tmp_path / "copied.jpg")
    (tmp_path / "no_image.jpg").write_bytes(b"x")
    for arguments, stdin in (
        ([face_parts / "test/s1"], b""),
        ([crop], b""),
        (["-"], os.fsencode(crop)),
        ([tmp_path], b""),
    ):
        result = run_installed("predict", model, *arguments, stdin=stdin)
        assert "left" not in rows(result)[0]
        assert SAID not in result.stderr


def test_crops_with_another_margin_than_the_models_are_pointed_out(
    celebtool: Callable[..., Result], model: Path, face_parts: Path, tmp_path: Path
) -> None:
    photos, other = face_parts.parent / "photos", tmp_path / "other"
    shutil.copytree(photos / "s1", tmp_path / "photos/s1")
    celebtool("crop-faces", tmp_path / "photos", other, "--margin", 0.25, "--select", "largest")
    warning = (
        f"celebtool: warning: {other}: the crops have margin 0.25 instead of the model's 0.4, so answers can be worse; "
        "crop the photos again with `celebtool crop-faces PHOTOS FACES --margin 0.4 --size 224`"
    )
    assert warning in celebtool("predict", model, other).stderr.splitlines()
    assert "instead of the model's" not in celebtool("predict", model, face_parts / "test").stderr


def test_the_best_guesses_alone_give_the_same_report(
    celebtool: Callable[..., Result], model: Path, face_parts: Path, tmp_path: Path
) -> None:
    found = {}
    for name, top in (("all", []), ("best", ["--top", "5"])):
        assert celebtool("predict", model, face_parts / "test", "-o", tmp_path / name, *top).code == 0
        found[name] = json.loads(celebtool("report", tmp_path / name, "--json").stdout) | {"file": ""}
    header = (tmp_path / "best").read_text().splitlines()[0]
    assert header.endswith(
        "seen,guess_1,probability_1,guess_2,probability_2,guess_3,probability_3,guess_4,probability_4,guess_5,probability_5"
    )
    assert found["best"] == found["all"]


def test_pipes(model: Path, face_parts: Path) -> None:
    celebtool = f"{sys.executable} -m celebtool"
    piped = f"{celebtool} predict {model} {face_parts}/test | {celebtool} report --confusion"
    done = subprocess.run(["bash", "-c", piped], capture_output=True, text=True, check=False)
    assert (done.returncode, "Confusion" in done.stdout) == (0, True), done.stderr
    headed = f"set -o pipefail; {celebtool} predict -q {model} {face_parts}/train --batch-size 1 | head -1"
    done = subprocess.run(["bash", "-c", headed], capture_output=True, text=True, check=False)
    assert (done.stdout.count("\n"), done.stderr) == (1, "")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nowhere.h5", "x.jpg"], "nowhere.h5: No such file or directory; expected a model .h5"),
        (["MODEL", "EMPTY"], "holds no files; expected images"),
    ],
)
def test_what_is_wrong(
    celebtool: Callable[..., Result], model: Path, tmp_path: Path, arguments: list[str], message: str
) -> None:
    (tmp_path / "empty").mkdir()
    places = {"MODEL": model, "EMPTY": tmp_path / "empty"}
    result = celebtool("predict", *(places.get(argument, argument) for argument in arguments))
    assert (result.code, result.stdout) == (1, "")
    assert result.stderr.splitlines()[-1].endswith(message)


def test_annotate_draws_every_photo(
    celebtool: Callable[..., Result], model: Path, face_parts: Path, tmp_path: Path
) -> None:
    photos = tmp_path / "photos"
    for name in ("s1", "s2"):
        (photos / name).mkdir(parents=True)
        shutil.copy(face_parts.parent / "photos" / name / "1.pgm", photos / name / "1.pgm")
    (photos / "s1/broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 no more")
    Image.new("RGB", (90, 80), "white").save(photos / "s1/empty.png")
    line = ("predict", model, photos / "s1", photos / "s2", "--faces", "--annotate", tmp_path / "drawn")
    found = rows(celebtool(*line))
    assert [(Path(row["path"]).name, row["reason"]) for row in found] == [
        ("1.pgm", ""),
        ("broken.jpg", "unreadable"),
        ("empty.png", "no_face"),
        ("1.pgm", ""),
    ]
    inside = str(photos).lstrip("/")
    assert {path for path in tree(tmp_path / "drawn") if path.endswith(".jpg")} == {
        f"{inside}/{path}" for path in ("s1/1.jpg", "s1/empty.jpg", "s2/1.jpg")
    }
    drawn = manifest.read_all(tmp_path / "drawn")
    assert [(row.source, row.reason) for row in drawn if not row.path] == [(f"{photos}/s1/broken.jpg", "unreadable")]
    first = tree(tmp_path / "drawn")
    again = celebtool(*line)
    assert (again.code, again.stdout) == (1, "")
    assert again.stderr.endswith("drawn: exists already; choose another name or add --overwrite\n")
    assert len(rows(celebtool(*line, "--overwrite"))) == 4
    assert tree(tmp_path / "drawn") == first
    assert {path.name for path in tmp_path.iterdir()} == {"photos", "drawn"}


def test_annotate_needs_faces_and_a_place_of_its_own(
    celebtool: Callable[..., Result], model: Path, face_parts: Path, tmp_path: Path
) -> None:
    photos = face_parts.parent / "photos" / "s1"
    for images, option in ((photos, ["--no-faces"]), (face_parts / "test/s1", [])):
        result = celebtool("predict", model, images, "--annotate", tmp_path / "drawn", *option)
        assert (result.code, "needs --faces" in result.stderr) == (2, True)
    result = celebtool("predict", model, photos, "--faces", "--annotate", photos / "drawn")
    assert (result.code, f"lies inside the input {photos}" in result.stderr) == (1, True)
    drawn = tmp_path / "drawn"
    result = celebtool("predict", model, photos, "--faces", "--annotate", drawn, "-o", drawn)
    assert result.stderr == f"celebtool: error: {drawn}: is the output as well; choose another name\n"
    assert (result.code, drawn.exists()) == (1, False)


def test_copies_of_training_crops_are_seen(
    celebtool: Callable[..., Result], make_folder: Callable[..., Path], tmp_path: Path
) -> None:
    """Whatever became of the manifest that says of which photos they are."""
    from celebtool.formats import manifest

    parts = make_folder({"ann": 4, "bob": 4}, "parts/train").parent
    crops = sorted(parts.rglob("*.png")) or sorted(parts.rglob("*.jpg"))
    rows = [
        manifest.Row(str(path.relative_to(parts)), path.parent.name, path.name, f"{number:064x}")
        for number, path in enumerate(crops)
    ]
    manifest.write(parts, rows)
    line = ("--arch", "cnn", "--image-size", "16", "--dense", "8", "--epochs", "1", "--quiet")
    assert celebtool("train", parts, tmp_path / "m.h5", *line).code == 0
    shutil.copytree(parts / "train" / "ann", tmp_path / "copies" / "ann")
    result = celebtool("predict", tmp_path / "m.h5", tmp_path / "copies")
    assert {row["seen"] for row in csv.DictReader(result.stdout.splitlines())} == {"yes"}


def test_a_folder_spelt_otherwise_than_in_training_is_named(
    celebtool: Callable[..., Result], model: Path, face_parts: Path, tmp_path: Path
) -> None:
    shutil.copytree(face_parts / "test" / "s1", tmp_path / "in" / "S 1")
    shutil.copytree(face_parts / "test" / "s2", tmp_path / "in" / "s2")
    result = celebtool("predict", model, tmp_path / "in", "-o", tmp_path / "p.csv")
    assert "the model has nobody called so, but nearly: S 1 (s1); their images count as strangers" in result.stderr
    told = celebtool("report", tmp_path / "p.csv").stderr
    assert "images of S 1 (s1) count as strangers; name their folder as the model names the person" in told


@pytest.fixture
def album(face_parts: Path, att_faces: Path, tmp_path: Path) -> Path:
    """Photos of s1 and s2, two of one name, one of both, one of a stranger, one without a face, one that is none."""
    photos = tmp_path / "album"
    for name in ("s1", "s2"):
        (photos / name).mkdir(parents=True)
        shutil.copy(att_faces / name / "1.pgm", photos / name / "photo.pgm")
    one, other = (Image.open(att_faces / name / "2.pgm") for name in ("s1", "s2"))
    both = Image.new("L", (one.width + other.width + 60, one.height), 128)
    both.paste(one, (0, 0))
    both.paste(other, (one.width + 60, 0))
    both.save(photos / "both.png")
    shutil.copy(att_faces / "s30/1.pgm", photos / "stranger.pgm")
    Image.new("RGB", (90, 80), "white").save(photos / "wall.png")
    (photos / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 no more")
    return photos


def test_sort_puts_photos_with_everybody_in_them(
    celebtool: Callable[..., Result], model: Path, album: Path, tmp_path: Path
) -> None:
    line = ("predict", model, album, "--faces", "--sort", tmp_path / "sorted")
    result = celebtool(*line)
    assert len(rows(result)) == 7
    inputs = tree(album)
    found = {path: content for path, content in tree(tmp_path / "sorted").items() if "/" in path}
    assert found == {
        "s1/both.png": inputs["both.png"],
        "s1/photo.pgm": inputs["s1/photo.pgm"],
        "s2/both.png": inputs["both.png"],
        "s2/photo.pgm": inputs["s2/photo.pgm"],
        "unknown/stranger.pgm": inputs["stranger.pgm"],
    }
    told = manifest.read_all(tmp_path / "sorted")
    assert [(row.source, row.reason) for row in told if not row.path] == [
        ("broken.jpg", "unreadable"),
        ("wall.png", "no_face"),
    ]
    assert "sorted: 4 photos: 2 of s1, 2 of s2, 1 unknown; 2 left out\n" in result.stderr
    again = celebtool(*line)
    assert (again.code, again.stdout) == (1, "")
    assert again.stderr.endswith("sorted: exists already; choose another name or add --overwrite\n")
    first = tree(tmp_path / "sorted")
    assert celebtool(*line, "--overwrite").code == 0
    assert tree(tmp_path / "sorted") == first


def test_sort_links_beside_annotated_photos(
    celebtool: Callable[..., Result], model: Path, album: Path, tmp_path: Path
) -> None:
    line = ("predict", model, album, "--faces", "--annotate", tmp_path / "drawn", "--sort", tmp_path / "sorted")
    assert celebtool(*line, "--link", "-o", tmp_path / "p.csv").code == 0
    assert (tmp_path / "sorted/s1/both.png").stat().st_ino == (album / "both.png").stat().st_ino
    assert len([path for path in tree(tmp_path / "drawn") if path.endswith(".jpg")]) == 5
    assert len((tmp_path / "p.csv").read_text().splitlines()) == 8


def test_sort_leaves_nothing_if_no_photo_can_be_predicted(
    celebtool: Callable[..., Result], model: Path, album: Path, tmp_path: Path
) -> None:
    result = celebtool("predict", model, album / "wall.png", "--faces", "--sort", tmp_path / "sorted")
    assert (result.code, (tmp_path / "sorted").exists()) == (1, False)
    result = celebtool("predict", model, album, "--faces", "--sort", album / "sorted")
    assert (result.code, f"lies inside the input {album}" in result.stderr) == (1, True)
    result = celebtool("predict", model, album, "--link")
    assert (result.code, "links the photos of --sort DIR; add that" in result.stderr) == (2, True)
    assert {path.name for path in tmp_path.iterdir()} == {"album"}
