from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from celebtool.formats import faces as face_table
from celebtool.formats import image_folder, manifest, model_info, provenance
from celebtool.formats.faces import FoundFace, PhotoResult
from celebtool.imaging.alignment import Box, Face
from tests.conftest import Result, tree

Run = Callable[..., Result]
Make = Callable[..., Path]


def counts(folder: Path, part: str | None = None) -> Counter[str]:
    return image_folder.read(folder).counts(part)


def with_figures(faces: Path, **columns: list[str]) -> None:
    """Give the images of ann a manifest with these columns."""
    files = sorted((faces / "ann").iterdir())
    rows = [
        manifest.Row(f"ann/{file.name}", "ann", f"{i}.jpg", f"{i:064x}", extra={c: v[i] for c, v in columns.items()})
        for i, file in enumerate(files)
    ]
    manifest.write(faces, rows, list(columns))


def kept(folder: Path) -> list[str]:
    return sorted(row.source for row in manifest.read(folder).values() if row.label == "ann")


def test_every_class_gets_as_many_as_the_smallest(celebtool: Run, make_folder: Make, tmp_path: Path) -> None:
    faces = make_folder({"ann": 9, "bob": 4, "unknown": 3})
    out = tmp_path / "out"
    result = celebtool("balance", faces, out, "--keep", "random")
    assert result.code == 0
    assert result.stderr == f"wrote {out}: 11 images, 5 left out; next: celebtool split {out} {out}-parts\n"
    assert counts(out) == {"ann": 4, "bob": 4, "unknown": 3}
    rows = manifest.read_all(out)
    assert sorted(row.source for row in rows) == [sample.path for sample in image_folder.read(faces).samples]
    assert Counter((row.label, row.status, row.reason) for row in rows) == {
        ("ann", "kept", ""): 4,
        ("ann", "rejected", "surplus"): 5,
        ("bob", "kept", ""): 4,
        ("unknown", "kept", ""): 3,
    }
    for row in rows:
        assert row.origin == manifest.sha256(faces / row.source)
        assert not row.path or (out / row.path).read_bytes() == (faces / row.source).read_bytes()
    assert "│ all   │     13 │        5 │        0 │     8 │" in result.stdout


@pytest.mark.parametrize(
    ("per_class", "expected"), [("min", (2, 2, 2)), ("median", (2, 5, 5)), ("max", (2, 5, 9)), ("4", (2, 4, 4))]
)
def test_per_class(
    celebtool: Run, make_folder: Make, tmp_path: Path, per_class: str, expected: tuple[int, ...]
) -> None:
    out = tmp_path / "out"
    faces = make_folder({"a": 2, "b": 5, "c": 9})
    assert celebtool("balance", faces, out, "--per-class", per_class).code == 0
    assert tuple(counts(out).values()) == expected


def test_small_classes_stay_and_are_named_or_are_filled_up_or_left_out(
    celebtool: Run, make_folder: Make, tmp_path: Path
) -> None:
    faces = make_folder({"ann": 9, "bob": 4, "cy": 1})
    usual = ("balance", faces, tmp_path / "stay", "--per-class", 6, "--keep", "random")
    assert celebtool(*usual).stderr == (
        "celebtool: warning: fewer than 6 images, and not filled up (--oversample would): bob (4), cy (1)\n"
        f"wrote {tmp_path}/stay: 11 images, 3 left out; next: celebtool split {tmp_path}/stay {tmp_path}/stay-parts\n"
    )
    out = tmp_path / "filled"
    assert celebtool("balance", faces, out, "--per-class", 6, "--oversample", "--min-images", 2).stderr == (
        "celebtool: warning: left out, with fewer than 2 images: cy\n"
        "celebtool: warning: no face quality is recorded for ann (run crop-faces first); their images were picked at random\n"
        f"wrote {out}: 12 images, 4 left out; next: celebtool split {out} {out}-parts\n"
    )
    assert counts(out) == {"ann": 6, "bob": 6}
    rows = manifest.read(out)
    copies = {path: row for path, row in rows.items() if row.extra["copy"]}
    assert len(copies) == 2
    for path, row in copies.items():
        assert path == row.source.replace(".png", "-copy1.png")
        assert row.origin == rows[row.source].origin
        assert (out / path).read_bytes() == (faces / row.source).read_bytes()
    left_out = [row for row in manifest.read_all(out) if row.label == "cy"]
    assert [(row.source, row.reason, row.extra["detail"]) for row in left_out] == [
        ("cy/000.png", "small_class", "1 images of this class to train on")
    ]


