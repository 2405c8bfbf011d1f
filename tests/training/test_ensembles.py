"""Which models can be averaged, and what is said when they can't."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from celebtool.errors import CelebtoolError
from celebtool.formats import model_info
from celebtool.formats.model_info import Array, Layer, ModelInfo
from celebtool.training import ensembles
from tests.support import models

CROPS = {"size": 224, "margin": 0.25, "align": True}
A = ModelInfo("cnn", ("ann", "bob", "zoë"), (96, 96), crops=CROPS, origins=("1", "3"), recipe={"command": "train"})
B = replace(A, class_names=("zoë", "ann", "bob"), image_size=(64, 64), crops={**CROPS, "size": 96}, origins=("2", "3"))


def paths(*infos: ModelInfo) -> list[tuple[Path, ModelInfo]]:
    return [(Path(f"{name}.h5"), info) for name, info in zip("abcdefghijklmnopqrst", infos, strict=False)]


def test_models_of_the_same_people_and_crops_go_together() -> None:
    assert ensembles.check(paths(A, B)) is None


@pytest.mark.parametrize(
    ("second", "problem"),
    [
        (replace(A, class_names=("ann", "bob")), "b.h5: lacks zoë, which a.h5 has; expected"),
        (replace(A, class_names=("ann", "bob", "zoë", "eve")), "b.h5: has eve, which a.h5 lacks"),
        (replace(A, class_names=("ann", "eve")), "b.h5: lacks bob, zoë, which a.h5 has and has eve, which a.h5 lacks"),
        (
            replace(A, crops={**CROPS, "margin": 0.1}),
            "b.h5: was trained on faces cropped with margin 0.1, a.h5 with margin 0.25",
        ),
        (replace(A, crops={**CROPS, "align": False}), "cropped with align False, a.h5 with align True"),
        (replace(A, architecture="ensemble", members=(A, A), shares=(0.5, 0.5)), "b.h5: is an ensemble itself"),
    ],
)
def test_what_can_not_be_averaged(second: ModelInfo, problem: str) -> None:
    with pytest.raises(CelebtoolError, match=problem):
        ensembles.check(paths(A, second))


def test_many_missing_names_are_cut_short() -> None:
    with pytest.raises(CelebtoolError, match="lacks 00, 01, 02, 03, 04 and 25 more, which"):
        ensembles.check(
            paths(replace(A, class_names=tuple(f"{i:02}" for i in range(31))), replace(A, class_names=("30",)))
        )


def test_faces_that_were_not_cropped_beside_some_that_were_are_a_warning() -> None:
    assert ensembles.check(paths(A, replace(A, crops=None))) == (
        "b.h5: not trained on faces that crop-faces made, as a.h5 was"
    )
    assert ensembles.check(paths(*[replace(A, crops=None)] * 2)) is None


@pytest.mark.parametrize("count", [0, 1, 17])
def test_how_many(count: int) -> None:
    with pytest.raises(CelebtoolError, match=f"got {count} models to average; expected 2 to 16"):
        ensembles.check(paths(*[A] * count))


def test_an_ensemble_holds_no_embeddings() -> None:
    info, _ = ensembles.combine([(models.ENROLLED, models.ARRAYS)] * 2, [0.5, 0.5], {})
    assert model_info.from_json(model_info.to_json(info)) == info
    assert [(each.enrolment, each.strangers) for each in (info, *info.members)] == [(None, ())] * 3
    assert set(info.origins) == set(models.ENROLLED.origins)


def test_columns_move_with_their_classes() -> None:
    kernel = Array("head_probabilities", "head_probabilities/kernel", (2, 3))
    bias = Array("head_probabilities", "head_probabilities/bias", (3,))
    conv = Array("conv", "conv/bias", (3,))
    values = {
        kernel: np.array([[1, 2, 3], [4, 5, 6]], "f4"),
        bias: np.array([1, 2, 3], "f4"),
        conv: np.array([1, 2, 3], "f4"),
    }
    first = replace(A, layers=(Layer("conv", "Conv2D", (3,), 3, 0, trainable=False),), arrays=(conv, kernel, bias))
    info, arrays = ensembles.combine([(first, dict(values)), (B, dict(values))], [3, 1], {"command": "ensemble"})
    by_name = {f"{array.layer} {array.name}": list(map(list, np.atleast_2d(v))) for array, v in arrays.items()}
    assert by_name == {
        "member_1_head_probabilities head_probabilities/kernel": [[1, 2, 3], [4, 5, 6]],
        "member_1_head_probabilities head_probabilities/bias": [[1, 2, 3]],
        "member_1_conv conv/bias": [[1, 2, 3]],
        "member_2_head_probabilities head_probabilities/kernel": [[2, 3, 1], [5, 6, 4]],
        "member_2_head_probabilities head_probabilities/bias": [[2, 3, 1]],
        "member_2_conv conv/bias": [[1, 2, 3]],
    }
    assert info.class_names == A.class_names
    assert info.shares == (0.75, 0.25)
    assert info.origins == ("1", "2", "3")
    assert info.crops == CROPS
    assert info.image_size == (96, 96)
    assert info.inputs == {"image_64x64": (64, 64), "image_96x96": (96, 96)}
    assert [member.class_names for member in info.members] == [A.class_names] * 2
    assert [layer.name for layer in info.layers] == ["member_1_conv"]


def test_recipes_tell_models_and_shares_apart() -> None:
    one, other = replace(A, arrays_sha256="1"), replace(A, arrays_sha256="2")
    recipes = [
        ensembles.recipe(members, shares)
        for members, shares in (([one, other], [1, 1]), ([other, one], [1, 1]), ([one, other], [1, 2]))
    ]
    assert len({str(recipe) for recipe in recipes}) == 3
    assert ensembles.recipe([one, other], [1, 1]) == recipes[0]


def test_tuned_shares_are_those_of_the_least_log_loss() -> None:
    rng = np.random.default_rng(0)
    probabilities = rng.beta([[2], [3], [1]], [[1], [2], [3]], (3, 400))
    shares = ensembles.tune(probabilities)
    grid = [(a, b, 1 - a - b) for a in np.arange(0, 1.01, 0.02) for b in np.arange(0, 1.01 - a, 0.02)]
    least = min(ensembles.log_loss(probabilities, [max(share, 1e-9) for share in point]) for point in grid)
    assert ensembles.log_loss(probabilities, shares) <= least + 1e-3  # the least share that is left to the worst
    assert sum(shares) == pytest.approx(1, abs=0.002)


def test_a_member_that_adds_nothing_gets_the_least_share() -> None:
    good, bad = np.full(50, 0.9), np.full(50, 0.1)
    assert ensembles.tune(np.stack([good, bad])) == (1.0, 0.001)


def test_members_that_are_equally_good_on_other_images_share() -> None:
    assert ensembles.tune(np.array([[0.9, 0.1], [0.1, 0.9]])) == (0.5, 0.5)
