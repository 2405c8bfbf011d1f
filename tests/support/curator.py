"""Plays a person in front of a review page: looks at photos, clicks, types, saves and opens decisions.csv."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.support.browser import Page, browser

KEYS = {"ArrowRight": 39, "ArrowLeft": 37, "ArrowDown": 40, "Enter": 13}


class Curator:
    """A person and the page that is open."""

    def __init__(self, page: Page, downloads: Path) -> None:
        self.page, self.downloads = page, downloads
        downloads.mkdir(exist_ok=True)
        page.call("Page.setDownloadBehavior", behavior="allow", downloadPath=str(downloads))

    def open(self, file: Path, **options: Any) -> None:
        """Open a review page."""
        self.page.open(file, **options)

    def cards(self, selector: str = ".class .card") -> list[str]:
        """Return the paths of the photos that are shown, in their order."""
        paths: list[str] = self.page.value(
            f"[...document.querySelectorAll({json.dumps(selector)})].filter((card) => card.offsetParent)"
            ".map((card) => data.items[card.dataset.item].path)"
        )
        return paths

    def look(self, path: str, face: int = 0, selector: str = ".class .card") -> None:
        """Click on a photo's card."""
        wanted = f"data.items[card.dataset.item].path === {json.dumps(path)} && data.items[card.dataset.item].face === {face}"
        self.page.value(f"[...document.querySelectorAll({json.dumps(selector)})].find((card) => {wanted}).click()")

    def click(self, selector: str) -> None:
        """Click on what a selector finds; it must be there, and not be disabled."""
        found = f"document.querySelector({json.dumps(selector)})"
        assert self.page.value(f"{found} !== null && !{found}.disabled"), selector
        self.page.value(f"{found}.click()")

    def drop(self, path: str, face: int = 0) -> None:
        self.look(path, face)
        self.click("#drop")

    def keep(self, path: str, face: int = 0) -> None:
        self.look(path, face)
        self.click("#keep")

    def move(self, path: str, label: str, face: int = 0) -> None:
        self.look(path, face)
        self.page.value(f"document.getElementById('move').value = {json.dumps(label)}")
        self.click("#mover")

    def take(self, path: str, number: int) -> None:
        self.look(path)
        self.click(f".face[data-face='{number}']")

    def press(self, *keys: str) -> None:
        """Press keys one after the other."""
        for key in keys:
            code = KEYS.get(key, ord(key[0].upper()))
            text = {} if key in KEYS else {"text": key}
            self.page.call("Input.dispatchKeyEvent", type="keyDown", key=key, windowsVirtualKeyCode=code, **text)
            self.page.call("Input.dispatchKeyEvent", type="keyUp", key=key, windowsVirtualKeyCode=code)

    def count(self) -> str:
        """Return what the counter says."""
        return str(self.page.value("document.getElementById('count').textContent"))

    def save(self) -> Path:
        """Save decisions.csv and return the file."""
        file = self.downloads / "decisions.csv"
        file.unlink(missing_ok=True)
        self.click("#save")
        deadline = time.monotonic() + 30
        while not file.exists():
            assert time.monotonic() < deadline, "nothing was downloaded"
            time.sleep(0.05)
        return file

    def read(self, file: Path) -> str:
        """Open a decisions.csv and return what the page says."""
        found = self.page.call("Runtime.evaluate", expression="document.getElementById('open')")["result"]
        before = self.page.value("document.getElementById('message').textContent = ''")
        self.page.call("DOM.setFileInputFiles", files=[str(file)], objectId=found["objectId"])
        deadline = time.monotonic() + 30
        while (said := self.page.value("document.getElementById('message').textContent")) == before:
            assert time.monotonic() < deadline, "the page says nothing"
            time.sleep(0.05)
        return str(said)


@contextmanager
def curator(tmp_path: Path) -> Iterator[Curator]:
    """Start Chromium and yield somebody who sits in front of it."""
    with browser(tmp_path / "profile") as page:
        yield Curator(page, tmp_path / "downloads")
