"""Promise 16: what the system is to blame for is never the photo's fault.

A run whose reads fail ends well with the bytes of an undisturbed run, or with exit code 1, one line and no output. A
mount that goes away is a directory that is renamed.
"""

import errno
import io
import itertools
import os
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import Executor, Future
from contextlib import contextmanager
from pathlib import Path

import pytest
from PIL import Image
from skimage import data

from celebtool.cropping import plan, run
from celebtool.cropping.plan import CropSettings
from celebtool.errors import SystemFaultError
from celebtool.formats import image_folder, provenance
from celebtool.system import system_faults
from celebtool.system.progress import Silent
from tests.conftest import tree
from tests.torture import world
from tests.torture.conftest import Tally, amount
from tests.torture.forge import Forge

ERRNOS = ("ENOENT", "EIO", "ESTALE", "EACCES", "EMFILE", "ENOMEM", "ETIMEDOUT", "ENOTCONN")
CALLS = ("openat", "read", "newfstatat")
COMMANDS = (("split", "faces", "out"), ("balance", "faces", "out"), ("augment", "parts", "out"), ("report", "faces"))


@pytest.mark.skipif(shutil.which("strace") is None, reason="needs strace")
def test_reads_of_images_that_fail(tmp_path: Path, tally: Tally) -> None:
    tally.begin(16, "system calls that read an image and fail, in split, balance, augment and report")
    place = world.make(tmp_path / "place", {"ann": 4, "bob": 5})
    before = tree(place)
    (tmp_path / "streams").mkdir()
    forge = Forge("light", tmp_path / "streams")
    everything = list(itertools.product(COMMANDS, CALLS, ERRNOS, ("when=1", "when=2", "when=1+"), range(3)))
    random.Random(0).shuffle(everything)
    whole = {line: undisturbed(forge, line, place, before) for line in COMMANDS}
    broken = []
    for line, call, error, when, number in everything[: amount(6, 60, 240)]:
        file = sorted((place / line[1]).rglob("*.png"))[number]
        fault = ["-o", os.devnull, "-P", str(file), "-P", str(file.relative_to(place))]
        fault += ["-e", f"trace={call}", "-e", f"inject={call}:error={error}:{when}"]
        code = forge.run(list(line), place, fault)
        found = {name: content for name, content in tree(place).items() if name not in before}
        problem = problem_of(code, forge, found, whole[line], file.name)
        broken += [(line, call, error, when, problem)] if problem else []
        shutil.rmtree(place / "out", ignore_errors=True)
        tally.count()
    forge.close()
    assert broken == [], "\n".join(map(str, broken))


def undisturbed(forge: Forge, line: tuple[str, ...], place: Path, before: dict[str, bytes]) -> dict[str, bytes]:
    assert forge.run(list(line), place) == 0, forge.said()
    whole = {name: content for name, content in tree(place).items() if name not in before}
    whole["stdout"] = forge.printed()
    shutil.rmtree(place / "out", ignore_errors=True)
    return whole


def problem_of(code: int, forge: Forge, found: dict[str, bytes], whole: dict[str, bytes], file: str) -> str:
    """Say what is wrong after a run with a fault."""
    said = forge.said()
    if "Traceback" in said:
        return said[-500:]
    if code == 0:
        return "" if {**found, "stdout": forge.printed()} == whole else "exit 0 and other bytes"
    if code != 1 or found:
        return f"exit {code}, {len(found)} files, {said[-200:]}"
    return "" if said.count("celebtool: error: ") == 1 and file in said else f"the file is not named: {said[-300:]}"


class Fault:
    """Lets the n-th reading call on a photo fail, so many times; counts them."""

    def __init__(self) -> None:
        self.number, self.left, self.times, self.seen = errno.EIO, 10**9, 0, 0

    def met(self) -> None:
        self.seen += 1
        if self.left > 0:
            self.left -= 1
        elif self.times > 0:
            self.times -= 1
            raise OSError(self.number, os.strerror(self.number))


class FaultyFile(io.FileIO):
    """A file whose reads meet a fault."""

    fault: Fault

    def readinto(self, buffer: object) -> int:
        self.fault.met()
        return super().readinto(buffer)  # type: ignore[arg-type]


class Here(Executor):
    """Runs a call in this process."""

    def submit(self, function: object, /, *arguments: object, **_: object) -> "Future[object]":
        future: Future[object] = Future()
        try:
            future.set_result(function(*arguments))  # type: ignore[operator]
        except Exception as error:
            future.set_exception(error)
        return future


@contextmanager
def here(_workers: int) -> Iterator[Executor]:
    yield Here()


