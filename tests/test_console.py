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
