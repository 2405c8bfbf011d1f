"""Promise 10: disks that fill, directories without rights, streams that are closed or full: one line and the code."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import tree
from tests.torture import world
from tests.torture.conftest import Tally, amount

ROOT = pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="needs a user who may mount")
NOBODY = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")
LINES = {
    "balance": ("balance", "faces", "small/out"),
    "split": ("split", "faces", "small/out"),
    "augment": ("augment", "parts", "small/out"),
    "report --plots": ("report", "table.csv", "--plots", "small/out"),
    "report --html": ("report", "table.csv", "--html", "small/out"),
}
HEAVY = {
    "train": ("train", "parts", "small/out", *world.TINY),
    "predict -o": ("predict", "model.h5", "parts", "-o", "small/out", "--quiet"),
}


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    """A directory for a small disk, which is taken away in the end."""
    directory = tmp_path / "small"
    directory.mkdir()
    yield directory
    while os.path.ismount(directory):
        subprocess.run(["umount", str(directory)], check=True)


def fill(arguments: tuple[str, ...], place: Path, small: Path, sizes: list[int], tally: Tally) -> None:
    """Run a command line onto disks of growing sizes, from too small to large enough."""
    codes = []
    for kilobytes in sizes:
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={kilobytes}k", "none", str(small)], check=False)
        if mounted.returncode:
            pytest.skip("may not mount")
        ended = world.run(*arguments, cwd=place)
        codes.append(ended.code)
        if ended.code:
            assert ended.code == 1, (kilobytes, ended)
            assert world.one_line(ended), ended.said
            left = [path for path in small.rglob("*") if "scratch" not in path.parts]
            assert all(path.name in {".out.partial", "recipe.json", "lock"} for path in left), left
        else:
            assert [path.name for path in small.iterdir()] == ["out"]
        subprocess.run(["umount", str(small)], check=True)
        tally.count()
    assert codes[0] == 1
    assert codes[-1] == 0


@ROOT
@pytest.mark.parametrize("name", LINES)
def test_a_disk_that_fills(tmp_path: Path, small: Path, name: str, tally: Tally) -> None:
    tally.begin(10, f"disks of different sizes that {name} fills")
    world.make(tmp_path)
    sizes = [4 * round(1.5**n) for n in range(16)]
    fill(LINES[name], tmp_path, small, [*sizes[:: amount(16, 1, 1)], 100_000], tally)


@ROOT
@pytest.mark.torture
@pytest.mark.parametrize("name", HEAVY)
def test_a_disk_that_fills_with_a_model(tmp_path: Path, small: Path, name: str, tally: Tally) -> None:
    tally.begin(10, f"disks of different sizes that {name} fills")
    world.make(tmp_path)
    assert world.run(*world.MODEL, cwd=tmp_path).code == 0
    sizes = [4 * round(1.6**n) for n in range(16)]
    fill(HEAVY[name], tmp_path, small, [*sizes[:: amount(8, 4, 1)], 400_000], tally)


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
    redirection, wanted = STREAMS[streams]
    for arguments in PRINTING[:: amount(8, 1, 1)]:
        script = f'exec "$0" "$@" {redirection}'
        done = subprocess.run(
            ["sh", "-c", script, *world.line(*arguments)],
            cwd=tmp_path,
            capture_output=True,
            check=False,
            stdin=subprocess.DEVNULL,
        )
        assert done.returncode == wanted, (arguments, done)
        assert b"Traceback" not in done.stderr, done.stderr.decode()
        if wanted and not done.stderr and "2>" not in redirection:
            raise AssertionError((arguments, "failed without a word"))
        shutil.rmtree(tmp_path / "out", ignore_errors=True)
        tally.count()
