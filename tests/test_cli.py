"""The command line as a whole: the list of commands, and the answers to mistyped words."""

import os
import subprocess
import sys

from celebtool.cli import VERBS


def test_the_summary_of_every_command_fits_a_line_of_80_columns() -> None:
    line = [sys.executable, "-m", "celebtool", "--help"]
    done = subprocess.run(line, capture_output=True, text=True, check=True, env={**os.environ, "COLUMNS": "80"})
    shown = done.stdout.partition("Commands:\n")[2]
    summaries = [(verb.__doc__ or "").splitlines()[0] for verb in VERBS.values()]
    assert [line.split(maxsplit=1)[1] for line in shown.splitlines()] == summaries
