from collections import Counter
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from celebtool.folders import sampling
from celebtool.folders.sampling import Image, Shares

USUAL = sampling.shares(None, None, None)


def singles(label: str | None, count: int) -> list[Image]:
    first = 1000 * ord((label or "~")[0])
    return [Image(f"{label}/{i}", label, first + i) for i in range(count)]


def part_counts(items: list[Image], parts: list[str | None], label: str | None) -> tuple[int, int, int]:
    counts = Counter(part for item, part in zip(items, parts, strict=True) if item.label == label)
    return counts["train"], counts["val"], counts["test"]


@pytest.mark.parametrize(
    ("given_shares", "expected"),
    [
        ((None, None, None), (80, 10, 10)),
        ((0.6, None, None), (60, 20, 20)),
        ((0.6, 0.2, None), (60, 20, 20)),
        ((None, 0.2, 0.2), (60, 20, 20)),
        ((0.8, 0.2, 0), (80, 20, 0)),
        ((0.9, None, 0), (90, 10, 0)),
        ((60, 20, 20), (60, 20, 20)),
        ((1, None, None), (100, 0, 0)),
    ],
)
def test_shares(given_shares: tuple[float | None, ...], expected: tuple[int, ...]) -> None:
    assert [share * 100 for share in sampling.shares(*given_shares)] == list(expected)


def test_shares_that_are_left_out_keep_their_proportion() -> None:
    assert sampling.shares(None, None, 0) == Shares(Fraction(8, 9), Fraction(1, 9), Fraction(0))


@pytest.mark.parametrize(
    ("given_shares", "message"),
    [
        ((-0.1, None, None), "a share is negative or not a number; expected 0 or more"),
        ((float("nan"), None, None), "a share is negative or not a number; expected 0 or more"),
        ((0.8, 0.3, None), "the shares add up to 1.1; expected at most 1"),
        ((None, None, 10), r"the shares add up to 10; expected at most 1; did you mean 10%\?"),
        ((0, None, None), "the shares leave nothing to train on; expected a train share above 0"),
        ((None, 0.5, 0.5), "the shares leave nothing to train on; expected a train share above 0"),
    ],
)
def test_wrong_shares(given_shares: tuple[float | None, ...], message: str) -> None:
    with pytest.raises(ValueError, match=f"^{message}$"):
        sampling.shares(*given_shares)


@pytest.mark.parametrize(
    ("count", "expected"),
    [
        (0, (0, 0, 0)),
        (1, (1, 0, 0)),
        (2, (1, 0, 1)),
        (3, (1, 1, 1)),
        (4, (2, 1, 1)),
        (5, (3, 1, 1)),
        (10, (8, 1, 1)),
        (15, (12, 1, 2)),
        (60, (48, 6, 6)),
        (187, (149, 19, 19)),
    ],
)
def test_part_sizes(count: int, expected: tuple[int, int, int]) -> None:
    assert sampling.part_sizes(count, USUAL) == expected


@given(st.integers(1, 500), st.tuples(*[st.integers(0, 100)] * 3).filter(lambda s: s[0] > 0))
def test_part_sizes_add_up_and_train_is_never_empty(count: int, given_shares: tuple[int, int, int]) -> None:
    wanted = sampling.shares(*given_shares)
    sizes = sampling.part_sizes(count, wanted)
    assert sum(sizes) == count
    assert sizes.train > 0
    for size, share in zip(sizes, wanted, strict=True):
        assert abs(size - count * share) < 3
        assert share or not size
    if count >= 3:
        assert all(size or not share for size, share in zip(sizes, wanted, strict=True))


def test_sixty_images_are_48_6_6() -> None:
    for seed in range(5):
        items = singles("a", 60)
        assert part_counts(items, sampling.split(items, USUAL, seed), "a") == (48, 6, 6)


def test_sixty_images_in_groups_are_48_6_6_whenever_groups_allow() -> None:
    for sizes in ([2] * 30, [3] * 20, [7, 5, 1] * 4 + [8], [48, 6, 6], [20, 20, 6, 6, 8]):
        items = [Image(f"a/{g}-{i}", "a", g) for g, size in enumerate(sizes) for i in range(size)]
        assert part_counts(items, sampling.split(items, USUAL, 0), "a") == (48, 6, 6)


@st.composite
def collections(draw: st.DrawFn) -> list[Image]:
    labels = draw(st.lists(st.sampled_from(["a", "b", "c", None]), min_size=1, max_size=40))
    groups = draw(st.lists(st.integers(0, 15), min_size=len(labels), max_size=len(labels)))
    return [Image(f"{label}/{i}", label, group) for i, (label, group) in enumerate(zip(labels, groups, strict=True))]


