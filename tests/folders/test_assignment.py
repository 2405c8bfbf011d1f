from collections import Counter
from itertools import product

from hypothesis import given, settings
from hypothesis import strategies as st

from celebtool.folders import assignment
from celebtool.folders.assignment import Sizes, assign


def totals(groups: list[int], parts: list[int]) -> Sizes:
    counts = Counter[int]()
    for size, part in zip(groups, parts, strict=True):
        counts[part] += size
    return Sizes(counts[0], counts[1], counts[2])


def spread(count: int) -> list[float]:
    return [(i * 0.618) % 1 for i in range(count)]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(1, 6), min_size=1, max_size=8), st.integers(0, 12), st.integers(0, 12))
def test_sizes_are_exact_whenever_there_is_a_way(groups: list[int], val: int, test: int) -> None:
    train = sum(groups) - val - test
    if train < 1:
        return
    wanted = Sizes(train, val, test)
    ways = any(totals(groups, list(parts)) == wanted for parts in product(range(3), repeat=len(groups)))
    got = totals(groups, assign(groups, wanted, spread(len(groups))))
    assert (got == wanted) == ways
    assert got.train > 0


def test_a_part_that_should_have_none_gets_none() -> None:
    assert totals([3] * 7, assign([3] * 7, Sizes(19, 2, 0), spread(7))) == Sizes(18, 3, 0)


def test_one_group_is_train_and_two_are_train_and_test_or_val() -> None:
    assert assign([50], Sizes(40, 5, 5), [0.5]) == [0]
    assert sorted(assign([59, 1], Sizes(48, 6, 6), [0.5, 0.99])) in ([0, 1], [0, 2])
    assert assign([99, 1], Sizes(80, 0, 20), [0.99, 0.01]) == [0, 2]


def test_what_was_placed_before_counts() -> None:
    parts = assign([1] * 10, Sizes(8, 2, 2), spread(10), placed=Sizes(0, 2, 0))
    assert totals([1] * 10, parts) == Sizes(8, 0, 2)


def test_strangers_have_no_train() -> None:
    assert totals([2] * 5, assign([2] * 5, Sizes(0, 4, 6), spread(5))) == Sizes(0, 4, 6)


def test_every_way_is_as_likely() -> None:
    counts = Counter(tuple(assign([1, 1, 1], Sizes(1, 1, 1), [a, b, c])) for a, b, c in product(spread(12), repeat=3))
    assert len(counts) == 6
    assert min(counts.values()) > 0.6 * 12**3 / 6


def test_a_class_of_thousands_is_exact_too() -> None:
    groups = [40] * 10 + [3] * 1000 + [1] * 3000
    wanted = Sizes(5120, 640, 640)
    assert totals(groups, assign(groups, wanted, spread(len(groups)))) == wanted
    assert len(groups) * 640 * 640 > assignment.LARGEST_TABLE
