"""What the torture tests read, and how they run celebtool: as the installed command, in a process of its own."""

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image
from skimage import data

from tests.conftest import random_image

COMMAND = Path(sys.executable).with_name("celebtool")
TINY = ("--arch", "cnn", "--image-size", "16", "--dense", "8", "--epochs", "2", "--batch-size", "4", "--quiet")
MODEL = ("train", "parts", "model.h5", *TINY)


@dataclass(frozen=True)
class Ended:
    """How a run ended."""

    code: int
    stdout: bytes
    stderr: bytes

    @property
    def said(self) -> str:
        """What it said on stderr."""
        return self.stderr.decode(errors="surrogateescape")


def make(root: Path, classes: Mapping[str, int] | None = None, size: int = 16) -> Path:
    """Write faces/, parts/ and table.csv below a directory, small."""
    for label, count in (classes or {"ann": 4, "bob": 5}).items():
        for number in range(count):
            for place, part in (("faces", ""), ("parts", ("train", "train", "val", "test")[number % 4])):
                directory = root / place / part / label
                directory.mkdir(parents=True, exist_ok=True)
                random_image(f"{label}{number}", size).save(directory / f"{number}.png")
    lines = ["path,part,label,status,reason,predicted,confidence,score,seen,prob_ann,prob_bob"]
    lines += [f"{who}/{i}.png,,{who},predicted,,ann,0.9,0.9,no,0.9,0.1" for who in ("ann", "bob") for i in range(3)]
    (root / "table.csv").write_text("\n".join(lines) + "\n")
    return root


def photos(root: Path, label: str = "eileen") -> Path:
    """Write photos/ of a person below a directory: one with a face, and one without."""
    directory = root / "photos" / label
    directory.mkdir(parents=True)
    Image.fromarray(data.astronaut()[30:210, 130:310]).save(directory / "a.png")
    Image.fromarray(data.coffee()[:100, :100]).save(directory / "b.png")
    return root


def line(*arguments: object) -> list[bytes]:
    """Return a command line as the system takes it; a name may be any bytes."""
    return [os.fsencode(COMMAND), *(a if isinstance(a, bytes) else os.fsencode(str(a)) for a in arguments)]


def run(*arguments: object, cwd: Path, stdin: bytes = b"", environment: Mapping[str, str] | None = None) -> Ended:
    """Run a command line to its end."""
    env = {**os.environ, **(environment or {})}
    done = subprocess.run(
        line(*arguments), capture_output=True, check=False, cwd=cwd, input=stdin, env=env, timeout=600
    )
    return Ended(done.returncode, done.stdout, done.stderr)


def one_line(ended: Ended) -> bool:
    """Say whether an error was told in one line, without a traceback and without a byte that a terminal obeys."""
    text = ended.stderr.decode(errors="replace")
    errors = [part for part in text.splitlines() if part.startswith("celebtool: error: ")]
    return len(errors) == 1 and "Traceback" not in text and not any(b < 32 and b != 10 for b in ended.stderr)


def output(arguments: Sequence[str]) -> str:
    """Return the output that a command line names: ``out``, or ``out.h5`` where it is a model."""
    return next(name for name in arguments if name in {"out", "out.h5"})
