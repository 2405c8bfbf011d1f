import json
import shutil
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from celebtool.folders import duplicates
from celebtool.formats import image_folder, manifest
from tests.conftest import Result, random_image, tree

Run = Callable[..., Result]
Make = Callable[..., Path]


def counts(folder: Path) -> dict[str, Counter[str]]:
    read = image_folder.read(folder)
    return {part: read.counts(part) for part in read.parts}


def by_source(folder: Path) -> dict[str, manifest.Row]:
    return {row.source: row for row in manifest.read_all(folder)}


def test_sixty_images_are_48_6_6(celebtool: Run, make_folder: Make, tmp_path: Path) -> None:
    faces = make_folder({"ann": 60, "bob": 10, "cy": 3})
    out = tmp_path / "parts"
    result = celebtool("split", faces, out)
    assert result.code == 0
    assert result.stderr == (
        "celebtool: warning: fewer than 5 test images, so that their own figures say little: bob (1), cy (1)\n"
        f"wrote {out}: 73 images of 3 people: 57 train, 8 val, 8 test; next: celebtool train {out} model.h5\n"
    )
    assert counts(out) == {
        "train": {"ann": 48, "bob": 8, "cy": 1},
        "val": {"ann": 6, "bob": 1, "cy": 1},
        "test": {"ann": 6, "bob": 1, "cy": 1},
    }
    assert [line.split() for line in result.stdout.splitlines() if "ann" in line or "all" in line] == [
        ["│", "ann", "│", "48", "│", "6", "│", "6", "│"],
        ["│", "all", "│", "57", "│", "8", "│", "8", "│"],
    ]
    rows = manifest.read_all(out)
    assert len(rows) == 73
    for row in rows:
        part, label, _ = row.path.split("/")
        assert (row.extra["part"], row.label, row.status) == (part, label, "kept")
        assert (out / row.path).read_bytes() == (faces / row.source).read_bytes()
        assert row.origin == manifest.sha256(faces / row.source)
    made_by = json.loads((out / "celebtool.json").read_text())
    assert (made_by["command"], made_by["parameters"]["shares"]) == ("split", ["4/5", "1/10", "1/10"])


def test_the_same_bytes_whatever_the_order_and_again_nothing_to_do(
    celebtool: Run, make_folder: Make, tmp_path: Path
) -> None:
    faces = make_folder({"ann": 12, "bob": 9})
    other = tmp_path / "other"
    for file in sorted(faces.rglob("*.png"), reverse=True):
        (other / file.parent.name).mkdir(parents=True, exist_ok=True)
        shutil.copy(file, other / file.parent.name)
    first, second = tmp_path / "first", tmp_path / "second"
    assert celebtool("split", faces, first, "--seed", 3).code == 0
    assert celebtool("split", other, second, "--seed", 3).code == 0
    assert tree(first) == tree(second)
    again = celebtool("split", faces, first, "--seed", 3)
    assert (again.code, again.stdout) == (0, "")
    assert "finished" in again.stderr
    different = celebtool("split", faces, first, "--seed", 4)
    assert different.code == 1
    assert f"{first}: exists already; choose another name or add --overwrite" in different.stderr
    assert celebtool("split", faces, first, "--seed", 4, "--overwrite").code == 0
    assert tree(first) != tree(second)


@pytest.fixture
def copies(make_folder: Make) -> Path:
    """Twenty images of ann, and copies of three: resized, mirrored, byte for byte."""
    faces = make_folder({"ann": 20, "bob": 10}, size=64)
    first = Image.open(faces / "ann" / "000.png").convert("RGB")
    first.resize((50, 50)).save(faces / "ann" / "small.jpg", quality=80)
    second = Image.open(faces / "ann" / "001.png").convert("RGB")
    second.transpose(Image.Transpose.FLIP_LEFT_RIGHT).save(faces / "ann" / "mirror.jpg", quality=80)
    shutil.copy(faces / "ann" / "002.png", faces / "ann" / "equal.png")
    return faces


PAIRS = [("000.png", "small.jpg"), ("001.png", "mirror.jpg"), ("002.png", "equal.png")]


def test_copies_stay_together(celebtool: Run, copies: Path, tmp_path: Path) -> None:
    for seed in range(4):
        out = tmp_path / f"parts{seed}"
        assert celebtool("split", copies, out, "--seed", seed, "--train", 0.5).code == 0
        rows = by_source(out)
        for one, other in PAIRS:
            first, second = rows[f"ann/{one}"].extra, rows[f"ann/{other}"].extra
            assert (first["group"], first["part"]) == (second["group"], second["part"])
        assert len({row.extra["group"] for row in rows.values()}) == 30


