"""The review page: what is on it, what can be done there, and that crop-faces then does what was decided."""

import csv
import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from celebtool.formats import decisions, faces, manifest
from celebtool.formats.decisions import Decision, Verb
from celebtool.formats.faces import FoundFace, PhotoResult
from celebtool.formats.manifest import KEPT, REJECTED, Row
from celebtool.imaging.alignment import Box, Face
from celebtool.report import review_page
from celebtool.report.review_page import Review
from tests.conftest import Result, tree
from tests.support.browser import CHROMIUM
from tests.support.curator import Curator, curator

Run = Callable[..., Result]
NAMES = ("<img src=x onerror=alert(1)>.png", 'a"b\'c,d;=1.png', "=cmd|x.png", "-1.png", "\u202egnp.png", "line\nbreak.png", "写真 \\n.png", "<!--<script>.png")  # fmt: skip
needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium")


def quiet(_done: int, _total: int) -> None:
    pass


@pytest.fixture
def hostile(tmp_path: Path) -> Review:
    """Crops of two classes whose names a page, a table and a terminal might trip over; each photo shows two faces."""
    photos, crops = tmp_path / "photos", tmp_path / "crops"
    rows, cells = [], []
    for label in ("<b>ann", "bob"):
        for root in (photos, crops):
            (root / label).mkdir(parents=True)
        for number, name in enumerate(NAMES):
            path = f"{label}/{name}"
            Image.new("RGB", (80, 60), (20 * number, 90, 90)).save(photos / path)
            shutil.copy(photos / path, crops / path)
            rows.append(Row(path, label, path, f"{label}{number}", KEPT, "", {"face": "1", "distance": f"0.{number}"}))
            seen = tuple(FoundFace(Face(Box(x, 5, 20, 20), np.zeros((5, 2)), 0.99)) for x in (5, 45))
            cells += [faces.row(PhotoResult(path, "", seen), n, label, "", path if n == 1 else "") for n in (1, 2)]
    rows.append(Row("", "bob", "bob/gone.png", "x", REJECTED, "unreadable", {"detail": "<i>cut off</i></script>"}))
    manifest.write(crops, rows, ("detail", "face", "distance"))
    faces.write(crops, cells)
    return Review(photos, crops, {row.source: f"digest of {row.source}" for row in rows}, all_faces=False)


def build(review: Review, tmp_path: Path) -> Path:
    (page,) = review_page.write(review, tmp_path / "review.html", quiet, overwrite=True)
    return page


def content(page: Path) -> dict[str, object]:
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', page.read_text())
    assert found
    parsed: dict[str, object] = json.loads(found[1])
    return parsed


def test_a_page_asks_for_nothing_and_runs_only_its_own_script(hostile: Review, tmp_path: Path) -> None:
    text = build(hostile, tmp_path).read_text()
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', text)
    assert policy
    assert re.fullmatch(
        r"default-src 'none'; img-src data:; style-src 'sha256-[\w+/=]+'; script-src 'sha256-[\w+/=]+'", policy[1]
    )
    assert text.count("<script") == 2
    assert text.count("</script>") == 2
    assert not re.search(r'\b(src|href)="(?!#)', text)
    assert "\u202e" not in text
    assert text.isascii() or not re.search("[\ud800-\udfff]", text)


def test_items_are_in_the_order_in_which_they_are_looked_at(hostile: Review, tmp_path: Path) -> None:
    data = content(build(hostile, tmp_path))
    items, groups = data["items"], data["groups"]
    assert isinstance(items, list)
    assert isinstance(groups, list)
    last = items[groups[1]["items"][-1]]
    assert (last["path"], last["crop"], last["reason"], last["detail"]) == (
        "bob/gone.png",
        "",
        "unreadable",
        "<i>cut off</i></script>",
    )
    assert [items[index]["distance"] for index in groups[0]["items"]] == [number / 10 for number in range(8)]
    assert [face["number"] for face in items[0]["faces"]] == [1, 2]
    assert items[0]["digest"] == f"digest of {items[0]['path']}"


def test_the_same_crops_are_the_same_page(hostile: Review, tmp_path: Path) -> None:
    assert build(hostile, tmp_path).read_bytes() == build(hostile, tmp_path).read_bytes()


def test_crops_and_photos_outside_their_folders_are_not_shown(hostile: Review, tmp_path: Path) -> None:
    Image.new("RGB", (9, 9)).save(tmp_path / "secret.png")
    row = Row("../secret.png", "bob", "../secret.png", "0", KEPT, "", {"face": "1"})
    manifest.write(hostile.crops, [row], ("face",))
    (item,) = content(build(hostile, tmp_path))["items"]  # type: ignore[misc]
    assert (item["crop"], item["photo"], item["faces"]) == ("", "", [])


