import csv
import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from celebtool.errors import CelebtoolError
from celebtool.formats import tables

TEXTS = st.text(st.characters(exclude_categories=()), max_size=30) | st.sampled_from(
    [
        "NA",
        "None",
        "007",
        "True",
        "=1+1",
        "+cmd",
        "-1",
        "-1e5",
        "-x",
        "@x",
        "'x",
        "''",
        "\\n",
        "\udcff",
        "\x00",
        "a,b",
        '"',
    ]
)


def roundtrip(rows: list[dict[str, str]], columns: list[str]) -> tuple[str, list[dict[str, str]]]:
    stream = io.StringIO(newline="")
    writer = tables.Writer(stream, columns)
    for row in rows:
        writer.row(row)
    stream.seek(0)
    return stream.getvalue(), tables.parse(stream, "x.csv")


@given(st.lists(st.tuples(TEXTS, TEXTS), max_size=5))
def test_every_text_comes_back_the_same(cells: list[tuple[str, str]]) -> None:
    rows = [{"a": first, "b": second} for first, second in cells]
    text, back = roundtrip(rows, ["a", "b"])
    assert back == rows
    text.encode("utf-8")
    assert not any(ord(c) < 32 and c != "\n" for c in text)


@given(TEXTS)
def test_no_cell_is_a_formula(text: str) -> None:
    written, _ = roundtrip([{"a": text}], ["a"])
    cell = list(csv.reader(io.StringIO(written)))[1:]
    for row in cell:
        for value in row:
            assert value.strip()[:1] not in ("=", "@", "+", "-")


@pytest.mark.parametrize(
    ("cell", "written"),
    [
        ("NA", "NA"),
        ("=1", "'=1"),
        (" =1", "' =1"),
        ("-0.5", "-0.5"),
        ("-rm", "'-rm"),
        ("'a", "''a"),
        ("a\nb", "a\\nb"),
        ("\\", "\\\\"),
    ],
)
def test_a_cell_by_value(cell: str, written: str) -> None:
    assert roundtrip([{"a": "x", "b": cell}], ["a", "b"])[0] == f"a,b\nx,{written}\n"


def test_a_row_that_a_spreadsheet_takes_for_one_cell_is_no_formula() -> None:
    """Where a comma separates decimals, `-1,5+cmd|…` would be one."""
    assert roundtrip([{"a": "-1", "b": "5+cmd|' /C calc'!A0"}], ["a", "b"])[0] == "a,b\n'-1,5+cmd|' /C calc'!A0\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "x.csv: has no column 'a'; expected a"),
        ("b\n1\n", "x.csv: has no column 'a'; expected a"),
        ("a,a\n1,2\n", "x.csv: has two columns 'a'; expected each column once"),
        ("a,b\n1\n", "x.csv:2: has 1 cells; expected 2, as in the header"),
        ('a\n"1\n', "x.csv:2: is not CSV (unexpected end of data); expected a CSV table"),
    ],
)
def test_what_is_wrong_with_a_table(text: str, message: str) -> None:
    with pytest.raises(CelebtoolError) as error:
        tables.parse(io.StringIO(text), "x.csv", required=["a"])
    assert str(error.value) == message


def test_a_file_that_is_not_utf_8(tmp_path: Path) -> None:
    file = tmp_path / "x.csv"
    file.write_bytes(b"a\n\xff\n")
    with pytest.raises(CelebtoolError, match="is not UTF-8; expected a CSV table in UTF-8"):
        tables.read(file)


def test_write_and_read(tmp_path: Path) -> None:
    tables.write(tmp_path / "x.csv", ["a", "b"], [{"a": "1"}, {"a": "x", "b": 2}])
    assert (tmp_path / "x.csv").read_bytes() == b"a,b\n1,\nx,2\n"
    assert tables.read(tmp_path / "x.csv") == [{"a": "1", "b": ""}, {"a": "x", "b": "2"}]


def test_a_long_cell_of_digits_takes_no_longer_than_others(tmp_path: Path) -> None:
    """Where the pattern of a number could match in many ways this would take hours."""
    text = "-" + "1" * 500_000 + "x"
    tables.write(tmp_path / "a.csv", ["a", "b"], [{"a": "", "b": text}])
    assert tables.read(tmp_path / "a.csv") == [{"a": "", "b": text}]


def test_one_column_twice_among_very_many_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(",".join(f"c{i}" for i in range(200_000)) + ",c7\n")
    with pytest.raises(CelebtoolError, match="has two columns 'c7'"):
        tables.read(tmp_path / "a.csv")


PLAIN = [["path", "label", "n"], ["a.jpg", "ann; b", "0.5"], ["b,c.jpg", "", "1"]]


@pytest.mark.parametrize("head", ["", "\ufeff", "sep=;\r\n", "\ufeffsep=;\r\n"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("more", [(0, 0), (2, 0), (0, 3), (2, 3)])
def test_a_table_that_a_spreadsheet_saved_is_read_as_meant(
    tmp_path: Path, head: str, separator: str, end: str, more: tuple[int, int]
) -> None:
    columns, blank = more
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, delimiter=separator, lineterminator=end)
    writer.writerows([*row, *[""] * columns] for row in [*PLAIN, *[["", "", ""]] * blank])
    (tmp_path / "t.csv").write_bytes((head + stream.getvalue()).encode())
    assert tables.read(tmp_path / "t.csv", ("path", "label")) == [
        dict(zip(PLAIN[0], row, strict=True)) for row in PLAIN[1:]
    ]


def test_an_error_names_the_line_of_the_file(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_bytes(b"sep=;\r\npath;label\r\na;b\r\na;b;c\r\n")
    with pytest.raises(CelebtoolError, match=r"t\.csv:4: has 3 cells; expected 2, as in the header"):
        tables.read(tmp_path / "t.csv", ("path", "label"))


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-16", "utf-8-sig"])
@pytest.mark.parametrize("before", ["", "\n", ",,\n\n", ";;\r\n", "\nsep=;\n"])
def test_what_programs_put_before_a_table_is_passed_over(tmp_path: Path, encoding: str, before: str) -> None:
    separator = ";" if ";" in before else ","
    text = before + "a,b,c\n1,é,3\n".replace(",", separator)
    (tmp_path / "x.csv").write_bytes(text.encode(encoding))
    line = before.count("\n") + 2
    assert tables.read_numbered(tmp_path / "x.csv", ["a", "b"]) == [(line, {"a": "1", "b": "é", "c": "3"})]


@pytest.mark.parametrize("head", [b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"])
def test_a_workbook_is_no_table(tmp_path: Path, head: bytes) -> None:
    (tmp_path / "x.csv").write_bytes(head + bytes(range(256)))
    with pytest.raises(CelebtoolError) as caught:
        tables.read(tmp_path / "x.csv", ["a"])
    said = "is a workbook of a spreadsheet program; expected a CSV table, so save it as CSV UTF-8"
    assert str(caught.value) == f"{tmp_path}/x.csv: {said}"
