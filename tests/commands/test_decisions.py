"""``--decisions``: what a person decided is applied, recorded, remembered, and never half applied."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from celebtool.formats import manifest, tables
from celebtool.formats.faces import COLUMNS as FACE_COLUMNS
from tests.conftest import Result, tree

Run = Callable[..., Result]
TABLE = """path,face,decision,label,note
alex/3.png,,drop,,blurred
alex/4.png,,move,blair,
alex/pair.png,1,take,,
blair/pair.jpg,2,move,casey,
casey/1.png,,keep,,
"""


@pytest.fixture
def photos(att_faces: Path, tmp_path: Path) -> Path:
    """Three people with six photos each, one of which shows another of them, too."""
    root = tmp_path / "photos"
    for number, name in enumerate(("alex", "blair", "casey"), 1):
        (root / name).mkdir(parents=True)
        for i in range(1, 6):
            _photo(att_faces / f"s{number}" / f"{i}.pgm").save(root / name / f"{i}.png")
        pair = Image.new("L", (600, 340), 90)
        pair.paste(_photo(att_faces / f"s{number}" / "9.pgm").resize((230, 280)), (10, 20))
        pair.paste(_photo(att_faces / f"s{number % 3 + 1}" / "10.pgm"), (300, 0))
        pair.save(root / name / "pair.png")
    return root


def _photo(file: Path) -> Image.Image:
    return Image.open(file).resize((276, 336))


def _reasons(root: Path) -> dict[tuple[str, str], str]:
    return {(row.source, row.path): row.reason for row in manifest.read_all(root) if row.reason}


@pytest.mark.slow
def test_crops_are_what_was_decided_now_and_after_every_update(celebtool: Run, photos: Path, tmp_path: Path) -> None:
    faces, table = tmp_path / "faces", tmp_path / "mine.csv"
    table.write_text(TABLE)
    assert celebtool("crop-faces", photos, faces).code == 0
    before = tree(faces)
    updated = celebtool("crop-faces", photos, faces, "--update", "--decisions", table)
    counted = "1 dropped, 2 moved, 1 face chosen, 1 kept by decisions.csv"
    assert f": 1 dropped; {counted}; 13 reused, 0 new, 5 decided anew, 0 gone;" in updated.stderr, updated.stderr
    decided = {
        ("alex/3.png", ""): "dropped",
        ("alex/4.png", "blair/4~2.jpg"): "moved",
        ("alex/pair.png", "alex/pair.jpg"): "face_chosen",
        ("blair/pair.png", "casey/pair~2.jpg"): "moved",
        ("casey/1.png", "casey/1.jpg"): "confirmed",
    }
    assert _reasons(faces) == decided
    after = tree(faces)
    assert after["blair/4~2.jpg"] == before["alex/4.jpg"]
    assert after["casey/pair~2.jpg"] == before["blair/pair.jpg"]
    assert after["alex/pair.jpg"] != before["alex/pair.jpg"]
    assert celebtool("crop-faces", photos, tmp_path / "fresh", "--decisions", table).code == 0
    assert tree(tmp_path / "fresh") == after
    for again in (["--update"], ["--update", "--decisions", table], ["--decisions", table]):
        assert "finished" in celebtool("crop-faces", photos, faces, *again).stderr
    _photo(photos / "casey" / "2.png").rotate(3).save(photos / "casey" / "new.png")
    (photos / "alex" / "3.png").unlink()
    remembered = celebtool("crop-faces", photos, faces, "--update")
    assert "; 1 dropped" not in remembered.stderr
    assert "; 2 moved, 1 face chosen, 1 kept by decisions.csv; 17 reused, 1 new, 1 gone;" in remembered.stderr
    assert _reasons(faces) == {key: reason for key, reason in decided.items() if reason != "dropped"}
    table.write_text(TABLE.splitlines()[0] + "\nalex/pair.png,1,take,,\n")
    kept = tree(faces)
    saved = tmp_path / "saved.csv"
    shutil.copy(faces / "decisions.csv", saved)
    assert "alex/3.png,,drop,,blurred" in saved.read_text()  # its photo is gone
    assert "finished" in celebtool("crop-faces", photos, faces, "--update", "--decisions", saved).stderr
    refused = celebtool("crop-faces", photos, faces, "--overwrite")
    problem = (
        f"holds decisions that would be lost; add --decisions {faces}/decisions.csv to apply them again, or delete it"
    )
    assert (refused.code, refused.stderr) == (1, f"celebtool: error: {faces}/decisions.csv: {problem}\n")
    assert tree(faces) == kept
    undone = celebtool("crop-faces", photos, faces, "--update", "--decisions", table)
    assert "; 1 face chosen by decisions.csv; 15 reused, 0 new, 3 decided anew, 0 gone;" in undone.stderr
    assert tree(faces)["alex/4.jpg"] == before["alex/4.jpg"]
    shutil.rmtree(tmp_path / "fresh")
    celebtool("crop-faces", photos, tmp_path / "fresh", "--decisions", table)
    assert tree(tmp_path / "fresh") == tree(faces)


@pytest.mark.slow
def test_a_decision_that_cannot_be_applied_leaves_the_folder_as_it_was(
    celebtool: Run, photos: Path, tmp_path: Path
) -> None:
    faces, table = tmp_path / "faces", tmp_path / "d.csv"
    assert celebtool("crop-faces", photos, faces).code == 0
    before = tree(faces)
    for row, problem in {
        "alex/1.png,,move,blare,": "blare is no class of the folder; did you mean blair?",
        "alex/1.png,5,take,,": "alex/1.png has 1 face; there is no face 5",
        "alex/9.png,,drop,,": f"alex/9.png is not in {photos}; did you mean alex/5.png?",
    }.items():
        table.write_text(f"{TABLE}{row}\n")
        failed = celebtool("crop-faces", photos, faces, "--update", "--decisions", table)
        assert (failed.code, failed.stderr) == (1, f"celebtool: error: {table}:7: {problem}\n")
        assert tree(faces) == before
    shutil.copy(photos / "blair" / "1.png", photos / "alex" / "3.png")
    table.write_text("path,decision,digest\nalex/3.png,drop,00\n")
    warned = celebtool("crop-faces", photos, faces, "--update", "--decisions", table)
    assert (
        f"warning: {table}:2: alex/3.png has changed since it was decided; the decision was not applied"
        in warned.stderr
    )


@pytest.mark.slow
def test_a_crop_deleted_by_hand_stays_deleted_until_it_is_decided(celebtool: Run, photos: Path, tmp_path: Path) -> None:
    faces, table = tmp_path / "faces", tmp_path / "d.csv"
    table.write_text("path,face,decision\nalex/pair.png,1,take\n")
    assert celebtool("crop-faces", photos, faces, "--decisions", table).code == 0
    (faces / "alex" / "pair.jpg").unlink()
    (photos / "alex" / "1.png").unlink()
    celebtool("crop-faces", photos, faces, "--update")
    assert _reasons(faces) == {("alex/pair.png", ""): "deleted_by_hand"}
    table.write_text("path,face,decision\nalex/pair.png,2,take\n")
    celebtool("crop-faces", photos, faces, "--update", "--decisions", table)
    assert _reasons(faces) == {("alex/pair.png", "alex/pair.jpg"): "face_chosen"}


def test_balance_and_split_apply_decisions_about_images(
    celebtool: Run, make_folder: Callable[..., Path], tmp_path: Path
) -> None:
    faces, table = make_folder({"ann": 5, "bob": 5, "cara": 5}), tmp_path / "d.csv"
    table.write_text("path;decision;label\r\nann/000.png;move;bob\r\nbob/001.png;drop;\r\ncara/002.png;keep;\r\n")
    found = {"source": "ann/0.jpg", "label": "ann", "path": "ann/000.png"}
    tables.write(faces / "faces.csv", FACE_COLUMNS, [found, {"source": "ann/1.jpg", "label": "ann"}])
    balanced = celebtool("balance", faces, tmp_path / "out", "--per-class", "max", "--decisions", table)
    counted = "1 dropped, 1 moved, 1 kept by decisions.csv"
    assert f"wrote {tmp_path}/out: 14 images, 1 left out; {counted}; next:" in balanced.stderr
    assert _reasons(tmp_path / "out") == {
        ("ann/000.png", "bob/000~2.png"): "moved",
        ("bob/001.png", ""): "dropped",
        ("cara/002.png", "cara/002.png"): "confirmed",
    }
    assert (tmp_path / "out/bob/000~2.png").read_bytes() == (faces / "ann/000.png").read_bytes()
    (carried,) = tables.read(tmp_path / "out/faces.csv")
    assert (carried["source"], carried["path"], carried["label"]) == ("ann/0.jpg", "bob/000~2.png", "bob")
    assert (
        "finished" in celebtool("balance", faces, tmp_path / "out", "--per-class", "max", "--decisions", table).stderr
    )
    split = celebtool("split", faces, tmp_path / "parts", "--test", "0", "--decisions", table)
    assert counted in split.stderr
    (moved,) = [path for path in tree(tmp_path / "parts") if path.endswith("~2.png")]
    assert moved.split("/")[1] == "bob"
    (carried,) = tables.read(tmp_path / "parts/faces.csv")
    assert (carried["path"], carried["label"]) == (moved, "bob")
    folds = celebtool("split", faces, tmp_path / "folds", "--folds", "2", "--decisions", table)
    assert f"2 folds of 14 images of 3 people; {counted}" in folds.stderr
    table.write_text("path,face,decision\nann/000.png,2,take\n")
    refused = celebtool("split", faces, tmp_path / "other", "--decisions", table)
    problem = "ann/000.png is an image of one face; faces of photos are chosen by crop-faces --decisions"
    assert (refused.code, refused.stderr) == (1, f"celebtool: error: {table}:2: {problem}\n")
    assert not (tmp_path / "other").exists()


def test_dropping_one_of_two_copies_resolves_a_conflict(
    celebtool: Run, make_folder: Callable[..., Path], tmp_path: Path
) -> None:
    faces, table = make_folder({"ann": 4, "bob": 4}), tmp_path / "d.csv"
    shutil.copy(faces / "ann/000.png", faces / "bob/copy.png")
    assert celebtool("split", faces, tmp_path / "parts").code == 1
    table.write_text("path,decision\nbob/copy.png,drop\n")
    assert celebtool("split", faces, tmp_path / "parts", "--decisions", table).code == 0