def test_of_many_photos_each_class_has_a_page(hostile: Review, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(review_page, "MOST", 10)
    pages = review_page.write(hostile, tmp_path / "review.html", quiet, overwrite=True)
    assert [page.name for page in pages] == ["review.html", "review-1.html", "review-2.html"]
    assert pages == review_page.files(tmp_path / "review.html", ["bob", "<b>ann", "bob"], 17)
    assert '<a href="review-1.html">&lt;b&gt;ann</a> 8' in pages[0].read_text()
    assert [len(content(page)["items"]) for page in pages] == [0, 8, 9]  # type: ignore[arg-type]


def test_pages_of_people_that_are_not_known_yet_may_be_any_that_are_there(tmp_path):
    for name in ("a+b.html", "a+b-3.html", "a+b-12.html", "a+b-x.html", "a+b-0.html", "aab-3.html", "a+b-3.html.bak"):
        (tmp_path / name).touch()
    file, labels = tmp_path / "a+b.html", [""] * 2000
    assert review_page.files(file, labels, 2000, are_known=False) == [
        file,
        tmp_path / "a+b-12.html",
        tmp_path / "a+b-3.html",
    ]
    assert review_page.files(file, labels, 2000) == [file, tmp_path / "a+b-1.html"]
    assert review_page.files(file, labels, 1500, are_known=False) == [file]
    assert review_page.files(tmp_path / "nowhere" / "a.html", labels, 2000, are_known=False) == [
        tmp_path / "nowhere" / "a.html"
    ]


def test_pages_may_be_several_if_every_face_of_few_photos_counts(tmp_path):
    for name in ("a.html", "a-1.html", "a-7.html"):
        (tmp_path / name).touch()
    file, labels = tmp_path / "a.html", ["ann", "bob"]
    found = [file, tmp_path / "a-1.html", tmp_path / "a-7.html"]
    assert review_page.files(file, labels, 300, all_faces=True) == [file]
    assert review_page.files(file, labels, 301, all_faces=True) == found
    assert review_page.files(file, labels, 301, are_known=False, all_faces=True) == found
    assert review_page.files(file, labels, 1501, all_faces=True) == [file, tmp_path / "a-1.html", tmp_path / "a-2.html"]


def test_links_lead_to_files_of_any_name(hostile: Review, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(review_page, "MOST", 10)
    pages = review_page.write(hostile, tmp_path / "50% #1.html", quiet, overwrite=True)
    assert '<a href="50%25%20%231-1.html">' in pages[0].read_text()
    assert '<a href="50%25%20%231.html">all classes</a>' in pages[1].read_text()


def test_faces_that_give_a_crop_each_are_decided_one_by_one(hostile: Review, tmp_path: Path) -> None:
    rows = [Row(f"bob/{n}.png", "bob", "bob/-1.png", "0", KEPT, "", {"face": str(n)}) for n in (1, 2)]
    manifest.write(hostile.crops, rows, ("face",))
    items = content(build(hostile, tmp_path))["items"]
    assert [(item["path"], item["face"], item["taken"]) for item in items] == [  # type: ignore[attr-defined]
        ("bob/-1.png", 1, 1),
        ("bob/-1.png", 2, 2),
    ]


@needs_chromium
def test_names_are_text_and_tables_are_what_celebtool_reads(hostile: Review, tmp_path: Path) -> None:
    made = (Decision("bob/-1.png", Verb.DROP, note="=1+1\n"), Decision("elsewhere/1.png", Verb.KEEP, digest="00"))
    decisions.write(hostile.crops, decisions.Decisions(rows=made))
    with curator(tmp_path) as person:
        person.open(build(hostile, tmp_path))
        assert person.cards() == [f"{label}/{name}" for label in ("<b>ann", "bob") for name in NAMES] + ["bob/gone.png"]
        shown = person.page.value("document.querySelector('.card .name').textContent")
        assert shown == NAMES[0]
        assert person.count() == "2 decided: 1 dropped, 1 kept"
        for name in NAMES:
            person.move(f"<b>ann/{name}", "bob")
            person.take(f"bob/{name}", 2)
        saved = person.save()
        assert person.page.complaints() == []
        assert person.page.requests() == [f"file://{tmp_path}/review.html"]
        again = decisions.read(saved).rows
        assert {(row.path, row.cell, row.digest) for row in again} == {
            *((f"<b>ann/{name}", "move to bob", f"digest of <b>ann/{name}") for name in NAMES),
            *((f"bob/{name}", "take 2", f"digest of bob/{name}") for name in NAMES),
            ("elsewhere/1.png", "keep", "00"),
        }
        assert next(row.note for row in again if row.path == "bob/-1.png") == "=1+1\n"
        with saved.open(encoding="utf-8", newline="") as stream:
            assert not [cell for row in csv.reader(stream) for cell in row if cell[:1] in "=+@" and cell]
        first = saved.read_bytes()
        person.open(tmp_path / "review.html")
        said = person.read(saved)
        assert (
            said == "decisions.csv: 17 decisions read; 1 about photos that are not on this page; they are saved again"
        )
        assert person.save().read_bytes() == first
        stale = tmp_path / "stale.csv"
        stale.write_text("path,decision,digest\nbob/-1.png,drop,00\nbob/nothing,dance,\n")
        said = "stale.csv: 0 decisions read; 1 about photos that have changed since were left out"
        assert person.read(stale) == f"{said}; 1 rows that are no decisions were left out"
        assert person.save().read_bytes() == first
        excel = tmp_path / "excel.csv"
        excel.write_bytes(first.decode().replace("\n", "\r\n").encode("utf-16"))
        person.open(tmp_path / "review.html")
        person.read(excel)
        assert person.save().read_bytes() == first


@needs_chromium
def test_keys_decide_and_undo(hostile: Review, tmp_path: Path) -> None:
    with curator(tmp_path) as person:
        person.open(build(hostile, tmp_path))
        person.press("ArrowRight", "d", "k", "ArrowRight", "2")
        assert person.count() == "3 decided: 1 dropped, 1 face chosen, 1 kept"
        person.press("u", "u")
        assert person.count() == "1 decided: 1 dropped"
        person.press("c")
        person.look(f"<b>ann/{NAMES[0]}")
        person.press("c")
        assert person.count() == "nothing decided yet"
        assert person.page.value("document.getElementById('undo').disabled") is False
        person.press("u")
        person.page.value(
            "const show = document.getElementById('show'); show.value = 'decided'; show.dispatchEvent(new Event('change'))"
        )
        assert person.cards() == [f"<b>ann/{NAMES[0]}"]


@needs_chromium
def test_groups_are_named_and_faces_moved_to_any_name(tmp_path: Path) -> None:
    crops = tmp_path / "crops"
    crops.mkdir()
    (tmp_path / "photos").mkdir()
    photos = [
        ("person-001", "a", 1),
        ("person-001", "b", 1),
        ("person-001", "c", 1),
        ("person-002", "a", 2),
        ("ungrouped", "d", 1),
    ]
    rows = [
        Row(f"{group}/{name}-{n}.jpg", group, f"{name}.jpg", name, KEPT, "", {"face": str(n)})
        for group, name, n in photos
    ]
    manifest.write(crops, rows, ("face",))
    with curator(tmp_path) as person:
        person.open(build(Review(tmp_path / "photos", crops, {}, all_faces=True, any_label=True), tmp_path))
        person.drop("c.jpg", 1)
        person.page.value("document.querySelector('.class .namer input').value = 'Zo\u00eb'")
        person.click(".class .namer button")
        assert person.count() == "3 decided: 1 dropped, 2 moved"
        person.move("d.jpg", "../up", 1)
        assert person.count() == "3 decided: 1 dropped, 2 moved"
        person.look("d.jpg", 1)
        person.press("m", *"Jo", "Enter")
        assert [(row.path, row.cell) for row in decisions.read(person.save()).rows] == [
            *(
                ("a.jpg", "move 1 to Zo\u00eb"),
                ("b.jpg", "move 1 to Zo\u00eb"),
                ("c.jpg", "drop 1"),
                ("d.jpg", "move 1 to Jo"),
            ),
        ]
        said = person.page.value("document.getElementById('message').textContent")
        assert said == "Saved. Apply it with: celebtool crop-faces … --group --update --decisions decisions.csv"
        person.press("u", "u")
        assert person.count() == "1 decided: 1 dropped"
        assert person.page.complaints() == []


@needs_chromium
@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (1280, "dark"), (390, "light"), (390, "dark")])
def test_nothing_is_wider_than_the_screen(hostile: Review, tmp_path: Path, width: int, scheme: str) -> None:
    with curator(tmp_path) as person:
        person.open(build(hostile, tmp_path), width=width, scheme=scheme)
        person.look(f"<b>ann/{NAMES[1]}")
        assert person.page.value("document.documentElement.scrollWidth") <= width
        shown = person.page.value("getComputedStyle(document.body).backgroundColor")
        assert shown == {"light": "rgb(251, 251, 252)", "dark": "rgb(23, 24, 28)"}[scheme]


