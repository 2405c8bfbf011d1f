import numpy as np
import pytest

from celebtool.folders import pair_search

RNG = np.random.default_rng(0)
LEFT = RNG.normal(size=(60, 4)).astype(np.float32)
RIGHT = RNG.normal(size=(60, 4)).astype(np.float32)
CLASSES = RNG.integers(0, 5, 60)


def of(found: object) -> set[tuple[int, int]]:
    return {(int(a), int(b)) for first, second in found for a, b in zip(first, second, strict=True)}


@pytest.mark.parametrize("block", [7, 100])
def test_pairs_are_those_of_the_whole_product(block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pair_search, "BLOCK", block)
    wanted = {(i, j) for i in range(60) for j in range(i + 1, 60) if LEFT[i] @ RIGHT[j] >= 1}
    within = {(i, j) for i, j in wanted if CLASSES[i] == CLASSES[j]}
    assert of(pair_search.every(LEFT, RIGHT, 1)) == wanted
    assert of(pair_search.within(LEFT, RIGHT, CLASSES, 1)) == within
    assert of(pair_search.across(LEFT, RIGHT, CLASSES, 1)) == wanted - within


def test_batches_have_the_size_that_was_asked_for() -> None:
    found = [(np.arange(n), np.arange(n) + 1) for n in (0, 3, 1, 9, 0, 2)]
    batches = list(pair_search.batched(found, 4))
    assert [len(first) for first, _ in batches] == [4, 4, 4, 3]
    assert np.concatenate([first for first, _ in batches]).tolist() == [*range(3), 0, *range(9), 0, 1]
    assert list(pair_search.batched([], 4)) == []
