import base64
import json
from dataclasses import replace

import numpy as np
import pytest

import celebtool
from celebtool.formats import exported, vectors
from celebtool.formats.model_info import ModelInfo
from tests.support.models import ENROLLED

CROPS = {"size": 224, "margin": 0.25, "align": True, "format": "jpg"}
ALIGNED = replace(ENROLLED, crops=CROPS, threshold=0.5, image_size=(120, 60), arrays_sha256="ab")


def described(info: ModelInfo) -> dict:
    return json.loads(exported.describe(info, "d1"))


def test_everything_that_the_answers_need_is_there() -> None:
    found = described(ALIGNED)
    assert found["model"] == {"sha256": "d1", "arrays_sha256": "ab", "architecture": "cnn"}
    assert (found["class_names"], found["threshold"], found["crops"]) == (["ann", "bob"], 0.5, CROPS)
    image = found["inputs"]["image"]
    assert (image["shape"], image["type"]) == ([None, 120, 60, 3], "uint8, 0 to 255")
    assert list(found["outputs"]) == ["probabilities", "score", "embedding"]
    assert "minus the cosine to the nearest remembered stranger" in found["outputs"]["score"]
    assert np.frombuffer(base64.b64decode(found["centroids"][1]), "<f4").tolist() == [0, 0, 1, 0]
    assert found["strangers"] == [vectors.pack(np.eye(4)[3])]


def test_nothing_is_there_of_the_embeddings_of_people_and_of_their_photos() -> None:
    assert not {"enrolment", "origins", "images", "recipe"} & set(described(ALIGNED))


def test_the_points_of_a_face_lie_in_the_input_as_in_a_crop() -> None:
    face = described(ALIGNED)["inputs"]["image"]["face"]
    assert face["nose"] == [pytest.approx(60 * (0.490127 + 0.25) / 1.5, abs=1e-3), pytest.approx(61.25, abs=1e-3)]
    assert face["left eye"][0] < face["right eye"][0]  # of the image
    for crops in (None, {**CROPS, "align": False}, {"size": 224}):
        assert "face" not in described(replace(ALIGNED, crops=crops))["inputs"]["image"]


def test_the_version_is_the_first_key_and_all_is_ascii() -> None:
    text = exported.describe(replace(ALIGNED, class_names=("Zoë", '{"celebtool":')), "")
    assert text.startswith(f'{{"celebtool":"{celebtool.__version__}",')
    assert text.count('{"celebtool":') == 1  # by which a reader finds it
    assert text.isascii()


def test_an_ensemble_has_an_input_for_each_size_and_lists_its_members() -> None:
    sizes = ((16, 16), (24, 16), (16, 16))
    members = tuple(ModelInfo("cnn", ("a", "b"), size) for size in sizes)
    info = ModelInfo("ensemble", ("a", "b"), (24, 16), members=members, shares=(0.5, 0.3, 0.2))
    found = described(info)
    assert {name: each["shape"] for name, each in found["inputs"].items()} == {
        "image_16x16": [None, 16, 16, 3],
        "image_24x16": [None, 24, 16, 3],
    }
    assert [(each["input"], each["share"]) for each in found["model"]["members"]] == [
        ("image_16x16", 0.5),
        ("image_24x16", 0.3),
        ("image_16x16", 0.2),
    ]
    assert (list(found["outputs"]), found["threshold"]) == (["probabilities", "score"], None)
