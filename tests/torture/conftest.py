"""How much the torture tests try, and the table of what held.

Amounts come in three: in `make test` a few of each, with ``TORTURE=quick`` what CI has time for, with
``TORTURE=full`` (`make torture`) all. A test counts what it tries in a `Tally`; the tallies of a run become the
table of docs/reliability.md when ``TORTURE_TABLE`` names that file.
"""

import os
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

SCALE = os.environ.get("TORTURE", "fast")
BEGIN, END = "<!-- table: begin -->\n", "<!-- table: end -->\n"


def amount(fast: int, quick: int, full: int) -> int:
    """Return how much to try at the scale of this run."""
    return {"fast": fast, "quick": quick, "full": full}[SCALE]


@dataclass
class Tally:
    """What a test tried: `count` after each attempt that held."""

    promise: int = 0
    what: str = ""
    tried: int = 0

    def begin(self, promise: int, what: str) -> None:
        """Say which promise it is, and what is tried."""
        self.promise, self.what = promise, what

    def count(self, number: int = 1) -> None:
        """Count attempts that held."""
        self.tried += number


@pytest.fixture
def tally(request: pytest.FixtureRequest) -> Iterator[Tally]:
    """Count what a test tries; the row travels in the test's report, from whichever process it ran in."""
    kept = Tally()
    started = time.monotonic()
    yield kept
    seconds = time.monotonic() - started
    request.node.user_properties.append(("tally", (kept.promise, kept.what, kept.tried, seconds)))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the table, and write it into the file that ``TORTURE_TABLE`` names."""
    rows = sorted(_rows(terminalreporter))
    if not rows:
        return
    terminalreporter.section(f"torture ({SCALE})")
    for promise, what, tried, held, seconds in rows:
        terminalreporter.write_line(f"{promise:2d}  {tried:6d}  {held:4s} {seconds:7.1f} s  {what}")
    if table := os.environ.get("TORTURE_TABLE"):
        _write(Path(table), rows)


def _rows(reporter: pytest.TerminalReporter) -> Iterator[tuple[int, str, int, str, float]]:
    failed = {report.nodeid for name in ("failed", "error") for report in reporter.stats.get(name, [])}
    for reports in reporter.stats.values():
        for report in reports:
            tallies = dict(getattr(report, "user_properties", ()))
            if getattr(report, "when", "") == "teardown" and "tally" in tallies:
                promise, what, tried, seconds = tallies["tally"]
                yield promise, what, tried, "no" if report.nodeid in failed else "yes", seconds


def _write(path: Path, rows: list[tuple[int, str, int, str, float]]) -> None:
    lines = ["| promise | tried | times | held | seconds |\n", "|---:|---|---:|---|---:|\n"]
    lines += [f"| {p} | {what} | {tried:,} | {held} | {seconds:.0f} |\n" for p, what, tried, held, seconds in rows]
    text = path.read_text(encoding="utf-8")
    table = BEGIN + "".join(lines) + END
    path.write_text(re.sub(f"{BEGIN}.*{END}", lambda _: table, text, flags=re.DOTALL), encoding="utf-8")