@pytest.mark.slow
@pytest.mark.torture
def test_reads_of_photos_that_fail(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tally: Tally) -> None:
    tally.begin(16, "reads of photos that fail once or for good, in the workers of crop-faces")
    photos = tmp_path / "photos" / "eileen"
    photos.mkdir(parents=True)
    Image.fromarray(data.astronaut()[30:210, 130:310]).save(photos / "a.jpg", quality=95)
    Image.fromarray(data.astronaut()[30:210, 130:310]).save(photos / "b.png")
    (photos / "c.jpg").write_bytes((photos / "a.jpg").read_bytes()[:3000])
    contents = provenance.contents(tmp_path / "photos")
    tasks = plan.plan(image_folder.read(tmp_path / "photos"), contents)
    fault = Fault()
    monkeypatch.setattr(system_faults, "PAUSES", (0, 0, 0))
    opened, asked = Path.open, Path.stat

    def faulty_open(path: Path, *arguments: object, **named: object) -> object:
        if path.parent != photos:
            return opened(path, *arguments, **named)  # type: ignore[call-overload]
        fault.met()
        file = FaultyFile(path)
        file.fault = fault
        return io.BufferedReader(file, 1 << 12)

    def faulty_stat(path: Path, **named: bool) -> os.stat_result:
        if path.parent == photos:
            fault.met()
        return asked(path, **named)

    def results() -> object:
        scratch = tmp_path / "scratch"
        shutil.rmtree(scratch, ignore_errors=True)
        scratch.mkdir()
        pool = run.Pool("celebtool.inference.detection.crops:crop_shard", 1, here, Silent())
        found = run.crop_all(tasks, CropSettings(size=32), scratch, pool)
        crops = [Path(face.crop).read_bytes() for one in found for face in one.faces if face.crop]
        return [(one.source, one.origin, one.rejection) for one in found], crops

    monkeypatch.setattr(Path, "open", faulty_open)
    monkeypatch.setattr(Path, "stat", faulty_stat)
    whole = results()
    calls = fault.seen
    everything = list(itertools.product(range(calls), ERRNOS, (1, 2, 10**6)))
    random.Random(0).shuffle(everything)
    ended = 0
    for place, name, times in everything[: amount(20, 60, 240)]:
        fault.number, fault.left, fault.times = getattr(errno, name), place, times
        try:
            assert results() == whole, (place, name, times)
        except SystemFaultError as error:
            ended += 1
            assert str(photos) in str(error), (place, name, times)
        tally.count()
    assert 0 < ended < tally.tried


@pytest.mark.slow
@pytest.mark.torture
def test_a_mount_that_goes_away(tmp_path: Path, tally: Tally) -> None:
    tally.begin(16, "crop-faces whose photos go away at a random moment: exit 1, and the same command continues")
    photos = tmp_path / "photos" / "eileen"
    photos.mkdir(parents=True)
    face = Image.fromarray(data.astronaut()[30:210, 130:310])
    for number in range(128):
        face.resize((180 + number, 180 + number)).save(photos / f"{number}.jpg", quality=90)
    line = ("crop-faces", "photos", "out", "--size", "32", "--jobs", "1", "--select", "largest", "--quiet")
    assert world.run(*line, cwd=tmp_path).code == 0
    whole = tree(tmp_path / "out")
    shutil.rmtree(tmp_path / "out")
    chance, late, wanted = random.Random(0), 0, amount(1, 3, 20)
    while tally.tried < wanted:
        code, said = run_until_away(tmp_path, line, chance)
        assert "Traceback" not in said
        if code == 0:  # they went away when all had been read
            assert tree(tmp_path / "out") == whole
            late += 1
            assert late < wanted
        else:
            assert code == 1, said
            assert not (tmp_path / "out").exists()
            again = world.run(*line, cwd=tmp_path)
            assert again.code == 0, again.said
            assert tree(tmp_path / "out") == whole
            tally.count()
        shutil.rmtree(tmp_path / "out")


def run_until_away(place: Path, line: tuple[str, ...], chance: random.Random) -> tuple[int, str]:
    """Run a command whose photos go away after some lots; return its exit code and what it said."""
    command = [sys.executable, "-m", "celebtool", *line]
    with subprocess.Popen(command, cwd=place, stderr=subprocess.PIPE, text=True) as process:
        wait_for_lots(place, chance.randrange(4))
        time.sleep(chance.random() * 0.3)
        (place / "photos").rename(place / "away")
        _, said = process.communicate(timeout=300)
    (place / "away").rename(place / "photos")
    return process.returncode, said


def wait_for_lots(place: Path, count: int) -> None:
    """Return when so many lots are done; with none, when the run has begun."""
    deadline = time.monotonic() + 300
    while time.monotonic() < deadline:
        scratch = place / ".out.partial" / "scratch"
        if scratch.is_dir() and len(list(scratch.glob("*/found.json"))) >= count:
            return
        time.sleep(0.02)
    raise AssertionError("no lots")
