import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from celebtool.errors import CelebtoolError
from celebtool.formats import decision_targets, decisions, image_folder, provenance
from celebtool.formats.decisions import Decision, Decisions, Verb
from celebtool.formats.image_folder import ImageFolder, Sample
from celebtool.formats.recipes import build

HEADER = "path,face,decision,label,note\n"
MEANT = (
    Decision("ann/1.jpg", Verb.DROP, note="blurred, cut off"),
    Decision("ann/2, of 3.jpg", Verb.TAKE, 2),
    Decision("bob/1.jpg", Verb.MOVE, label="ann"),
)
PLAIN = f'{HEADER}ann/1.jpg,,drop,,"blurred, cut off"\n"ann/2, of 3.jpg",2,take,,\nbob/1.jpg,,move,ann,\nbob/2.jpg,,,,undecided\n'


def read(tmp_path: Path, text: str | bytes) -> Decisions:
    file = tmp_path / "decisions.csv"
    file.write_bytes(text.encode() if isinstance(text, str) else text)
    return decisions.read(file)


def folder(*paths: str) -> ImageFolder:
    return ImageFolder(
        Path("photos"), tuple(Sample(path, path.split("/")[0] if "/" in path else None) for path in paths)
    )


def resolve(made: Decisions, paths: tuple[str, ...], **options: Any) -> Decisions:
    return decision_targets.resolve(made, folder(*paths), {path: f"digest of {path}" for path in paths}, **options)


@pytest.mark.parametrize(
    "text",
    [
        PLAIN,
        PLAIN.replace("\n", "\r\n"),
        f"\ufeff{PLAIN}",
        PLAIN.replace("drop", " Drop ").replace(",2,", ",2.0,").replace("move", "MOVE"),
        PLAIN.replace("drop,,", "drop;;").replace('"ann/2, of 3.jpg",2,', '"ann/2, of 3.jpg";2;').replace(",", ";", 4)
        .replace("jpg,,", "jpg;;").replace("take,,", "take;;").replace("move,ann,", "move;ann;").replace(";,,undec", ";;;undec"),
        PLAIN.encode("utf-16"),
        PLAIN.encode("utf-8-sig"),
        b"\xff\xfe" + PLAIN.replace(", of", "\0 of").replace("blurred,", "blurred\0").replace(",", "\t").replace("\0", ",").encode("utf-16-le"),
        b"\xfe\xff" + PLAIN.encode("utf-16-be"),
        PLAIN + ",,,,\n\n,,,,\n",
    ],
    ids=["plain", "CR LF", "BOM", "by hand", "semicolons", "UTF-16", "UTF-8 of Windows", "tabs", "big-endian", "empty rows"],
)  # fmt: skip
def test_what_spreadsheets_make_of_a_table_is_read(tmp_path: Path, text: str | bytes) -> None:
    assert read(tmp_path, text).rows == MEANT


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ("ann/1.jpg,,dorp,,", "decision 'dorp' is not known; expected keep, drop, move or take; did you mean drop?"),
        ("ann/1.jpg,,take,,", "take needs a face; write its number into the column face"),
        ("ann/1.jpg,,move,,", "move needs a class; write its name into the column label"),
        ("ann/1.jpg,two,take,,", "face 'two' is no number; expected 1, 2, … or nothing"),
        ("ann/1.jpg,0,take,,", "face '0' is no number; expected 1, 2, … or nothing"),
        ("ann/1.jpg,-1,take,,", "face '-1' is no number; expected 1, 2, … or nothing"),
        ("ann/1.jpg,1.5,take,,", "face '1.5' is no number; expected 1, 2, … or nothing"),
        (",,drop,,", "has no path; expected the path of a photo, as ann/1.jpg"),
        ("ann/1.jpg,drop", "has 2 cells; expected 5, as in the header"),
    ],
)
def test_a_row_that_is_no_decision_is_named_by_its_line(tmp_path: Path, row: str, problem: str) -> None:
    with pytest.raises(CelebtoolError) as caught:
        read(tmp_path, f"{HEADER}ann/9.jpg,,drop,,\n{row}\n")
    assert str(caught.value) == f"{tmp_path}/decisions.csv:3: {problem}"


