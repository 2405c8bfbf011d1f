"""Promise 10: disks that fill, directories without rights, streams that are closed or full: one line and the code."""

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.conftest import tree
from tests.torture import world
from tests.torture.conftest import Tally, amount
from tests.torture.forge import Forge

Run = Callable[[tuple[str, ...], Path], tuple[int, str]]

ROOT = pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="needs a user who may mount")
NOBODY = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")
LINES = {
    "balance": ("balance", "faces", "small/out"),
    "split": ("split", "faces", "small/out"),
    "augment": ("augment", "parts", "small/out"),
    "report --plots": ("report", "table.csv", "--plots", "small/out"),
    "report --html": ("report", "table.csv", "--html", "small/out"),
}
FINER = ("--unfreeze", "all", "--epochs", "2", "--batch-size", "4", "--quiet")
HEAVY = {
    "train": ("train", "parts", "small/out.h5", *world.TINY),
    "train --cache-memory 0": ("train", "parts", "small/out.h5", *world.TINY, "--cache-memory", "0"),
    "finetune": ("finetune", "model.h5", "parts", "small/out.h5", *FINER),
    "ensemble": ("ensemble", "model.h5", "model.h5", "small/out.h5"),
    "predict -o": ("predict", "model.h5", "parts", "-o", "small/out", "--quiet"),
}
CROP = ("crop-faces", "photos", "small/out", "--jobs", "1")


@pytest.fixture(scope="module")
def forge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Forge]:
    """What runs command lines with TensorFlow loaded."""
    made = Forge("heavy", tmp_path_factory.mktemp("streams"))
    yield made
    made.close()


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    """A directory for a small disk, which is taken away in the end."""
    directory = tmp_path / "small"
    directory.mkdir()
    yield directory
    while os.path.ismount(directory):
        subprocess.run(["umount", str(directory)], check=True)


def fill(run: Run, arguments: tuple[str, ...], place: Path, small: Path, sizes: list[int], tally: Tally) -> None:
    """Run a command line onto disks of growing sizes in kilobytes, from too small to large enough, and a read-only one."""
    codes = []
    output = next(Path(name).name for name in arguments if name.startswith("small/"))
    for options in (*(f"size={kilobytes}k" for kilobytes in sizes), "ro"):
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "none", str(small)], check=False)
        if mounted.returncode:
            pytest.skip("may not mount")
        code, said = run(arguments, place)
        codes.append(code)
        if code:
            assert code == 1, (options, code, said)
            assert told_in_one_line(said), (options, said)
            left = [path for path in small.rglob("*") if "scratch" not in path.parts]
            assert all(path.name in {f".{output}.partial", "recipe.json", "lock"} for path in left), left
        else:
            assert [path.name for path in small.iterdir()] == [output]
        subprocess.run(["umount", str(small)], check=True)
        tally.count()
    assert codes[0] == 1
    assert codes[-2:] == [0, 1]


def told_in_one_line(said: str) -> bool:
    return said.count("celebtool: error: ") == 1 and "Traceback" not in said


def installed(arguments: tuple[str, ...], place: Path) -> tuple[int, str]:
    """Run the installed command; return its code and what it said."""
    ended = world.run(*arguments, cwd=place)
    return ended.code, ended.said


@ROOT
@pytest.mark.parametrize("name", LINES)
def test_a_disk_that_fills(tmp_path: Path, small: Path, name: str, tally: Tally) -> None:
    tally.begin(10, f"disks of different sizes that {name} fills, and a read-only one")
    world.make(tmp_path)
    sizes = [4 * round(1.5**n) for n in range(16)]
    fill(installed, LINES[name], tmp_path, small, [*sizes[:: amount(16, 1, 1)], 100_000], tally)


@ROOT
@pytest.mark.slow
@pytest.mark.torture
@pytest.mark.parametrize("name", HEAVY)
def test_a_disk_that_fills_with_a_model(tmp_path: Path, small: Path, name: str, forge: Forge, tally: Tally) -> None:
    tally.begin(10, f"disks of different sizes that {name} fills, and a read-only one")
    world.make(tmp_path)
    assert forge.run([*world.MODEL], tmp_path) == 0, forge.said()

    def forged(arguments: tuple[str, ...], place: Path) -> tuple[int, str]:
        return forge.run([*arguments], place), forge.said()

    sizes = [4 * round(1.6**n) for n in range(16)]
    fill(forged, HEAVY[name], tmp_path, small, [*sizes[:: amount(8, 4, 1)], 400_000], tally)


