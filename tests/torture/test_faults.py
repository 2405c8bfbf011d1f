"""Promise 9: a run is killed, or a system call of it fails, at every one that changes the disk.

strace puts the fault in. Whatever happens: the output is absent, as it was, or whole; the inputs are as they were;
and the same command once more ends with the same bytes as a run that nothing happened to, and leaves nothing behind.
"""

import os
import re
import shutil
import subprocess
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from tests.conftest import tree
from tests.torture import world
from tests.torture.conftest import Tally, amount
from tests.torture.forge import Forge

pytestmark = pytest.mark.skipif(shutil.which("strace") is None, reason="needs strace")

CHANGING = (
    "write,pwrite64,writev,sendfile,copy_file_range,mkdir,mkdirat,rename,renameat,renameat2,unlink,unlinkat,rmdir,"
    "link,linkat,symlink,symlinkat,ftruncate,fallocate,fsync,fdatasync,sync,chmod,fchmod,fchmodat,utimensat,flock"
)
KILL = "signal=KILL"
FAULTS = (KILL, "error=ENOSPC", "error=EIO")

_CALL = re.compile(r"^(?:(\d+) +)?(\w+)\((.*)")
_NO_DISK = re.compile(r"^\d+<(pipe|socket|anon_inode|UNIX)|/dev/shm/")  # semaphores of processes lie in /dev/shm
_OPENS_TO_WRITE = re.compile(r"O_(WRONLY|RDWR|CREAT|TRUNC)")


@dataclass(frozen=True)
class Case:
    """A command line, and the one name it writes; `old` is another line that writes it before."""

    name: str
    line: tuple[str, ...]
    output: str = "out"
    old: tuple[str, ...] = ()
    faults: tuple[str, ...] = FAULTS


LIGHT = (
    Case("balance", ("balance", "faces", "out")),
    Case("balance --link", ("balance", "faces", "out", "--link")),
    Case("balance --overwrite", ("balance", "faces", "out", "--overwrite"), old=("split", "faces", "out")),
    Case("balance --decisions", ("balance", "faces", "out", "--decisions", "decisions.csv")),
    Case("split", ("split", "faces", "out")),
    Case("split --folds", ("split", "faces", "out", "--folds", "3")),
    Case("augment", ("augment", "parts", "out")),
    Case("augment --copies", ("augment", "parts", "out", "--copies", "6")),
    Case("report --plots", ("report", "faces", "--plots", "out")),
    Case("report --html", ("report", "table.csv", "--html", "out")),
    Case(
        "report --html --overwrite",
        ("report", "table.csv", "--html", "out", "--overwrite"),
        old=("report", "faces", "--html", "out"),
    ),
)
CROPS = ("crop-faces", "photos", "out", "--size", "32", "--jobs", "1")
FINER = ("--unfreeze", "all", "--epochs", "2", "--batch-size", "4", "--quiet")
HEAVY = (
    Case("train", ("train", "parts", "out.h5", *world.TINY), "out.h5"),
    Case("train --folds", ("train", "faces", "out", "--folds", "2", *world.TINY)),
    Case("finetune", ("finetune", "model.h5", "parts", "out.h5", *FINER), "out.h5"),
    Case("ensemble", ("ensemble", "model.h5", "model.h5", "out.h5", "--quiet"), "out.h5"),
    Case("predict -o", ("predict", "model.h5", "parts/test", "-o", "out", "--quiet")),
    Case("crop-faces", (*CROPS, "--quiet")),
    Case("crop-faces --update --decisions", (*CROPS, "--update", "--decisions", "photos.csv", "--quiet"), old=CROPS),
)
APART = tuple(  # minutes each
    replace(case, name=f"{case.name}, {told}", faults=(fault,))
    for case in HEAVY
    for fault, told in zip(FAULTS, ("killed", "disk full", "I/O error"), strict=True)
)
CASES = {case.name: case for case in (*LIGHT, *APART)}


