"""Promise 6: on a review page names are text, nothing is loaded, and what is saved names the same photos."""

import random
from pathlib import Path

import pytest

from celebtool.formats import decisions, manifest
from celebtool.formats.manifest import KEPT, Row
from celebtool.report import review_page
from celebtool.report.review_page import Review
from tests.support.browser import CHROMIUM
from tests.support.curator import curator
from tests.torture.conftest import Tally, amount

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium")

PIECES = (
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "</script>", "<!--", "]]>", "&lt;", "&", '"', "'", "`", "${1}", "@title@", "@links@",
    "\\", "\\n", "\\u202e", "\n", "\r\n", "\t", "\x00", "\x1b[31m", "\x7f", "\x85", "\u2028", "\u202e", "\u2066", "\u200f", "\udcff", "\U0001f600",
    ",", ";", "=", "+1", "-1", "@", "\uff1d", " ", "\u00a0", "\ufeff", "e\u0301", "\u00e9", "成龍", "नरेन्द्र", "a", "0", "NA", "__proto__", "constructor",
)  # fmt: skip


def test_names_of_photos_on_a_review_page(tmp_path: Path, tally: Tally) -> None:
    tally.begin(6, "photos of all names on a review page, decided, saved and read again")
    rng = random.Random(0)
    names = {"".join(rng.choices(PIECES, k=rng.randint(1, 6))).replace("/", "|") for _ in range(amount(60, 300, 1400))}
    labels = ["ann", "<b>", "__proto__", "\u202ebob"]
    paths = [f"{rng.choice(labels)}/{name}" for name in sorted(names)]
    for root in (tmp_path / "photos", tmp_path / "crops"):
        root.mkdir()
    rows = [
        Row(f"{path}.jpg", path.split("/")[0], path, str(n), KEPT, "", {"face": "1"}) for n, path in enumerate(paths)
    ]
    manifest.write(tmp_path / "crops", rows, ("face",))
    review = Review(tmp_path / "photos", tmp_path / "crops", {}, all_faces=False)
    (page,) = review_page.write(review, tmp_path / "review.html", lambda _done, _total: None, overwrite=False)
    with curator(tmp_path) as person:
        person.open(page)
        assert person.page.value("document.querySelectorAll('script').length") == 2
        assert person.page.value("document.querySelectorAll('.class img').length") == len(paths)
        person.page.value("data.items.forEach((item, number) => move(item, data.classes[number % 4].label))")
        saved = person.save()
        wanted = person.page.value("data.classes.map((each) => each.label)")
        assert person.page.complaints() == []
        assert person.page.requests() == [page.as_uri()]
        assert set(wanted) == {*labels, "unknown"}
    read = decisions.read(saved).rows
    assert {row.path for row in read} == set(paths)
    assert {row.label for row in read} == set(wanted[:4])
    tally.count(len(read))
