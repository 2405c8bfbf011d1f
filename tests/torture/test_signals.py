"""Promise 11: INT, TERM and HUP at random times, and a reader that goes away: the documented code, and soon."""

import contextlib
import os
import random
import re
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from pathlib import Path

import pytest

from tests.conftest import tree
from tests.torture import world
from tests.torture.conftest import Tally, amount

CODES = {signal.SIGINT: 130, signal.SIGTERM: 143, signal.SIGHUP: 129}
LINES = {
    "balance": ("balance", "faces", "out"),
    "split": ("split", "faces", "out"),
    "augment": ("augment", "parts", "out", "--copies", "20"),
    "report": ("report", "table.csv", "--plots", "out"),
}
RESUMED = ("split",)  # what it keeps is for the next run
KEPT = ".out.partial"
LONGER = ("--epochs", "500", "--patience", "0")
FINER = ("--unfreeze", "all", "--batch-size", "4", "--quiet")
HEAVY = {
    "crop-faces": ("crop-faces", "photos", "out", "--size", "32", "--quiet"),
    "train": ("train", "parts", "out.h5", *world.TINY, *LONGER),
    "finetune": ("finetune", "model.h5", "parts", "out.h5", *FINER, *LONGER),
    "ensemble": ("ensemble", "model.h5", "model.h5", "out.h5", "--quiet"),
    "predict": ("predict", "model.h5", "parts/train", "-o", "out", "--quiet"),
}
PATIENCE = 2.0  # seconds of the processor


class Running:
    """A run in a session of its own, whose talk goes into a file."""

    def __init__(self, arguments: tuple[str, ...], cwd: Path) -> None:
        self.talk = cwd.with_name("talk")
        self.temporary = Path(tempfile.mkdtemp())  # its name is short: a socket has to have room in it
        with self.talk.open("wb") as stream:
            self.process = subprocess.Popen(
                world.line(*arguments),
                cwd=cwd,
                stdout=subprocess.DEVNULL,
                stderr=stream,
                env={**os.environ, "TMPDIR": str(self.temporary)},
                start_new_session=True,
            )
        while not self._has_started():
            time.sleep(0.002)

    def _has_started(self) -> bool:
        """Say whether celebtool's own code runs: Python, until then, answers Ctrl-C with a traceback of its own."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        caught = re.search(r"SigCgt:\s*(\w+)", status)
        return self.has_ended() or bool(caught and int(caught[1], 16) & (1 << (signal.SIGTERM - 1)))

    def has_ended(self) -> bool:
        """Say whether it has ended; its end is still to be waited for."""
        return Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"

    def seconds(self) -> float:
        """Return what the processes of its session have had of the processor."""
        ticks = 0
        for path in Path("/proc").glob("[0-9]*/stat"):
            with contextlib.suppress(OSError):  # it has ended meanwhile
                fields = path.read_text().rpartition(")")[2].split()
                ticks += sum(map(int, fields[11:15])) if fields[3] == str(self.process.pid) else 0
        return ticks / os.sysconf("SC_CLK_TCK")

    def end(self) -> tuple[int, float]:
        """Wait for its end; return its code and what all its processes had of the processor; none of them is left."""
        killer = threading.Timer(120, self.process.kill)  # a run that hangs
        killer.start()
        while not self.has_ended():
            time.sleep(0.002)
        killer.cancel()
        used = self.seconds()
        code = self.process.wait()
        for _ in range(1500):
            try:
                os.killpg(self.process.pid, 0)
            except ProcessLookupError:
                return code, used
            time.sleep(0.02)
        raise AssertionError("a process of the run is left")


def interrupt(arguments: tuple[str, ...], place: Path, after: float, number: signal.Signals) -> None:
    """Begin a run and send it a signal; see that it ends soon, with the signal's code, or had ended well already."""
    running = Running(arguments, place)
    time.sleep(after)
    before, had_ended = running.seconds(), running.has_ended()
    os.kill(running.process.pid, number)  # `send_signal` would take its end away from `has_ended`
    code, seconds = running.end()
    said = running.talk.read_text(errors="replace")
    what = (arguments, number, after, code, said[-1000:])
    assert "Traceback" not in said, what
    assert seconds - before < PATIENCE, (*what, seconds - before)
    done = code == 0 and (
        had_ended or (place / world.output(arguments)).exists()
    )  # the output was there when the signal came
    assert done or code in (CODES[number], -number), what  # a shell shows either as 128 + number
    left = [path.name for path in running.temporary.iterdir()]
    assert left == [] or code < 0, (*what, left)
    shutil.rmtree(running.temporary)


