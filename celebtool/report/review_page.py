"""Write the page on which a person decides about crops: one file, or one per class where there are many photos."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import quote

from celebtool.errors import count, printable
from celebtool.formats import decisions, faces, image_folder, manifest
from celebtool.formats.decisions import Decisions
from celebtool.formats.image_folder import UNKNOWN
from celebtool.formats.reasons import words
from celebtool.report import html, review_items, review_pictures
from celebtool.report.html import escape
from celebtool.report.review_items import Item, Listing
from celebtool.report.review_pictures import Pictures
from celebtool.system import threads
from celebtool.system.output import write_file
from celebtool.system.progress import Progress

MOST = 1500  # photos on one page; of more, each class has a page of its own
MANY_FACES = 5  # of a photo; many photos have fewer in the mean


@dataclass(frozen=True)
class Review:
    """What the pages are about.

    Args:
        photos: the folder that the crops were cut from.
        crops: the folder of the crops.
        digests: the SHA-256 of each photo.
        all_faces: whether every face of a photo gives a crop.
        any_label: whether photos may be moved to any name, because they have none.
    """

    photos: Path
    crops: Path
    digests: Mapping[str, str]
    all_faces: bool
    any_label: bool = False


@dataclass(frozen=True)
class _Page:
    """A page: its file, heading, links to others as HTML, the classes to move to, and what it lists."""

    file: Path
    title: str
    links: str
    classes: Sequence[Mapping[str, str]]
    listing: Listing

    @cached_property
    def items(self) -> list[Item]:
        """What it lists, each once."""
        groups = [*self.listing.by_class.values(), self.listing.suspects]
        return list({(item.path, item.face): item for own in groups for item in own}.values())


def files(
    file: Path, labels: Iterable[str], photos: int, *, are_known: bool = True, all_faces: bool = False
) -> list[Path]:
    """Return the pages that `write` writes: `file` alone, or with one per class after it.

    Any page that is there already under the name of a class's may be one of them if the classes are not known yet, because
    photos will be sorted by their faces; or if it is not known whether there are several pages.

    Args:
        file: the page, or the index of several.
        labels: the class of each photo.
        photos: how many there are.
        are_known: whether these are the classes.
        all_faces: whether every face of a photo gives a crop, which is shown as a photo.
    """
    if photos * (MANY_FACES if all_faces else 1) <= MOST:
        return [file]
    if are_known and photos > MOST:
        return [file, *(_page_of(file, number) for number in range(1, len(set(labels)) + 1))]
    name = re.compile(rf"{re.escape(file.stem)}-[1-9][0-9]*{re.escape(file.suffix)}")
    return [file, *sorted(each for each in file.parent.glob("*") if name.fullmatch(each.name))]


def write(review: Review, file: Path, progress: Progress, *, overwrite: bool) -> list[Path]:
    """Write the pages and return their files; one that is there already, and the same, may stay.

    Raises:
        CelebtoolError: the folder's tables are damaged, or a file exists and is another.
    """
    rows, found = manifest.read_all(review.crops), faces.read(review.crops)
    pages = _pages(review, review_items.listing(rows, found, all_faces=review.all_faces), file)
    remembered = image_folder.sidecar(review.crops, decisions.FILE)
    decided = decisions.read(remembered) if remembered else decisions.NONE
    total, done = sum(len(page.items) for page in pages), 0
    for page in pages:  # one after the other, so that memory holds the pictures of one page
        made = threads.run(
            lambda item: review_pictures.pictures(item, found.get(item.path, ()), review.photos, review.crops),
            page.items,
            lambda number, _, done=done: progress(done + number, total),  # type: ignore[misc]
        )
        done += len(page.items)
        content = _content(page, made, review, decided)
        write_file(page.file, content.encode(), inputs=[review.photos, review.crops], overwrite=overwrite)
    return [page.file for page in pages]


def _page_of(file: Path, number: int) -> Path:
    return file.with_stem(f"{file.stem}-{number}")


def _pages(review: Review, listed: Listing, file: Path) -> list[_Page]:
    labels = list(listed.by_class)
    total = sum(map(len, listed.by_class.values()))
    classes = _classes([label for label in labels if label])
    title = f"{review.crops.name}: {count(total, 'photo')}"
    if total <= MOST:
        return [_Page(file, title, "", classes, listed)]
    names = {label: _page_of(file, number) for number, label in enumerate(sorted(labels), start=1)}
    links = "".join(
        f'<li><a href="{escape(quote(names[label].name))}">{escape(label or "photos")}</a> {len(listed.by_class[label])}</li>'
        for label in labels
    )
    back = f'<p class="pages"><a href="{escape(quote(file.name))}">all classes</a></p>'
    pages = [_Page(file, title, f'<ul class="pages">{links}</ul>', classes, replace(listed, by_class={}))]
    for label, name in names.items():
        own = listed.by_class[label]
        heading = f"{label or 'photos'}: {count(len(own), 'photo')}"
        pages.append(
            _Page(name, heading, back, classes, Listing({label: own}, [each for each in own if each.suspicion]))
        )
    return pages


def _classes(labels: Sequence[str]) -> list[dict[str, str]]:
    known = [*labels, *([UNKNOWN] if labels and UNKNOWN not in labels else [])]
    return [{"label": label, "shown": printable(label)} for label in known]


def _content(page: _Page, made: Sequence[Pictures], review: Review, decided: Decisions) -> str:
    """Return a page; its data is JSON in ASCII, in which nothing ends the element that it stands in."""
    data = json.dumps(_data(page, made, review, decided), separators=(",", ":")).replace("<", "\\u003c")
    frame = html.resource("review.html").replace("@links@", page.links).replace("@title@", escape(page.title))
    body = f'{frame}\n<script type="application/json" id="data">{data}</script>'
    return html.document(f"{page.title} – celebtool review", body, "review")


def _data(page: _Page, made: Sequence[Pictures], review: Review, decided: Decisions) -> dict[str, Any]:
    """Return the items of a page, which of them stand under which heading, and what is decided already."""
    index = {(item.path, item.face): number for number, item in enumerate(page.items)}
    return {
        "classes": page.classes,
        "anyLabel": review.any_label,
        "notices": [printable(notice) for notice in page.listing.notices],
        "items": [
            _record(item, each, review.digests.get(item.path, "")) for item, each in zip(page.items, made, strict=True)
        ],
        "groups": [
            {"title": printable(label or "photos"), "items": [index[item.path, item.face] for item in own]}
            for label, own in page.listing.by_class.items()
        ],
        "suspects": [index[item.path, item.face] for item in page.listing.suspects],
        "decisions": [
            {"path": row.path, "face": row.face or 0, "decision": row.verb, "label": row.label}
            | {"note": row.note, "digest": row.digest}
            for row in decided.rows
        ],
    }


def _record(item: Item, made: Pictures, digest: str) -> dict[str, Any]:
    return {
        "path": item.path,
        "name": printable(item.path),
        "face": item.face,
        "label": item.label,
        "kept": bool(item.crop),
        "taken": item.taken,
        "reason": printable(words(item.reason)),
        "detail": printable(item.detail),
        "distance": item.distance,
        "looks": item.looks_like,
        "suspicion": printable(item.suspicion),
        "digest": digest,
        "crop": made.crop,
        "photo": made.photo,
        "faces": [{"number": number, "picture": picture} for number, picture in made.faces],
    }