@pytest.mark.parametrize(
    ("rows", "line", "problem"),
    [
        ("ann/3.jpg,,drop,,", 2, "ann/3.jpg is not in photos; did you mean ann/1.jpg?"),
        ("photos/ann/1.jpg,,drop,,", 2, "photos/ann/1.jpg is not in photos; did you mean ann/1.jpg?"),
        ("zebra,,drop,,", 2, "zebra is not in photos; remove the line, or correct the path"),
        ("../ann/1.jpg,,drop,,", 2, "../ann/1.jpg lies outside photos; expected a path below it, as ann/1.jpg"),
        ("/etc/passwd,,drop,,", 2, "/etc/passwd lies outside photos; expected a path below it, as ann/1.jpg"),
        ("ann/1.jpg,,move,Bob,", 2, "Bob is no class of the folder; did you mean bob?"),
        ("ann/1.jpg,,drop,,\nann/1.jpg,,keep,,", 3, "keep contradicts line 2 (drop) about ann/1.jpg; expected one decision, or one for each of several faces"),
        ("ann/1.jpg,2,drop,,\n./ann/1.jpg,,keep,,", 3, "keep contradicts line 2 (drop 2) about ann/1.jpg; expected one decision, or one for each of several faces"),
        ("ann/1.jpg,1,move,bob,\nann/1.jpg,1,move,unknown,", 3, "move 1 to unknown contradicts line 2 (move 1 to bob) about ann/1.jpg; expected one decision, or one for each of several faces"),
        ("ann/1.jpg,,keep,bob,", 2, "keep leaves ann/1.jpg in ann, but the label is bob; write move to put it there, or leave the label out"),
    ],
)  # fmt: skip
def test_what_a_decision_cannot_be_about(tmp_path: Path, rows: str, line: int, problem: str) -> None:
    with pytest.raises(CelebtoolError) as caught:
        resolve(read(tmp_path, f"{HEADER}{rows}\n"), ("ann/1.jpg", "bob/1.jpg"))
    assert str(caught.value) == f"{tmp_path}/decisions.csv:{line}: {problem}"


def test_a_flat_folder_has_no_classes_to_move_to(tmp_path: Path) -> None:
    with pytest.raises(CelebtoolError, match="there are no class folders to move to"):
        resolve(read(tmp_path, f"{HEADER}1.jpg,,move,ann,\n"), ("1.jpg",))


def test_the_same_decision_twice_counts_once_and_faces_are_decided_one_by_one(tmp_path: Path) -> None:
    rows = "ann/1.jpg,,drop,ann,\nann//1.jpg,,drop,,\nbob/1.jpg,2,move,unknown,\nbob/1.jpg,1,keep,,\n"
    made = resolve(read(tmp_path, HEADER + rows), ("ann/1.jpg", "bob/1.jpg"))
    assert {path: [each.cell for each in own] for path, own in made.by_path.items()} == {
        "ann/1.jpg": ["drop"],
        "bob/1.jpg": ["keep 1", "move 2 to unknown"],
    }
    assert decisions.summary(made) == "1 dropped, 1 moved, 1 kept by decisions.csv"


def test_many_decisions_take_time_in_proportion_to_their_number(tmp_path: Path) -> None:
    faces = "".join(f"ann/1.jpg,{face},drop,,,\n" for face in range(1, 20_001))
    old = "".join(f"ann/{number}.jpg,,drop,,,old\n" for number in range(2, 20_002))
    paths = tuple(f"ann/{number}.jpg" for number in range(1, 20_002))
    made = read(tmp_path, f"path,face,decision,label,note,digest\n{faces}{old}")
    begin = time.process_time()
    found = resolve(made, paths)
    assert time.process_time() - begin < 5  # 400 million comparisons take minutes
    assert {path: len(own) for path, own in found.by_path.items()} == {"ann/1.jpg": 20_000}
    assert (len(found.rows), len(found.warnings)) == (40_000, 20_000)


def test_names_in_another_form_of_unicode_are_the_same(tmp_path: Path) -> None:
    made = resolve(
        read(tmp_path, f"{HEADER}Beyonce\u0301/1.jpg,,move,Zoe\u0308,\n"), ("Beyonc\u00e9/1.jpg", "Zo\u00eb/1.jpg")
    )
    assert [each.cell for each in made.of("Beyonc\u00e9/1.jpg")] == ["move to Zo\u00eb"]


