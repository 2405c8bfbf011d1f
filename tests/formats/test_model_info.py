"""What a model says of itself: written and read back, and refused when it is not as it should be."""

import json
from dataclasses import replace

import pytest

from celebtool.formats import model_info
from celebtool.formats.acceptance import Acceptance
from celebtool.formats.history import Epoch
from celebtool.formats.model_info import Array, Layer, ModelInfo
from tests.support import models

ANN = {"embeddings": 2, "images": [0, 1], "photos": [0]}
BOB = {"embeddings": 1, "images": [3], "photos": [2, 4]}
NOBODY = {"embeddings": 0, "images": [], "photos": [5]}

FULL = ModelInfo(
    architecture="cnn",
    class_names=("Ann", "Beyoncé", "007", "None", "\udcff"),
    image_size=(96, 112),
    seed=2**32 - 1,
    dense=(256, 64),
    dropout=0.5,
    l2=1e-4,
    crops={"size": 224, "margin": 0.25, "align": True},
    temperature=1.5,
    threshold=0.25,
    acceptance=Acceptance(0.01, False, "own faces", 2, 9, 4, 0.9, 0, 0.02, 0.001, 0.08),
    centroids=("AACAPw==", "AAAAQA=="),
    history=(Epoch(1, 0.5, 0.75, None, None, 1e-3, None), Epoch(2, 0.25, 1.0, 0.5, 0.5, 1e-3, None)),
    metrics={"val_accuracy": 0.5},
    versions={"keras": "3.15.1"},
    origins=("00ff", "ff00"),
    recipe={"command": "train", "parameters": {"seed": 0}, "input": {"made_by": None}},
    layers=(Layer("image", "InputLayer", (96, 112, 3), 0, 0, trainable=True),),
    arrays=(Array("conv", "conv/kernel", (3, 3, 3, 8)),),
    arrays_sha256="ab" * 32,
)


def test_round_trip() -> None:
    assert model_info.from_json(model_info.to_json(FULL)) == FULL


def test_an_ensemble_round_trips_and_names_its_inputs() -> None:
    small = replace(FULL, image_size=(96, 96), origins=())
    info = replace(FULL, architecture="ensemble", members=(FULL, small, small), shares=(0.5, 0.25, 0.25))
    assert model_info.from_json(model_info.to_json(info)) == info
    assert info.inputs == {"image_96x96": (96, 96), "image_96x112": (96, 112)}
    assert FULL.inputs == {"image": (96, 112)}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("schema", 2),
        ("schema", None),
        ("architecture", 7),
        ("architecture", ""),
        ("architecture", "ensemble"),
        ("class_names", []),
        ("class_names", ["a", "a"]),
        ("class_names", ["a", 1]),
        ("class_names", "ab"),
        ("class_names", ["unknown", "bob"]),
        ("class_names", ["a" * 5000]),
        ("image_size", [96]),
        ("image_size", [96, 10**9]),
        ("image_size", [96, -1]),
        ("image_size", [96, 96.0]),
        ("image_size", [True, True]),
        ("seed", -1),
        ("dense", [10**9]),
        ("dense", [0]),
        ("dropout", 1),
        ("dropout", "0.5"),
        ("l2", -1),
        ("l2", 10**400),
        ("crops", []),
        ("crops", {"size": "abc"}),
        ("crops", {"size": 15}),
        ("crops", {"size": 2049}),
        ("crops", {"margin": -0.1}),
        ("crops", {"margin": 1e308}),
        ("crops", {"align": 1}),
        ("crops", {"format": ["tiff"]}),
        ("crops", {"select": "all"}),
        ("temperature", 0),
        ("threshold", True),
        ("acceptance", {"asked": 0.01}),
        ("history", [{"epoch": 1}]),
        ("metrics", {"a": "b"}),
        ("versions", {"a": 1}),
        ("origins", [1]),
        ("recipe", None),
        ("layers", [{}]),
        ("arrays", [{"layer": "a", "name": "b", "shape": [2**40]}]),
        ("arrays", [{"layer": "a", "name": "b", "shape": [1] * 9}]),
        ("arrays", [{"layer": "a", "name": "b", "shape": [1], "more": 1}]),
        ("members", [{}]),
        ("shares", [0.5]),
    ],
)
def test_a_field_out_of_bounds_is_named(field: str, value: object) -> None:
    content = json.loads(model_info.to_json(FULL))
    content[field] = value
    with pytest.raises(ValueError, match=field if field not in {"architecture", "members"} else r"."):
        model_info.from_json(json.dumps(content).encode())


@pytest.mark.parametrize("shares", [(1, 1), (0, 0), (0.5, 0.50001), (1.5, -0.5), (1,)])
def test_shares_that_make_no_average_are_refused(shares: tuple[float, ...]) -> None:
    info = replace(FULL, architecture="ensemble", members=(FULL, FULL), shares=shares)
    with pytest.raises(ValueError, match="shares"):
        model_info.from_json(model_info.to_json(info))