@pytest.mark.parametrize("name", LINES)
def test_a_signal_at_any_time_ends_the_run(tmp_path: Path, name: str, tally: Tally) -> None:
    tally.begin(11, f"INT, TERM or HUP at a random time in {name}")
    place = world.make(tmp_path / "place", {"ann": 30, "bob": 35})
    started = time.monotonic()
    whole = world.run(*LINES[name], cwd=place)
    duration = time.monotonic() - started
    assert whole.code == 0, whole.said
    wanted = tree(place / "out")
    shutil.rmtree(place / "out")
    inputs = tree(place)
    moments = random.Random(name)
    for _ in range(amount(1, 15, 150)):
        interrupt(LINES[name], place, moments.uniform(0, duration), moments.choice(list(CODES)))
        if (place / "out").exists():
            assert tree(place / "out") == wanted
            shutil.rmtree(place / "out")
        left = {path.name for path in place.iterdir()} - {"faces", "parts", "table.csv"}
        assert left <= ({KEPT} if name in RESUMED else set())
        assert {path: content for path, content in tree(place).items() if not path.startswith(KEPT)} == inputs
        tally.count()
    assert world.run(*LINES[name], cwd=place).code == 0
    assert tree(place / "out") == wanted
    assert {path.name for path in place.iterdir()} == {"faces", "parts", "table.csv", "out"}


@pytest.mark.slow
@pytest.mark.torture
@pytest.mark.parametrize("name", HEAVY)
def test_a_signal_ends_a_run_that_computes(tmp_path: Path, name: str, tally: Tally) -> None:
    tally.begin(11, f"INT, TERM or HUP at a random time in {name}")
    place = world.make(tmp_path / "place", {"ann": 30, "bob": 35})
    for number in range(20):
        world.photos(place, f"person{number}")
    made = world.run(*world.MODEL, cwd=place)
    assert made.code == 0, made.said
    inputs = tree(place)
    moments = random.Random(name)
    for _ in range(amount(1, 4, 25)):
        interrupt(HEAVY[name], place, moments.uniform(0, 8), moments.choice(list(CODES)))
        out = place / world.output(HEAVY[name])
        shutil.rmtree(out) if out.is_dir() else out.unlink(missing_ok=True)
        assert tree(place).items() >= inputs.items()
        tally.count()
    left = {path.name for path in place.iterdir()} - {path.split("/")[0] for path in inputs}
    assert left <= {f".{world.output(HEAVY[name])}.partial"}  # what the next run goes on from


def begin(arguments: tuple[str, ...], cwd: Path) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(world.line(*arguments), cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


@pytest.mark.parametrize(
    "arguments", [("report", "table.csv", "--mistakes", "-q"), ("report", "table.csv", "--json", "-q"), ("--help",)]
)
def test_a_reader_that_goes_away_is_no_error(tmp_path: Path, arguments: tuple[str, ...], tally: Tally) -> None:
    tally.begin(11, "a reader that closes the pipe (as `| head`), before, while or after it is written to")
    world.make(tmp_path)
    for number in range(amount(2, 10, 50)):
        process = begin(arguments, tmp_path)
        assert process.stdout
        assert process.stderr
        if number % 2:
            process.stdout.read(number)
        process.stdout.close()
        said = process.stderr.read()
        process.stderr.close()
        assert (process.wait(), said) in ([(141, b""), (0, b"")] if number % 2 else [(141, b"")])
        tally.count()


@pytest.mark.slow
@pytest.mark.torture
def test_a_reader_that_goes_away_from_predict(tmp_path: Path, tally: Tally) -> None:
    tally.begin(11, "a reader that closes the pipe of predict")
    world.make(tmp_path)
    assert world.run(*world.MODEL, cwd=tmp_path).code == 0
    for _ in range(amount(1, 2, 10)):
        process = begin(("predict", "model.h5", "parts", "--quiet"), tmp_path)
        assert process.stdout
        assert process.stderr
        process.stdout.close()
        said = process.stderr.read()
        process.stderr.close()
        assert (process.wait(), said) == (141, b"")
        tally.count()
