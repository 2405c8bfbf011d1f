"""The section on compared tables: whose pictures it shows, and how many mistakes."""

import numpy as np
import pytest

from celebtool.evaluation import judge
from celebtool.evaluation.judge import Gates
from celebtool.formats import image_folder
from celebtool.formats.prediction_row import Prediction
from celebtool.formats.predictions import Predictions
from celebtool.report import page_runs, plot_files
from celebtool.report.subjects import Report, Subjects
from tests.conftest import random_image


def table(wrong, part=""):
    """Thirty images of A, of which some are called <B>."""
    rows = []
    for i in range(30):
        shares = np.array([0.25, 0.75]) if i in wrong else np.array([0.75, 0.25])
        name = f"{part}/A/{i}.png" if part else f"A/{i}.png"
        rows.append(Prediction(name, shares, "<B>" if i in wrong else "A", part, "A", seen=False))
    return Predictions(("A", "<B>"), tuple(rows))


def section(*tables, limit=100):
    report = Report(Subjects(), judge.judge({f"<{i}>.csv": each for i, each in enumerate(tables)}, Gates()))
    return page_runs.section(report, report.judgement.runs, None, limit)


def test_names_are_text_and_mistakes_are_shared_among_the_runs():
    text = section(table(set(range(20))), table({20}), table(set()), limit=45)
    assert "<h3>Only &lt;0&gt;.csv gets these wrong: 15 of 20</h3>" in text
    assert "<h3>Only &lt;1&gt;.csv gets these wrong</h3>" in text
    assert "<h3>&lt;2&gt;.csv makes no mistake that the others do not make</h3>" in text
    assert text.count('class="wrong">&lt;B&gt;</td>') == 16
    assert "<0>" not in text


def test_each_run_shows_a_dozen_however_many_there_are():
    assert "gets these wrong: 12 of 20</h3>" in section(table(set(range(20))), *[table(set())] * 12)


def test_two_tables_show_their_mistakes_alone():
    text = section(table({1}), table({2}))
    assert text.startswith("<h3>Only &lt;0&gt;.csv gets these wrong</h3>")
    assert "Runs" not in text
    assert "Do they differ" not in text


@pytest.mark.parametrize(("path", "is_known"), [("A/0.png", True), ("test/A/0.png", True), ("old/A/0.png", False)])
def test_a_baseline_of_another_folder_may_have_no_pictures(tmp_path, path, is_known):
    (tmp_path / "A").mkdir()
    random_image("0", 16).save(tmp_path / "A/0.png")
    shown = page_runs._thumbnails(image_folder.read(tmp_path))(path, None)
    assert (shown is plot_files.GREY) != is_known
