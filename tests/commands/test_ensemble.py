"""``ensemble``: one file whose probabilities are the weighted average of its members'."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from celebtool.formats import model_file
from celebtool.formats.model_info import ModelInfo
from celebtool.nn import classifier
from tests.nn.test_classifier import images, in_plain_keras, tiny

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
    got = in_plain_keras(tmp_path, {"all": {f"image_{h}x{w}": values for (h, w), values in batch().items()}})["all"]
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
    np.testing.assert_allclose(in_plain_keras(tmp_path, {"all": inputs})["all"], got, atol=1e-5)


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
        tmp_path / "none.h5": "No such file or directory; expected a model .h5",
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
    assert "expected two models at least" in result.stderr.replace("\n", " ")


def test_the_output_is_not_one_of_the_models(celebtool: Callable, members: list[Path]) -> None:
    before = members[0].read_bytes()
    result = celebtool("ensemble", *members, members[0], "--overwrite")
    assert result.code == 1
    assert members[0].read_bytes() == before