class Processes:
    """Runs each command line in a process of its own.

    strace follows its children, those that `crop-faces` starts, but for kills: a photo whose every worker is killed is lost.
    """

    def __init__(self, *, follow: bool) -> None:
        self._said, self._follow = "", follow

    def run(self, line: list[str], directory: Path, tracer: list[str] | None = None) -> int:
        """As `Forge.run`; strace is killed as what it traces was."""
        follow = ["-f", "--seccomp-bpf"] if self._follow else []
        traced = [] if tracer is None else ["strace", "-qq", *follow, *tracer]
        command = [*map(os.fsencode, traced), *world.line(*line)]
        done = subprocess.run(
            command, cwd=directory, capture_output=True, check=False, stdin=subprocess.DEVNULL, timeout=120
        )
        self._said = done.stderr.decode(errors="replace")
        return done.returncode

    def said(self) -> str:
        """As `Forge.said`."""
        return self._said


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Photos, faces, parts, a table of predictions: what the commands read."""
    root = world.make(tmp_path_factory.mktemp("world"), {"ann": amount(4, 4, 16), "bob": amount(5, 5, 17)})
    (root / "decisions.csv").write_text("path,decision,label\nann/0.png,move,bob\n")
    (root / "photos.csv").write_text("path,decision,label\neileen/a.png,move,unknown\neileen/b.png,drop,\n")
    return world.photos(root)


@pytest.fixture(scope="module")
def runners(place: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator["Runners"]:
    """What runs each kind of case; made when it is wanted."""
    made = Runners(place, tmp_path_factory)
    yield made
    for runner in made.values():
        if isinstance(runner, Forge):
            runner.close()


class Runners(dict[str, Forge | Processes]):
    """Kind of case → what runs it."""

    def __init__(self, place: Path, directories: pytest.TempPathFactory) -> None:
        super().__init__()
        self.place, self.directories = place, directories

    def __missing__(self, kind: str) -> Forge | Processes:
        runner = (
            Processes(follow=kind == "crops")
            if kind.startswith("crops")
            else Forge(kind, self.directories.mktemp(kind))
        )
        if kind == "heavy":
            assert runner.run([*world.MODEL], self.place) == 0, runner.said()
        self[kind] = runner
        return runner


def calls(log: Path) -> tuple[list[tuple[str, int]], set[tuple[str, int]]]:
    """Return every call that changes something as (name, how many of that name its thread had made), and the others."""
    counts: Counter[tuple[str, str]] = Counter()
    found: dict[tuple[str, int], None] = {}
    others: set[tuple[str, int]] = set()
    for line in log.read_text(errors="replace").splitlines():
        if not (match := _CALL.match(line)):
            continue
        thread, name, arguments = match.groups()
        counts[thread, name] += 1
        call = name, counts[thread, name]
        if not _NO_DISK.search(arguments) and (name != "openat" or _OPENS_TO_WRITE.search(arguments)):
            found[call] = None
        else:
            others.add(call)
    return list(found), others


@pytest.mark.parametrize("name", [case.name for case in LIGHT])
def test_every_change_of_the_disk_may_fail_or_be_the_last(
    runners: Runners, place: Path, tmp_path: Path, name: str, tally: Tally
) -> None:
    tally.begin(9, f"faults in {name}")
    broken = list(failures(CASES[name], runners["light"], place, tmp_path / "here", amount(2, 60, 1200), tally))
    assert broken == []


@pytest.mark.slow
@pytest.mark.torture
@pytest.mark.parametrize("name", [case.name for case in APART])
def test_every_change_of_the_disk_may_fail_or_be_the_last_with_tensorflow(
    runners: Runners, place: Path, tmp_path: Path, name: str, tally: Tally
) -> None:
    tally.begin(9, f"faults in {name}")
    kind = "heavy" if "crop" not in name else "crops, killed" if "killed" in name else "crops"
    runner = runners[kind]
    broken = list(failures(CASES[name], runner, place, tmp_path / "here", amount(1, 3, 35), tally))
    assert broken == []


def failures(
    case: Case, runner: Forge | Processes, inputs: Path, place: Path, wanted: int, tally: Tally
) -> Iterator[str]:
    """Run a case with so many of the faults it may meet, or all; yield what does not hold."""
    shutil.copytree(inputs, place)
    before = tree(place)
    assert runner.run(list(case.line), place) == 0, runner.said()
    whole = tree(place)
    reset(place, before)
    if case.old:
        assert runner.run(list(case.old), place) == 0, runner.said()
    old = tree(place)
    kept = place.with_name("kept")
    shutil.copytree(place, kept)
    for (name, number), fault in faults(case, runner, place, wanted):
        restore(place, kept, case)
        inject = ["-o", os.devnull, "-e", f"trace={name}", "-e", f"inject={name}:{fault}:when={number}"]
        code = runner.run(list(case.line), place, inject)
        where = f"{case.name}: {fault} at {name} {number} (code {code})"
        yield from (f"{where}: {problem}" for problem in problems(code, runner, place, case, before, old, whole))
        tally.count()


def faults(case: Case, runner: Forge | Processes, place: Path, wanted: int) -> Sequence[tuple[tuple[str, int], str]]:
    """Return pairs of a call, told by its name and number, and what happens at it: about so many, evenly spread."""
    log = place.with_name("log")
    assert runner.run(list(case.line), place, ["-y", "-o", str(log), "-e", f"trace=openat,{CHANGING}"]) == 0, (
        runner.said()
    )
    changing, reading = calls(log)
    # a fault meets every thread's call of that number: one that fails to read an image may well go on without it, and
    # no disk makes a pipe between processes fail
    everything = [(call, fault) for call in changing for fault in case.faults if fault == KILL or call not in reading]
    step = max(1.0, len(everything) / wanted)
    return [everything[int(number * step)] for number in range(int(len(everything) / step))]


def problems(
    code: int,
    runner: Forge | Processes,
    place: Path,
    case: Case,
    before: dict[str, bytes],
    old: dict[str, bytes],
    whole: dict[str, bytes],
) -> Iterator[str]:
    """Say what is wrong after a run with a fault, and after the next."""
    said = runner.said()
    if "Traceback" in said:
        yield said[-700:]
    if code not in (0, 1, -9):
        yield "another exit code than documented"
    found = {name: data for name, data in tree(place).items() if ".partial" not in name}
    if {name: found.get(name) for name in before} != before:
        yield "the inputs changed"
    out = {name: data for name, data in found.items() if name not in before}
    if code == 0 and found != whole:
        yield f"exit 0 and the output is not whole: {differences(found, whole)}"
    if out and found not in (whole, old):
        yield f"half an output: {differences(found, whole)}"
    if code == -9 and case.old and not out and not any(".partial" in p.name for p in place.iterdir()):
        yield "the old output is gone"
    if code == 1 and case.old and not out:
        yield "the old output is gone after an error"
    next_code = runner.run(list(case.line), place)
    if next_code != 0 and not (found == whole and "exists already" in runner.said()):
        yield f"the next run ends with {next_code}: {runner.said()[-500:]}"
    if tree(place) != whole:
        yield f"the next run ends with other bytes: {differences(tree(place), whole)}"
    if {p.name for p in place.iterdir()} != {name.split("/")[0] for name in whole}:
        yield f"left behind: {sorted(p.name for p in place.iterdir())}"


def differences(found: dict[str, bytes], whole: dict[str, bytes]) -> list[str]:
    """Return the names of files that differ."""
    return sorted(name for name in found.keys() | whole.keys() if found.get(name) != whole.get(name))[:5]


def reset(place: Path, before: dict[str, bytes]) -> None:
    """Remove everything but the inputs."""
    for path in place.iterdir():
        if path.name not in {name.split("/")[0] for name in before}:
            shutil.rmtree(path) if path.is_dir() else path.unlink()


def restore(place: Path, kept: Path, case: Case) -> None:
    """Bring back what there was before the run."""
    names = {path.name for path in kept.iterdir()}
    for path in place.iterdir():
        if path.name not in names or path.name == case.output:
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    if (kept / case.output).is_dir():
        shutil.copytree(kept / case.output, place / case.output)
    elif (kept / case.output).exists():
        shutil.copyfile(kept / case.output, place / case.output)