def _photo(file: Path) -> Image.Image:
    return Image.open(file).resize((276, 336))


@pytest.fixture
def mistakes(att_faces: Path, tmp_path: Path) -> Path:
    """Four people; in their folders photos of one another, a group photo with a larger face, a copy, and a blurred one."""
    photos = tmp_path / "photos"
    for number, name in enumerate(("alex", "blair", "casey", "drew"), 1):
        (photos / name).mkdir(parents=True)
        for i in range(1, 8):
            _photo(att_faces / f"s{number}" / f"{i}.pgm").save(photos / name / f"{name}-{i}.png")
    _photo(att_faces / "s2" / "8.pgm").save(photos / "alex" / "holiday.png")
    _photo(att_faces / "s9" / "1.pgm").save(photos / "casey" / "nobody.png")
    shutil.copy(photos / "drew" / "drew-3.png", photos / "blair" / "copy.png")
    _photo(att_faces / "s4" / "8.pgm").resize((40, 48)).resize((276, 336)).save(photos / "drew" / "blurred.png")
    group = Image.new("L", (640, 380), 90)
    group.paste(_photo(att_faces / "s1" / "9.pgm").resize((230, 280)), (10, 50))
    group.paste(_photo(att_faces / "s3" / "9.pgm").resize((300, 366)), (300, 5))
    group.save(photos / "alex" / "group.png")
    return photos


