"""How much the torture tests try, and the table of what held.

Amounts come in three: in `make test` a few of each, with ``TORTURE=quick`` what CI has time for, with
``TORTURE=full`` (`make torture`) all. A test counts what it tries in a `Tally`; the tallies of a run become rows of
the table in docs/reliability.md when ``TORTURE_TABLE`` names that file.
"""

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.torture import table

SCALE = os.environ.get("TORTURE", "fast")


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
    day = time.strftime("%Y-%m-%d", time.gmtime())
    request.node.user_properties.append(("tally", (kept.promise, kept.what, kept.tried, seconds, day)))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the table, and put its rows into the document that ``TORTURE_TABLE`` names."""
    rows = table.summed(_rows(terminalreporter))
    if not rows:
        return
    terminalreporter.section(f"torture ({SCALE})")
    for row in rows:
        held = "yes" if row.held else "NO"
        terminalreporter.write_line(f"{row.promise:2d} {row.tried:7,d}  {held:3s} {row.seconds:7.1f} s  {row.what}")
    if document := os.environ.get("TORTURE_TABLE"):
        options = terminalreporter.config.option
        whole = options.file_or_dir == ["tests/torture"] and not options.keyword and options.markexpr == ""
        table.write(Path(document), rows, whole=whole)


def _rows(reporter: pytest.TerminalReporter) -> Iterator[table.Row]:
    failed = {report.nodeid for name in ("failed", "error") for report in reporter.stats.get(name, [])}
    for reports in reporter.stats.values():
        for report in reports:
            tallies = dict(getattr(report, "user_properties", ()))
            if getattr(report, "when", "") == "teardown" and "tally" in tallies:
                promise, what, tried, seconds, day = tallies["tally"]
                held = report.nodeid not in failed
                if tried or not held:  # else it was skipped
                    yield table.Row(promise, what, tried, held, seconds, day)
