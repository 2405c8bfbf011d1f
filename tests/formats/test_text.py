import pytest
from hypothesis import given
from hypothesis import strategies as st

from celebtool.formats import text


def test_a_shortened_name_keeps_its_ends() -> None:
    assert text.shorten("a" * 20 + "b" * 20, 24) == "a" * 15 + "…" + "b" * 8
    assert text.shorten("short", 5) == "short"


@given(st.text(max_size=60), st.integers(3, 40))
def test_a_shortened_name_is_never_longer_than_asked(name: str, longest: int) -> None:
    short = text.shorten(name, longest)
    assert len(short) == min(len(name), longest)


def test_numbers_in_names_sort_by_value() -> None:
    names = ["s10", "S2", "s2", "s1", "ann", "007", "7", "Émile", "s2b", "person 12 of 3", "person 2 of 10"]
    assert sorted(names, key=text.natural_key) == [
        "007", "7", "ann", "person 2 of 10", "person 12 of 3", "s1", "S2", "s2", "s2b", "s10", "Émile",
    ]  # fmt: skip


@given(st.permutations(["a1", "a01", "A1", "a10", "a2", "1a", "", " "]))
def test_the_natural_order_does_not_depend_on_the_given_one(names: list[str]) -> None:
    assert sorted(names, key=text.natural_key) == ["", "1a", " ", "A1", "a01", "a1", "a2", "a10"]


@pytest.mark.parametrize(
    ("path", "width", "lines"),
    [
        ("test/ann/0.png", 20, ["test/ann/0.png"]),
        ("parts/test/ann_lee/000.png", 12, ["parts/test/", "ann_lee/", "000.png"]),
        ("parts/test/ann_lee-000.png", 13, ["parts/test/", "ann_lee-", "000.png"]),
        ("the best epoch is 1", 9, ["the best", "epoch is", "1"]),
        ("abcdefghij", 4, ["abcd", "efgh", "ij"]),
        ("成龍/成龍", 5, ["成龍/", "成龍"]),
        ("", 4, [""]),
    ],
)
def test_lines_end_after_a_separator(path: str, width: int, lines: list[str]) -> None:
    assert text.fold(path, width).split("\n") == lines


@given(st.text("ab/_- 成", max_size=50), st.integers(2, 20))
def test_folding_loses_nothing_but_blanks_and_keeps_the_width(path: str, width: int) -> None:
    folded = text.fold(path, width)
    assert folded.replace("\n", "").replace(" ", "") == path.replace(" ", "")
    assert all(text.display_width(line) <= width for line in folded.split("\n"))


def test_the_widest_columns_give_way() -> None:
    def widths(lengths: list[int], room: int) -> list[int]:
        return text.column_widths([[""] * len(lengths), ["x" * length for length in lengths]], room)

    assert widths([60, 20, 5], 70) == [45, 20, 5]
    assert widths([60, 50, 5], 65) == [30, 30, 5]
    assert widths([60, 5], 70) == [60, 5]
    assert widths([60, 60, 60], 10) == [8, 8, 8]


def test_heads_are_folded_before_cells() -> None:
    rows = [["class", "train images", "test images"], ["Mahendra Dhoni", "12", "3"]]
    assert text.column_widths(rows, 40) == [14, 12, 11]
    assert text.column_widths(rows, 26) == [14, 6, 6]
    assert text.column_widths(rows, 22) == [10, 6, 6]
