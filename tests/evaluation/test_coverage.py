import numpy as np
import pytest

from celebtool.errors import CelebtoolError, GateError
from celebtool.evaluation.coverage import Coverage
from celebtool.formats.prediction_row import Prediction

BOX = (0.0, 0.0, 30.0, 30.0)


def good(path: str, *, box: bool = False) -> Prediction:
    return Prediction(path, np.array([1.0]), "ann", box=BOX if box else None)


def bad(path: str, reason: str = "unreadable") -> Prediction:
    return Prediction(path, None, reason=reason)


def counted(*rows: Prediction) -> Coverage:
    coverage = Coverage()
    assert tuple(coverage.counted(rows)) == rows
    return coverage


def test_faces_and_photos_are_counted_apart() -> None:
    coverage = counted(good("a", box=True), good("a", box=True), good("b", box=True), bad("c", "no_face"))
    assert coverage.summary(faces=True) == "3 faces in 3 photos; 1 photo failed (no face)"


def test_images_are_counted_with_the_reasons_of_failures() -> None:
    assert counted(good("a"), good("a")).summary(faces=False) == "2 images"
    coverage = counted(good("a"), bad("b"), bad("c"), bad("d", "not_an_image"))
    assert coverage.summary(faces=False) == "4 images; 3 images failed (2 unreadable, 1 not an image)"


def test_a_run_in_which_all_failed_is_an_error() -> None:
    counted(good("a"), bad("b")).check_any("in")
    counted().check_any("in")
    with pytest.raises(CelebtoolError) as raised:
        counted(bad("a"), bad("b", "no_face")).check_any("in")
    assert str(raised.value) == (
        "in: no prediction for any of 2 images (1 unreadable, 1 no face); expected photos of faces"
    )
    assert raised.value.exit_code == 1


@pytest.mark.parametrize(("most", "met"), [(None, True), (0.5, True), (0.49, False), (0.0, False)])
def test_the_share_of_failures_is_a_gate(most: float | None, met: bool) -> None:
    coverage = counted(good("a"), bad("b"))
    if met:
        coverage.check_share(most, "out.csv")
        return
    with pytest.raises(GateError) as raised:
        coverage.check_share(most, "out.csv")
    assert str(raised.value) == f"out.csv: 1 of 2 images failed (50.0%); at most {most:.1%} were allowed"
