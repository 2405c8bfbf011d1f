"""Promise 15: random command lines from the real grammar: a documented code, no traceback, nothing written elsewhere."""

import itertools
import os
import random
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args, get_type_hints

import pytest
import typer

from celebtool import cli
from tests.torture import world
from tests.torture.conftest import Tally, amount
from tests.torture.forge import Forge

LIGHT = ("balance", "split", "augment", "report")
WORDS = ("", "0", "1", "2", "-1", "3.5", "nan", "inf", "1e999", "999999999999999999999", "min", "max", "median", "all", "list", "none", "imagenet",
         "x", "a b", "\udcff", "\x1b[31m", "=1+1", "--", "-", "-h", "%", "96x112", "0x0", "accuracy>=0.5", "accuracy>", "recall[ann]>=0",
         "\u202e", "0,1", "0.6,0.4", ",", "\n", "*" * 300, "adam", "sgd", "csv", "jsonl", "nearest", "wrap")  # fmt: skip
READ = (
    "faces",
    "parts",
    "table.csv",
    "nowhere",
    "faces/ann",
    "faces/ann/0.png",
    "parts/train",
    ".",
    "/dev/null",
    "empty",
    "\udcff",
    "a\nb",
    "loop",
    "-",
)
WRITING = ("--html", "--preview", "--history", "--output", "-o", "--plots", "--review")
UNREADY = ("nowhere", "table.csv", "empty", "faces/ann/0.png", "/dev/null", "fifo", "\udcff", "loop", "")
WRITTEN = (
    "out",
    "out.csv",
    "out/deeper",
    "table.csv",
    "faces",
    "nowhere/out",
    "/dev/full",
    "fifo",
    "out\n",
    "loop",
    "",
    ".",
)


def lines(chance: random.Random) -> Iterator[list[str]]:
    """Yield command lines: the right number of arguments or not, options with values that fit or do not."""
    grammar: Any = typer.main.get_command(cli.app)
    while True:
        verb = chance.choice([*LIGHT, *LIGHT, *cli.VERBS])
        inputs = READ if verb in LIGHT else UNREADY
        arguments, options = [], []
        for parameter in grammar.commands[verb].params:
            if parameter.param_type_name == "argument":
                writes = parameter.name in {"out", "parts"} and arguments
                count = chance.choice((1, 1, 1, 1, 1, 1, 1, 0, 2))
                arguments += [chance.choice(WRITTEN if writes else inputs) for _ in range(count)]
            elif chance.random() < 0.12:
                options += option(parameter, chance, verb)
        yield [verb, *chance.choice(([*arguments, *options], [*options, *arguments]))]


def option(parameter: Any, chance: random.Random, verb: str) -> list[str]:
    hints = get_type_hints(cli.VERBS[verb])
    name = chance.choice([*parameter.opts, *parameter.secondary_opts])
    if parameter.is_flag or parameter.name not in hints:
        return [name]
    hint = hints[parameter.name]
    choices = [value for part in (hint, *get_args(hint)) for value in get_args(part) if isinstance(value, str)]
    files = (
        WRITTEN
        if parameter.name in {"plots", "html", "preview", "history", "output"}
        else READ
        if verb in LIGHT
        else UNREADY
    )
    is_path = Path in (hint, *get_args(hint))
    pool = choices or (files if is_path else ("1", "2", "3", "0.5", "10"))
    return [name, str(chance.choice(pool if chance.random() < 0.7 else WORDS))]


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A directory of good and bad things to name."""
    root = world.make(tmp_path / "place")
    (root / "empty").mkdir()
    os.mkfifo(root / "fifo")
    (root / "loop").symlink_to("loop")
    (tmp_path / "beside").write_text("untouched")
    return root


def test_random_command_lines(place: Path, tmp_path: Path, tally: Tally) -> None:
    tally.begin(15, "random command lines")
    streams = tmp_path.with_name(tmp_path.name + "-streams")
    streams.mkdir()
    forge = Forge("light", streams)
    before, codes = everything(tmp_path), set()
    random_lines = lines(random.Random(15))
    for _ in range(amount(60, 700, 5000)):
        line = next(random_lines)
        code = forge.run([part.replace("\0", "") for part in line], place, seconds=120)
        said = forge.said()
        assert code in (0, 1, 2, 3), (code, line, said[-1500:])
        assert "Traceback" not in said, (line, said[-1500:])
        assert not any(ord(c) < 32 and c != "\n" for c in said), (line, said)
        codes.add(code)
        for path, data in changes(tmp_path, before):
            assert may_be_written(path, line, before), (line, path)
            put_back(tmp_path / path, data)
        tally.count()
    forge.close()
    assert {1, 2} <= codes


def everything(root: Path) -> dict[str, bytes | None]:
    """Return all that is below a directory: files with what they hold, and what is no file."""
    return {str(path.relative_to(root)): path.read_bytes() if path.is_file() else None for path in root.rglob("*")}


def changes(root: Path, before: dict[str, bytes | None]) -> Iterator[tuple[str, bytes | None]]:
    """Yield what a line wrote: paths that are new, with None, and paths that were there, with what they held."""
    now = everything(root)
    new = now.keys() - before.keys()
    yield from ((path, None) for path in new if path.rpartition("/")[0] not in new)
    yield from ((path, data) for path, data in before.items() if path not in now or now[path] != data)


def may_be_written(path: str, line: list[str], before: dict[str, bytes | None]) -> bool:
    """Say whether a line names a path, or an empty directory around it, as its output: one that is new, or a file to be replaced."""
    if path in before:
        replaced = {value for option, value in itertools.pairwise(line) if option in WRITING and "--overwrite" in line}
        return path in {f"place/{value}" for value in replaced}
    named = {f"place/{value}".split("/", 2)[1] for value in line if value not in {"", "."}}
    top, *rest = path.split("/")[1:]
    return top in named and (not rest or top == "empty")


def put_back(path: Path, data: bytes | None) -> None:
    if data is not None:
        path.write_bytes(data)
    elif path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink()