@settings(deadline=None)
@given(collections(), st.randoms(use_true_random=False), st.sampled_from([(None,) * 3, (0.5, 0.5, 0), (0.2, 0.2, 0.6)]))
def test_split_keeps_groups_whole_whatever_the_order(items: list[Image], random, given_shares) -> None:
    wanted = sampling.shares(*given_shares)
    parts = sampling.split(items, wanted, seed=1)
    of_group: dict[int, set[str]] = {}
    for item, part in zip(items, parts, strict=True):
        if part is None or item.label is None:
            assert (part, item.label) != ("train", None)
            assert item.label is None
        if part is not None:
            of_group.setdefault(item.group, set()).add(part)
    assert all(len(parts) == 1 for parts in of_group.values())
    for label in {item.label for item in items} - {None}:
        assert part_counts(items, parts, label)[0] > 0
    shuffled = random.sample(items, len(items))
    again = dict(zip([item.path for item in shuffled], sampling.split(shuffled, wanted, seed=1), strict=True))
    assert [again[item.path] for item in items] == parts


def test_strangers_are_divided_between_val_and_test() -> None:
    items = singles("a", 20) + singles(None, 10)
    parts = sampling.split(items, USUAL, 0)
    assert part_counts(items, parts, None) == (0, 5, 5)
    assert part_counts(items, sampling.split(items, sampling.shares(1, 0, 0), 0), None) == (0, 0, 0)


def test_a_stranger_in_the_photo_of_a_training_image_has_no_part() -> None:
    items = [Image("a/1", "a", 0), Image("unknown/1", None, 0)]
    assert sampling.split(items, USUAL, 0) == ["train", None]


def test_seeds_matter() -> None:
    items = singles("a", 60)
    assert sampling.split(items, USUAL, 0) != sampling.split(items, USUAL, 1)


def test_every_image_is_in_test_as_often_as_the_share_says() -> None:
    items = [Image(f"a/{g}-{i}", "a", g) for g, size in enumerate([3] * 4 + [1] * 28) for i in range(size)]
    tests = Counter[int]()
    for seed in range(300):
        for index, part in enumerate(sampling.split(items, USUAL, seed)):
            tests[index] += part == "test"
    assert set(tests) == set(range(40))
    assert all(0.02 < tests[index] / 300 < 0.2 for index in range(12))  # groups of three seldom fit a test of four
    assert all(0.07 < tests[index] / 300 < 0.2 for index in range(12, 40))


def test_folds_hold_every_image_once() -> None:
    items = [
        Image(f"{label}/{g}-{i}", label, 100 * ord(label) + g)
        for label in "ab"
        for g in range(12)
        for i in range(g % 3 + 1)
    ]
    fold_of = sampling.folds(items, 4, seed=0)
    assert Counter((item.label, fold) for item, fold in zip(items, fold_of, strict=True)) == {
        (label, fold): 6 for label in "ab" for fold in range(4)
    }


def test_a_class_of_one_group_is_trained_on_in_every_fold() -> None:
    items = [*singles("a", 9), Image("b/1", "b", 1), Image("b/2", "b", 1)]
    assert sampling.folds(items, 3, seed=0)[-2:] == [None, None]


@settings(deadline=None)
@given(collections(), st.integers(2, 6))
def test_folds_keep_groups_whole_and_no_train_lacks_a_class(items: list[Image], count: int) -> None:
    fold_of = sampling.folds(items, count, seed=0)
    pairs = list(zip(items, fold_of, strict=True))
    assert all(len({fold for item, fold in pairs if item.group == group}) == 1 for group in {i.group for i in items})
    for fold in range(count):
        for label in {item.label for item in items} - {None}:
            assert any(item.label == label and own != fold for item, own in pairs)


def test_class_size() -> None:
    counts = {"a": 3, "b": 9, "c": 5}
    assert [sampling.class_size(counts, word) for word in ("min", "median", "max", "40")] == [3, 5, 9, 40]


def test_best_first_goes_by_quality_then_by_chance() -> None:
    paths = [f"{i}" for i in range(20)]
    assert sampling.best_first(["x", "y", "z"], 0, [0.1, 0.9, 0.5]) == ["y", "z", "x"]
    drawn = sampling.best_first(paths, 0)
    assert sorted(drawn) == sorted(paths)
    assert drawn != paths
    assert drawn == sampling.best_first(paths[::-1], 0)
    assert drawn != sampling.best_first(paths, 1)


def test_mean_rank() -> None:
    figures: list[list[float | None]] = [[0.9, 100.0], [0.8, 300.0], [0.99, 400.0], [0.8, None]]
    assert sampling.mean_rank(figures) == pytest.approx(
        [(5 / 8 + 1 / 6) / 2, (1 / 4 + 1 / 2) / 2, (7 / 8 + 5 / 6) / 2, (1 / 4 + 1 / 2) / 2]
    )


def test_repeats_are_even() -> None:
    assert sampling.repeats(["a", "b", "c"], 6, 0) == [2, 2, 2]
    assert sorted(sampling.repeats(["a", "b", "c"], 7, 0)) == [2, 2, 3]
    assert sampling.repeats(["a", "b"], -3, 0) == [0, 0]
