"""The map of the faces on the page: what it holds, and what it does in a browser (skipped where there is no Chromium)."""

import base64
import io
import re

import numpy as np
import pytest
from PIL import Image

from celebtool.folders import embedding_map
from celebtool.folders.suspects import Portrait, Suspect, Why
from celebtool.report import html, page_map
from tests.support import people
from tests.support.browser import CHROMIUM, browser

HOSTILE = "</title><script>alert(1)</script>\n\u202e\x1b"
NAMES = (HOSTILE, "s10", "s2", "unknown")


def colour(path, box):
    """A picture of one colour, which the path tells."""
    return np.full((40, 40, 3), (10 * len(path), 200, 60), np.uint8)


def laid_out(names=NAMES, each=2, suspects=True):
    portraits = [
        Portrait(f"{name}/{'x' * i}.jpg", name, people.face(n).astype(np.float32), "2" if i else "1")
        for n, name in enumerate(names)
        for i in range(each)
    ]
    portraits.append(Portrait("s2/copy.jpg", "s2", portraits[0].embedding))
    found = [Suspect("s2/copy.jpg", "", "s2", HOSTILE, 0.5, Why.OTHER_PERSON, "cosine 0.7")]
    return embedding_map.lay_out(portraits, found if suspects else [])


def test_a_mark_says_who_it_is_and_why_it_is_a_suspect():
    text = page_map.section(laid_out(), colour, "map")
    assert text.count("<title>") == 9
    hostile = r"&lt;/title&gt;&lt;script&gt;alert(1)&lt;/script&gt;\x0a\u202e\x1b"
    assert f"<title>{hostile}\n{hostile}/.jpg</title>" in text
    assert "<title>s10\ns10/x.jpg, face 2</title>" in text
    suspect = text.split('<g class="k1 suspect" data-class="1">')[1].split("</g>")[0]
    assert f"<title>s2\ns2/copy.jpg\nsuspect: looks like {hostile}\ncosine 0.7</title><circle " in suspect
    assert "<script" not in text


def test_the_legend_has_the_suspects_first_and_strangers_last():
    text = page_map.section(laid_out(), colour, "map").split('<div class="legend">')[1]
    names = re.findall(r"</svg><span>(.*?)</span><span>(\d+)</span>", text)
    assert [(name[:9], count) for name, count in names] == [
        ("in a ring", "1"),
        ("&lt;/titl", "2"),
        ("s2", "3"),
        ("s10", "2"),
        ("unknown", "2"),
    ]
    assert "in a ring" not in page_map.section(laid_out(suspects=False), colour, "map")


def test_strangers_have_no_colour():
    text = page_map.section(laid_out(), colour, "map")
    assert text.count('<g class="no" data-class="3">') == 2


