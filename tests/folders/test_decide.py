from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from celebtool.errors import CelebtoolError
from celebtool.folders import decide, transfer
from celebtool.formats import image_folder, manifest
from celebtool.formats.decisions import Decision, Decisions, Verb

MADE = (
    Decision("ann/000.png", Verb.DROP, note="hat"),
    Decision("ann/001.png", Verb.MOVE, label="bob"),
    Decision("bob/000.png", Verb.KEEP),
)


def made(*rows: Decision) -> Decisions:
    return Decisions(Path("d.csv"), rows, {row.path: (row,) for row in rows})


def test_images_are_left_out_and_change_their_class(make_folder: Callable[..., Path]) -> None:
    folder = image_folder.read(make_folder({"ann": 3, "bob": 2}))
    decided = decide.decided(folder, made(*MADE))
    assert [(sample.path, sample.label) for sample in decided.samples] == [
        ("ann/001.png", "bob"),
        ("ann/002.png", "ann"),
        ("bob/000.png", "bob"),
        ("bob/001.png", "bob"),
    ]
    (row,) = decide.dropped(folder, made(*MADE))
    assert (row.path, row.source, row.status, row.reason) == ("", "ann/000.png", "rejected", "dropped")
    assert (row.extra["detail"], row.extra["decision"]) == ("dropped by decisions.csv: hat", "drop")
    rows = [replace(transfer.row(decided, sample, {}), path=sample.path) for sample in decided.samples]
    placed = decide.placed(rows, made(*MADE), folder)
    assert [(row.path, row.label, row.reason) for row in placed] == [
        ("bob/001~2.png", "bob", "moved"),
        ("ann/002.png", "ann", ""),
        ("bob/000.png", "bob", "confirmed"),
        ("bob/001.png", "bob", ""),
    ]


@pytest.mark.parametrize(
    ("source", "path", "part", "moved"),
    [
        ("ann/1.png", "ann/1-copy1.png", None, "bob/1-copy1.png"),
        ("ann/1.png", "train/ann/1.png", None, "train/bob/1.png"),
        ("train/ann/x/1.png", "train/ann/x/1.png", "train", "train/bob/x/1.png"),
    ],
)
def test_where_a_moved_image_goes(source: str, path: str, part: str | None, moved: str) -> None:
    folder = image_folder.ImageFolder(Path(), (image_folder.Sample(source, "ann", part),))
    row = manifest.Row(path, "bob", source, "0")
    assert decide.placed([row], made(Decision(source, Verb.MOVE, label="bob")), folder)[0].path == moved


def test_images_have_no_faces_to_choose_from(make_folder: Callable[..., Path]) -> None:
    folder = image_folder.read(make_folder({"ann": 1}))
    with pytest.raises(CelebtoolError) as caught:
        decide.decided(folder, made(Decision("ann/000.png", Verb.TAKE, 2, line=4)))
    problem = "ann/000.png is an image of one face; faces of photos are chosen by crop-faces --decisions"
    assert str(caught.value) == f"d.csv:4: {problem}"