def test_one_of_each_set_of_copies_stays_with_drop(celebtool: Run, copies: Path, tmp_path: Path) -> None:
    result = celebtool("split", copies, tmp_path / "parts", "--near-duplicates", "drop")
    assert "celebtool: warning: 3 copies of other images left out\n" in result.stderr
    rows = by_source(tmp_path / "parts")
    dropped = {path: (row.reason, row.extra["detail"]) for path, row in rows.items() if row.status == "rejected"}
    assert dropped == {
        "ann/small.jpg": ("near_duplicate", "the same picture as ann/000.png"),
        "ann/mirror.jpg": ("near_duplicate", "the same picture as ann/001.png"),
        "ann/equal.png": ("near_duplicate", "the same picture as ann/002.png"),
    }


def test_ignore_still_keeps_equal_pixels_together(celebtool: Run, copies: Path, tmp_path: Path) -> None:
    assert celebtool("split", copies, tmp_path / "parts", "--near-duplicates", "ignore").code == 0
    rows = by_source(tmp_path / "parts")
    same = [rows[f"ann/{one}"].extra["group"] == rows[f"ann/{other}"].extra["group"] for one, other in PAIRS]
    assert same == [False, False, True]


def test_images_of_one_origin_stay_together_and_keep_what_is_known_of_them(
    celebtool: Run, make_folder: Make, tmp_path: Path
) -> None:
    faces = make_folder({"ann": 10, "bob": 10})
    known = [
        manifest.Row(f"ann/{i:03d}.png", "ann", "x.jpg", "0123" * 16, extra={"sharpness": f"{i}"}) for i in range(5)
    ]
    manifest.write(faces, known, ["sharpness"])
    assert celebtool("split", faces, tmp_path / "parts", "--train", 0.5).code == 0
    rows = by_source(tmp_path / "parts")
    assert len({rows[row.path].extra["part"] for row in known}) == 1
    assert [rows[row.path].extra["sharpness"] for row in known] == list("01234")
    assert {rows[row.path].origin for row in known} == {"0123" * 16}


def test_a_crop_in_two_classes_is_dropped_from_both_if_asked(celebtool: Run, make_folder: Make, tmp_path: Path) -> None:
    faces = make_folder({"ann": 10, "bob": 10}, size=64)
    Image.open(faces / "ann" / "003.png").convert("RGB").save(faces / "bob" / "copy.jpg", quality=85)
    result = celebtool("split", faces, tmp_path / "parts", "--conflicts", "drop")
    assert result.code == 0
    assert "2 images left out that are in several classes; manifest.csv names them" in result.stderr
    rejected = {row.source: row for row in manifest.read_all(tmp_path / "parts") if row.status == "rejected"}
    assert {path: (row.reason, row.extra["detail"], row.path) for path, row in rejected.items()} == {
        "ann/003.png": ("label_conflict", "the same picture as bob/copy.jpg", ""),
        "bob/copy.jpg": ("label_conflict", "the same picture as ann/003.png", ""),
    }


def mislabel(faces: Path, labels: Iterable[str]) -> None:
    """Add to each class a class of its own that has only a copy of one of its pictures."""
    for label in labels:
        (faces / f"{label} again").mkdir()
        shutil.copy(faces / label / "000.png", faces / f"{label} again")


