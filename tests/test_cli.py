"""The command line as a whole: the list of commands, and the answers to mistyped words."""

import errno
import os
import subprocess
import sys

import pytest

from celebtool import cli
from celebtool.cli import VERBS


def test_the_summary_of_every_command_fits_a_line_of_80_columns() -> None:
    line = [sys.executable, "-m", "celebtool", "--help"]
    done = subprocess.run(line, capture_output=True, text=True, check=True, env={**os.environ, "COLUMNS": "80"})
    shown = done.stdout.partition("Commands:\n")[2]
    summaries = [(verb.__doc__ or "").splitlines()[0] for verb in VERBS.values()]
    assert [line.split(maxsplit=1)[1] for line in shown.splitlines()] == summaries


def test_a_limit_of_the_shell_is_told_with_what_to_type(capsys: pytest.CaptureFixture[str]) -> None:
    for number, remedy in (
        (errno.EMFILE, "; the shell allows too few; allow more: ulimit -n 1024"),
        (errno.ENOSPC, ""),
    ):
        assert cli._failure(OSError(number, os.strerror(number), "a.csv")) == 1
        assert capsys.readouterr().err == f"celebtool: error: a.csv: {os.strerror(number)}{remedy}\n"


@pytest.mark.parametrize(
    ("problem", "said"),
    [
        ("libblas.so: failed to map segment from shared object", "out of memory; a smaller --batch-size"),
        ("libblas.so: cannot map zero-fill pages: Cannot allocate memory", "out of memory; a smaller --batch-size"),
        ("libgomp.so: cannot allocate memory in static TLS block", "libgomp.so: cannot allocate memory in static TLS"),
        (
            "cannot import name 'x' from 'numpy'",
            "cannot import name 'x' from 'numpy'; a package of celebtool's is damaged",
        ),
    ],
)
def test_a_library_that_cannot_be_loaded_is_one_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, problem: str, said: str
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ImportError(problem)

    monkeypatch.setattr(cli, "app", broken)
    assert cli._run(["split", "a", "b"]) == 1
    error = capsys.readouterr().err
    assert error.startswith(f"celebtool: error: {said}")
    assert error.count("\n") == 1
