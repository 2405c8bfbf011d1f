from typing import get_args

import numpy as np
import pytest

from celebtool.cropping import pick_in_photo
from celebtool.imaging.alignment import Box, Face


def face(left: float, top: float, width: float, confidence: float = 0.99) -> Face:
    return Face(Box(left, top, width, width), np.zeros((5, 2)), confidence)


CORNER = face(0, 0, 50)
LARGE = face(60, 0, 80)
MIDDLE = face(80, 80, 40)
SURE = face(150, 150, 30, 0.999)


@pytest.mark.parametrize(
    ("rule", "expected"),
    [("largest", [LARGE]), ("center", [MIDDLE]), ("confident", [SURE]), ("only", [])],
)
def test_rules(rule: pick_in_photo.Rule, expected: list[Face]) -> None:
    assert pick_in_photo.choose([CORNER, LARGE, MIDDLE, SURE], (200, 200), rule) == expected


@pytest.mark.parametrize("rule", get_args(pick_in_photo.Rule))
def test_one_face_or_none(rule: pick_in_photo.Rule) -> None:
    assert pick_in_photo.choose([LARGE], (200, 200), rule) == [LARGE]
    assert pick_in_photo.choose([], (200, 200), rule) == []


@pytest.mark.parametrize("rule", ["all", "identity"])
def test_all(rule: pick_in_photo.Rule) -> None:
    assert pick_in_photo.choose([CORNER, LARGE], (200, 200), rule) == [CORNER, LARGE]


@pytest.mark.parametrize(
    ("faces", "reason"),
    [
        ([], "no_face"),
        ([face(0, 0, 90, 0.5)], "low_confidence"),
        ([face(0, 0, 30), face(0, 0, 90, 0.5)], "too_small"),
        ([face(0, 0, 30), LARGE], None),
    ],
)
def test_why_no_face_is_eligible(faces: list[Face], reason: str | None) -> None:
    assert pick_in_photo.eligible(faces, 40, 0.9)[1] == reason