def test_all_label_conflicts_are_named_at_once(celebtool: Run, make_folder: Make, tmp_path: Path) -> None:
    faces = make_folder(dict.fromkeys(("ann", "bob", "cy", "dan"), 6), size=64)
    mislabel(faces, ("ann", "cy"))
    shutil.copy(faces / "bob" / "001.png", faces / "dan" / "other.png")
    parts, table = tmp_path / "parts", tmp_path / "parts-conflicts.csv"
    pairs = "ann again/000.png = ann/000.png, bob/001.png = dan/other.png, cy again/000.png = cy/000.png"
    told = f"3 pictures are in several classes: {pairs}"
    advice = (
        "remove the wrong ones, or leave out all 6 with --conflicts drop (then no image is left of ann again, cy again)"
    )
    before = tree(tmp_path)
    dry = celebtool("split", faces, parts, "--dry-run")
    assert (dry.code, dry.stderr) == (1, f"celebtool: error: {faces}: {told}; {advice}\n")
    assert tree(tmp_path) == before
    refused = celebtool("split", faces, parts)
    assert (refused.code, refused.stderr) == (1, f"celebtool: error: {faces}: {told} (table: {table}); {advice}\n")
    assert table.read_text().splitlines() == [
        "conflict,path,label",
        *("1,ann again/000.png,ann again", "1,ann/000.png,ann", "2,bob/001.png,bob", "2,dan/other.png,dan"),
        *("3,cy again/000.png,cy again", "3,cy/000.png,cy"),
    ]
    dropped = celebtool("split", faces, parts, "--conflicts", "drop")
    assert dropped.code == 0
    assert "6 images left out that are in several classes; manifest.csv names them" in dropped.stderr
    assert "no image is left of ann again, cy again: all were in other classes as well" in dropped.stderr
    assert sum(row.reason == "label_conflict" for row in manifest.read_all(parts)) == 6
    assert not list(tmp_path.glob(".*"))


def test_no_table_of_conflicts_takes_the_place_of_another_file(
    celebtool: Run, make_folder: Make, tmp_path: Path
) -> None:
    faces = make_folder({"ann": 3}, size=64)
    mislabel(faces, ["ann"])
    table = tmp_path / "parts-conflicts.csv"
    table.write_text("mine")
    result = celebtool("split", faces, tmp_path / "parts")
    assert (result.code, table.read_text()) == (1, "mine")
    assert result.stderr == f"celebtool: error: {table}: exists already; choose another name or add --overwrite\n"


