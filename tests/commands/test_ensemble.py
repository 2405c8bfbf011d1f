"""``ensemble``: one file whose probabilities are the weighted average of its members'."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from celebtool.formats import manifest, model_file
from celebtool.formats.images import read, resize
from celebtool.formats.model_info import ModelInfo
from celebtool.nn import classifier
from tests.support import plain_keras
from tests.support.classifiers import images, tiny

NAMES = ("ann", "bob", "zoë")


@pytest.fixture
def members(tmp_path: Path) -> list[Path]:
    """Two small networks of other sizes and orders of classes, and the second once more with another seed."""
    infos = [
        ModelInfo("cnn", NAMES, (16, 16), seed=1, dense=(4,), origins=("1",)),
        ModelInfo("cnn", ("zoë", "ann", "bob"), (24, 16), seed=2, dense=(), origins=("2",)),
        ModelInfo("cnn", ("bob", "zoë", "ann"), (16, 16), seed=3, dense=(4,), origins=("3",)),
    ]
    paths = [tmp_path / f"{number}.h5" for number in range(3)]
    for info, path in zip(infos, paths, strict=True):
        made = tiny(info)
        made.model.set_weights([w * 3 if w.ndim == 2 else w for w in made.model.get_weights()])
        classifier.save(made, path)
    return paths


def average(paths: list[Path], shares: list[float]) -> np.ndarray:
    total = np.zeros((5, 3))
    for path, share in zip(paths, shares, strict=True):
        member = classifier.load(path)
        order = [member.info.class_names.index(name) for name in NAMES]
        total += share * classifier.probabilities(member, batch())[:, order]
    return total


def batch() -> dict[tuple[int, int], np.ndarray]:
    return {(16, 16): images((16, 16)), (24, 16): images((24, 16))}


def test_probabilities_are_averaged_by_name(celebtool: Callable, members: list[Path], tmp_path: Path) -> None:
    out = tmp_path / "all.h5"
    result = celebtool("ensemble", *members, out, "--shares", "0.5,0.3,0.2")
    assert (result.code, result.stdout) == (0, "")
    assert "3 models, 3 classes, inputs image_16x16, image_24x16" in result.stderr
    made = classifier.load(out)
    assert classifier.image_sizes(made) == [(16, 16), (24, 16)]
    assert made.info.origins == ("1", "2", "3")
    np.testing.assert_allclose(classifier.probabilities(made, batch()), average(members, [0.5, 0.3, 0.2]), atol=1e-6)


@pytest.mark.slow
def test_plain_keras_predicts_the_same(celebtool: Callable, members: list[Path], tmp_path: Path) -> None:
    out = tmp_path / "all.h5"
    assert celebtool("ensemble", *members, out).code == 0
    got = plain_keras.predict(tmp_path, {"all": {f"image_{h}x{w}": values for (h, w), values in batch().items()}})[
        "all"
    ]
    np.testing.assert_allclose(got, average(members, [1 / 3] * 3), atol=1e-5)


@pytest.mark.slow
def test_networks_with_equal_layer_names_and_different_inputs(celebtool: Callable, tmp_path: Path) -> None:
    sizes = {"mobilenetv2": (32, 32), "cnn": (32, 32), "face-resnet29": (103, 103)}
    paths = [tmp_path / f"{name}.h5" for name in sizes]
    for (name, size), path in zip(sizes.items(), paths, strict=True):
        classifier.save(tiny(ModelInfo(name, NAMES, size)), path)
    out = tmp_path / "all.h5"
    assert celebtool("ensemble", *paths, paths[0], out, "--quiet").stderr == ""
    got = classifier.probabilities(classifier.load(out), {size: images(size) for size in set(sizes.values())})
    np.testing.assert_allclose(got.sum(axis=1), 1, atol=1e-5)
    inputs = {f"image_{h}x{w}": images((h, w)) for h, w in set(sizes.values())}
    np.testing.assert_allclose(plain_keras.predict(tmp_path, {"all": inputs})["all"], got, atol=1e-5)


def test_a_second_run_is_finished_and_another_is_refused(
    celebtool: Callable, members: list[Path], tmp_path: Path
) -> None:
    out = tmp_path / "all.h5"
    assert celebtool("ensemble", *members, out).code == 0
    content = out.read_bytes()
    again = celebtool("ensemble", *members, out)
    assert (again.code, "finished" in again.stderr) == (0, True)
    other = celebtool("ensemble", *members, out, "--shares", "1,2,3")
    assert other.code == 1
    assert other.stderr == f"celebtool: error: {out}: exists already; choose another name or add --overwrite\n"
    assert out.read_bytes() == content
    assert celebtool("ensemble", *members, out, "--shares", "1,2,3", "--overwrite").code == 0
    assert model_file.read_info(out).shares == (1 / 6, 1 / 3, 1 / 2)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["0.h5", "1.h5", "2.h5", "all.h5"]


def test_equal_runs_write_equal_bytes(celebtool: Callable, members: list[Path], tmp_path: Path) -> None:
    for name in ("one.h5", "other.h5"):
        assert celebtool("ensemble", *members, tmp_path / name).code == 0
    assert (tmp_path / "one.h5").read_bytes() == (tmp_path / "other.h5").read_bytes()


@pytest.mark.parametrize("shares", ["1", "1,2", "1,2,3,4", "a,b,c", "1,0,1", "1,-1,1", "1,nan,1", "1,inf,1", ""])
def test_shares_that_are_none_are_a_usage_error(
    celebtool: Callable, members: list[Path], tmp_path: Path, shares: str
) -> None:
    result = celebtool("ensemble", *members, tmp_path / "all.h5", "--shares", shares)
    assert result.code == 2
    assert "expected 3 positive numbers, one per model, as 0.6,0.4" in result.stderr.replace("\n", " ")


def test_what_is_wrong_with_a_member_is_one_line(celebtool: Callable, members: list[Path], tmp_path: Path) -> None:
    out = tmp_path / "all.h5"
    other = tmp_path / "other.h5"
    classifier.save(tiny(ModelInfo("cnn", ("ann", "eve"), (16, 16), dense=(4,))), other)
    (tmp_path / "text.h5").write_text("no model\n" * 30)
    assert celebtool("ensemble", *members[:2], tmp_path / "both.h5").code == 0
    for member, problem in {
        other: f"lacks bob, zoë, which {members[0]} has and has eve, which {members[0]} lacks; expected",
        tmp_path / "both.h5": "is an ensemble itself; give the models it was made of",
        tmp_path / "text.h5": "is no HDF5 file; expected",
        tmp_path / "none.h5": f"No such file or directory; did you mean {other}?",
        tmp_path: "Is a directory; expected",
    }.items():
        result = celebtool("ensemble", members[0], member, out)
        assert result.code == 1
        assert result.stderr.startswith(f"celebtool: error: {member}: {problem}")
        assert result.stderr.count("\n") == 1
        assert not out.exists()


def test_one_model_is_a_usage_error(celebtool: Callable, members: list[Path], tmp_path: Path) -> None:
    result = celebtool("ensemble", members[0], tmp_path / "all.h5")
    assert result.code == 2
    assert "expected at least two models" in result.stderr.replace("\n", " ")


def test_the_output_is_not_one_of_the_models(celebtool: Callable, members: list[Path]) -> None:
    before = members[0].read_bytes()
    result = celebtool("ensemble", *members, members[0], "--overwrite")
    assert result.code == 1
    assert members[0].read_bytes() == before


@pytest.fixture
def parts(make_folder: Callable[..., Path]) -> Path:
    """Train, val and test of the people the members know; the first is taken for `ann` by no member in particular."""
    for part, counts in {"train": (1, 1, 1), "val": (5, 4, 3), "test": (2, 2, 2)}.items():
        root = make_folder(dict(zip(NAMES, counts, strict=True)), f"parts/{part}")
    return root.parent


def val_loss(model: Path, parts: Path) -> float:
    """The mean log loss on val/, from what predict writes."""
    made = classifier.load(model)
    losses = []
    for number, name in enumerate(NAMES):
        for file in sorted((parts / "val" / name).iterdir()):
            image = read(file)
            batch = {size: resize(image, size)[None] for size in classifier.image_sizes(made)}
            losses.append(-np.log(classifier.probabilities(made, batch)[0, number]))
    return float(np.mean(losses))


def test_shares_are_tuned_on_val_and_on_nothing_else(
    celebtool: Callable, members: list[Path], parts: Path, tmp_path: Path
) -> None:
    result = celebtool("ensemble", *members, tmp_path / "tuned.h5", "--tune", parts)
    assert result.code == 0, result.stderr
    assert "Shares chosen on 12 val images" in result.stderr
    shares = np.array(model_file.read_info(tmp_path / "tuned.h5").shares)
    tuned = val_loss(tmp_path / "tuned.h5", parts)
    rng = np.random.default_rng(0)
    for number in range(4):
        other = np.abs(shares + rng.normal(0, 0.1, 3)) + 1e-3
        path = tmp_path / f"other-{number}.h5"
        assert celebtool("ensemble", *members, path, "--shares", ",".join(map(str, other))).code == 0
        assert val_loss(path, parts) >= tuned - 1e-4
    again = celebtool("ensemble", *members, tmp_path / "tuned.h5", "--tune", parts)
    assert (again.code, "finished" in again.stderr) == (0, True)
    for file in (parts / "test").rglob("*.png"):
        file.unlink()
    for label in NAMES:
        (parts / "test" / label).rmdir()
    (parts / "test").rmdir()
    assert celebtool("ensemble", *members, tmp_path / "same.h5", "--tune", parts).code == 0
    assert tuple(shares) == model_file.read_info(tmp_path / "same.h5").shares


def test_a_member_that_knows_val_is_named(
    celebtool: Callable, members: list[Path], parts: Path, tmp_path: Path
) -> None:
    photo = manifest.sha256(parts / "val/ann/000.png")
    knowing = tmp_path / "knowing.h5"
    classifier.save(tiny(ModelInfo("cnn", NAMES, (16, 16), dense=(4,), origins=(photo,))), knowing)
    inside = celebtool("ensemble", *members, parts / "out.h5", "--tune", parts)
    problem = f"{parts}/out.h5: lies inside the input {parts}; choose an output beside it"
    assert (inside.code, inside.stderr.splitlines()[-1]) == (1, f"celebtool: error: {problem}")
    result = celebtool("ensemble", members[0], knowing, tmp_path / "out.h5", "--tune", parts)
    assert f"warning: {knowing} was trained on 1 of the 12 val photos; its share will be too large" in result.stderr


def test_tuning_wants_val_the_same_classes_and_no_shares(
    celebtool: Callable, members: list[Path], make_folder: Callable[..., Path], tmp_path: Path
) -> None:
    out = tmp_path / "out.h5"
    make_folder(dict.fromkeys(NAMES, 2), "only/train")
    result = celebtool("ensemble", *members, out, "--tune", tmp_path / "only")
    assert (result.code, result.stderr.splitlines()[-1]) == (
        1,
        f"celebtool: error: {tmp_path}/only: has no val/ images to choose the shares on; give --shares",
    )
    make_folder({"ann": 2, "bob": 2}, "others/train")
    result = celebtool("ensemble", *members, out, "--tune", tmp_path / "others")
    assert (result.code, "lacks the class zoë" in result.stderr) == (1, True)
    result = celebtool("ensemble", *members, out, "--tune", tmp_path / "only", "--shares", "1,1,1")
    assert (result.code, "chooses the shares; remove --shares" in result.stderr.replace("\n", " ")) == (2, True)
    assert not out.exists()