@pytest.mark.parametrize("given", [(1, 0.0), (0.1,) * 10, (0.001, 0.999), (1e300, 1e-300), (0.333, 0.333, 0.333)])
def test_shares_that_ensemble_writes_are_read(given: tuple[float, ...]) -> None:
    shares = tuple(share / sum(given) for share in given)
    info = replace(FULL, architecture="ensemble", members=(FULL,) * len(shares), shares=shares)
    assert model_info.from_json(model_info.to_json(info)).shares == shares


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff\xfe",
        b"[]",
        b"null",
        b'{"schema":1}',
        b"[" * 5000 + b"]" * 5000,
        b'{"schema":1,"recipe":' + b'{"a":' * 5000 + b"1" + b"}" * 5001,
        b'{"schema":1,"members":' + b'[{"members":' * 300 + b"[]" + b"}]" * 300 + b"}",
        b'{"schema":1,"l2":NaN}',
        b'{"schema":1,"seed":' + b"9" * 5000 + b"}",
        b"[" + b"{}," * 2_000_000 + b"{}]",
        b"[" + b",".join([b"[" * 900 + b"]" * 900] * 1200) + b"]",
        b"[" + b",".join([b'{"":' * 900 + b"1" + b"}" * 900] * 600) + b"]",
    ],
)
def test_hostile_json_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match="."):
        model_info.from_json(data)


def test_fields_may_neither_be_missing_nor_unknown() -> None:
    content = json.loads(model_info.to_json(FULL))
    for field in content.keys() - {"acceptance", "strangers", "enrolment"}:
        with pytest.raises(ValueError, match="."):
            model_info.from_json(json.dumps({key: value for key, value in content.items() if key != field}).encode())
    with pytest.raises(ValueError, match="not an object of"):
        model_info.from_json(json.dumps({**content, "more": 1}).encode())


def test_models_of_before_do_not_say_what_their_threshold_was_set_by() -> None:
    content = json.loads(model_info.to_json(FULL))
    del content["acceptance"]
    assert model_info.from_json(json.dumps(content).encode()) == replace(FULL, acceptance=None)


def test_models_of_before_hold_no_embeddings() -> None:
    content = json.loads(model_info.to_json(FULL))
    del content["enrolment"], content["strangers"]
    assert model_info.from_json(json.dumps(content).encode()) == FULL


def test_what_a_model_holds_of_people_round_trips() -> None:
    info = models.ENROLLED
    assert model_info.from_json(model_info.to_json(info)) == info
    assert info.enrolment.shape == (3, 4)


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"people": [ANN]}, "enrolment: people: not a list of 2 to"),
        ({"people": [ANN, ANN, ANN]}, "enrolment: 3 people in 2 classes"),
        ({"people": [ANN, {**BOB, "embeddings": 2}]}, "enrolment: more or fewer embeddings than images"),
        ({"people": [ANN, {**BOB, "embeddings": 0}]}, "enrolment: more or fewer embeddings than images"),
        ({"people": [ANN, {**BOB, "embeddings": True}]}, "enrolment: people: embeddings: not a whole number"),
        ({"people": [ANN, {**BOB, "images": [6]}]}, "enrolment: places of digests that are none"),
        ({"people": [ANN, {**BOB, "photos": [4, 2]}]}, "enrolment: places of digests that are none"),
        ({"people": [ANN, {**BOB, "photos": [4, 4]}]}, "enrolment: places of digests that are none"),
        ({"people": [ANN, {**BOB, "photos": [-1]}]}, "enrolment: people: photos: not a whole number"),
        ({"people": [ANN, {**BOB, "photos": [4]}]}, "enrolment: a digest that is nobody's"),
        ({"people": [ANN, {**BOB, "images": [], "embeddings": 0}]}, "enrolment: a class without images"),
        ({"people": [ANN, {**BOB, "name": "bob"}]}, "enrolment: people: not an object of embeddings, images, photos"),
        ({"strangers": NOBODY}, "strangers: others than the enrolment lists"),
        ({"width": 0}, "enrolment: width: not a whole number from 1 to 512"),
        ({"width": 513}, "enrolment: width: not a whole number from 1 to 512"),
        ({"sha256": 7}, "enrolment: sha256: not a text"),
        ({"solver": "adam"}, "enrolment: solver: none of mean, lbfgs"),
        ({"false_accept": 2}, "enrolment: false_accept: not a number from 0 to 1"),
        ({"more": 1}, "enrolment: not an object of"),
    ],
)
def test_people_that_the_rest_does_not_bear_out_are_refused(fields: dict, problem: str) -> None:
    content = json.loads(model_info.to_json(models.ENROLLED))
    content["enrolment"].update(fields)
    with pytest.raises(ValueError, match=problem):
        model_info.from_json(json.dumps(content).encode())


def test_people_need_means_and_a_model_of_their_own() -> None:
    for info in (
        replace(models.ENROLLED, centroids=models.ENROLLED.centroids[:1]),
        replace(models.ENROLLED, centroids=()),
    ):
        with pytest.raises(ValueError, match="enrolment: without the means of the classes"):
            model_info.from_json(model_info.to_json(info))
    several = replace(models.INFO, architecture="ensemble", members=(models.ENROLLED,) * 2, shares=(0.5, 0.5))
    with pytest.raises(ValueError, match="members: with an enrolment, which only a single model has"):
        model_info.from_json(model_info.to_json(several))


def test_deep_recipes_are_refused() -> None:
    recipe: dict[str, object] = {}
    for _ in range(70):
        recipe = {"input": recipe}
    with pytest.raises(ValueError, match="recipe: nested too deeply"):
        model_info.from_json(model_info.to_json(replace(FULL, recipe=recipe)))
