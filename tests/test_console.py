import pytest

from celebtool import console
from celebtool.errors import command_line
from tests.support import terminal

PRINTING = """
import time
from celebtool import console
with console.progress("train", "images") as progress:
    for done in range(1, 4):
        progress(done, 3)
        time.sleep(0.15)
        console.note(f"epoch {done}/3")
    console.table("Result", ("image", "predicted"), [("a.jpg", "ann")])
console.done("model.h5", "5 people", "celebtool predict model.h5 photos")
"""


@pytest.mark.parametrize("columns", [80, 120])
def test_what_is_printed_under_an_open_bar_has_lines_of_its_own(columns: int) -> None:
    shown = terminal.run(columns=columns, code=PRINTING)
    assert "train: " in shown.written
    assert [line for line in shown.lines if line] == [
        "epoch 1/3",
        "epoch 2/3",
        "epoch 3/3",
        "Result",
        "┏━━━━━━━┳━━━━━━━━━━━┓",
        "┃ image ┃ predicted ┃",
        "┡━━━━━━━╇━━━━━━━━━━━┩",
        "│ a.jpg │ ann       │",
        "└───────┴───────────┘",
        "wrote model.h5: 5 people; next: celebtool predict model.h5 photos",
    ]


def test_the_end_says_what_was_written_and_what_comes_next(capsys: pytest.CaptureFixture[str]) -> None:
    console.done("my faces", "75 crops of 5 people", command_line("split", "my faces", "parts"))
    console.done("a.csv", "")
    out, err = capsys.readouterr()
    assert out == ""
    assert err == "wrote my faces: 75 crops of 5 people; next: celebtool split 'my faces' parts\nwrote a.csv\n"


def test_the_end_is_silent_when_asked_to_be(capsys: pytest.CaptureFixture[str]) -> None:
    console.set_quiet(True)
    try:
        console.done("a.csv", "3 rows", "celebtool report a.csv")
    finally:
        console.set_quiet(False)
    assert capsys.readouterr() == ("", "")


def test_errors_and_warnings_annotate_a_run_of_github_actions(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    console.warn("a.csv: 7 of 20 images\nwere trained on")
    console.error("a.csv: 95 % missed")
    assert capsys.readouterr().err == (
        "::warning title=celebtool::a.csv: 7 of 20 images\\x0awere trained on\n"
        "::error title=celebtool::a.csv: 95 %25 missed\n"
    )
    monkeypatch.delenv("GITHUB_ACTIONS")
    console.warn("b")
    console.error("c")
    assert capsys.readouterr().err == "celebtool: warning: b\ncelebtool: error: c\n"


TABLE = """
from celebtool import console
path = "parts/test/Mahendra_Singh_Dhoni/photo-of-the-final-2011.jpg"
console.table("Mistakes", ("image", "true", "predicted", "probability"), [(path, "Mahendra Singh Dhoni", "ann", "0.9")])
"""


@pytest.mark.parametrize(
    ("columns", "pieces"),
    [
        (80, ["parts/test/Mahendra_Singh_", "Dhoni/photo-of-the-final-", "2011.jpg"]),
        (120, ["parts/test/Mahendra_Singh_Dhoni/photo-of-the-final-2011.jpg"]),
    ],
)
def test_paths_are_broken_between_words(columns: int, pieces: list[str]) -> None:
    shown = terminal.run(columns=columns, code=TABLE)
    rows = [line.split("│")[1].strip() for line in shown.lines if line.startswith("│")]
    assert rows == pieces
    assert max(map(len, shown.lines)) <= columns