def test_fingerprints_of_a_run_that_failed_are_not_made_again(
    celebtool: Run, make_folder: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    faces = make_folder({"ann": 4, "bob": 4}, size=64)
    mislabel(faces, ["ann"])
    made: list[int] = []
    compute = duplicates.fingerprint
    monkeypatch.setattr(duplicates, "fingerprint", lambda *image, **of: made.append(1) or compute(*image, **of))
    assert celebtool("split", faces, tmp_path / "parts").code == 1
    assert len(made) == 9
    made.clear()
    assert celebtool("split", faces, tmp_path / "parts", "--seed", 1).code == 1
    assert made == []
    shutil.rmtree(faces / "ann again")
    random_image("new", 64).save(faces / "bob" / "new.png")
    assert celebtool("split", faces, tmp_path / "parts").code == 0
    assert made == [1]
    monkeypatch.undo()
    assert celebtool("split", faces, tmp_path / "fresh").code == 0
    assert tree(tmp_path / "parts") == tree(tmp_path / "fresh")


@pytest.mark.parametrize("planted", [b"", b"PK", b"\x93NUMPY"])
def test_fingerprints_that_are_damaged_are_made_again(
    celebtool: Run, make_folder: Make, tmp_path: Path, planted: bytes
) -> None:
    faces = make_folder({"ann": 4, "bob": 4}, size=64)
    mislabel(faces, ["ann"])
    assert celebtool("split", faces, tmp_path / "parts").code == 1
    (kept,) = tmp_path.glob(".parts.partial/scratch/fingerprints.npz")
    kept.write_bytes(planted)
    assert celebtool("split", faces, tmp_path / "parts", "--conflicts", "drop").code == 0


def test_a_folder_of_nothing_but_conflicts_is_an_error(celebtool: Run, make_folder: Make, tmp_path: Path) -> None:
    faces = make_folder({"ann": 5})
    shutil.copytree(faces / "ann", faces / "bob")
    assert celebtool("split", faces, tmp_path / "parts").code == 1
    result = celebtool("split", faces, tmp_path / "parts", "--conflicts", "drop")
    problem = "every picture is in several classes; give each image one label"
    assert (result.code, result.stderr) == (1, f"celebtool: error: {faces}: {problem}\n")


def test_shares_in_percent_and_in_proportion(celebtool: Run, make_folder: Make, tmp_path: Path) -> None:
    faces = make_folder({"ann": 10, "bob": 10})
    for number, shares in enumerate((("80%", "10%", "10%"), (".8", "0.1", ".1"), ("8", "1", "1"))):
        options = [text for pair in zip(("--train", "--val", "--test"), shares, strict=True) for text in pair]
        assert celebtool("split", faces, tmp_path / str(number), *options).code == 0
    assert tree(tmp_path / "0") == tree(tmp_path / "1") == tree(tmp_path / "2")


def test_swapped_and_mistyped_folders(celebtool: Run, make_folder: Make, tmp_path: Path) -> None:
    faces = make_folder({"ann": 6})
    swapped = celebtool("split", tmp_path / "parts", faces)
    problem = f"no such directory, but {faces} is there; are they swapped? celebtool split {faces} {tmp_path}/parts"
    assert (swapped.code, swapped.stderr) == (1, f"celebtool: error: {tmp_path}/parts: {problem}\n")
    mistyped = celebtool("split", tmp_path / "fases", tmp_path / "parts")
    assert mistyped.stderr == f"celebtool: error: {tmp_path}/fases: no such directory; did you mean {faces}?\n"
    manifest.write(faces, [])
    table = celebtool("split", faces / "manifest.csv", tmp_path / "parts")
    problem = f"is a file; expected a directory of images, such as {faces}"
    assert table.stderr == f"celebtool: error: {faces}/manifest.csv: {problem}\n"


def test_strangers_go_to_val_and_test_alone(celebtool: Run, make_folder: Make, tmp_path: Path) -> None:
    faces = make_folder({"ann": 10, "bob": 10, "unknown": 6})
    assert celebtool("split", faces, tmp_path / "parts").code == 0
    assert {part: count["unknown"] for part, count in counts(tmp_path / "parts").items()} == {
        "train": 0,
        "val": 3,
        "test": 3,
    }
    alone = celebtool("split", faces, tmp_path / "train", "--train", 1)
    assert alone.stderr == (
        "celebtool: warning: 6 images of unknown/ left out: there is no part for them\n"
        f"wrote {tmp_path}/train: 20 images of 2 people: 20 train, 0 val, 0 test;"
        f" next: celebtool train {tmp_path}/train model.h5\n"
    )


def test_folds(celebtool: Run, make_folder: Make, tmp_path: Path) -> None:
    faces = make_folder({"ann": 9, "bob": 6, "cy": 1, "unknown": 3})
    out = tmp_path / "folds"
    result = celebtool("split", faces, out, "--folds", 3)
    assert result.code == 0
    assert result.stderr == (
        "celebtool: warning: too few images for fold-1, fold-2, fold-3: cy\n"
        f"wrote {out}: 3 folds of 17 images of 3 people; next: celebtool train {out}/fold-1 model.h5\n"
    )
    assert sorted(path.name for path in out.iterdir()) == [
        "celebtool.json",
        "fold-1",
        "fold-2",
        "fold-3",
        "manifest.csv",
    ]
    in_val: list[str] = []
    for fold in ("fold-1", "fold-2", "fold-3"):
        assert counts(out / fold) == {
            "train": {"ann": 6, "bob": 4, "cy": 1},
            "val": {"ann": 3, "bob": 2, "unknown": 1},
        }
        rows = manifest.read_all(out / fold)
        assert sorted({row.source for row in rows}) == [sample.path for sample in image_folder.read(faces).samples]
        assert sum(row.reason == "stranger" for row in rows) == 2
        in_val += [row.source for row in rows if row.extra["part"] == "val"]
        assert json.loads((out / fold / "celebtool.json").read_text())["fold"] == fold
    assert len(in_val) == len(set(in_val)) == 18
    assert {row.path.split("/")[0] for row in manifest.read_all(out)} == {"fold-1", "fold-2", "fold-3", ""}


def test_link_dry_run_and_quiet(celebtool: Run, make_folder: Make, tmp_path: Path) -> None:
    faces = make_folder({"ann": 10, "bob": 1})
    before = tree(tmp_path)
    result = celebtool("split", faces, tmp_path / "parts", "--dry-run")
    assert (result.code, tree(tmp_path)) == (0, before)
    assert result.stderr == (
        "celebtool: warning: fewer than 5 test images, so that their own figures say little: ann (1)\n"
        "celebtool: warning: too few images for val, test: bob\n"
    )
    assert "│ ann   │     8 │   1 │    1 │" in result.stdout
    linked = celebtool("split", faces, tmp_path / "parts", "--link", "--quiet")
    assert (linked.code, linked.stderr, linked.stdout) == (0, "", result.stdout)
    row = next(iter(manifest.read(tmp_path / "parts").values()))
    assert (tmp_path / "parts" / row.path).samefile(faces / row.source)


def make_missing(faces: Path) -> None:
    shutil.rmtree(faces)


def make_flat(faces: Path) -> None:
    for label in ("ann", "bob"):
        shutil.rmtree(faces / label)
    random_image("x").save(faces / "x.png")


def make_empty_class(faces: Path) -> None:
    (faces / "cy").mkdir()


def make_text(faces: Path) -> None:
    (faces / "ann" / "notes.txt").write_text("no image")


def make_damaged(faces: Path) -> None:
    file = faces / "ann" / "000.png"
    file.write_bytes(file.read_bytes()[:300])


def make_split(faces: Path) -> None:
    for part in ("train", "test"):
        (faces / part).mkdir()
    (faces / "ann").rename(faces / "train" / "ann")
    (faces / "bob").rename(faces / "test" / "bob")


@pytest.mark.parametrize(
    ("spoil", "where", "problem"),
    [
        (make_missing, "", "no such directory"),
        (make_flat, "", "has no class directories; expected FOLDER/<class>/<image>"),
        (make_empty_class, "/cy", "is an empty class; put images into it or remove it"),
        (make_text, "/ann/notes.txt", "is none of JPEG, PNG"),
        (make_damaged, "/ann/000.png", "cannot be decoded"),
        (make_split, "", "is split already (train, test); give the folder it was made from"),
    ],
)
def test_bad_input(
    celebtool: Run, make_folder: Make, tmp_path: Path, spoil: Callable[[Path], None], where: str, problem: str
) -> None:
    faces = make_folder({"ann": 6, "bob": 6})
    spoil(faces)
    before = tree(tmp_path)
    result = celebtool("split", faces, tmp_path / "parts")
    assert (result.code, result.stdout) == (1, "")
    assert result.stderr.startswith(f"celebtool: error: {faces}{where}: {problem}")
    assert result.stderr.count("\n") == 1
    assert tree(tmp_path) == before


def test_output_inside_the_input(celebtool: Run, make_folder: Make) -> None:
    faces = make_folder({"ann": 6})
    result = celebtool("split", faces, faces / "parts")
    assert (result.code, result.stderr) == (
        1,
        f"celebtool: error: {faces}/parts: lies inside the input {faces}; choose an output beside it\n",
    )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--train", "0.9", "--val", "0.2"), "the shares add up to 1.1; expected at most 1"),
        (("--train", "0"), "the shares leave nothing to train on"),
        (
            ("--val", "nan"),
            "--val: 'nan' is not a share; expected a number of 0 or more, as .8 or 80%",
        ),
        (("--train", "-1"), "'-1' is not a share"),
        (("--folds", "3", "--val", "0.2"), "leave out --train, --val and --test"),
        (("--folds", "1"), "--folds 1: expected 2 or more"),
        (("--near-duplicates", "keep"), "--near-duplicates keep: expected together, drop, ignore"),
    ],
)
def test_usage(celebtool: Run, make_folder: Make, tmp_path: Path, options: tuple[str, ...], message: str) -> None:
    result = celebtool("split", make_folder({"ann": 6}), tmp_path / "parts", *options)
    assert result.code == 2
    assert message in result.stderr
    assert not (tmp_path / "parts").exists()


