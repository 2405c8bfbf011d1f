"""Renew what the commands in documents print: ``python docs/transcripts.py README.md docs/tutorial.md`` (make transcripts).

The lines that begin with ``$ `` in a document's blocks marked ``console`` are run one after the other in an empty
directory that holds only a link to examples/; below each the document then shows what a terminal of 100 columns shows.
Output of the program, or the program itself, may change: run this again, read the difference, and adapt the prose.
"""

import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import tempfile
import termios
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent
COLUMNS = 100
BETWEEN = "\x1e"  # printed after each command; the "record separator" that no command prints
BLOCK = re.compile(r"(?<=^```console\n).*?(?=^```$)", re.MULTILINE | re.DOTALL)
COLOUR = re.compile(r"\x1b\[[\d;?]*[A-Za-z]")


def main(documents: list[str]) -> None:
    """Rewrite each document's console blocks."""
    for document in map(Path, documents):
        text = document.read_text(encoding="utf-8")
        commands = [line[2:] for block in BLOCK.findall(text) for line in block.splitlines() if line.startswith("$ ")]
        with tempfile.TemporaryDirectory() as directory:
            (Path(directory) / "examples").symlink_to(ROOT / "examples")
            shown = iter([as_text(raw) for raw in record(commands, Path(directory))])
        document.write_text(_renewed(text, shown), encoding="utf-8")


def _renewed(text: str, shown: Iterator[str]) -> str:
    """Return a document whose commands each have below them what they printed now."""

    def block(old: re.Match[str]) -> str:
        lines = [line for line in old[0].splitlines() if line.startswith("$ ")]
        return "".join(f"{line}\n{next(shown)}" for line in lines)

    return BLOCK.sub(block, text)


def record(commands: list[str], directory: Path) -> list[str]:
    """Run commands in one shell, on a terminal of their own, and return what each printed, colours included."""
    script = "\n".join(f"{command}\nprintf '{BETWEEN}'" for command in commands)
    main_end, shell_end = pty.openpty()
    fcntl.ioctl(shell_end, termios.TIOCSWINSZ, struct.pack("HHHH", 50, COLUMNS, 0, 0))
    shell = subprocess.Popen(
        ["bash", "-c", script], cwd=directory, stdin=subprocess.DEVNULL, stdout=shell_end, stderr=shell_end,
        env=os.environ | {"TERM": "xterm-256color", "COLUMNS": str(COLUMNS)},
    )  # fmt: skip
    os.close(shell_end)
    printed = b""
    try:
        while block := os.read(main_end, 65536):
            printed += block
    except OSError:  # Linux says EIO when the last writer is gone
        pass
    shell.wait()
    return printed.decode(errors="replace").split(BETWEEN)[:-1]


def as_text(raw: str) -> str:
    """Return what a terminal shows in the end: without colours, and without progress bars that were wiped away."""
    lines = []
    for line in COLOUR.sub("", raw).split("\n"):
        shown: list[str] = []
        for part in line.removesuffix("\r").split("\r"):
            shown[: len(part)] = part
        lines.append("".join(shown).expandtabs().rstrip())
    while lines and not lines[-1]:
        lines.pop()
    return "".join(f"{line}\n" for line in lines)


if __name__ == "__main__":
    main(sys.argv[1:])