def test_best_goes_by_all_that_the_manifest_knows(celebtool: Run, make_folder: Make, tmp_path: Path) -> None:
    faces = make_folder({"ann": 4, "bob": 2})
    with_figures(
        faces,
        confidence=["0.99", "0.95", "0.999", "0.9"],
        width=["80", "90", "200", ""],
        height=["100", "110", "220", "300"],
        sharpness=["10", "200", "300", "nan"],
    )
    assert celebtool("balance", faces, tmp_path / "out").code == 0
    assert kept(tmp_path / "out") == ["ann/001.png", "ann/002.png"]
    quality = {row.source: row.extra["quality"] for row in manifest.read_all(tmp_path / "out")}
    assert quality["ann/002.png"] > quality["ann/001.png"] > quality["ann/003.png"] > quality["ann/000.png"]
    assert quality["bob/000.png"] == ""
    assert manifest.read(tmp_path / "out")["ann/001.png"].extra["sharpness"] == "200"


def test_best_prefers_faces_near_to_the_class(celebtool: Run, make_folder: Make, tmp_path: Path) -> None:
    faces = make_folder({"ann": 4, "bob": 2})
    with_figures(faces, distance=["0.7", "0.3", "0.2", "0.5"])
    assert celebtool("balance", faces, tmp_path / "out").code == 0
    assert kept(tmp_path / "out") == ["ann/001.png", "ann/002.png"]


def test_of_a_split_folder_train_alone_is_balanced(celebtool: Run, make_folder: Make, tmp_path: Path) -> None:
    faces = make_folder({"ann": 30, "bob": 10, "cy": 5})
    parts, out = tmp_path / "parts", tmp_path / "out"
    assert celebtool("split", faces, parts).code == 0
    assert celebtool("balance", parts, out, "--per-class", 12, "--oversample", "--min-images", 5).code == 0
    assert counts(out, "train") == {"ann": 12, "bob": 12}
    assert counts(out, "val") == {"ann": 3, "bob": 1}
    assert counts(out, "test") == {"ann": 3, "bob": 1}
    rows = manifest.read(out)
    assert all(row.extra["part"] == path.split("/")[0] for path, row in rows.items())
    assert celebtool("split", faces, tmp_path / "again").code == 0


def test_oversampled_copies_never_straddle_parts(celebtool: Run, make_folder: Make, tmp_path: Path) -> None:
    faces = make_folder({"ann": 20, "bob": 5})
    assert celebtool("balance", faces, tmp_path / "out", "--per-class", "max", "--oversample").code == 0
    assert celebtool("split", tmp_path / "out", tmp_path / "parts").code == 0
    of_origin: dict[str, set[str]] = {}
    for path, row in manifest.read(tmp_path / "parts").items():
        of_origin.setdefault(row.origin, set()).add(path.split("/")[0])
    assert len(of_origin) == 25
    assert all(len(parts) == 1 for parts in of_origin.values())