@ROOT
@pytest.mark.slow
@pytest.mark.torture
def test_a_disk_that_fills_with_crops(tmp_path: Path, small: Path, tally: Tally) -> None:
    tally.begin(10, "disks of different sizes that crop-faces fills, and a read-only one")
    world.photos(tmp_path)
    sizes = [4 * round(1.35**n) for n in range(16)]
    fill(installed, CROP, tmp_path, small, [*sizes[:: amount(8, 5, 1)], 100_000], tally)


@ROOT
@pytest.mark.skipif(shutil.which("setpriv") is None, reason="needs setpriv")
@pytest.mark.parametrize("name", LINES)
def test_a_directory_without_rights(tmp_path: Path, small: Path, name: str, tally: Tally) -> None:
    """As a user who may not write there, and who may not read a class or an image."""
    tally.begin(10, "directories and files that a user has no rights to")
    world.make(tmp_path)
    reach(tmp_path)
    before = tree(tmp_path)
    command = [*NOBODY, *world.line(*LINES[name])]
    attempts = [(small, 0o555), (small, 0o000), (tmp_path / LINES[name][1], 0o000)]
    if "faces" in LINES[name]:
        attempts += [
            (tmp_path / "faces/ann", 0o000),
            (tmp_path / "faces/ann/0.png", 0o000),
            (tmp_path / "faces/ann", 0o444),
        ]
    for path, mode in attempts:
        os.chmod(small, 0o777)
        kept = path.stat().st_mode
        path.chmod(mode)
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False)
        path.chmod(kept)
        ended = world.Ended(done.returncode, done.stdout, done.stderr)
        told = "is not readable" in ended.said if ended.code == 2 else ended.code == 1 and world.one_line(ended)
        assert told, (path, mode, ended)
        assert tree(tmp_path) == before
        assert list(small.iterdir()) == []
        tally.count()


def reach(path: Path) -> None:
    """Let everybody reach a temporary directory."""
    for parent in (path, *path.parents):
        if parent.stat().st_uid == os.geteuid() and not parent.stat().st_mode & 0o001:
            parent.chmod(parent.stat().st_mode | 0o011)


STREAMS = {
    "stdout is full": (">/dev/full", 1),
    "stdout is closed": (">&-", 1),
    "stdout is read-only": ("1</dev/null", 1),
    "stderr is full": ("2>/dev/full", 0),
    "stderr is closed": ("2>&-", 0),
    "stdin is closed": ("<&-", 0),
    "all are closed": ("<&- >&- 2>&-", 1),
    "stdout and stderr are full": (">/dev/full 2>&1", 1),
}
PRINTING = (
    ("balance", "faces", "out"),
    ("split", "faces", "out"),
    ("augment", "parts", "out"),
    ("report", "table.csv"),
    ("report", "table.csv", "--json"),
    ("report", "faces", "--csv"),
    ("--help",),
    ("train", "--arch", "list"),
    ("--version",),
)


@pytest.mark.parametrize("streams", STREAMS)
def test_a_stream_that_is_full_or_closed(tmp_path: Path, streams: str, tally: Tally) -> None:
    tally.begin(10, f"commands whose {streams}")
    world.make(tmp_path)
    for arguments in PRINTING[:: amount(8, 1, 1)]:
        check_stream(arguments, streams, tmp_path)
        tally.count()


@pytest.mark.slow
@pytest.mark.torture
def test_a_stream_that_is_full_or_closed_in_predict(tmp_path: Path, tally: Tally) -> None:
    tally.begin(10, "predict with a stream that is full or closed")
    world.make(tmp_path)
    assert world.run(*world.MODEL, cwd=tmp_path).code == 0
    for streams in STREAMS:
        check_stream(("predict", "model.h5", "parts/test"), streams, tmp_path)
        tally.count()


def check_stream(arguments: tuple[str, ...], streams: str, place: Path) -> None:
    """Run a command line with its streams redirected, and see how it ends."""
    redirection, wanted = STREAMS[streams]
    line = ["sh", "-c", f'exec "$0" "$@" {redirection}', *world.line(*arguments)]
    done = subprocess.run(line, cwd=place, capture_output=True, check=False, stdin=subprocess.DEVNULL)
    assert done.returncode == wanted, (arguments, done)
    assert b"Traceback" not in done.stderr, done.stderr.decode()
    assert done.stderr or not wanted or "2>" in redirection, (arguments, "failed without a word")
    shutil.rmtree(place / "out", ignore_errors=True)
