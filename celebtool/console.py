"""Print everything that celebtool says: tables on stdout, messages and progress on stderr, by rich and tqdm."""

import contextlib
import os
import shutil
import sys
import time
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NoReturn

from celebtool.errors import printable
from celebtool.formats.text import column_widths, fold
from celebtool.system.progress import Progress, Silent

if TYPE_CHECKING:
    from rich.text import Text
    from tqdm import tqdm

SECONDS_BETWEEN_LINES = 60.0
WIDTH_OF_A_PIPE = 120
BAR = "{desc}: {n_fmt}/{total_fmt}{unit} |{bar}| {elapsed}<{remaining}"
COUNTER = "{desc}: {n_fmt}{unit}, {elapsed}"

_quiet = False
_bar: "tqdm[NoReturn] | None" = None
"""The progress bar that is on the terminal now."""


def set_quiet(quiet: bool) -> None:
    """Print only results and errors from now on."""
    global _quiet  # noqa: PLW0603 - one process, one command, one voice
    _quiet = quiet


def note(text: object) -> None:
    """Print a line on stderr."""
    if not _quiet:
        _say(printable(text))


def done(path: object, what: str, next_command: str = "") -> None:
    """End a command: print on stderr what it wrote, where, and the likely next command.

    ``done("parts", "168 images of 5 people", command_line("train", "parts", "model.h5"))`` prints
    ``wrote parts: 168 images of 5 people; next: celebtool train parts model.h5``.

    Args:
        path: the output, as the user typed it.
        what: what it holds, with counts; may be empty.
        next_command: see `celebtool.errors.command_line`; may be empty.
    """
    note(f"wrote {path}{f': {what}' if what else ''}{f'; next: {next_command}' if next_command else ''}")


def warn(text: object) -> None:
    """Print a warning on stderr."""
    note(_announced("warning", text))


def error(text: object) -> None:
    """Print the one line that explains a failure."""
    with contextlib.suppress(BrokenPipeError):
        _say(_announced("error", printable(text)))


def _announced(kind: str, text: object) -> str:
    """Return the line of an error or a warning; in GitHub Actions as a command that annotates the run."""
    if os.environ.get("GITHUB_ACTIONS") != "true":
        return f"celebtool: {kind}: {text}"
    return f"::{kind} title=celebtool::{str(text).replace('%', '%25')}"


def finished(path: object, what: str = "nothing to do", again: str = "makes it anew") -> None:
    """Say that the output of this very command line is there already."""
    note(f"{path}: finished; {what} (--overwrite {again})")


def _say(line: str) -> None:
    """Print on stderr; if that is a log on a full disk, the line is lost and the work goes on."""
    try:
        with _bar_hidden():
            print(line, file=sys.stderr, flush=True)
    except BrokenPipeError:
        raise
    except OSError:
        pass


@contextlib.contextmanager
def _bar_hidden() -> Iterator[None]:
    """Erase the open progress bar while something else is printed, and draw it again below."""
    if _bar is not None:
        _bar.clear()
    yield
    if _bar is not None:
        _bar.refresh()


def table(
    title: str,
    columns: Sequence[str],
    rows: Sequence[Sequence[object]],
    *,
    compact: bool = False,
    to_stderr: bool = False,
) -> None:
    """Print a table; columns of numbers are aligned to the right.

    Args:
        title: printed above; may be empty.
        columns: the headers.
        rows: one cell per column; a cell is text, or a pair (text, rich style).
        compact: without lines and with one space between columns, for tables of many.
        to_stderr: for a table that accompanies a command rather than being its result.
    """
    from rich.table import Table  # noqa: PLC0415 - rich takes 50 ms that `--help` must not pay

    if to_stderr and _quiet:
        return
    drawn = Table()
    if compact:
        drawn.box, drawn.padding, drawn.pad_edge = None, (0, 1, 0, 0), False
    room = width(to_stderr=to_stderr)
    plain = [[_plain(cell) for cell in row] for row in (columns, *rows)]
    widths = [room] * len(columns) if compact else column_widths(plain, room - 3 * len(columns) - 1)
    for index, column in enumerate(columns):
        numeric = bool(rows) and all(_is_number(row[index]) for row in rows)
        drawn.add_column(_cell(column, widths[index]), justify="right" if numeric else "left", overflow="fold")
    for row in rows:
        drawn.add_row(*map(_cell, row, widths))
    if title:  # by itself, because rich would fold it to the width of a narrow table
        show(_cell((title, "bold"), room), to_stderr=to_stderr)
    show(drawn, to_stderr=to_stderr)


