import numpy as np
import pytest

from celebtool.training import calibration, evidence
from celebtool.training.evidence import Points

RNG = np.random.default_rng(0)
CENTRES = calibration.unit(RNG.normal(size=(30, 32)))


def people(class_ids: np.ndarray, spread: float = 0.12) -> np.ndarray:
    """Photos of people, as unit embeddings."""
    return calibration.unit(CENTRES[class_ids] + spread * RNG.normal(size=(len(class_ids), 32)))


def known(photos: int, classes: int = 6) -> Points:
    ids = np.repeat(np.arange(classes), photos)
    return Points(people(ids), ids)


@pytest.mark.parametrize("photos", [2, 3, 10])
def test_a_training_image_without_itself_scores_as_a_new_photo(photos: int) -> None:
    old, new = [], []
    for _ in range(20):
        train = known(photos)
        fresh = known(10)
        old.append(evidence.of_embeddings(train, None, held_out=True).train.mean())
        new.append(evidence.of_embeddings(train, fresh, fresh.class_ids, held_out=False).val.mean())
    assert np.mean(old) == pytest.approx(np.mean(new), abs=0.012)


def test_one_photo_a_person_shows_only_how_strangers_score() -> None:
    found = evidence.of_embeddings(known(1), None, held_out=True)
    assert (len(found.known), found.basis) == (0, "other people's faces")
    assert found.impostors is not None


def test_only_rightly_named_faces_of_val_are_known() -> None:
    train, val = known(5), known(2)
    named = val.class_ids.copy()
    named[:3] = (named[:3] + 1) % 6
    found = evidence.of_embeddings(train, val, named, held_out=False)
    assert (len(found.val), len(found.train)) == (9, 0)


def test_strangers_that_never_were_seen_pass_as_often_as_said() -> None:
    train = known(10, classes=20)
    found = evidence.of_embeddings(train, None, held_out=True)
    limit = found.impostors.threshold(0.05)
    ids = np.repeat(np.arange(20, 30), 100)
    means = calibration.centroids(train.embeddings, train.class_ids, 20)
    passed = (calibration.cosines(people(ids), means).max(axis=1) >= limit).mean()
    assert passed == pytest.approx(0.05, abs=0.05)


def test_without_val_or_an_embedding_of_its_own_nothing_is_known() -> None:
    assert evidence.of_embeddings(known(5), None, held_out=False).basis == "nothing"


def test_logits_make_a_stranger_of_every_image_by_leaving_its_class_out() -> None:
    ids = np.arange(300) % 3
    logits = RNG.normal(size=(300, 3)) + 6 * np.eye(3)[ids]
    found = evidence.of_probabilities(logits, ids, RNG.normal(size=(7, 3)))
    assert (len(found.strangers), found.people, found.axis) == (7, 3, "probability")
    assert found.val.min() > 0.3
    assert found.impostors.location == pytest.approx(1, abs=0.2)  # the larger of two logits, by about 1


def test_images_in_blocks_say_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    train, val = known(5), known(3)
    named = val.class_ids.copy()
    named[:2] += 1
    whole = evidence.of_embeddings(train, val, named, val.embeddings, held_out=True)
    monkeypatch.setattr(calibration, "CELLS", 6 * 7)  # seven images at a time
    parts = evidence.of_embeddings(train, val, named, val.embeddings, held_out=True)
    np.testing.assert_allclose(parts.train, whole.train, atol=1e-12)
    np.testing.assert_allclose(parts.val, whole.val, atol=1e-12)
    np.testing.assert_allclose(parts.strangers, whole.strangers, atol=1e-12)
    assert parts.impostors is not None
    assert whole.impostors is not None
    assert parts.impostors.location == pytest.approx(whole.impostors.location, abs=0.02)
    assert parts.impostors.scale == pytest.approx(whole.impostors.scale, rel=0.1)
