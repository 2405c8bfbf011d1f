"""The HTML page: what is in it, and what it does in a browser (skipped where there is no Chromium)."""

import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from celebtool.evaluation import judge
from celebtool.evaluation.gates import Demand
from celebtool.evaluation.judge import Gates
from celebtool.folders.inspection import Inspection
from celebtool.folders.suspects import Suspect, Why
from celebtool.formats import image_folder, manifest
from celebtool.formats.history import Epoch
from celebtool.formats.image_folder import Sample
from celebtool.formats.model_info import Layer, ModelInfo
from celebtool.formats.predictions import Prediction, Predictions
from celebtool.report import glossary, html, page
from celebtool.report.subjects import Report, Subjects
from celebtool.report.table import Table
from tests.support.browser import CHROMIUM, browser

HOSTILE = ('<script>alert("1")</script>', "a\"b'c", "成龍 नरेन्द्र", "\x1b[31m\u202e&amp;")


def table(names, per_class=4, wrong=1, strangers=0, part="test"):
    """`per_class` images of each class, the first `wrong` of each called as the next one is."""
    rows = []
    for label, name in enumerate(names):
        for i in range(per_class):
            called = (label + 1) % len(names) if i < wrong else label
            shares = np.full(len(names), 0.25 / (len(names) - 1))
            shares[called] = 0.75 - i / 1000
            shares[label - 1 if called != label - 1 else label] += i / 1000
            rows.append(Prediction(f"{part}/{name}/{i}.png", shares, names[called], part, name, score=0.75, seen=False))
    shares = np.full(len(names), 1 / len(names))
    rows += [Prediction(f"u{i}", shares, names[0], part, "unknown", score=0.5, seen=False) for i in range(strangers)]
    return Predictions(tuple(names), tuple(rows))


def build(*tables, pictures=None, limit=10, gates=None, **others):
    subjects = Subjects(predictions={f"{i}.csv": each for i, each in enumerate(tables)}, **others)
    return page.build(Report(subjects, judge.judge(subjects.predictions, gates or Gates())), pictures, limit)


