from dataclasses import replace

import numpy as np
import pytest

from celebtool.formats.acceptance import Acceptance
from celebtool.formats.model_info import ModelInfo
from celebtool.training import acceptance
from celebtool.training.acceptance import Evidence
from celebtool.training.impostors import Impostors

FAR_BELOW = Impostors(0.0, 0.05, 100, 100, (1.0,) * 5)  # 1 % reaches 0.15
CLOSE = Impostors(0.4, 0.1, 100, 100, (1.0,) * 5)  # 1 % reaches 0.7
SCORES = np.linspace(0.5, 0.9, 40)


def described(threshold: float | None, found: Acceptance) -> ModelInfo:
    return ModelInfo("cnn", tuple("abcde"), (64, 64), threshold=threshold, acceptance=found)


def test_the_threshold_is_for_the_share_asked_where_the_known_allow_it() -> None:
    limit, found = acceptance.decide(Evidence(5, SCORES, impostors=FAR_BELOW), None)
    assert limit == pytest.approx(FAR_BELOW.threshold(0.01))
    assert (found.accepted, found.false_accepts, found.basis, found.insisted) == (
        1.0,
        pytest.approx(0.01),
        "own faces",
        False,
    )


@pytest.mark.parametrize("count", [10, 19, 25, 40])
def test_no_more_than_a_tenth_of_the_known_is_rejected(count: int) -> None:
    scores = np.linspace(0.55, 0.9, count)
    limit, found = acceptance.decide(Evidence(5, scores, impostors=CLOSE), None)
    assert (scores < limit).mean() <= 0.1
    assert found.accepted >= 0.9
    assert found.false_accepts == pytest.approx(CLOSE.false_accepts(limit))
    assert found.false_accepts > 0.01


def test_val_alone_counts_too_if_it_is_large_enough() -> None:
    val = np.linspace(0.5, 0.6, 20)
    limit, _ = acceptance.decide(Evidence(5, val, SCORES + 0.2, impostors=replace(CLOSE, location=0.3)), None)
    assert (val < limit).mean() <= 0.1


def test_one_bad_photo_of_few_does_not_move_the_threshold() -> None:
    few = np.array([0.72, 0.74, 0.76, 0.78, 0.8])
    bad = few.copy()
    bad[0] = 0.1
    limits = [
        acceptance.decide(Evidence(5, scores, impostors=CLOSE, pretrained=True), None)[0] for scores in (few, bad)
    ]
    assert limits[0] == pytest.approx(limits[1], abs=0.02)


def test_few_faces_do_not_lower_the_threshold_far() -> None:
    few = np.array([0.1, 0.2, 0.2, 0.3])
    limit, found = acceptance.decide(Evidence(5, few, impostors=CLOSE, pretrained=True), None)
    assert limit == pytest.approx(CLOSE.threshold(0.05))
    assert found.false_accepts == pytest.approx(0.05)


def test_few_faces_of_another_network_are_all_accepted_or_there_is_no_threshold() -> None:
    few = np.array([0.75, 0.8, 0.8])
    limit, found = acceptance.decide(Evidence(5, few, impostors=CLOSE), None)
    assert (limit < few.min(), found.accepted) == (True, 1.0)
    assert acceptance.decide(Evidence(5, few - 0.5, impostors=CLOSE), None)[0] is None


def test_a_user_who_insists_gets_the_share() -> None:
    limit, found = acceptance.decide(Evidence(5, SCORES, impostors=CLOSE), 0.01)
    assert found.insisted
    assert limit == pytest.approx(CLOSE.threshold(0.01))
    assert found.accepted == np.count_nonzero(limit <= SCORES) / 40 < 0.9


def test_scores_that_cannot_tell_strangers_apart_get_no_threshold() -> None:
    alike = replace(CLOSE, location=0.6)
    limit, found = acceptance.decide(Evidence(5, SCORES, impostors=alike), None)
    assert (limit, found.accepted) == (None, None)
    assert found.false_accepts > acceptance.USELESS
    assert acceptance.decide(Evidence(5, SCORES, impostors=alike), 0.01)[0] is not None


def test_a_pretrained_face_network_always_gets_a_threshold_for_its_known_faces() -> None:
    alike = replace(CLOSE, location=0.6)
    limit, found = acceptance.decide(Evidence(5, SCORES, impostors=alike, pretrained=True), None)
    assert (limit > SCORES).mean() <= 0.1
    assert found.false_accepts > acceptance.USELESS


def test_a_threshold_that_no_score_can_reach_is_none() -> None:
    assert acceptance.decide(Evidence(5, impostors=replace(CLOSE, location=0.9)), 0.001)[0] is None


