"""Promises 12 and 13: two runs on one output, one writes; the same run again writes nothing."""

import os
import random
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from tests.conftest import tree
from tests.torture import world
from tests.torture.conftest import SCALE, Tally, amount

PAIRS = (
    ("balance", "faces", "out", "--quiet"),
    ("split", "faces", "out", "--quiet"),
    ("augment", "parts", "out", "--quiet", "--copies", "5"),
    ("report", "table.csv", "--html", "out", "--quiet"),
)


def test_of_two_runs_on_one_output_one_writes(tmp_path: Path, tally: Tally) -> None:
    """The second finds it being written, or finished, or there; never does it spoil what the first writes."""
    tally.begin(12, "two runs at once on one output")
    world.make(tmp_path)
    moments = random.Random(0)
    seen: set[int] = set()
    for number in range(amount(3, 100, 500)):
        arguments = PAIRS[number % len(PAIRS)]
        started = [start(arguments, tmp_path)]
        time.sleep(moments.uniform(0, 0.1))
        started.append(start(arguments, tmp_path))
        ended = [(process.communicate()[1].decode(), process.returncode) for process in started]
        codes = sorted(code for _, code in ended)
        assert codes[0] == 0, ended
        for said, code in ended:
            busy = "is being written by another run; wait for it or stop it" in said
            assert code == 0 or busy or "exists already" in said, ended
        seen.add(codes[1])
        shape = tree(tmp_path / "out") or (tmp_path / "out").read_bytes()
        remove(tmp_path / "out")
        assert sorted(path.name for path in tmp_path.iterdir()) == ["faces", "parts", "table.csv"], ended
        assert world.run(*arguments, cwd=tmp_path).code == 0
        assert shape == (tree(tmp_path / "out") or (tmp_path / "out").read_bytes())
        remove(tmp_path / "out")
        tally.count()
    assert SCALE == "fast" or 1 in seen  # else they never met


def start(arguments: tuple[str, ...], cwd: Path) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(world.line(*arguments), cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def remove(path: Path) -> None:
    shutil.rmtree(path) if path.is_dir() else path.unlink()


def test_eight_runs_at_once_hand_over_the_lock(tmp_path: Path, tally: Tally) -> None:
    """Runs that begin as others end: the moment at which a lock is removed."""
    tally.begin(12, "eight processes that write one file as fast as they can, in turns")
    code = (
        "import sys, pathlib, time; from celebtool.output import new_file; from celebtool.errors import CelebtoolError\n"
        "path, written, end = pathlib.Path(sys.argv[1]), 0, time.monotonic() + float(sys.argv[2])\n"
        "while time.monotonic() < end:\n"
        "    try:\n"
        "        with new_file(path, overwrite=True) as workspace:\n"
        "            with workspace.content.open('x') as stream: stream.write('a' * 5000 + sys.argv[3])\n"
        "            assert workspace.content.read_text().endswith(sys.argv[3])\n"
        "        written += 1\n"
        "    except CelebtoolError as error: assert 'another run' in str(error), error\n"
        "print(written)\n"
    )
    import sys

    seconds = amount(2, 20, 120)
    line = [sys.executable, "-c", code, str(tmp_path / "out.txt"), str(seconds)]
    running = [
        subprocess.Popen([*line, str(n)], stdout=subprocess.PIPE, cwd=Path(__file__).parents[2]) for n in range(8)
    ]
    written = [int(process.communicate()[0] or 0) for process in running]
    assert [process.returncode for process in running] == [0] * 8
    assert [path.name for path in tmp_path.iterdir()] == ["out.txt"]
    tally.count(sum(written))


AGAIN = (
    ("balance", "faces", "out"),
    ("split", "faces", "out"),
    ("augment", "parts", "out"),
    ("report", "table.csv", "--plots", "out"),
    ("report", "table.csv", "--html", "out"),
    pytest.param(world.MODEL, marks=[pytest.mark.slow, pytest.mark.torture]),
)


@pytest.mark.parametrize("arguments", AGAIN, ids=lambda arguments: arguments[0])
def test_the_same_run_again_writes_nothing(tmp_path: Path, arguments: tuple[str, ...], tally: Tally) -> None:
    tally.begin(13, "the same run again")
    world.make(tmp_path)
    first = world.run(*arguments, cwd=tmp_path)
    assert first.code == 0, first.said
    stamps = state(tmp_path)
    second = world.run(*arguments, cwd=tmp_path)
    assert second.code == 0, second.said
    assert state(tmp_path) == stamps
    tally.count()


def state(root: Path) -> dict[str, tuple[int, int, int]]:
    """Return inode, time of the last change and of the last change of the status, of everything and the root itself."""
    found = {}
    for path in (root, *root.rglob("*")):
        status = os.stat(path)
        found[str(path)] = (status.st_ino, status.st_mtime_ns, status.st_ctime_ns)
    return found
