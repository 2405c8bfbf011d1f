"""The table that the other tests of this directory write."""

from tests.torture import table
from tests.torture.table import Row

DOCUMENT = f"before\n{table.BEGIN}{table.END}after\n"
FIRST = Row(2, "flipped, bits", 8192, True, 61.4, "2026-01-02")
SECOND = Row(1, "models", 84, False, 3.0, "2026-01-03")


def test_rows_come_back_in_the_order_of_the_promises() -> None:
    text = table.merged(DOCUMENT, [FIRST, SECOND], whole=False)
    assert "| 2 | flipped, bits | 8,192 | yes | 61 | 2026-01-02 |\n" in text
    assert [row.what for row in table.parse(text)] == ["models", "flipped, bits"]
    assert text.startswith("before\n")
    assert text.endswith("after\n")


def test_a_part_replaces_its_rows_and_the_whole_all_of_them() -> None:
    text = table.merged(DOCUMENT, [FIRST, SECOND], whole=False)
    anew = Row(2, "flipped, bits", 10, True, 1, "2026-02-01")
    assert [row.tried for row in table.parse(table.merged(text, [anew], whole=False))] == [84, 10]
    assert table.parse(table.merged(text, [anew], whole=True)) == [anew]


def test_tests_that_try_the_same_make_one_row() -> None:
    (row,) = table.summed([FIRST, Row(2, "flipped, bits", 8, False, 1, "2026-01-01")])
    assert row == Row(2, "flipped, bits", 8200, False, 62.4, "2026-01-02")