class Outline(HTMLParser):
    """All tags and attributes of a page, its text apart."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.attributes, self.text, self.open = [], [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in ("meta", "img", "input", "rect"):
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if not self.open or self.open[-1] not in ("script", "style"):
            self.text.append(data)


def test_the_page_is_well_formed_and_asks_for_nothing():
    outline = Outline(build(table(("A", "B", "C"), strangers=2)))
    assert outline.open == []
    assert outline.tags.count("script") == 1
    addresses = [value for name, value in outline.attributes if name in ("src", "href", "action")]
    assert all(value.startswith(("data:image/png;base64,", "#s")) for value in addresses)
    assert not [name for name, _ in outline.attributes if name.startswith("on") or name == "style"]
    (policy,) = [value for name, value in outline.attributes if name == "content" and "default-src" in value]
    assert re.fullmatch(
        r"default-src 'none'; img-src data:; style-src 'sha256-[\w+/=]+'; script-src 'sha256-[\w+/=]+'", policy
    )


def test_names_are_text_whatever_they_hold():
    text = build(table(HOSTILE, strangers=1))
    outline = Outline(text)
    assert outline.tags.count("script") == 1
    shown = "".join(outline.text)
    assert '<script>alert("1")</script>' in shown
    assert "\\x1b[31m\\u202e&amp;" in shown
    assert "成龍 नरेन्द्र" in shown
    assert "\x1b" not in text
    assert "\u202e" not in text


def test_the_same_report_is_the_same_page():
    assert build(table(HOSTILE)) == build(table(HOSTILE))


def test_no_labels_no_mistakes_and_no_predictions_are_pages_too():
    nothing = Predictions(("A", "B"), (Prediction("1.jpg", np.array([0.5, 0.5]), "A"),))
    assert "No labels to compare with" in build(nothing)
    right = build(table(("A", "B"), wrong=0))
    assert "No mistakes" in right
    assert re.search(r"<h3>No class was taken for another[ ()a-z]*</h3>\s+<h3>", right)  # and no empty table
    failed = Predictions(("A", "B"), (Prediction("1.jpg", None, label="A", reason="unreadable"),))
    assert "1 of 1 images failed" in build(failed)


def test_leaks_demands_and_baselines_are_on_top():
    leaky = Predictions(("A", "B"), (Prediction("1.jpg", np.array([0.5, 0.5]), "A", "", "A", seen=True),))
    gates = Gates((Demand("accuracy", None, ">=", 1.5),), ("old.csv", leaky), 0.0)
    text = build(leaky, gates=gates)
    assert text.index('class="alarm"') < text.index("NOT MET") < text.index("McNemar") < text.index("<section>")


def test_histories_folders_and_models(make_folder):
    root = make_folder({"train/<A>": 2, "val/<A>": 1})
    folder = image_folder.read(root)
    seen = Inspection(((32, 32),), copies=((Sample("train/<A>/000.png", "<A>", "train"),) * 2,))
    run = (Epoch(1, 0.5, 0.5), Epoch(2, 0.25, 0.75))
    info = ModelInfo("cnn", ("<A>", "B"), (9, 9), history=run, layers=(Layer("<l>", "Dense", (2,), 8, 8, True),))
    text = build(histories={"h.csv": run}, folders={"f": (folder, seen)}, models={"m.h5": info})
    outline = Outline(text)
    assert outline.tags.count("img") == 4  # loss, accuracy, images per class, samples
    assert {"h.csv", "f", "m.h5", "Training", "<A>", "<l>"} <= set(outline.text)


def test_names_that_no_font_can_draw_have_a_legend():
    text = build(table(("A", "\U0001fffe")))
    assert "<h3>Names that no installed font can draw in plots</h3>" in text
    assert '<td class="text">#2</td>' in text


def test_averages_stay_at_the_foot_and_long_tables_filter():
    shown = Table("T", ("name", "n"), [(f"x{i}", str(i)) for i in range(12)], [("all", "66")])
    text = html.table(shown, "t")
    assert "<tfoot>\n<tr><td" in text
    assert '<p class="filter" data-table="t" hidden>' in text
    assert "filter" not in html.table(replace(shown, rows=shown.rows[:3]), "t")


def test_the_title_names_model_folder_and_people(make_folder):
    pictures = image_folder.read(make_folder({"s10": 1, "s2": 1}))
    info = ModelInfo("cnn", ("s10", "s2"), (9, 9), layers=(Layer("<l>", "Dense", (2,), 8, 8, True),))
    named = [Prediction(f"{label}/000.png", np.array([1.0, 0]), "s10", "", label) for label in ("s10", "s2")]
    text = build(Predictions(("s10", "s2"), tuple(named)), pictures=pictures, models={"m.h5": info})
    title = f"m.h5 (cnn), 0.csv, {pictures.root}"
    assert f"<title>{title} – celebtool report</title>" in text
    assert f"<h1>{title} – celebtool report</h1>" in text
    assert '<p class="people">2 people: s2, s10</p>' in text


def test_terms_are_explained_on_hover():
    text = build(table(("A", "B"), strangers=2))
    recall = "Share of the images of a class that were predicted as it."
    assert f'<th scope="col" class="number" title="{recall}"><button>recall</button></th>' in text
    assert '<td class="text" title="Mean F1 of the classes: every class counts the same.">macro F1</td>' in text
    assert '<div class="card" title="Share of the images of known people that got a name, not unknown.">' in text


def test_every_explained_term_is_one_that_a_report_shows():
    one = table(("A", "B", "C", "D", "E", "F"), strangers=1000, per_class=4)
    same = Suspect("", "", "A", "B", 0.1, Why.SHARED_PERSON, "")
    seen = Inspection(
        ((9, 9),),
        blurry=("a",),
        dark=("b",),
        tiny=("c",),
        copies=((Sample("d", "A"), Sample("e", "A")),),
        suspects=(same,),
    )
    folder = image_folder.ImageFolder(Path("f"), ())
    leaky = Predictions(one.class_names, tuple(replace(row, seen=True) for row in one.rows))
    run = (Epoch(1, 0.5, 0.5, 0.5, 0.5),)
    text = build(one, leaky, histories={"h": run}, folders={"f": (folder, seen)})
    text += build(one, one, one)  # as runs
    assert [term for term in glossary.TERMS if f">{html.escape(term)}</" not in text] == []


def test_the_share_of_known_faces_accepted_is_a_card():
    row = Prediction("1", np.array([0.75, 0.25]), "unknown", "", "A", score=0.5)
    cards = build(Predictions(("A", "B"), (row, replace(row, path="2", predicted="A")))).split('<div class="cards">')[1]
    assert "<span>known faces accepted</span><b>0.500</b><span>95 %: 0.013–0.987</span>" in cards


def test_a_folder_shows_copies_of_what_and_rejects(make_folder):
    folder = image_folder.read(make_folder({"A": 2}))
    seen = Inspection(((32, 32),), copies=(folder.samples,))
    rejects = {"f": (manifest.Row("", "A", "A/3.jpg", "", manifest.REJECTED, "no_face"),)}
    text = build(folders={"f": (folder, seen)}, rejects=rejects)
    assert '<td class="text">A/001.png</td><td class="text">A/000.png</td>' in text.split("<h3>Copies</h3>")[1]
    rejected = text.split("<h3>Rejected: 1 image</h3>")[1]
    assert '<td class="text">A/3.jpg</td><td class="text">A</td><td class="text">no face</td>' in rejected


def test_layers_are_folded():
    info = ModelInfo("cnn", ("A", "B"), (9, 9), layers=(Layer("l", "Dense", (2,), 8, 8, True),))
    assert "<details><summary>1 layer</summary>" in build(models={"m.h5": info})


needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here; apt-get install chromium")


@pytest.fixture(scope="module")
def tab(tmp_path_factory):
    with browser(tmp_path_factory.mktemp("profile")) as one:
        yield one


@pytest.fixture
def pictured(tmp_path):
    """A page of twenty people with a picture of every mistake."""
    names = [*HOSTILE, *(f"person {i:02d}" for i in range(16))]
    made = table(names, per_class=3, strangers=15)
    named = tuple(replace(row, path=f"{i:03d}.png") for i, row in enumerate(made.rows))
    for i in range(len(named)):
        Image.new("RGB", (40, 50), (255 - i, i, 90)).save(tmp_path / f"{i:03d}.png")
    text = build(Predictions(made.class_names, named), pictures=image_folder.read(tmp_path))
    file = tmp_path.parent / "report.html"
    file.write_text(text, encoding="utf-8")
    return file


COLUMN = "[...document.querySelectorAll('#p0-{table} tbody tr:not([hidden])')].map(row => row.cells[{n}].textContent)"


def click(tab, table, n):
    tab.value(f"document.querySelectorAll('#p0-{table} th')[{n}].querySelector('button').click()")
    return tab.value(COLUMN.format(table=table, n=n))


@needs_chromium
@pytest.mark.slow
def test_the_browser_has_nothing_to_complain_about(tab, pictured):
    for width, scheme in ((1200, "light"), (390, "light"), (1200, "dark")):
        tab.open(pictured, width=width, scheme=scheme)
        assert tab.complaints() == []
        assert tab.requests() == [pictured.resolve().as_uri()]
        assert tab.value("[...document.images].every(image => image.complete && image.naturalWidth > 0)")
        assert tab.value("document.images.length") == 20 + 15 + 3
        assert tab.value("document.documentElement.scrollWidth") <= width  # a phone need not scroll sideways
    assert tab.value("getComputedStyle(document.body).backgroundColor") == "rgb(23, 24, 28)"


@needs_chromium
@pytest.mark.slow
def test_tables_sort_by_number_and_by_name(tab, pictured):
    tab.open(pictured)
    recalls = click(tab, "classes", 1)
    assert recalls == sorted(recalls, key=float, reverse=True)
    assert click(tab, "classes", 1) == sorted(recalls, key=float)
    names = click(tab, "classes", 0)
    assert [name for name in names if name.startswith("person")] == [f"person {i:02d}" for i in range(16)]
    assert click(tab, "classes", 0) == names[::-1]
    assert tab.value("document.querySelectorAll('#p0-classes th')[0].getAttribute('aria-sort')") == "descending"
    assert tab.value("document.querySelectorAll('#p0-classes tfoot tr').length") == 2
    confidences = click(tab, "mistakes", 4)
    assert confidences == sorted(confidences, key=float, reverse=True)
    assert len(confidences) == 20


@needs_chromium
@pytest.mark.slow
def test_tables_filter_by_every_word(tab, pictured):
    tab.open(pictured)

    def type_in(text):
        tab.value(
            "{const line = document.querySelector('.filter[data-table=p0-classes]'); const input = line.querySelector('input');"
            f"input.value = {text!r}; input.dispatchEvent(new Event('input'))}}"
        )
        count = tab.value("document.querySelector('.filter[data-table=p0-classes] output').textContent")
        return tab.value(COLUMN.format(table="classes", n=0)), count

    assert type_in("PERSON 07") == (["person 07"], "1 of 20")
    assert type_in("<script> alert") == ([HOSTILE[0]], "1 of 20")
    assert type_in("nobody") == ([], "0 of 20")
    assert len(type_in("")[0]) == 20
    assert tab.complaints() == []


@needs_chromium
@pytest.mark.slow
def test_a_script_that_is_not_ours_does_not_run(tab, pictured):
    text = pictured.read_text(encoding="utf-8")
    pictured.write_text(text.replace("</body>", "<script>document.title = 'stolen'</script></body>"), encoding="utf-8")
    tab.open(pictured)
    assert tab.value("document.title") != "stolen"
    assert tab.complaints() != []
