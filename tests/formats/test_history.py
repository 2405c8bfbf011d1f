import math

import pytest

from celebtool.errors import CelebtoolError
from celebtool.formats import history
from celebtool.formats.history import Epoch

HEADER = "epoch,loss,accuracy,val_loss,val_accuracy,learning_rate,seconds\n"


def test_what_is_written_is_read(tmp_path):
    epochs = (Epoch(1, 0.5, 0.75, 0.6, 0.7, 0.001, 12.5), Epoch(2, 0.25, 0.875), Epoch(3, math.inf, 0.5))
    history.write(tmp_path / "h.csv", epochs)
    assert (tmp_path / "h.csv").read_text() == HEADER + (
        "1,0.5,0.75,0.6,0.7,0.001,12.5\n2,0.25,0.875,,,,\n3,inf,0.5,,,,\n"
    )
    assert history.read(tmp_path / "h.csv") == epochs


@pytest.mark.parametrize(
    ("rows", "problem"),
    [
        ("", "h.csv: has a header and no rows; expected at least one epoch"),
        ("one,0.5,0.5,,,,\n", "h.csv:2: has 'one' in column 'epoch'; expected a whole number"),
        ("1,,0.5,,,,\n", "h.csv:2: has '' in column 'loss'; expected a number"),
        ("1,0.5,50,,,,\n", "h.csv:2: has 50 in column 'accuracy'; expected a number from 0 to 1"),
        ("1,1,1,,,,\n1,1,1,,,,\n", "h.csv:3: has epoch 1 after epoch 1; expected epochs to count upwards"),
    ],
)
def test_a_wrong_row_is_named(tmp_path, monkeypatch, rows, problem):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "h.csv").write_text(HEADER + rows)
    with pytest.raises(CelebtoolError) as error:
        history.read(history.Path("h.csv"))
    assert str(error.value) == problem


def test_best_is_the_lowest_val_loss_else_the_lowest_loss():
    assert history.best([Epoch(1, 1, 0, 0.5), Epoch(2, 0.1, 0, 0.7), Epoch(3, 0.2, 0, 0.5)]).epoch == 1
    assert history.best([Epoch(1, 1, 0), Epoch(2, math.nan, 0), Epoch(3, 0.2, 0)]).epoch == 3
    assert history.best([Epoch(1, math.nan, 0)]).epoch == 1


@pytest.mark.parametrize("row", ["1" * 401 + ",0.5,0.5,,,,", "1,1.7e308,0.5,-1.7e308,,,"])
def test_numbers_that_no_plot_can_hold_are_errors(tmp_path, row):
    (tmp_path / "h.csv").write_text(HEADER + row + "\n")
    with pytest.raises(CelebtoolError, match="h.csv:2: has .*; expected a (whole )?number"):
        history.read(tmp_path / "h.csv")


def test_a_run_replaces_an_earlier_history_and_nothing_else(tmp_path):
    own, other = tmp_path / "h.csv", tmp_path / "notes.csv"
    for loss in (0.5, 0.25):
        history.check_place(own, tmp_path / "m.h5", [])
        history.write_new(own, [Epoch(1, loss, 0.5)], [])
        assert history.read(own)[0].loss == loss
    other.write_text("mine")
    with pytest.raises(CelebtoolError, match=r"notes\.csv: exists already and is no history; choose another name"):
        history.check_place(other, tmp_path / "m.h5", [])
    with pytest.raises(CelebtoolError, match="exists already"):
        history.write_new(other, [], [])
    assert other.read_text() == "mine"