def test_enough_strangers_set_the_threshold_by_themselves() -> None:
    strangers = np.linspace(0, 0.7, 200)
    limit, found = acceptance.decide(Evidence(5, SCORES, strangers=strangers, impostors=CLOSE), None)
    assert (strangers >= limit).sum() == 2
    assert (found.basis, found.insisted, found.strangers, found.false_accepts) == ("strangers", True, 200, 0.01)


def test_one_known_face_among_few_strangers_does_not_decide() -> None:
    strangers = np.append(np.linspace(0.1, 0.3, 30), 0.9)
    limit, _ = acceptance.decide(Evidence(5, SCORES, strangers=strangers), None)
    assert 0.3 < limit < 0.5


def test_both_sides_are_said() -> None:
    found = Acceptance(0.01, False, "own faces", 5, 50, 50, 0.96, 0, 0.02, 0.004, 0.085)
    assert acceptance.expected(described(0.4321, found)) == [
        (
            "threshold 0.432: accepts 96 % of your 50 val faces that are named rightly; "
            "about 2 % of strangers would pass (likely 0.4 to 8.5 %)"
        ),
        "5 people are few to estimate strangers from; photos of strangers in unknown/ make the threshold surer",
    ]
    assert acceptance.doubts(described(0.4321, found)) == [
        "to let 1 % of strangers pass would reject more than 10 % of your faces; `--false-accept 0.01` insists on it",
    ]


@pytest.mark.parametrize(
    ("in_val", "faces"),
    [
        (0, "your 50 training faces, each measured without itself"),
        (7, "your 50 faces (7 of val; those of train, each measured without itself)"),
    ],
)
def test_which_faces_were_measured_is_said(in_val: int, faces: str) -> None:
    found = Acceptance(0.01, False, "own faces", 5, 50, in_val, 0.996, 0, 0.01, 0.001, 0.02)
    assert f"accepts 99.6 % of {faces};" in acceptance.expected(described(0.4, found))[0]
    assert acceptance.doubts(described(0.4, found)) == []


def test_what_a_threshold_costs_is_said() -> None:
    found = Acceptance(0.01, True, "strangers", 5, 50, 50, 0.62, 200, 0.01, 0.001, 0.04)
    said = "the threshold rejects 38 % of your faces; a larger --false-accept rejects fewer"
    assert acceptance.doubts(described(0.4, found)) == [said]


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (
            Acceptance(0.01, False, "nothing", 3),
            "no threshold for strangers can be set without val/ images; divide the images with `celebtool split`",
        ),
        (
            Acceptance(0.001, True, "nothing", 3),
            (
                "no threshold for strangers can be set without val/ images, and --false-accept has no effect; "
                "divide the images with `celebtool split`"
            ),
        ),
        (
            Acceptance(0.01, False, "own faces", 5, 50, 50, None, 0, 0.61, 0.4, 0.8),
            (
                "no threshold is set: one that accepts 90 % of your faces would let about 61 % of strangers pass "
                "(--arch face-sface tells strangers apart, --false-accept 0.01 sets one all the same)"
            ),
        ),
        (
            Acceptance(0.001, True, "other people's faces", 3, false_accepts=0.001, low=0, high=0.1),
            (
                "no threshold keeps strangers out: photos of different people here are as alike as photos of one, "
                "and --false-accept has no effect"
            ),
        ),
    ],
)
def test_why_there_is_no_threshold_is_said(found: Acceptance, said: str) -> None:
    assert acceptance.doubts(described(None, found)) == [f"{said}; so strangers get a name, too"]
    assert acceptance.expected(described(None, found)) == []


def test_a_threshold_from_other_peoples_faces_is_labelled() -> None:
    found = Acceptance(0.01, False, "other people's faces", 9, false_accepts=0.01, low=0.001, high=0.02)
    (said,) = acceptance.doubts(described(0.4, found))
    assert said == "the threshold rests on other people's faces: one photo a person does not show how alike photos are"
    assert acceptance.expected(described(0.4, found)) == [
        "threshold 0.4: about 1 % of strangers would pass (likely 0.1 to 2 %)"
    ]


def test_a_model_of_before_says_nothing() -> None:
    info = ModelInfo("cnn", tuple("abcde"), (64, 64), threshold=0.5)
    assert acceptance.expected(info) == acceptance.doubts(info) == []


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (0, "0 %"),
        (1e-5, "less than 0.01 %"),
        (0.0004, "0.04 %"),
        (0.015, "1.5 %"),
        (0.02, "2 %"),
        (0.1, "10 %"),
        (0.955, "96 %"),
        (0.996, "99.6 %"),
        (0.9999, "100 %"),
        (1, "100 %"),
    ],
)
def test_shares_have_the_digits_that_matter(share: float, text: str) -> None:
    assert acceptance.percent(share) == text