def test_copies_that_embeddings_tell_stay_together_after_balance(
    celebtool: Run, make_folder: Make, tmp_path: Path
) -> None:
    faces = make_folder({"ann": 10, "bob": 8})
    face = Face(Box(0, 0, 9, 9), np.zeros((5, 2)), 1.0)
    points = np.eye(10, 128, dtype=np.float32)
    points[7] = points[3] + 0.01
    points[7] /= np.linalg.norm(points[7])
    digests = [manifest.sha256(faces / f"ann/{i:03d}.png") for i in range(10)]
    crops = [FoundFace(face, point, digest=digest) for point, digest in zip(points, digests, strict=True)]
    found = [PhotoResult(f"{i}.jpg", "", (crop,)) for i, crop in enumerate(crops)]
    rows = [face_table.row(one, 1, "ann", "", f"ann/{i:03d}.png") for i, one in enumerate(found)]
    face_table.write(faces, rows)
    assert celebtool("balance", faces, tmp_path / "out", "--per-class", "10", "--oversample").code == 0
    assert celebtool("split", tmp_path / "out", tmp_path / "parts").code == 0
    group = {row.source: row.extra["group"] for row in manifest.read_all(tmp_path / "parts")}
    assert group["ann/003.png"] == group["ann/007.png"]
    assert len({group[f"ann/{i:03d}.png"] for i in range(10)}) == 9


def test_the_seed_decides_and_the_order_does_not(celebtool: Run, make_folder: Make, tmp_path: Path) -> None:
    faces = make_folder({"ann": 20, "bob": 5})
    for name, seed in (("first", 1), ("second", 2)):
        assert celebtool("balance", faces, tmp_path / name, "--seed", seed, "--keep", "random").code == 0
    assert kept(tmp_path / "first") != kept(tmp_path / "second")
    again = celebtool("balance", faces, tmp_path / "first", "--seed", 1, "--keep", "random")
    assert (again.code, again.stdout) == (0, "")
    assert "finished" in again.stderr


def test_link_and_dry_run(celebtool: Run, make_folder: Make, tmp_path: Path) -> None:
    faces = make_folder({"ann": 3, "bob": 2})
    before = tree(tmp_path)
    assert celebtool("balance", faces, tmp_path / "out", "--dry-run").code == 0
    assert tree(tmp_path) == before
    assert celebtool("balance", faces, tmp_path / "out", "--link").code == 0
    assert (tmp_path / "out" / "bob" / "000.png").samefile(faces / "bob" / "000.png")


def test_no_class_with_enough_images(celebtool: Run, make_folder: Make, tmp_path: Path) -> None:
    faces = make_folder({"ann": 3, "bob": 2})
    result = celebtool("balance", faces, tmp_path / "out", "--min-images", 10)
    assert (result.code, result.stderr) == (
        1,
        f"celebtool: error: {faces}: no class has 10 images to train on; the largest has 3\n",
    )
    assert not (tmp_path / "out").exists()


def test_an_unreadable_image_is_an_error(celebtool: Run, make_folder: Make, tmp_path: Path) -> None:
    faces = make_folder({"ann": 3, "bob": 2})
    (faces / "bob" / "000.png").write_bytes(b"\x89PNG\r\n")
    before = tree(tmp_path)
    result = celebtool("balance", faces, tmp_path / "out")
    assert result.code == 1
    assert result.stderr.startswith(f"celebtool: error: {faces}/bob/000.png: cannot be decoded")
    assert tree(tmp_path) == before


@pytest.mark.parametrize("text", ["0", "-3", "1.5", "mean", "²"])
def test_usage(celebtool: Run, make_folder: Make, tmp_path: Path, text: str) -> None:
    result = celebtool("balance", make_folder({"ann": 3}), tmp_path / "out", f"--per-class={text}")
    assert result.code == 2
    assert f"'{text}' is not a number of images; expected 1 or more, min, median or max" in result.stderr


def test_a_chain_of_runs_without_an_end_is_read(celebtool: Run, make_folder: Make, tmp_path: Path) -> None:
    """Also as the recipe of a model that is trained on what comes out."""
    source = make_folder({"ann": 1, "bob": 1}, "0", size=8)
    for number in range(1, 36):
        result = celebtool("balance", source, tmp_path / str(number))
        assert result.code == 0, result.stderr
        source = tmp_path / str(number)
    assert celebtool("report", source).code == 0
    recipe = provenance.recipe("train", {"settings": {"dense": [1]}}, source)
    info = model_info.ModelInfo("cnn", ("ann", "bob"), (16, 16), recipe=recipe)
    assert model_info.from_json(model_info.to_json(info)) == info
