"""finetune --add and --forget: people come and go without the photos of the others."""

import csv
import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest

from celebtool.architectures import LAST_LAYER
from celebtool.formats import manifest, model_file
from tests.conftest import Result, run_installed, tree
from tests.support import models

TABLES = ("manifest.csv", "faces.csv", "celebtool.json")


def part_of(parts: Path, root: Path, people: list[str], strangers: list[str] = ()) -> Path:
    """Copy some people of parts/train, and others as strangers, into a folder, with its tables."""
    shutil.copytree(parts, root, ignore=lambda _, names: [name for name in names if name not in TABLES])
    for name in people:
        shutil.copytree(parts / "train" / name, root / "train" / name)
    for name in strangers:
        shutil.copytree(parts / "train" / name, root / "train/unknown")
    return root


@pytest.fixture(scope="module")
def place(face_parts: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Models of s1 to s4, and of these and s5, who was added; folders new/ (s5), more/ (s1), strangers/ (s6)."""
    place = tmp_path_factory.mktemp("people")
    part_of(face_parts, place / "old", ["s1", "s2", "s3", "s4"])
    part_of(face_parts, place / "all", ["s1", "s2", "s3", "s4", "s5"])
    part_of(face_parts, place / "new", ["s5"])
    part_of(face_parts, place / "strangers", [], ["s6"])
    for line in (
        ("train", "old", "old.h5"),
        ("train", "all", "all.h5"),
        ("finetune", "old.h5", "new", "added.h5", "--add"),
        ("finetune", "added.h5", "forgot.h5", "--forget", "s5"),
    ):
        result = run_installed(*line, cwd=place)
        assert result.code == 0, result.stderr
    return place


def predicted(celebtool: Callable[..., Result], model: Path, images: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(celebtool("predict", model, images).stdout.splitlines()))


def holds(path: Path, text: str) -> bool:
    """Whether a text is anywhere in a file: as bytes, in a text of JSON, or in an attribute."""
    with h5py.File(path) as file:
        description = file["celebtool"][()].tobytes().decode()
        attributes: list[str] = []
        file.visititems(lambda name, item: attributes.extend([name, *map(str, item.attrs.values())]))
    content = path.read_bytes()
    return text.encode() in content or text in description or text in json.dumps(attributes)


@pytest.mark.slow
def test_who_is_added_is_recognised_as_if_all_had_been_trained_on(
    celebtool: Callable[..., Result], place: Path, face_parts: Path
) -> None:
    added, whole = (predicted(celebtool, place / name, face_parts / "test") for name in ("added.h5", "all.h5"))
    assert len(added) == 12
    known = [row for row in added if "s6/" not in row["path"]]
    assert [row["predicted"] for row in known] == [row["path"].split("/")[-2] for row in known]
    for one, other in zip(added, whole, strict=True):
        assert float(one["score"]) == pytest.approx(float(other["score"]), abs=1e-6)
        assert float(one["prob_s5"]) == pytest.approx(float(other["prob_s5"]), abs=1e-5)


@pytest.mark.slow
def test_what_was_added_is_listed_as_trained_on(
    celebtool: Callable[..., Result], place: Path, face_parts: Path
) -> None:
    info, whole = (model_file.read_info(place / name) for name in ("added.h5", "all.h5"))
    assert (info.origins, info.images) == (whole.origins, whole.images)
    assert len(info.origins) == 30
    assert {row["seen"] for row in predicted(celebtool, place / "added.h5", face_parts / "train/s5")} == {"yes"}
    assert [held.embeddings for held in info.enrolment.people] == [6] * 5


@pytest.mark.slow
def test_a_forgotten_person_has_left_nothing_in_the_file(
    celebtool: Callable[..., Result], place: Path, face_parts: Path
) -> None:
    before, after = model_file.read_info(place / "added.h5"), model_file.read_info(place / "forgot.h5")
    rows = manifest.read(face_parts)
    files = sorted((face_parts / "train/s5").iterdir())
    traces = {manifest.sha256(file) for file in files} | {rows[f"train/s5/{file.name}"].origin for file in files}
    assert len(traces) == 12
    traces |= {'"s5"', before.centroids[4], before.arrays_sha256, before.enrolment.sha256}
    traces.add(before.recipe["input"]["digest"])
    assert [trace for trace in traces if not holds(place / "added.h5", trace)] == []
    assert [trace for trace in traces if holds(place / "forgot.h5", trace)] == []
    vectors = list(model_file.read_embeddings(place / "added.h5")[24:])
    vectors += [
        model_file.read(place / "added.h5")[1][array][:, 4] for array in before.arrays if array.shape == (128, 5)
    ]
    content, old = (place / "forgot.h5").read_bytes(), (place / "added.h5").read_bytes()
    assert sum(vector.tobytes() in old for vector in vectors) == 6
    assert not any(vector.tobytes() in content for vector in vectors)
    with h5py.File(place / "forgot.h5") as file:
        arrays: list[np.ndarray] = []
        file.visititems(lambda _, item: arrays.append(item[()]) if isinstance(item, h5py.Dataset) else None)
    wide = [array for array in arrays if array.shape and array.shape[-1] == 128]
    assert not any((np.abs(array - vectors[0]).max(axis=-1) < 1e-6).any() for array in wide)
    assert after.class_names == ("s1", "s2", "s3", "s4")
    assert [held.embeddings for held in after.enrolment.people] == [6] * 4


@pytest.mark.slow
def test_to_forget_and_add_again_gives_the_same_answers(
    celebtool: Callable[..., Result], place: Path, tmp_path: Path, face_parts: Path
) -> None:
    result = celebtool("finetune", place / "forgot.h5", place / "new", tmp_path / "again.h5", "--add")
    assert result.code == 0, result.stderr
    (first, arrays), (second, others) = model_file.read(place / "added.h5"), model_file.read(tmp_path / "again.h5")
    assert first.arrays_sha256 == second.arrays_sha256
    assert all((arrays[array] == others[array]).all() for array in arrays)
    for field in ("class_names", "centroids", "threshold", "acceptance", "origins", "images", "enrolment"):
        assert getattr(first, field) == getattr(second, field)


@pytest.mark.slow
def test_everybody_may_be_replaced_at_once(
    celebtool: Callable[..., Result], place: Path, tmp_path: Path, face_parts: Path
) -> None:
    new = part_of(face_parts, tmp_path / "new", ["s5", "s6"])
    words = [word for name in ("s1", "s2", "s3", "s4") for word in ("--forget", name)]
    result = celebtool("finetune", place / "old.h5", new, tmp_path / "m.h5", "--add", *words)
    assert result.code == 0, result.stderr
    assert model_file.read_info(tmp_path / "m.h5").class_names == ("s5", "s6")


@pytest.mark.slow
def test_people_in_unknown_are_rejected_from_then_on(
    celebtool: Callable[..., Result], place: Path, tmp_path: Path, face_parts: Path
) -> None:
    out = tmp_path / "m.h5"
    result = celebtool("finetune", place / "added.h5", place / "strangers", out, "--add")
    assert result.stderr.splitlines()[-1].startswith(f"wrote {out}: unknown/: 6 more images; 5 classes; next: ")
    rows = predicted(celebtool, out, face_parts / "test")
    names = [row["path"].split("/")[-2] for row in rows]
    assert [row["predicted"] for row in rows] == ["unknown" if name == "s6" else name for name in names]
    assert [float(row["score"]) < 0 for row in rows] == [name == "s6" for name in names]
    again = tmp_path / "again.h5"
    result = celebtool("finetune", out, again, "--forget", "unknown")
    assert "forgot the strangers of unknown/; 5 classes" in result.stderr
    assert model_file.read(again)[0].arrays_sha256 == model_file.read(place / "added.h5")[0].arrays_sha256
    assert model_file.read_info(again).strangers == ()
    result = celebtool("finetune", out, part_of(face_parts, tmp_path / "s6", ["s6"]), tmp_path / "x.h5", "--add")
    assert result.code == 1
    assert "s6: has an image that is in unknown/ too; " in result.stderr


@pytest.mark.slow
def test_train_remembers_the_strangers_of_train(
    celebtool: Callable[..., Result], place: Path, tmp_path: Path, face_parts: Path
) -> None:
    parts = part_of(face_parts, tmp_path / "parts", ["s1", "s2"], ["s6"])
    result = celebtool("train", parts, tmp_path / "m.h5")
    assert result.code == 0
    assert "train/unknown" not in result.stderr
    info = model_file.read_info(tmp_path / "m.h5")
    assert (len(info.strangers), len(info.origins)) == (6, 18)
    assert {row["predicted"] for row in predicted(celebtool, tmp_path / "m.h5", face_parts / "test/s6")} == {"unknown"}
    result = celebtool("train", parts, tmp_path / "n.h5", "--no-enrol")
    problem = "6 images of train/unknown/ can't be used; put photos of strangers into val/unknown/"
    assert f"{parts}: {problem}\n" in result.stderr
    assert model_file.read_info(tmp_path / "n.h5").strangers == ()


@pytest.mark.slow
def test_people_come_and_go_in_a_model_of_face_resnet29(
    celebtool: Callable[..., Result], tmp_path: Path, face_parts: Path
) -> None:
    """Its head is a logistic regression, and its embeddings are of another network than those of faces.csv."""
    parts = part_of(face_parts, tmp_path / "parts", ["s1", "s2", "s5"])
    new = part_of(face_parts, tmp_path / "new", ["s5"])
    first, fewer, again = (tmp_path / name for name in ("first.h5", "fewer.h5", "again.h5"))
    assert celebtool("train", parts, first, "--arch", "face-resnet29").code == 0
    assert celebtool("finetune", first, fewer, "--forget", "s5").code == 0
    result = celebtool("finetune", fewer, new, again, "--add")
    assert result.code == 0, result.stderr
    before, between, after = map(model_file.read_info, (first, fewer, again))
    assert (between.class_names, after.class_names) == (("s1", "s2"), ("s1", "s2", "s5"))
    assert [held.embeddings for held in after.enrolment.people] == [6, 6, 6]
    assert model_file.read_embeddings(again) == pytest.approx(model_file.read_embeddings(first), abs=1e-6)
    assert (after.origins, after.images) == (before.origins, before.images)
    assert after.threshold == pytest.approx(before.threshold, abs=1e-5)
    arrays, others = (model_file.read(path)[1] for path in (first, again))
    assert arrays.keys() == others.keys()
    for array, values in arrays.items():
        assert others[array] == pytest.approx(values, abs=1e-3 if array.layer == LAST_LAYER else 0)


@pytest.mark.slow
def test_more_photos_of_a_known_person(
    celebtool: Callable[..., Result], place: Path, tmp_path: Path, face_parts: Path
) -> None:
    more = tmp_path / "more/s1"
    more.mkdir(parents=True)
    for file in (face_parts / "test/s1").iterdir():
        shutil.copyfile(file, more / file.name)
    shutil.copyfile(next((face_parts / "train/s1").iterdir()), more / "known.jpg")
    out = tmp_path / "m.h5"
    result = celebtool("finetune", place / "old.h5", more.parent, out, "--add", "--allow-uncropped")
    assert result.code == 0, result.stderr
    assert "more of s1 (2 images); 4 classes" in result.stderr
    assert [held.embeddings for held in model_file.read_info(out).enrolment.people] == [8, 6, 6, 6]
    shutil.copytree(more, tmp_path / "other/dan")
    result = celebtool("finetune", out, tmp_path / "other", tmp_path / "x.h5", "--add", "--allow-uncropped")
    assert (result.code, (tmp_path / "x.h5").exists()) == (1, False)
    assert "is an image of s1 already" in result.stderr


@pytest.mark.slow
def test_no_enrol_leaves_everything_out_and_add_says_so(
    celebtool: Callable[..., Result], place: Path, tmp_path: Path
) -> None:
    model = tmp_path / "m.h5"
    assert celebtool("train", place / "old", model, "--no-enrol").code == 0
    info = model_file.read_info(model)
    assert (info.enrolment, info.strangers) == (None, ())
    with h5py.File(model) as file:
        assert "celebtool_embeddings" not in file
    problem = "holds no embeddings of its people, so nobody can be added or forgotten"
    command = "train it again on everybody, with embeddings: celebtool train PARTS MODEL.h5"
    for words in ((place / "new", tmp_path / "x.h5", "--add"), (tmp_path / "x.h5", "--forget", "s1")):
        result = celebtool("finetune", model, *words)
        assert (result.code, result.stderr) == (1, f"celebtool: error: {model}: {problem}; {command}\n")


@pytest.mark.slow
def test_neither_add_nor_forget_needs_tensorflow_where_the_embeddings_are_known(place: Path, tmp_path: Path) -> None:
    code = """
import sys
from celebtool import cli
try:
    cli.main(sys.argv[1:])
except SystemExit as ended:
    assert not ended.code
assert not {"tensorflow", "keras", "sklearn"} & set(sys.modules)
"""
    for words in (
        (place / "old.h5", place / "new", tmp_path / "added.h5", "--add"),
        (tmp_path / "added.h5", tmp_path / "forgot.h5", "--forget", "s5"),
    ):
        subprocess.run([sys.executable, "-c", code, "finetune", *map(str, words)], check=True)
    assert (tmp_path / "added.h5").read_bytes() == (place / "added.h5").read_bytes()


@pytest.mark.slow
def test_leaks_are_refused(celebtool: Callable[..., Result], place: Path, tmp_path: Path, face_parts: Path) -> None:
    new = part_of(face_parts, tmp_path / "new", ["s5"])
    shutil.copytree(face_parts / "train/s1", new / "test/s1")
    shutil.copytree(face_parts / "train/s5", new / "val/s5")
    result = celebtool("finetune", place / "old.h5", new, tmp_path / "m.h5", "--add")
    assert result.code == 1
    assert "6 of 12 images outside train/ are of photos that are trained on" in result.stderr
    assert celebtool("finetune", place / "old.h5", new, tmp_path / "m.h5", "--add", "--allow-leak").code == 0


@pytest.mark.slow
def test_the_same_again_is_finished(celebtool: Callable[..., Result], place: Path) -> None:
    before = tree(place)
    for words in (("old.h5", "new", "added.h5", "--add"), ("added.h5", "forgot.h5", "--forget", "s5")):
        line = [place / word if word[0] != "-" and word != "s5" else word for word in words]
        result = celebtool("finetune", *line)
        assert (result.code, "finished; nothing to do" in result.stderr) == (0, True), result.stderr
    result = celebtool("finetune", place / "added.h5", place / "forgot.h5", "--forget", "s4")
    assert (result.code, "exists already" in result.stderr) == (1, True)
    assert tree(place) == before


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (("m.h5", "out.h5", "--add"), "--add needs the folder of the new people before the model to write"),
        (
            ("m.h5", "new", "out.h5", "--forget", "ann"),
            "--forget: reads no folder; type celebtool finetune m.h5 out.h5 --forget ann, or add --add to add the people of new",
        ),
        (
            ("m.h5", "new", "out.h5", "--add", "--epochs", "3", "--unfreeze", "2", "--history", "h.csv"),
            "--epochs, --history, --unfreeze: has no effect with --add and --forget, which solve the head at once; remove it",
        ),
        (("m.h5", "out", "--forget", "ann"), "out: models are .h5 files; type out.h5"),
        (("m.h5", "new"), "the argument OUT.h5 is missing"),
        (
            ("new", "m.h5", "out.h5", "--add"),
            "the arguments are in another order than expected; type celebtool finetune",
        ),
    ],
)
def test_command_lines_that_cannot_be_meant(
    celebtool: Callable[..., Result],
    make_folder: Callable[..., Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    words: tuple[str, ...],
    problem: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    make_folder({"ann": 3}, "new")
    models.write(tmp_path / "m.h5")
    result = celebtool("finetune", *words)
    assert result.code == 2
    assert problem in result.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["m.h5", "new"]


def test_who_is_not_there_or_too_many(celebtool: Callable[..., Result], tmp_path: Path) -> None:
    model = models.write(tmp_path / "m.h5", models.ENROLLED, embeddings=models.EMBEDDINGS)
    result = celebtool("finetune", model, tmp_path / "out.h5", "--forget", "ann\x1b[31m")
    assert (result.code, result.stderr) == (
        1,
        f"celebtool: error: {model}: has no class ann\\x1b[31m; it has ann, bob\n",
    )
    result = celebtool("finetune", model, tmp_path / "out.h5", "--forget", "ann")
    problem = f"{tmp_path / 'out.h5'}: would know bob only; a classifier needs two classes"
    assert (result.code, result.stderr) == (1, f"celebtool: error: {problem}\n")
    assert [path.name for path in tmp_path.iterdir()] == ["m.h5"]
