"""Promise 11: INT, TERM and HUP at random times, and a reader that goes away: the documented code, and soon."""

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

CODES = {signal.SIGINT: 130, signal.SIGTERM: 143, signal.SIGHUP: 129}
LINES = {
    "balance": ("balance", "faces", "out"),
    "split": ("split", "faces", "out"),
    "augment": ("augment", "parts", "out", "--copies", "20"),
    "report": ("report", "table.csv", "--plots", "out"),
}
PATIENCE = 2.0


def begin(arguments: tuple[str, ...], cwd: Path) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(world.line(*arguments), cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def has_started(process: "subprocess.Popen[bytes]") -> bool:
    """Say whether celebtool's own code runs: Python, until then, answers Ctrl-C with a traceback of its own."""
    maps = Path(f"/proc/{process.pid}/status").read_text()
    blocked = next(part for part in maps.splitlines() if part.startswith("SigCgt"))
    return process.poll() is not None or bool(int(blocked.split()[1], 16) & (1 << (signal.SIGTERM - 1)))


def wait_for_start(process: "subprocess.Popen[bytes]") -> None:
    while not has_started(process):
        time.sleep(0.002)


def check(process: "subprocess.Popen[bytes]", number: signal.Signals, what: object) -> None:
    """Wait for the end, and see that it came soon, with the right code, without a traceback."""
    sent = time.monotonic()
    _, said = process.communicate(timeout=60)
    took = time.monotonic() - sent
    code = process.returncode
    assert code in (CODES[number], -number), (what, number, code, said)  # a shell shows either as 128 + number
    assert b"Traceback" not in said, said.decode()
    assert took < PATIENCE * (1 + os.getloadavg()[0]), (what, number, took)


@pytest.mark.parametrize("name", LINES)
def test_a_signal_at_any_time_ends_the_run(tmp_path: Path, name: str, tally: Tally) -> None:
    tally.begin(11, f"INT, TERM or HUP at a random time in {name}")
    world.make(tmp_path, {"ann": 30, "bob": 35})
    started = time.monotonic()
    whole = world.run(*LINES[name], cwd=tmp_path)
    duration = time.monotonic() - started
    assert whole.code == 0, whole.said
    wanted = tree(tmp_path / "out")
    shutil.rmtree(tmp_path / "out")
    inputs = tree(tmp_path)
    moments = random.Random(name)
    for _ in range(amount(1, 30, 150)):
        number = moments.choice(list(CODES))
        process = begin(LINES[name], tmp_path)
        wait_for_start(process)
        time.sleep(moments.uniform(0, duration))
        if process.poll() is None:
            process.send_signal(number)
            if process.poll() != 0:
                try:
                    check(process, number, name)
                except AssertionError:
                    if process.returncode != 0 or not (tmp_path / "out").exists():  # it had ended when the signal came
                        raise
        process.communicate()
        if (tmp_path / "out").exists():
            assert tree(tmp_path / "out") == wanted
            shutil.rmtree(tmp_path / "out")
        assert not [p for p in tmp_path.iterdir() if p.name not in {"faces", "parts", "table.csv"}]
        assert tree(tmp_path) == inputs
        tally.count()


@pytest.mark.slow
@pytest.mark.torture
@pytest.mark.parametrize("name", ["train", "predict"])
def test_a_signal_ends_a_run_that_computes(tmp_path: Path, name: str, tally: Tally) -> None:
    tally.begin(11, f"INT, TERM or HUP at a random time in {name}")
    world.make(tmp_path, {"ann": 30, "bob": 35})
    made = world.run(*world.MODEL, cwd=tmp_path)
    assert made.code == 0, made.said
    longer = ("--epochs", "500", "--patience", "0")
    arguments = (
        ("train", "parts", "m.h5", *world.TINY, *longer) if name == "train" else ("predict", "model.h5", "parts/train")
    )
    moments = random.Random(name)
    for _ in range(amount(1, 6, 30)):
        process = begin(arguments, tmp_path)
        wait_for_start(process)
        number = moments.choice(list(CODES))
        time.sleep(moments.uniform(0, 12.0 if name == "train" else 5.0))
        if process.poll() is None:
            process.send_signal(number)
            check(process, number, name)
        process.communicate()
        assert not (tmp_path / "m.h5").exists()
        tally.count()


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