def test_pictures_lie_in_one_jpeg_in_the_order_of_the_marks():
    text = page_map.section(laid_out(), colour, "map")
    side, across, content = re.search(
        r'class="tiles" hidden alt="" data-side="(\d+)" data-across="(\d+)" src="data:image/jpeg;base64,(.*?)"', text
    ).groups()
    assert (side, across) == ("72", "3")
    sheet = Image.open(io.BytesIO(base64.b64decode(content)))
    assert sheet.size == (216, 216)
    paths = [mark.portrait.path for mark in laid_out().marks]
    for number, path in enumerate(paths):
        red = sheet.getpixel((72 * (number % 3) + 36, 72 * (number // 3) + 36))[0]
        assert abs(red - 10 * len(path) % 256) < 12


def test_a_sample_says_so(monkeypatch):
    monkeypatch.setattr(embedding_map, "MOST", 5)
    text = page_map.section(laid_out(), colour, "map")
    assert "<li>5 of 9 images: all 1 suspect and the same share of every class.</li>" in text


def test_many_classes_say_that_colours_repeat():
    names = [f"p{i}" for i in range(31)]
    text = page_map.section(laid_out(names, each=1, suspects=False), colour, "map")
    assert "Colours and shapes repeat after 30 classes: point at a name to see where it lies." in html.html.unescape(
        text
    )
    assert "repeat" not in page_map.section(laid_out(), colour, "map")
    assert '<input type="search"' in text


def test_thirty_classes_differ_by_colour_or_shape():
    looks = {(page_map._colour(n, "x"), page_map._shape(n, "x", 9)) for n in range(30)}
    assert len(looks) == 30


def test_no_map_is_a_line_that_says_why():
    assert (
        page_map.section(embedding_map.lay_out([], []), colour, "map")
        == '<p class="people">No map of the faces: no embedding of a face is known; '
        "crop-faces writes them, and --suspects computes them.</p>\n"
    )


needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here; apt-get install chromium")

CARD = "(() => {const who = document.querySelector('.who'); return who.hidden ? '' : [...who.querySelectorAll('p *')].map(e => e.textContent).join('|')})()"
POINT = """(() => {{
  const box = document.querySelectorAll('.field g path')[{n}].getBoundingClientRect();
  const at = {{clientX: box.x + box.width / 2, clientY: box.y + box.height / 2, bubbles: true}};
  document.querySelector('.field svg').dispatchEvent(new PointerEvent('{event}', at));
}})()"""


@needs_chromium
@pytest.mark.slow
def test_the_map_in_a_browser(tmp_path):
    """One test, because starting the browser is what takes time."""
    file = tmp_path / "map.html"
    made = laid_out()
    file.write_text(html.document("map", page_map.section(made, colour, "map")), encoding="utf-8")
    shown = [mark.portrait.path for mark in made.marks]
    with browser(tmp_path / "profile") as tab:
        tab.open(file, width=390)
        assert tab.value("document.documentElement.scrollWidth") <= 390
        assert tab.value(CARD) == ""

        # the pointer shows the picture and the name of the mark that it is at
        number = next(n for n, path in enumerate(shown) if path == "s10/x.jpg")
        tab.value(POINT.format(n=number, event="pointermove"))
        assert tab.value(CARD) == "s10|s10/x.jpg, face 2"
        pixel = "[...document.querySelector('.who canvas').getContext('2d').getImageData(36, 36, 1, 1).data]"
        assert abs(tab.value(pixel)[0] - 10 * len("s10/x.jpg")) < 12

        # hostile names are text, also those of images at the same place
        tab.value(POINT.format(n=8, event="pointermove"))
        said = tab.value(CARD)
        assert said.startswith("s2|s2/copy.jpg|suspect: looks like </title><script>alert(1)</script>")
        assert said.endswith(r"|cosine 0.7|at the same place: </title><script>alert(1)</script>\x0a\u202e\x1b/.jpg")

        # keys go from mark to mark, and Escape leaves
        key = "document.querySelector('.field svg').dispatchEvent(new KeyboardEvent('keydown', {{key: '{}', bubbles: true}}))"
        visited = set()
        for name in ["Escape", *["ArrowLeft"] * 3, *["ArrowRight", "ArrowDown", "ArrowRight", "ArrowUp"] * 3]:
            tab.value(key.format(name))
            visited.add(tab.value(CARD))
        assert len(visited - {""}) >= 4
        tab.value(key.format("Escape"))
        assert tab.value(CARD) == ""

        # a name of the legend lights its marks up, and only these are found then
        tab.value("document.querySelector('.legend button[data-class=suspect]').click()")
        lit = "[...document.querySelectorAll('.field g')].map(g => g.classList.contains('lit'))"
        assert tab.value(lit) == [False] * 8 + [True]
        assert tab.value("document.querySelector('.legend button').getAttribute('aria-pressed')") == "true"
        tab.value(POINT.format(n=number, event="pointermove"))
        assert not tab.value(CARD).startswith("s10|")
        tab.value("document.querySelector('.legend button[data-class=suspect]').click()")
        assert not tab.value("document.querySelector('.field svg').classList.contains('dim')")

        # without the script everything is still there
        assert tab.complaints() == []
        assert tab.requests() == [file.resolve().as_uri()]