def _decide(person: Curator) -> None:
    suspects = person.cards(".suspects .card")
    assert {"alex/holiday.png", "casey/nobody.png", "alex/group.png", "blair/copy.png"} <= set(suspects)
    assert len(suspects) < 8, suspects
    person.look("alex/holiday.png", selector=".suspects .card")
    assert person.page.value("document.getElementById('move').value") == "blair"
    person.click("#mover")
    person.take("alex/group.png", 2)
    person.drop("blair/copy.png")
    person.look("casey/nobody.png", selector=".suspects .card")
    person.press("d")
    person.drop("drew/blurred.png")
    person.keep("drew/drew-3.png")
    assert person.count() == "6 decided: 3 dropped, 1 moved, 1 face chosen, 1 kept"


@pytest.mark.slow
@needs_chromium
def test_a_curator_mends_a_folder(celebtool: Run, mistakes: Path, tmp_path: Path) -> None:
    out, page, options = tmp_path / "faces", tmp_path / "review.html", ("--select", "largest")
    assert celebtool("crop-faces", mistakes, out, *options, "--review", page).code == 0
    with curator(tmp_path) as person:
        person.open(page)
        _decide(person)
        saved = person.save()
        assert person.page.complaints() == []
    applied = celebtool("crop-faces", mistakes, out, *options, "--update", "--decisions", saved, "--review", page)
    assert "3 dropped, 1 moved, 1 face chosen, 1 kept by decisions.csv" in applied.stderr
    wanted = _wanted(celebtool, mistakes, tmp_path, options)
    assert {path: each for path, each in tree(out).items() if "/" in path} == wanted
    with curator(tmp_path) as person:
        person.open(page)
        assert person.count() == "6 decided: 3 dropped, 1 moved, 1 face chosen, 1 kept"
        assert person.cards(".suspects .card") == []
    for number, name in enumerate(("alex", "blair", "casey", "drew"), 1):
        _photo(mistakes / name / f"{name}-1.png").rotate(number).save(mistakes / name / "new.png")
    later = celebtool("crop-faces", mistakes, out, *options, "--update")
    assert "3 dropped, 1 moved, 1 face chosen, 1 kept by decisions.csv; 33 reused, 4 new, 0 gone" in later.stderr
    images = {path: each for path, each in tree(out).items() if "/" in path}
    assert {path: each for path, each in images.items() if "new" not in path} == wanted


def _wanted(celebtool: Run, photos: Path, tmp_path: Path, options: tuple[str, ...]) -> dict[str, bytes]:
    """Return the crops of a folder of photos that was put right by hand."""
    right = tmp_path / "right"
    shutil.copytree(photos, right)
    (right / "alex" / "holiday.png").rename(right / "blair" / "holiday.png")
    for path in ("blair/copy.png", "casey/nobody.png", "drew/blurred.png", "alex/group.png"):
        (right / path).unlink()
    assert celebtool("crop-faces", right, tmp_path / "wanted", *options).code == 0
    shutil.copytree(photos / "alex", tmp_path / "alex" / "alex")
    assert celebtool("crop-faces", tmp_path / "alex", tmp_path / "all", "--select", "all").code == 0
    wanted = {path: each for path, each in tree(tmp_path / "wanted").items() if "/" in path}
    return wanted | {"alex/group.jpg": (tmp_path / "all" / "alex" / "group-2.jpg").read_bytes()}