def test_a_photo_that_changed_since_is_a_warning(tmp_path: Path) -> None:
    text = "path,decision,digest\nann/1.jpg,drop,00\nann/2.jpg,drop,digest of ann/2.jpg\nann/3.jpg,drop,\n"
    made = resolve(read(tmp_path, text), ("ann/1.jpg", "ann/2.jpg", "ann/3.jpg"))
    assert sorted(made.by_path) == ["ann/2.jpg", "ann/3.jpg"]
    assert made.warnings == (
        f"{tmp_path}/decisions.csv:2: ann/1.jpg has changed since it was decided; the decision was not applied",
    )
    assert [row.digest for row in made.rows] == ["00", "digest of ann/2.jpg", "digest of ann/3.jpg"]


def test_what_is_remembered_about_a_photo_that_is_gone_stays(tmp_path: Path) -> None:
    made = resolve(read(tmp_path, PLAIN), ("ann/1.jpg",), remembered=("ann/2, of 3.jpg", "bob/1.jpg"))
    assert [row.path for row in made.rows] == ["ann/1.jpg", "ann/2, of 3.jpg", "bob/1.jpg"]
    assert sorted(made.by_path) == ["ann/1.jpg"]


def test_names_of_any_text_come_back(tmp_path: Path) -> None:
    names = ("=x[red] \n,1.jpg", "\u202egpj.1", "-a;b\tc.jpg", "'q\"uote\\n.jpg", "写真 .jpg")
    rows = tuple(sorted((Decision(f"ann/{name}", Verb.DROP, note=name) for name in names), key=lambda row: row.path))
    decisions.write(tmp_path, Decisions(rows=rows))
    assert decisions.read(tmp_path / "decisions.csv").rows == rows


def test_decisions_are_part_of_the_recipe_and_lines_are_not(tmp_path: Path) -> None:
    bare = build("crop-faces", {}, {"digest": "0"})
    assert decisions.with_decisions(bare, decisions.NONE) == bare
    one, other, changed = (
        decisions.with_decisions(bare, resolve(read(tmp_path, HEADER + rows), ("ann/1.jpg", "ann/2.jpg")))
        for rows in (
            "ann/1.jpg,,drop,,\nann/2.jpg,,keep,,\n",
            "ann/2.jpg,,keep,,\n./ann/1.jpg,,DROP,,\n",
            "ann/1.jpg,,drop,,\nann/2.jpg,,drop,,\n",
        )
    )
    assert one == other
    assert one["input"]["decisions"] != changed["input"]["decisions"]


def test_a_table_in_a_folder_is_none_of_its_images(make_folder: Callable[..., Path]) -> None:
    root = make_folder({"ann": 1})
    decisions.write(root, Decisions(rows=MEANT))
    assert [sample.path for sample in image_folder.read(root).samples] == ["ann/000.png"]


@pytest.mark.parametrize(
    ("label", "found"),
    [("ann", "ann"), (" ann ", "ann"), ("Beyonce\u0301", "Beyonc\u00e9"), ("person-001", "person-001")],
)
def test_photos_that_are_grouped_may_be_moved_to_any_name(tmp_path: Path, label: str, found: str) -> None:
    assert _any_label(tmp_path, label).of("1.jpg")[0].label == found


@pytest.mark.parametrize(
    ("label", "problem"),
    [
        ("a/b", "a/b can't be the name of a class; expected a name, as ann"),
        ("..", ".. can't be the name of a class; expected a name, as ann"),
        (".hidden", ".hidden can't be the name of a class; expected a name, as ann"),
        ("manifest.csv", "manifest.csv can't be the name of a class; expected a name, as ann"),
        ("x" * 201, f"{'x' * 20}… is too long for the name of a class; expected 200 bytes at most"),
    ],
)
def test_a_name_that_no_class_can_have_is_an_error(tmp_path: Path, label: str, problem: str) -> None:
    with pytest.raises(CelebtoolError) as raised:
        _any_label(tmp_path, label)
    assert str(raised.value) == f"{tmp_path / 'd.csv'}:2: {problem}"


def _any_label(root: Path, label: str) -> Decisions:
    (root / "photos").mkdir()
    (root / "photos/1.jpg").write_bytes(b"1")
    (root / "d.csv").write_text(f"path,face,decision,label\n1.jpg,1,move,{label}\n", encoding="utf-8")
    folder = image_folder.read(root / "photos")
    contents = provenance.contents(root / "photos")
    return decision_targets.of_run(root / "d.csv", None, folder, contents, any_label=True)
