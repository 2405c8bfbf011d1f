"""A command on a terminal: run on a pseudo-terminal of a given width, and what its screen shows in the end."""

import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from dataclasses import dataclass
from pathlib import Path

_TOKEN = re.compile(r"\x1b\[([\d;?]*)([A-Za-z])|([\r\n\b])|([^\x1b\r\n\b]+)")


@dataclass(frozen=True)
class Shown:
    """How a command on a terminal ended: its exit code, every byte that it wrote, and the lines on the screen."""

    code: int
    written: str
    lines: list[str]


def run(*arguments: object, columns: int, cwd: Path | None = None, code: str | None = None) -> Shown:
    """Run ``celebtool ARGUMENTS…`` (or Python code) with stdout and stderr on a terminal of so many columns."""
    line = [sys.executable, *(("-c", code) if code else ("-m", "celebtool")), *map(str, arguments)]
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
    environment = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES", "NO_COLOR")}
    process = subprocess.Popen(
        line, stdin=subprocess.DEVNULL, stdout=theirs, stderr=theirs, cwd=cwd, env={**environment, "TERM": "xterm"}
    )
    os.close(theirs)
    written = b""
    while chunk := _read(ours):
        written += chunk
    os.close(ours)
    text = written.decode()
    return Shown(process.wait(), text, screen(text, columns))


def _read(number: int) -> bytes:
    try:
        return os.read(number, 1 << 16)
    except OSError:  # Linux' end of file, when the last process has closed the terminal
        return b""


def screen(text: str, columns: int) -> list[str]:
    """Return the lines that a terminal shows after a text, without spaces at their ends."""
    rows: list[list[str]] = [[]]
    row = column = 0
    for match in _TOKEN.finditer(text):
        parameters, command, control, plain = match.groups()
        if command == "A":
            row = max(row - int(parameters or 1), 0)
        elif command == "K":
            rows[row] = rows[row][:column]
        elif control == "\r":
            column = 0
        elif control == "\b":
            column = max(column - 1, 0)
        elif control == "\n":
            row += 1
            column = 0
        for character in plain or "":
            if column == columns:
                row, column = row + 1, 0
            while row >= len(rows):
                rows.append([])
            rows[row] += " " * (column - len(rows[row]))
            rows[row][column : column + 1] = [character]
            column += 1
        while row >= len(rows):
            rows.append([])
    return ["".join(each).rstrip() for each in rows]