def width(*, to_stderr: bool = False) -> int:
    """Characters that a line of a table may hold: the terminal's, or 120 where there is none."""
    stream = sys.stderr if to_stderr else sys.stdout
    return shutil.get_terminal_size().columns if stream.isatty() else WIDTH_OF_A_PIPE


def show(renderable: object, *, to_stderr: bool = False) -> None:
    """Print a rich renderable on stdout (or stderr); a pipe that wants no colour or width gets 120 columns."""
    from rich.console import Console  # noqa: PLC0415

    stream = sys.stderr if to_stderr else sys.stdout
    limit = None if stream.isatty() else WIDTH_OF_A_PIPE
    with _bar_hidden():
        Console(file=stream, width=limit, highlight=False, emoji=False, markup=False).print(renderable)
        stream.flush()


@contextlib.contextmanager
def progress(description: str, unit: str = "", *, hidden: bool = False) -> Iterator[Progress]:
    """Yield what shows a long task's progress: a bar on a terminal, one plain line a minute elsewhere.

    Args:
        description: the name of the first stage.
        unit: what it counts; empty for a stage in which nothing is counted.
        hidden: show nothing, because the task itself writes to the terminal.
    """
    if _quiet or hidden:
        yield Silent()
        return
    shown = _Bar() if sys.stderr.isatty() else _Lines()
    shown.stage(description, unit)
    try:
        yield shown
    finally:
        shown.close()


class _Bar:
    """A bar for the stage that a task is in; of one that counts nothing (yet), its name."""

    def stage(self, name: str, unit: str = "") -> None:
        global _bar  # noqa: PLW0603 - one terminal, one bar
        from tqdm import tqdm  # noqa: PLC0415

        self.close()
        _bar = tqdm(
            desc=printable(name), unit=f" {unit}" if unit else "", leave=False, file=sys.stderr, bar_format="{desc}"
        )

    def __call__(self, done: int, total: int) -> None:
        if _bar is None:
            return
        if done and _bar.bar_format == "{desc}":
            _bar.bar_format = BAR if total else COUNTER
        _bar.total = total or None
        _bar.update(done - _bar.n)

    def say(self, line: str) -> None:
        note(line)

    def close(self) -> None:
        close_bar()


def close_bar() -> None:
    """Erase the progress bar, if there is one: the stage is over, or the run is stopped."""
    global _bar  # noqa: PLW0603 - one terminal, one bar
    if _bar is not None:
        _bar.close()
    _bar = None


class _Lines:
    """A line that says how far the stage is, a minute after the last line."""

    def __init__(self) -> None:
        self._name, self._unit = "", ""
        self._last = self._started = time.monotonic()

    def stage(self, name: str, unit: str = "") -> None:
        self._name, self._unit, self._started = name, unit, time.monotonic()

    def __call__(self, done: int, total: int) -> None:
        now = time.monotonic()
        if now - self._last >= SECONDS_BETWEEN_LINES:
            self._last = now
            rate = max(done, 1) / max(now - self._started, 1e-3)
            left = f", {(total - done) / rate:.0f} s left" if total else ""
            speed = f"{rate:.1f} {self._unit}/s" if rate >= 0.1 else f"{60 * rate:.1f} {self._unit}/min"
            note(f"{self._name}: {done}{f'/{total}' if total else ''} {self._unit}, {speed}{left}")

    def say(self, line: str) -> None:
        self._last = time.monotonic()
        note(line)

    def close(self) -> None: ...


def _cell(cell: object, width: int) -> "Text":
    from rich.text import Text  # noqa: PLC0415

    return Text(fold(_plain(cell), width), style=cell[1] if isinstance(cell, tuple) else "")


def _plain(cell: object) -> str:
    return printable(cell[0] if isinstance(cell, tuple) else cell)


def _is_number(cell: object) -> bool:
    text = str(cell[0] if isinstance(cell, tuple) else cell).strip().rstrip("%")
    try:
        float(text.replace(",", "").replace("\u2013", ""))
    except ValueError:
        return text == ""
    return True
