"""Promise 8: every text comes back from a table the same, and no cell is a formula to a spreadsheet."""

import csv
import io
import re
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from celebtool.errors import CelebtoolError
from celebtool.formats import decision_targets, decisions, history, manifest, predictions, tables
from celebtool.formats.image_folder import ImageFolder, Sample
from tests.torture.conftest import SCALE, Tally, amount

NASTY = st.sampled_from(
    [
        *"=+-@'\"\\;,|\t\r\n\x00\x1b\x7f\x85\u2028\ufeff\uff1d\uff0b\uff0d\uff20\udcff\ud800 n0x1u",
        "NA",
        "007",
        "\\x41",
        "\\\\n",
    ]
)
TEXTS = st.one_of(
    st.lists(NASTY, max_size=8).map("".join),
    st.text(st.characters(), max_size=20),
    st.binary(max_size=12).map(lambda data: data.decode("utf-8", "surrogateescape")),
)
NUMBER = re.compile(r"[+-]?[0-9.]+(e[+-]?[0-9]+)?", re.IGNORECASE)
ROWS = 25


def test_every_text_comes_back(tally: Tally) -> None:
    tally.begin(8, "texts through a table and back, read as a spreadsheet would")

    @settings(
        max_examples=amount(1000, 5000, 20_000) // ROWS, deadline=None, database=None, derandomize=SCALE == "fast",
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(st.lists(st.tuples(TEXTS, TEXTS), min_size=ROWS, max_size=ROWS))
    def check(rows: list[tuple[str, str]]) -> None:
        stream = io.StringIO(newline="")
        writer = tables.Writer(stream, ("a", "b"))
        for a, b in rows:
            writer.row({"a": a, "b": b})
        data = stream.getvalue().encode("utf-8")  # always valid
        assert not re.search(rb"[\x00-\x09\x0b-\x1f\x7f]", data)
        found = tables.parse(io.TextIOWrapper(io.BytesIO(data), "utf-8", newline=""), "x")
        assert [(row["a"], row["b"]) for row in found] == rows
        for delimiter in ",;\t":
            for cells in csv.reader(io.StringIO(data.decode(), newline=""), delimiter=delimiter):
                assert not any(is_formula(cell) for cell in cells), (delimiter, cells)
        tally.count(2 * len(rows))

    check()


def is_formula(cell: str) -> bool:
    """Say whether a spreadsheet would compute a cell: it trims blanks, and knows the wide forms of the signs."""
    text = cell.strip()
    return text[:1] in tuple("=+-@\uff1d\uff0b\uff0d\uff20") and not NUMBER.fullmatch(text)


def test_our_own_files_come_back(tmp_path: Path, tally: Tally) -> None:
    tally.begin(8, "manifests of any text, written and read back")

    @settings(max_examples=amount(10, 50, 200), deadline=None, database=None, derandomize=SCALE == "fast")
    @given(st.lists(st.tuples(*[TEXTS.filter(lambda text: "\0" not in text)] * 4), min_size=1, max_size=10))
    def check(texts: list[tuple[str, ...]]) -> None:
        rows = [
            manifest.Row(f"{n}/{a}", b, f"{n}{c}", "0" * 64, extra={"detail": d})
            for n, (a, b, c, d) in enumerate(texts)
        ]
        manifest.write(tmp_path, rows, ["detail"])
        assert sorted(manifest.read_all(tmp_path), key=lambda row: row.path) == sorted(rows, key=lambda row: row.path)
        tally.count(len(rows))

    check()


def test_damaged_tables_are_refused_in_one_line(tmp_path: Path, tally: Tally) -> None:
    """Whatever a file holds: read, or refused with one error of ours."""
    tally.begin(8, "damaged tables, read or refused")
    whole = (
        "path,part,label,status,reason,predicted,confidence,score,seen,prob_a,prob_b\nx,,a,predicted,,a,1,1,no,1,0\n"
    )
    bits = st.tuples(st.integers(0, len(whole) - 1), st.binary(max_size=3), st.integers(0, 5))

    @settings(max_examples=amount(200, 1000, 5000), deadline=None, database=None, derandomize=SCALE == "fast")
    @given(st.lists(bits, max_size=4), st.binary(max_size=10))
    def check(changes: list[tuple[int, bytes, int]], tail: bytes) -> None:
        data = whole.encode()
        for place, new, gone in changes:
            data = data[:place] + new + data[place + gone :]
        (tmp_path / "t.csv").write_bytes(data + tail)
        for read in (predictions.read, history.read, tables.read):
            try:
                read(tmp_path / "t.csv")
            except CelebtoolError as error:
                assert "\n" not in str(error)
        tally.count()

    check()


def test_damaged_decisions_are_refused_with_their_line(tmp_path: Path, tally: Tally) -> None:
    """Whatever a table of decisions holds: resolved, or one error that names the table."""
    tally.begin(8, "damaged tables of decisions, resolved or refused")
    folder = ImageFolder(Path("photos"), tuple(Sample(f"{label}/1.jpg", label) for label in ("ann", "bob")))
    whole = "path,face,decision,label,note,digest\nann/1.jpg,2,take,,,\nbob/1.jpg,,move,ann,x,\n"
    bits = st.tuples(st.integers(0, len(whole) - 1), st.binary(max_size=3), st.integers(0, 5))
    words = st.lists(
        st.sampled_from(["ann/1.jpg", "bob/1.jpg", "../x", ",", "1", "2", "keep", "drop", "move", "\n"]), max_size=9
    )

    @settings(max_examples=amount(200, 1000, 5000), deadline=None, database=None, derandomize=SCALE == "fast")
    @given(st.lists(bits, max_size=4), words)
    def check(changes: list[tuple[int, bytes, int]], tail: list[str]) -> None:
        data = whole.encode()
        for place, new, gone in changes:
            data = data[:place] + new + data[place + gone :]
        file = tmp_path / "decisions.csv"
        file.write_bytes(data + "".join(tail).encode())
        try:
            made = decision_targets.resolve(decisions.read(file), folder, {each.path: "0" for each in folder.samples})
            assert {row.path for row in made.rows} <= {"ann/1.jpg", "bob/1.jpg"}
            decisions.write(tmp_path, made)
            assert decisions.read(file).rows == made.rows
        except CelebtoolError as error:
            assert str(error).startswith(str(file))
        tally.count()

    check()


def test_a_table_without_an_end_is_refused(tally: Tally) -> None:
    tally.begin(8, "tables without an end")
    for path in (Path("/dev/zero"), Path("/dev/urandom")):
        try:
            tables.read(path)
        except CelebtoolError as error:
            assert "CSV" in str(error)
            tally.count()
    assert tally.tried == 2
