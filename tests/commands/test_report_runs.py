"""`report` on three tables and more: a row per run, who differs, and what only one run gets wrong."""

import json
import re

import pytest
from PIL import Image

from tests.support.predictions import NAMES, csv_rows, many, printed, write


@pytest.fixture
def runs(tmp_path):
    """Three tables of 36 images: one mistake, the same and another two, none."""
    made = many(wrong=1)
    second = [
        (path, label, "NA" if path == "test/Beyoncé/3.png" else called, part)
        for path, label, called, part in many(wrong=2)
    ]
    return [write(tmp_path / f"{name}.csv", rows) for name, rows in (("a", made), ("b", second), ("c", many(wrong=0)))]


def cells(result, title):
    """The rows of the table under a title, the head first."""
    return printed(result.stdout.split(title)[1].split("\n\n")[0].split("Mistakes that")[0])


def test_three_tables_are_a_row_each(celebtool, runs):
    result = celebtool("report", *runs)
    assert (result.code, result.stderr) == (0, "")
    rows = cells(result, "3 runs, accuracy with 95 % intervals")
    names = [row for row in rows if row[0].endswith(".csv")]
    assert [(row[1], row[2], row[3][:5]) for row in names[:3]] == [
        ("test", "36", "0.972"),
        ("test", "36", "0.917"),
        ("test", "36", "1.000"),
    ]
    assert "top-3" not in result.stdout
    assert "weighted" not in result.stdout


def test_runs_are_compared_with_the_first(celebtool, runs):
    shown = celebtool("report", *runs).stdout
    assert "Do they differ from" in shown
    document = json.loads(celebtool("report", *runs, "--json").stdout)
    assert [(one["second"][-5:], one["p_value"], one["p_holm"], one["verdict"]) for one in document["comparisons"]] == [
        ("b.csv", 0.5, 1, "no significant difference"),
        ("c.csv", 1, 1, "no significant difference"),
    ]


def test_mistakes_that_only_one_run_makes(celebtool, runs):
    assert "only one run" not in celebtool("report", *runs).stdout
    shown = celebtool("report", *runs, "--mistakes", "--limit", 1).stdout.split(
        "Mistakes that only one run makes: 1 of 2"
    )
    assert len(shown) == 2
    only = json.loads(celebtool("report", *runs, "--json").stdout)["runs"]
    assert (only["first"], only["images_in_all"], only["images_in_some"], only["not_compared"]) == (
        str(runs[0]),
        36,
        0,
        [],
    )
    assert {
        name[-5:]: (each["count"], [one["path"] for one in each["mistakes"]])
        for name, each in only["only_wrong"].items()
    } == {
        "a.csv": (0, []),
        "b.csv": (2, ["test/007/1.png", "test/Beyoncé/3.png"]),
        "c.csv": (0, []),
    }


def test_images_that_only_some_have_judged_are_said(celebtool, runs, tmp_path):
    fewer = write(tmp_path / "fewer.csv", many(count=11))
    other = write(tmp_path / "other.csv", [(f"x{path}", *rest) for path, *rest in many()])
    said = celebtool("report", *runs[:2], fewer, other).stderr
    assert said == (
        f"note: the 3 tables are not of the same images: 33 are in all, 3 in some only; each table is compared with {runs[0]} "
        "on the images that both have\n"
        f"note: not compared, because they have no labelled image in common with {runs[0]}: {other}\n"
    )


def test_a_baseline_is_the_first_row_and_demands_stay_those_of_one_table(celebtool, runs):
    result = celebtool("report", *runs[1:], "--baseline", runs[0], "--max-drop", 0.01, "--json")
    assert result.code == 3
    document = json.loads(result.stdout)
    assert document["runs"]["first"] == str(runs[0])
    assert list(document["runs"]["only_wrong"]) == [str(run) for run in runs]
    assert [subject["file"] for subject in document["subjects"]] == [str(run) for run in runs[1:]]
    assert "3 runs, accuracy" in celebtool("report", *runs[1:], "--baseline", runs[0]).stdout


def test_two_tables_are_as_ever(celebtool, runs):
    document = json.loads(celebtool("report", *runs[:2], "--json").stdout)
    assert "runs" not in document
    assert "p_holm" not in document["comparisons"][0]
    shown = celebtool("report", *runs[:2], "--mistakes").stdout
    assert "Predictions, with 95 % intervals" in shown
    assert "only one run" not in shown
    assert [row["accuracy"] for row in csv_rows(celebtool("report", *runs, "--csv"))] == ["0.972222", "0.916667", "1.0"]


def test_markdown_has_a_row_per_run(celebtool, runs):
    text = celebtool("report", *runs, "--markdown").stdout
    assert "## 3 runs, accuracy with 95 % intervals" in text
    assert re.search(
        r"^\| [^|]*b\.csv \| 36 \| 2 \| 0 \| \\?-0\.056 \| 0\.5 \| 1 \| no significant difference \|$",
        text,
        re.MULTILINE,
    )


def test_the_page_and_the_plots_compare_runs(celebtool, runs, tmp_path):
    for name in NAMES:
        (tmp_path / "faces/test" / name).mkdir(parents=True)
        for i in range(12):
            Image.new("RGB", (40, 40), (20 * i, 90, 90)).save(tmp_path / f"faces/test/{name}/{i}.png")
    outputs = ("--html", tmp_path / "p.html", "--plots", tmp_path / "plots", "--images", tmp_path / "faces")
    assert celebtool("report", *runs, *outputs).code == 0
    text = (tmp_path / "p.html").read_text()
    section = text.split('<h2 id="s0">Runs</h2>')[1].split("</section>")[0]
    assert "<h3>3 runs, accuracy with 95 % intervals</h3>" in section
    assert "b.csv gets these wrong</h3>" in section
    assert section.count("data:image/jpeg") == 2
    assert "<summary>All figures</summary>" in section
    assert section.count("makes no mistake that the others do not make</h3>") == 2
    assert (tmp_path / "plots/runs.png").is_file()
    celebtool("report", *runs[:2], "--html", tmp_path / "two.html")
    two = (tmp_path / "two.html").read_text()
    assert "b.csv gets these wrong</h3>" in two
    assert "3 runs" not in two
    assert two.index("Do they differ?") < two.index("<section>")


def test_plots_of_another_part_or_another_baseline_are_others(celebtool, runs, tmp_path):
    both = write(tmp_path / "both.csv", [*many(part="train"), *many(wrong=2)])
    usual = ("report", both, "--plots", tmp_path / "parts")
    assert celebtool(*usual).code == celebtool(*usual, "--part", "test").code == 0
    assert "exists" in celebtool(*usual, "--part", "train").stderr
    compared = ("report", *runs[1:], "--plots", tmp_path / "compared", "--baseline", runs[0])
    assert celebtool(*compared).code == 0
    assert "finished" in celebtool(*compared).stderr
    assert "exists" in celebtool(*compared[:-1], runs[2]).stderr
