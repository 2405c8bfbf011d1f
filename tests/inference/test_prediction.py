"""Rows come in order, whoever computes them; memory stays flat; an image that kills workers costs its row alone."""

import os
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from celebtool.errors import SystemFaultError
from celebtool.formats.prediction_row import Prediction
from celebtool.formats.sources import Source
from celebtool.imaging.alignment import Box
from celebtool.inference import lots, prediction, predictor
from celebtool.inference.lots import FaceFeatures, PhotoFeatures, Shard
from celebtool.inference.prediction import Pool, Settings
from celebtool.inference.predictor import Predictor
from celebtool.system import workers
from celebtool.system.progress import Silent
from tests.support.models import write

HERE = "tests.inference.test_prediction"
USUAL = Settings(0.5)
FACE = '{"box": null, "features": [%s]}'
ONE, TWO = '[1, "AAAAAA=="]', '[2, "AAAAAAAAAAA="]'  # of one view and of two, each of one number


def compute(shard: Shard) -> None:
    """Take the place of the networks: features that the name decides, slower for even lots."""
    time.sleep(0.05 * (int(shard.sources[0].path) // lots.SIZE % 2 == 0))
    lots.write(shard.file, [found(source) for source in shard.sources])


def found(source: Source) -> PhotoFeatures:
    number = int(source.path)
    if number % 7 == 3:
        return PhotoFeatures(reason="no_face")
    views = np.array([[number % 2, 1, 0, 0], [1, number % 2, 0, 0]], np.float32)
    faces = [FaceFeatures(Box(face, 0.0, 1.0, 2.0), (views + face,)) for face in range(1 + (number % 5 == 4))]
    return PhotoFeatures(tuple(faces), origin=f"{number}")


def die_over_40(shard: Shard) -> None:
    if any(source.path == "40" for source in shard.sources):
        os._exit(1)
    compute(shard)


def die(_: object) -> None:
    os._exit(1)


def live(_: object) -> None:
    """Rehearse well."""


@pytest.fixture
def model(tmp_path: Path) -> Predictor:
    write(tmp_path / "m.h5")
    return predictor.load(tmp_path / "m.h5")


def sources(count: int) -> Iterator[Source]:
    return (Source(str(number), Path(f"{number}.jpg"), label="ann") for number in range(count))


def rows(
    model: Predictor, tmp_path: Path, count: int, jobs: int, settings: Settings = USUAL
) -> list[tuple[str, Prediction]]:
    scratch = tmp_path / "scratch"
    scratch.mkdir(exist_ok=True)
    pool = Pool(jobs, workers.local, scratch, Silent())
    predicted = [(source.path, row) for source, row in prediction.predict(model, sources(count), settings, pool)]
    assert list(scratch.iterdir()) == []
    return predicted


def as_text(predicted: list[tuple[str, Prediction]]) -> list[str]:
    return [
        f"{path} {row} {None if row.probabilities is None else row.probabilities.tolist()}" for path, row in predicted
    ]


def test_rows_are_the_same_and_in_order_for_any_number_of_workers(
    model: Predictor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prediction, "COMPUTE", f"{HERE}:compute")
    one, three = (rows(model, tmp_path, 100, jobs) for jobs in (1, 3))
    assert as_text(one) == as_text(three)
    assert [int(path) for path, _ in one] == sorted(
        [*range(100), *(n for n in range(100) if n % 5 == 4 and n % 7 != 3)]
    )
    assert {row.reason for path, row in one if int(path) % 7 == 3} == {"no_face"}
    assert {row.label for path, row in one if int(path) % 7 != 3} == {"ann", ""}
    assert {row.label for path, row in one if int(path) % 5 == 4 and int(path) % 7 != 3} == {""}  # two faces
    assert [row.box for path, row in one if path == "4"] == [(0, 0, 1, 2), (1, 0, 1, 2)]


def test_answers_for_views_are_averaged(model: Predictor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prediction, "COMPUTE", f"{HERE}:compute")
    (_, row), *_ = rows(model, tmp_path, 1, 1, Settings(None))
    views = found(next(sources(1))).faces[0].features[0]
    apart = [model.answer([view[None]]) for view in views]
    np.testing.assert_allclose(row.probabilities, (apart[0].probabilities[0] + apart[1].probabilities[0]) / 2)
    assert row.score == pytest.approx((apart[0].scores[0] + apart[1].scores[0]) / 2)


def test_the_threshold_makes_faces_unknown(model: Predictor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prediction, "COMPUTE", f"{HERE}:compute")
    for threshold, expected in ((2.0, {"unknown"}), (None, {"ann", "bob"}), (0.0, {"ann", "bob"})):
        predicted = rows(model, tmp_path, 3, 1, Settings(threshold))
        assert {row.predicted for _, row in predicted} <= expected


def test_an_image_that_kills_workers_costs_its_row_alone(
    model: Predictor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prediction, "COMPUTE", f"{HERE}:compute")
    undisturbed = rows(model, tmp_path, 60, 2)
    monkeypatch.setattr(prediction, "COMPUTE", f"{HERE}:die_over_40")
    monkeypatch.setattr(prediction, "REHEARSE", f"{HERE}:live")
    survived = rows(model, tmp_path, 60, 2)
    (lost,) = (row for path, row in survived if path == "40")
    assert (lost.failed, lost.reason, lost.label) == (True, "unreadable", "ann")
    assert as_text([each for each in survived if each[0] != "40"]) == as_text(
        [each for each in undisturbed if each[0] != "40"]
    )


def test_workers_that_die_of_a_lack_of_memory_are_no_images_fault(
    model: Predictor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prediction, "COMPUTE", f"{HERE}:die_over_40")
    monkeypatch.setattr(prediction, "REHEARSE", f"{HERE}:die")
    with pytest.raises(SystemFaultError, match=r"40.jpg: workers end while they read it, but without it, too"):
        rows(model, tmp_path, 48, 1)


def test_images_are_listed_only_a_little_ahead_of_their_rows(
    model: Predictor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prediction, "COMPUTE", f"{HERE}:compute")
    listed = 0

    def counted() -> Iterator[Source]:
        nonlocal listed
        for source in sources(5_000):
            listed += 1
            yield source

    pool = Pool(2, workers.local, tmp_path, Silent())
    named = prediction.predict(model, counted(), Settings(0.5), pool)
    next(named)
    assert listed <= (2 * workers.AHEAD + 1) * lots.SIZE
    named.close()  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        '[{"faces": [], "reason": ""}]',
        '[{"faces": [{"box": [1, 2, 3], "features": []}], "reason": "", "origin": ""}]',
        '[{"faces": [{"box": null, "features": [[1, "!"]]}], "reason": "", "origin": ""}]',
        '[{"faces": [{"box": [1, 2, 3, Infinity], "features": []}], "reason": "", "origin": ""}]',
        '[{"faces": [], "reason": "", "origin": "not hexadecimal"}]',
        '[{"faces": [{"box": null, "features": []}], "reason": "", "origin": ""}]',
        f'[{{"faces": [{FACE % ONE}, {FACE % TWO}], "reason": "", "origin": ""}}]',
        f'[{{"faces": [{FACE % f"{ONE}, {ONE}"}], "reason": "", "origin": ""}}]',
    ],
)
def test_what_no_worker_leaves_is_an_error(tmp_path: Path, content: str) -> None:
    (tmp_path / "lot").write_text(content)
    with pytest.raises(SystemFaultError, match=r"lot: is not as a worker leaves it .*; run the command again"):
        lots.take(tmp_path / "lot", 1, 1)


def test_what_a_worker_leaves_comes_back(tmp_path: Path) -> None:
    photos = [found(source) for source in sources(5)]
    photos[0] = replace(photos[0], origin="a name that is no UTF-8 \udcff", reason="")
    lots.write(tmp_path / "lot", photos)
    taken = lots.take(tmp_path / "lot", 5, 1)
    assert [(photo.reason, photo.origin) for photo in taken] == [(photo.reason, photo.origin) for photo in photos]
    for one, other in zip(taken, photos, strict=True):
        assert [face.box for face in one.faces] == [face.box for face in other.faces]
        for left, right in zip(one.faces, other.faces, strict=True):
            np.testing.assert_array_equal(left.features[0], right.features[0])
    assert list(tmp_path.iterdir()) == []
