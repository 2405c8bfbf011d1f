"""Promises 12 and 13: two runs on one output, one writes; the same run again writes nothing."""

import os
import random
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.conftest import tree
from tests.torture import world
from tests.torture.conftest import Tally, amount

PAIRS = (
    ("balance", "faces", "out", "--quiet"),
    ("split", "faces", "out", "--quiet"),
    ("augment", "parts", "out", "--quiet", "--copies", "5"),
    ("report", "table.csv", "--html", "out", "--quiet"),
)
HEAVY = (("train", "parts", "out.h5", *world.TINY), ("crop-faces", "photos", "out", "--jobs", "1", "--quiet"))


def test_of_two_runs_on_one_output_one_writes(tmp_path: Path, tally: Tally) -> None:
    """The second finds it being written, or finished, or there; never does it spoil what the first writes."""
    tally.begin(12, "two runs of balance, split, augment or report at once on one output")
    world.make(tmp_path)
    moments = random.Random(0)
    for number in range(amount(3, 40, 200)):
        meet(PAIRS[number % 4], tmp_path, moments.uniform(0, 0.1), tally)


@pytest.mark.parametrize("arguments", PAIRS, ids=lambda arguments: arguments[0])
def test_a_run_whose_output_another_holds_says_so_at_once(
    tmp_path: Path, arguments: tuple[str, ...], tally: Tally
) -> None:
    """The first is stopped while it writes, the second comes and goes, and the first goes on to its end."""
    tally.begin(12, f"runs of {arguments[0]} while another, stopped half-way, holds their output")
    world.make(tmp_path)
    for _ in range(amount(1, 2, 5)):
        first = hold(arguments, tmp_path)
        second = world.run(*arguments, cwd=tmp_path)
        first.send_signal(signal.SIGCONT)
        assert (second.code, world.one_line(second)) == (1, True)
        assert "is being written by another run; wait for it or stop it" in second.said
        assert first.communicate()[1] == b""
        assert first.returncode == 0
        remove(tmp_path / "out")
        tally.count()


@pytest.mark.slow
@pytest.mark.torture
@pytest.mark.parametrize("arguments", HEAVY, ids=lambda arguments: arguments[0])
def test_of_two_runs_with_tensorflow_on_one_output_one_writes(
    tmp_path: Path, arguments: tuple[str, ...], tally: Tally
) -> None:
    tally.begin(12, f"two runs of {arguments[0]} at once on one output")
    world.photos(world.make(tmp_path))
    moments = random.Random(0)
    later = (moments.uniform(0, 4) for _ in range(amount(0, 0, 7)))
    codes = {meet(arguments, tmp_path, after, tally) for after in (0.0, *later)}
    assert 1 in codes


def meet(arguments: tuple[str, ...], place: Path, after: float, tally: Tally) -> int:
    """Begin a run, and the same after so many seconds; return the second's code, or the first's if it was second."""
    before = {path.name for path in place.iterdir()}
    started = [start(arguments, place)]
    time.sleep(after)
    started.append(start(arguments, place))
    ended = [(process.communicate()[1].decode(), process.returncode) for process in started]
    codes = sorted(code for _, code in ended)
    assert codes[0] == 0, ended
    for said, code in ended:
        busy = "is being written by another run; wait for it or stop it" in said
        assert code == 0 or busy or "exists already" in said, ended
    output = place / world.output(arguments)
    shape = tree(output) or output.read_bytes()
    remove(output)
    assert {path.name for path in place.iterdir()} == before, ended
    assert world.run(*arguments, cwd=place).code == 0
    assert shape == (tree(output) or output.read_bytes())
    remove(output)
    tally.count()
    return codes[1]


def hold(arguments: tuple[str, ...], place: Path) -> "subprocess.Popen[bytes]":
    """Begin a run and stop it while it writes; one that was too quick is begun again."""
    for _ in range(100):
        process = start(arguments, place)
        while process.poll() is None and not (place / ".out.partial/scratch").is_dir():
            time.sleep(0.001)
        process.send_signal(signal.SIGSTOP)
        time.sleep(0.05)  # until it has stopped, or ended
        if process.poll() is None and (place / ".out.partial/scratch").is_dir():
            return process
        process.communicate()
        remove(place / "out")
    pytest.fail("no run could be stopped while it wrote")


def start(arguments: tuple[str, ...], cwd: Path) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(world.line(*arguments), cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def remove(path: Path) -> None:
    shutil.rmtree(path) if path.is_dir() else path.unlink()


def test_eight_runs_at_once_hand_over_the_lock(tmp_path: Path, tally: Tally) -> None:
    """Runs that begin as others end: the moment at which a lock is removed."""
    tally.begin(12, "eight processes that write one file as fast as they can, in turns")
    code = (
        "import sys, pathlib, time; from celebtool.system.output import new_file; from celebtool.errors import CelebtoolError\n"
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
)


@pytest.mark.parametrize("arguments", AGAIN, ids=lambda arguments: arguments[0])
def test_the_same_run_again_writes_nothing(tmp_path: Path, arguments: tuple[str, ...], tally: Tally) -> None:
    tally.begin(13, "the same run of balance, split, augment or report again")
    world.make(tmp_path)
    run_twice(arguments, tmp_path)
    tally.count()


FINER = ("--unfreeze", "all", "--epochs", "1", "--batch-size", "4", "--quiet")
AGAIN_WITH_A_MODEL = (
    ("crop-faces", "photos", "out", "--jobs", "1"),
    world.MODEL,
    ("finetune", "model.h5", "parts", "finer.h5", *FINER),
    ("ensemble", "model.h5", "finer.h5", "both.h5"),
)


@pytest.mark.slow
@pytest.mark.torture
def test_the_same_run_with_a_model_again_writes_nothing(tmp_path: Path, tally: Tally) -> None:
    """`predict -o` keeps no record of its run, so that it says that its output exists; that too writes nothing."""
    tally.begin(13, "the same run of crop-faces, train, finetune, ensemble or predict again")
    world.photos(world.make(tmp_path))
    for arguments in AGAIN_WITH_A_MODEL:
        run_twice(arguments, tmp_path)
        tally.count()
    run_twice(("predict", "model.h5", "parts/test", "-o", "out.csv"), tmp_path, code=1)
    tally.count()


def run_twice(arguments: tuple[str, ...], place: Path, code: int = 0) -> None:
    """Run a command line twice; the second ends with a code and has touched nothing."""
    first = world.run(*arguments, cwd=place)
    assert first.code == 0, first.said
    stamps = state(place)
    second = world.run(*arguments, cwd=place)
    assert second.code == code, second.said
    assert state(place) == stamps


def state(root: Path) -> dict[str, tuple[int, int, int]]:
    """Return inode, time of the last change and of the last change of the status, of everything and the root itself."""
    found = {}
    for path in (root, *root.rglob("*")):
        status = os.stat(path)
        found[str(path)] = (status.st_ino, status.st_mtime_ns, status.st_ctime_ns)
    return found