def test_names_in_any_form(celebtool: Run, make_folder: Make, tmp_path: Path) -> None:
    decomposed = "Beyonce\N{COMBINING ACUTE ACCENT}"
    faces = make_folder({decomposed: 4, "[red]نام": 4})
    result = celebtool("split", faces, tmp_path / "parts")
    assert result.code == 0
    assert "[red]نام" in result.stdout
    assert {row.label for row in manifest.read_all(tmp_path / "parts")} == {
        "Beyonc\N{LATIN SMALL LETTER E WITH ACUTE}",
        "[red]نام",
    }
    assert (tmp_path / "parts" / "train" / decomposed).is_dir()


def test_grey_and_transparent_images_are_compared_as_they_look(
    celebtool: Run, make_folder: Make, tmp_path: Path
) -> None:
    faces = make_folder({"ann": 8}, size=64)
    image = Image.open(faces / "ann" / "000.png").convert("RGB")
    opaque = np.dstack([np.asarray(image), np.full((64, 64), 255, np.uint8)])
    Image.fromarray(opaque, "RGBA").save(faces / "ann" / "opaque.png")
    assert celebtool("split", faces, tmp_path / "parts").code == 0
    rows = by_source(tmp_path / "parts")
    assert rows["ann/000.png"].extra["group"] == rows["ann/opaque.png"].extra["group"]
