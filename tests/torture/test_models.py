"""Promises 1 to 3 through the commands; the reader by itself is tortured in tests/formats/test_model_file.py."""

import os
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests import models
from tests.conftest import tree
from tests.formats.test_model_file import HOSTILE
from tests.torture import world
from tests.torture.conftest import Tally, amount

COMMANDS = (
    ("predict", "m.h5", "faces"),
    ("finetune", "m.h5", "parts", "out.h5"),
    ("ensemble", "m.h5", "m.h5", "out.h5"),
    ("report", "m.h5"),
)
MEGABYTES = 500  # an idle celebtool has 100 to 200 with numpy loaded


# `ru_maxrss` of a child begins with what its parent had before exec, so the child says itself what it took.
MEASURED = """
import pathlib, re, sys
from celebtool.cli import main
try:
    main(sys.argv[2:])
finally:
    status = pathlib.Path("/proc/self/status").read_text()
    pathlib.Path(sys.argv[1]).write_text(re.search(r"VmHWM:\\s*(\\d+) kB", status)[1])
"""


def run(arguments: tuple[str, ...], place: Path) -> tuple[int, str, float, float]:
    """Return the code, what was said, the processor's seconds, and the megabytes it had at most."""
    streams, peak = place.with_name("said"), place.with_name("peak")
    line = [sys.executable, "-P", "-c", MEASURED, str(peak), *arguments]
    with streams.open("wb") as said:
        process = subprocess.Popen(line, cwd=place, stdout=said, stderr=said)
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    text = streams.read_text(errors="replace")
    return process.returncode, text, used.ru_utime + used.ru_stime, int(peak.read_text()) / 1024


def test_hostile_models_are_refused_by_every_command(tmp_path: Path, tally: Tally) -> None:
    tally.begin(1, "hostile .h5 files given to predict, finetune, ensemble and report")
    place = world.make(tmp_path / "place")
    before = tree(place)
    chosen = sorted(HOSTILE)[:: amount(21, 5, 1)]
    for number, name in enumerate(chosen):
        for arguments in COMMANDS[number % 4 :: amount(4, 2, 1)]:
            HOSTILE[name](place / "m.h5")
            code, said, seconds, megabytes = run(arguments, place)
            what = (name, arguments, said[-600:])
            assert code == 1, what
            assert said.count("celebtool: error: ") == 1, what
            assert "Traceback" not in said, what
            if name != "NaN among weights":  # nothing in the structure gives that away
                assert seconds < 4, (seconds, what)  # of which a second to start; TensorFlow alone takes four
                assert megabytes < MEGABYTES, (megabytes, what)
            path = place / "m.h5"
            path.rmdir() if path.is_dir() and not path.is_symlink() else path.unlink(missing_ok=True)
            assert tree(place) == before, what
            tally.count()


@pytest.mark.torture
def test_mutants_through_the_command(tmp_path: Path, tally: Tally) -> None:
    """A trained model with some bytes changed: refused, or the same predictions."""
    tally.begin(2, "mutants of a trained model through predict")
    world.make(tmp_path)
    assert world.run(*world.MODEL, cwd=tmp_path).code == 0
    whole = world.run("predict", "model.h5", "parts/test", cwd=tmp_path)
    assert whole.code == 0, whole.said
    data = (tmp_path / "model.h5").read_bytes()
    chance = random.Random(2)
    for number in range(amount(1, 8, 50)):
        changed = bytearray(data)
        for _ in range(1 + number % 3):
            changed[chance.randrange(len(changed) if number % 2 else 8192)] ^= 1 << chance.randrange(8)
        (tmp_path / "m.h5").write_bytes(changed)
        started = time.monotonic()
        ended = world.run("predict", "m.h5", "parts/test", cwd=tmp_path)
        assert time.monotonic() - started < 120
        assert ended.code in (0, 1), ended
        assert ended.stdout == whole.stdout if ended.code == 0 else world.one_line(ended), ended.said
        tally.count()


def test_figures_that_are_no_numbers_are_no_predictions(tmp_path: Path, tally: Tally) -> None:
    tally.begin(3, "tables with NaN or Inf among probabilities, and models with NaN among weights")
    world.make(tmp_path)
    text = (tmp_path / "table.csv").read_text()
    numbers = ("nan", "NaN", "inf", "-inf", "Infinity", "1e999", "-1", "2", "0x1", "", "\u0661")
    for number in numbers[:: amount(6, 1, 1)]:
        for column in ("0.9,0.9,no,{},0.1", "0.9,0.9,no,0.9,{}", "{},0.9,no,0.9,0.1", "0.9,{},no,0.9,0.1"):
            (tmp_path / "t.csv").write_text(text.replace("0.9,0.9,no,0.9,0.1", column.format(number), 1))
            ended = world.run("report", "t.csv", "--json", cwd=tmp_path)
            assert b"NaN" not in ended.stdout
            assert b"Infinity" not in ended.stdout
            assert ended.code == 0 or world.one_line(ended), (number, column, ended.said)
            assert not (ended.code == 0 and number.lower() in {"nan", "inf", "-inf", "infinity"} and "{}" in column), (
                number,
                column,
            )
            tally.count()
    assert models.ARRAYS
