"""Promise 9: a run is killed, or a system call of it fails, at every one that changes the disk.

strace puts the fault in. Whatever happens: the output is absent, as it was, or whole; the inputs are as they were;
and the same command once more ends with the same bytes as a run that nothing happened to, and leaves nothing behind.
"""

import re
import shutil
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.conftest import random_image, tree
from tests.torture.conftest import SCALE, Tally, amount
from tests.torture.forge import Forge

pytestmark = pytest.mark.skipif(shutil.which("strace") is None, reason="needs strace")

CHANGING = (
    "write,pwrite64,writev,sendfile,copy_file_range,mkdir,mkdirat,rename,renameat,renameat2,unlink,unlinkat,rmdir,"
    "link,linkat,symlink,symlinkat,ftruncate,fallocate,fsync,fdatasync,sync,chmod,fchmod,fchmodat,utimensat,flock"
)
FAULTS = ("signal=KILL", "error=ENOSPC", "error=EIO")

_CALL = re.compile(r"^(\d+) +(\w+)\((.*)")
_OPENS_TO_WRITE = re.compile(r"O_(WRONLY|RDWR|CREAT|TRUNC)")


@dataclass(frozen=True)
class Case:
    """A command line, the names it reads, and the one it writes; `old` is written there before, by another line."""

    name: str
    line: tuple[str, ...]
    output: str
    old: tuple[str, ...] = ()


LIGHT = (
    Case("balance", ("balance", "faces", "out"), "out"),
    Case("balance --link", ("balance", "faces", "out", "--link"), "out"),
    Case("split", ("split", "faces", "out"), "out"),
    Case("augment", ("augment", "parts", "out"), "out"),
    Case("report --plots", ("report", "faces", "--plots", "out"), "out"),
    Case("report --html", ("report", "table.csv", "--html", "out.html"), "out.html"),
    Case("balance --overwrite", ("balance", "faces", "out", "--overwrite"), "out", ("split", "faces", "out")),
    Case(
        "report --html --overwrite",
        ("report", "table.csv", "--html", "out.html", "--overwrite"),
        "out.html",
        ("report", "faces", "--html", "out.html"),
    ),
)
TINY = ("--arch", "cnn", "--image-size", "16", "--dense", "8", "--epochs", "2", "--batch-size", "4", "--quiet")
HEAVY = (
    Case("train", ("train", "parts", "out.h5", *TINY), "out.h5"),
    Case("predict -o", ("predict", "model.h5", "parts/test", "-o", "out.csv", "--quiet"), "out.csv"),
)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Faces, parts, a table of predictions: what the commands read."""
    root = tmp_path_factory.mktemp("world")
    for label in ("ann", "bob"):
        (root / "faces" / label).mkdir(parents=True)
        for number in range(4 + (label == "bob")):
            random_image(f"{label}{number}", 16).save(root / "faces" / label / f"{number}.png")
    table = ["path,part,label,status,reason,predicted,confidence,score,seen,prob_ann,prob_bob"]
    table += [
        f"{label}/{i}.png,,{label},predicted,,ann,0.9,0.9,no,0.9,0.1" for label in ("ann", "bob") for i in range(3)
    ]
    (root / "table.csv").write_text("\n".join(table) + "\n")
    return root


@pytest.fixture(params=["light", pytest.param("heavy", marks=pytest.mark.torture)], scope="module")
def forge(request: pytest.FixtureRequest, world: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Forge]:
    """The process that forks the runs."""
    made = Forge(request.param, tmp_path_factory.mktemp("streams"))
    made.kind = request.param  # type: ignore[attr-defined]
    if not (world / "parts").exists():
        assert made.run(["split", "faces", "parts", "--quiet"], world) == 0
    if request.param == "heavy":
        assert made.run(["train", "parts", "model.h5", *TINY], world) == 0, made.said()
    yield made
    made.close()


def calls(log: Path) -> list[tuple[str, int]]:
    """Return every call that changes something as (name, how many of that name its thread had made)."""
    counts: Counter[tuple[str, str]] = Counter()
    found: dict[tuple[str, int], None] = {}
    for line in log.read_text(errors="replace").splitlines():
        if not (match := _CALL.match(line)):
            continue
        thread, name, arguments = match.groups()
        counts[thread, name] += 1
        if name != "openat" or _OPENS_TO_WRITE.search(arguments):
            found[name, counts[thread, name]] = None
    return list(found)


def test_every_change_of_the_disk_may_fail_or_be_the_last(
    forge: Forge, world: Path, tmp_path: Path, tally: Tally
) -> None:
    cases = LIGHT if forge.kind == "light" else HEAVY  # type: ignore[attr-defined]
    tally.begin(9, f"faults in {', '.join(case.name for case in cases)}")
    broken = []
    for case in cases:
        broken += list(failures(case, forge, world, tmp_path / case.name.replace(" ", ""), tally))
    assert broken == []


def failures(case: Case, forge: Forge, world: Path, place: Path, tally: Tally) -> Iterator[str]:
    """Run a case once with each fault; yield what does not hold."""
    shutil.copytree(world, place)
    before = tree(place)
    assert forge.run(list(case.line), place) == 0, forge.said()
    whole = tree(place)
    reset(place, case, before)
    if case.old:
        assert forge.run(list(case.old), place) == 0, forge.said()
    old = tree(place)
    kept = place.with_name(place.name + "-old")
    shutil.copytree(place, kept)
    log = place.with_name(place.name + ".log")
    assert forge.run(list(case.line), place, ["-o", str(log), "-e", f"trace=openat,{CHANGING}"]) == 0, forge.said()
    everything = [(call, fault) for call in calls(log) for fault in FAULTS]
    light = forge.kind == "light"  # type: ignore[attr-defined]
    wanted = amount(2, 60, len(everything)) if light else amount(1, 6, 60)
    share = max(1, len(everything) // wanted)
    for (name, number), fault in everything[::share]:
        restore(place, kept, case)
        inject = ["-o", "/dev/null", "-e", f"trace={name}", "-e", f"inject={name}:{fault}:when={number}"]
        code = forge.run(list(case.line), place, inject)
        where = f"{case.name}: {fault} at {name} {number} (code {code})"
        yield from (f"{where}: {problem}" for problem in problems(code, forge, place, case, before, old, whole))
        tally.count()


def problems(
    code: int,
    forge: Forge,
    place: Path,
    case: Case,
    before: dict[str, bytes],
    old: dict[str, bytes],
    whole: dict[str, bytes],
) -> Iterator[str]:
    """Say what is wrong after a run with a fault, and after the next."""
    said = forge.said()
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
    next_code = forge.run(list(case.line), place)
    if next_code != 0 and not (found == whole and "exists already" in forge.said()):
        yield f"the next run ends with {next_code}: {forge.said()[-500:]}"
    if tree(place) != whole:
        yield f"the next run ends with other bytes: {differences(tree(place), whole)}"
    if {p.name for p in place.iterdir()} != {name.split("/")[0] for name in whole}:
        yield f"left behind: {sorted(p.name for p in place.iterdir())}"


def differences(found: dict[str, bytes], whole: dict[str, bytes]) -> list[str]:
    """Return the names of files that differ."""
    return sorted(name for name in found.keys() | whole.keys() if found.get(name) != whole.get(name))[:5]


def reset(place: Path, case: Case, before: dict[str, bytes]) -> None:
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


assert SCALE in {"fast", "quick", "full"}
