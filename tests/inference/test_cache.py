import os
import stat
import subprocess
import sys
from pathlib import Path

import filelock
import pytest

from celebtool.inference import cache


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(cache.VARIABLE, str(tmp_path / "networks"))
    (tmp_path / "networks").mkdir()
    return tmp_path / "networks"


def test_what_is_written_is_read() -> None:
    cache.write("one", b"content")
    assert cache.read("one") == b"content"
    assert cache.read("another") is None


@pytest.mark.parametrize(("umask", "mode"), [(0o022, 0o644), (0o002, 0o644), (0o000, 0o644), (0o077, 0o600)])
def test_who_may_read_a_file_is_the_umasks_affair_and_only_this_user_may_write_it(
    place: Path, umask: int, mode: int
) -> None:
    before = os.umask(umask)
    try:
        cache.write("one", b"content")
        with cache.workspace():
            pass
    finally:
        os.umask(before)
    assert stat.S_IMODE((place / "one.network").stat().st_mode) == mode
    assert cache.read("one") == b"content"


@pytest.mark.parametrize(("variable", "mode"), [(cache.VARIABLE, 0o755), ("XDG_CACHE_HOME", 0o700)])
def test_a_directory_that_is_named_may_be_shared_and_that_of_a_home_is_private(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str, mode: int
) -> None:
    monkeypatch.delenv(cache.VARIABLE)
    monkeypatch.setenv(variable, str(tmp_path / "new"))
    before = os.umask(0o022)
    try:
        with cache.workspace():
            pass
    finally:
        os.umask(before)
    place = cache.directory()
    assert place is not None
    assert stat.S_IMODE(place.stat().st_mode) == mode


@pytest.mark.parametrize("position", [0, 63, 64, 65, 70])
def test_a_changed_bit_is_noticed(place: Path, position: int) -> None:
    cache.write("one", b"content")
    data = bytearray((place / "one.network").read_bytes())
    data[position] ^= 1
    (place / "one.network").write_bytes(data)
    with pytest.raises(ValueError, match="it is damaged"):
        cache.read("one")


@pytest.mark.parametrize("length", [0, 10, 64, 65, 71])
def test_a_truncated_file_is_noticed(place: Path, length: int) -> None:
    cache.write("one", b"content")
    os.truncate(place / "one.network", length)
    with pytest.raises(ValueError, match="it is damaged"):
        cache.read("one")


def test_a_file_that_others_may_write_is_not_read(place: Path) -> None:
    cache.write("one", b"content")
    (place / "one.network").chmod(0o666)
    with pytest.raises(ValueError, match="other users may write it"):
        cache.read("one")


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to give a file away")
def test_a_file_of_another_user_is_not_read(place: Path) -> None:
    cache.write("one", b"content")
    os.chown(place / "one.network", 12345, -1)
    with pytest.raises(ValueError, match="it belongs to another user"):
        cache.read("one")


def test_a_pipe_is_not_waited_for(place: Path) -> None:
    os.mkfifo(place / "one.network")
    with pytest.raises(ValueError, match="it is no regular file"):
        cache.read("one")


def test_a_link_is_not_followed(place: Path, tmp_path: Path) -> None:
    cache.write("one", b"content")
    (place / "one.network").rename(tmp_path / "elsewhere")
    (place / "one.network").symlink_to(tmp_path / "elsewhere")
    assert cache.read("one") is None


def test_what_was_not_used_for_longest_goes_first(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "LIMIT", 300)
    for age, name in enumerate(("old", "older", "oldest"), start=1):
        cache.write(name, b"x" * 25)
        os.utime(place / f"{name}.network", (1e9 - age, 1e9 - age))
    assert cache.read("oldest") is not None  # and so it is the newest
    cache.write("new", b"x" * 25)
    assert sorted(path.stem for path in place.glob("*.network")) == ["new", "old", "oldest"]


def test_a_network_larger_than_the_limit_is_kept_alone(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "LIMIT", 10)
    cache.write("one", b"x" * 20)
    cache.write("two", b"x" * 20)
    assert [path.stem for path in place.glob("*.network")] == ["two"]


def test_remains_of_killed_processes_go(place: Path) -> None:
    (place / ".new-0").mkdir()
    (place / ".new-0" / "0").write_bytes(b"half")
    (place / ".new-1").write_bytes(b"half")
    with cache.workspace() as own:
        assert [path.name for path in place.glob(".new-*")] == [own.name]
    assert [path.name for path in place.iterdir()] == ["lock"]


def test_who_waits_for_another_process_is_told(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "SILENCE", 0.1)
    monkeypatch.setattr(cache, "PATIENCE", 0.3)
    said: list[str] = []
    with filelock.FileLock(place / "lock"):
        (place / ".new-0").write_bytes(b"of the other process")
        with cache.workspace(said.append):
            assert said == ["waiting for another celebtool that prepares the networks"]
        assert [path.name for path in place.glob(".new-*")] == [".new-0"]
    with cache.workspace(said.append):
        assert len(said) == 1


INTERRUPTED = """
import os, signal
from celebtool.inference import cache
from celebtool.system import signals
signals.handle()
with cache.workspace() as place:
    (place / "half").write_bytes(b"half")
    os.kill(os.getpid(), signal.SIGINT)
"""


def test_a_signal_leaves_nothing_behind(place: Path) -> None:
    done = subprocess.run([sys.executable, "-c", INTERRUPTED], capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (130, b"")
    assert [path.name for path in place.iterdir()] == ["lock"]


def test_a_relative_directory_is_ignored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    for variable in (cache.VARIABLE, "XDG_CACHE_HOME"):
        monkeypatch.setenv(variable, "networks")
    assert cache.directory() == tmp_path / ".cache" / "celebtool"
    monkeypatch.setenv("XDG_CACHE_HOME", "/somewhere")
    assert cache.directory() == Path("/somewhere/celebtool")


@pytest.mark.parametrize("home", ["", "/nonexistent/home", "."])
def test_without_a_home_directory_there_is_no_place(home: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", home)
    for variable in (cache.VARIABLE, "XDG_CACHE_HOME"):
        monkeypatch.delenv(variable, raising=False)
    assert cache.directory() is None
    assert cache.read("one") is None
    with pytest.raises(FileNotFoundError), cache.workspace():
        pass
    with pytest.raises(FileNotFoundError):
        cache.write("one", b"content")
