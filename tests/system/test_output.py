import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from celebtool.errors import CelebtoolError
from celebtool.system.output import is_finished, is_finished_file, new_directory, new_file, write_file
from tests.conftest import make_deep, tree

RECIPE = {"command": "split", "parameters": {"seed": 0}}


def write_directory(
    path: Path, text: str = "x", *, recipe: dict = RECIPE, overwrite: bool = False, **rest: object
) -> None:
    with new_directory(path, recipe=recipe, inputs=[], overwrite=overwrite, **rest) as workspace:
        (workspace.content / "file").write_text(text)


def test_a_directory_appears_whole_with_its_recipe(tmp_path: Path) -> None:
    with new_directory(tmp_path / "out", recipe=RECIPE, inputs=[], overwrite=False) as workspace:
        (workspace.content / "file").write_text("x")
        assert not (tmp_path / "out").exists()
    assert set(tree(tmp_path)) == {"out/file", "out/celebtool.json"}


def test_the_same_again_is_finished_and_another_is_an_error(tmp_path: Path) -> None:
    assert not is_finished(tmp_path / "out", RECIPE)
    write_directory(tmp_path / "out")
    assert is_finished(tmp_path / "out", RECIPE)
    assert not is_finished(tmp_path / "out", {"command": "balance"})
    with pytest.raises(CelebtoolError, match="out: exists already; choose another name or add --overwrite"):
        write_directory(tmp_path / "out", "y", recipe={"command": "balance"})
    assert (tmp_path / "out/file").read_text() == "x"
    write_directory(tmp_path / "out", "y", recipe={"command": "balance"}, overwrite=True)
    assert set(tree(tmp_path)) == {"out/file", "out/celebtool.json"}
    assert (tmp_path / "out/file").read_text() == "y"


def test_nothing_of_the_user_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    write_directory(tmp_path / "out")  # an empty directory is as good as none
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/photo.jpg").write_text("x")
    with pytest.raises(CelebtoolError, match="was not written by celebtool and is not replaced"):
        write_directory(tmp_path / "mine", overwrite=True)
    assert set(tree(tmp_path)) == {"out/file", "out/celebtool.json", "mine/photo.jpg"}


@pytest.mark.parametrize(
    ("output", "problem"),
    [
        ("in", "is the input as well"),
        ("in/out", "lies inside the input"),
        ("in/../in/x", "lies inside the input"),
        (".", "contains the input"),
        ("nowhere/out", "no such directory; make it first"),
    ],
)
def test_an_output_in_the_wrong_place(tmp_path: Path, output: str, problem: str) -> None:
    (tmp_path / "in").mkdir()
    with (
        pytest.raises(CelebtoolError, match=problem),
        new_directory(tmp_path / output, recipe=RECIPE, inputs=[tmp_path / "in"], overwrite=False),
    ):
        pass
    assert [p.name for p in tmp_path.iterdir()] == ["in"]


def test_a_failed_run_leaves_nothing(tmp_path: Path) -> None:
    def fail(path: Path, *, resumable: bool) -> None:
        with new_directory(path, recipe=RECIPE, inputs=[], overwrite=False, resumable=resumable) as workspace:
            (workspace.content / "file").write_text("x")
            (workspace.scratch / "half").write_text("x")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail(tmp_path / "out", resumable=False)
    assert tree(tmp_path) == {}
    with pytest.raises(KeyboardInterrupt):
        fail(tmp_path / "out", resumable=True)
    assert (tmp_path / ".out.partial/scratch/half").exists()
    with new_directory(tmp_path / "out", recipe=RECIPE, inputs=[], overwrite=False, resumable=True) as workspace:
        assert (workspace.scratch / "half").exists()
    assert set(tree(tmp_path)) == {"out/celebtool.json"}


def test_scratch_of_another_recipe_is_not_continued(tmp_path: Path) -> None:
    def stop_half_way() -> None:
        with new_file(tmp_path / "m.h5", overwrite=False, recipe={"a": 1}, resumable=True) as workspace:
            (workspace.scratch / "half").write_text("x")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stop_half_way()
    with new_file(tmp_path / "m.h5", overwrite=False, recipe={"a": 2}, resumable=True) as workspace:
        assert not (workspace.scratch / "half").exists()
        workspace.content.write_text("x")
    assert tree(tmp_path) == {"m.h5": b"x"}


def test_a_second_run_on_the_same_output_says_so(tmp_path: Path) -> None:
    code = (
        "import sys, pathlib; from celebtool.system.output import new_file\n"
        "with new_file(pathlib.Path(sys.argv[1]), overwrite=False) as w:\n"
        "    w.content.write_text('x')\n"
    )
    with new_file(tmp_path / "m.h5", overwrite=False) as workspace:
        other = subprocess.run(
            [sys.executable, "-c", code, str(tmp_path / "m.h5")], capture_output=True, text=True, check=False
        )
        assert "m.h5: is being written by another run; wait for it or stop it" in other.stderr
        workspace.content.write_text("mine")
    assert tree(tmp_path) == {"m.h5": b"mine"}


def test_a_file_is_replaced_only_on_request(tmp_path: Path) -> None:
    (tmp_path / "m.h5").write_text("old")
    with pytest.raises(CelebtoolError, match="exists already"), new_file(tmp_path / "m.h5", overwrite=False):
        pass
    assert is_finished_file(tmp_path / "m.h5", lambda file: file.read_text() == "old")
    assert not is_finished_file(tmp_path / "m.h5", lambda file: file.read_text() == "new")
    assert not is_finished_file(tmp_path / "none.h5", lambda _: True)
    with new_file(tmp_path / "m.h5", overwrite=True) as workspace:
        assert workspace.content.suffix == ".h5"
        workspace.content.write_text("new")
    assert tree(tmp_path) == {"m.h5": b"new"}


def test_a_dry_run_checks_and_writes_nothing(tmp_path: Path) -> None:
    with new_directory(tmp_path / "out", recipe=RECIPE, inputs=[], overwrite=False, dry_run=True) as workspace:
        assert not workspace.content.exists()
    assert list(tmp_path.iterdir()) == []
    write_directory(tmp_path / "out")
    before = tree(tmp_path)
    for overwrite in (False, True):
        try:
            with new_directory(tmp_path / "out", recipe={}, inputs=[], overwrite=overwrite, dry_run=True):
                assert overwrite
        except CelebtoolError as error:
            assert not overwrite
            assert str(error) == f"{tmp_path}/out: exists already; choose another name or add --overwrite"
    assert tree(tmp_path) == before


def test_a_finished_output_that_a_killed_run_set_aside_is_found_and_put_right(tmp_path: Path) -> None:
    write_directory(tmp_path / "out")
    (tmp_path / ".out.partial" / "scratch").mkdir(parents=True)
    (tmp_path / "out").rename(tmp_path / ".out.partial" / "old")
    assert is_finished(tmp_path / "out", RECIPE)
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_a_question_about_an_unfinished_output_leaves_what_the_next_run_needs(tmp_path: Path) -> None:
    (tmp_path / ".out.partial" / "scratch").mkdir(parents=True)
    (tmp_path / ".out.partial" / "scratch" / "half").write_text("x")
    assert not is_finished(tmp_path / "out", RECIPE)
    assert (tmp_path / ".out.partial" / "scratch" / "half").read_text() == "x"


def test_names_as_long_as_a_file_system_takes(tmp_path: Path) -> None:
    write_directory(tmp_path / ("x" * 255))
    assert (tmp_path / ("x" * 255) / "file").exists()
    with new_file(tmp_path / f"x.{'y' * 253}", overwrite=False) as workspace:
        workspace.content.write_text("x")
    assert (tmp_path / f"x.{'y' * 253}").read_text() == "x"


def test_a_second_name_of_a_file_in_a_strangers_workspace_changes_nothing(tmp_path: Path) -> None:
    (tmp_path / "photo.png").write_text("mine")
    root = tmp_path / ".out.partial"
    root.mkdir()
    for name in ("recipe.json", "content.d", "old", "lock"):
        os.link(tmp_path / "photo.png", root / name)
    (tmp_path / "out").mkdir()
    write_directory(tmp_path / "out")
    assert set(tree(tmp_path)) == {"out/file", "out/celebtool.json", "photo.png"}
    assert (tmp_path / "photo.png").read_text() == "mine"


@pytest.mark.parametrize("name", ["lock", "recipe.json", "content.d", "scratch/x"])
def test_a_pipe_in_a_strangers_workspace_is_no_reason_to_wait(tmp_path: Path, name: str) -> None:
    pipe = tmp_path / ".out.partial" / name
    pipe.parent.mkdir(parents=True)
    os.mkfifo(pipe)
    with pytest.raises(CelebtoolError) as caught:
        write_directory(tmp_path / "out")
    problem = "is not celebtool's own, for it holds pipes, sockets or devices; remove it"
    assert str(caught.value) == f"{tmp_path}/.out.partial: {problem}"
    assert pipe.is_fifo()


@pytest.mark.parametrize("name", ["content.d", "scratch", "old", "x"])
def test_a_workspace_deeper_than_the_stack(tmp_path: Path, name: str) -> None:
    make_deep(tmp_path / ".out.partial" / name)
    (tmp_path / "out").mkdir()
    write_directory(tmp_path / "out")
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"file", "celebtool.json"}


needs_mounts = pytest.mark.skipif(
    shutil.which("unshare") is None
    or subprocess.run(["unshare", "-m", "true"], capture_output=True, check=False).returncode != 0,
    reason="needs a user who may mount",
)
WRITE = """
from pathlib import Path
from celebtool.errors import CelebtoolError
from celebtool.system import output
try:
    with output.new_directory(Path("out"), recipe={}, inputs=[], overwrite=True) as workspace:
        (workspace.content / "ann").mkdir()
        (workspace.content / "ann/1.jpg").write_bytes(b"x")
    with output.new_file(Path("out.csv"), overwrite=True) as workspace:
        workspace.content.write_bytes(b"new")
    print(output.is_finished(Path("out"), {}))
except CelebtoolError as error:
    print(error)
"""


def run_mounted(place: Path, filled: str = "") -> str:
    """Run `WRITE` where the output's directory and file are mounted, as a container's are."""
    for name in ("host", "out"):
        (place / name).mkdir()
    for name in ("host.csv", "out.csv"):
        (place / name).write_bytes(b"old")
    (place / "write.py").write_text(WRITE)
    line = f"{filled} mount --bind host out && mount --bind host.csv out.csv && {sys.executable} write.py"
    done = subprocess.run(["unshare", "-m", "sh", "-c", line], cwd=place, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


@needs_mounts
def test_an_empty_mount_point_is_filled_and_a_mounted_file_is_written_to(tmp_path: Path) -> None:
    assert run_mounted(tmp_path) == "True\n"
    assert (tmp_path / "host/ann/1.jpg").read_bytes() == b"x"
    assert sorted(path.name for path in (tmp_path / "host").iterdir()) == ["ann", "celebtool.json"]
    assert (tmp_path / "host.csv").read_bytes() == b"new"
    names = ["host", "host.csv", "out", "out.csv", "write.py"]
    assert sorted(path.name for path in tmp_path.iterdir()) == names


@needs_mounts
def test_a_mount_point_that_holds_an_output_is_refused_before_the_work(tmp_path: Path) -> None:
    said = run_mounted(tmp_path, "touch host/celebtool.json;")
    assert said == "out: is a mount point or may not be replaced; empty it, or choose a name inside it, as out/out\n"


@pytest.mark.skipif(shutil.which("setpriv") is None or os.geteuid() != 0, reason="needs a user who may become another")
def test_an_empty_directory_under_a_parent_without_rights_is_filled() -> None:
    with tempfile.TemporaryDirectory() as place:  # below /tmp: others may enter it
        Path(place).chmod(0o755)
        (Path(place) / "write.py").write_text(WRITE.replace('"out.csv"', '"out/../other/out.csv"'))
        for name in ("out", "other"):
            (Path(place) / name).mkdir()
            (Path(place) / name).chmod(0o777)
        line = ["setpriv", "--reuid", "65534", "--clear-groups", sys.executable, "write.py"]
        done = subprocess.run(line, cwd=place, capture_output=True, text=True, check=False)
        if "Permission denied" in done.stderr and "python" in done.stderr:
            pytest.skip("another user may not run this Python")
        assert (done.stdout, done.stderr) == ("True\n", "")
        assert sorted(path.name for path in (Path(place) / "out").iterdir()) == ["ann", "celebtool.json"]


def test_a_file_of_known_content_is_written_once(tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    assert write_file(path, b"one", inputs=[], overwrite=False)
    assert not write_file(path, b"one", inputs=[], overwrite=False)
    with pytest.raises(CelebtoolError, match="exists already"):
        write_file(path, b"two", inputs=[], overwrite=False)
    assert write_file(path, b"two", inputs=[], overwrite=True)
    assert tree(tmp_path) == {"page.html": b"two"}


def test_an_output_is_called_as_it_was_typed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not by where a link leads, nor by its absolute path."""
    (tmp_path / "disk/out").mkdir(parents=True)
    (tmp_path / "disk/out/mine").write_text("x")
    (tmp_path / "link").symlink_to("disk")
    monkeypatch.chdir(tmp_path)

    def said(make: Callable[..., AbstractContextManager[object]], **options: object) -> str:
        with pytest.raises(CelebtoolError) as caught, make(inputs=[], **options):
            pass
        return str(caught.value)

    out = {"path": Path("link/out"), "recipe": {}}
    assert said(new_directory, **out, overwrite=False).startswith("link/out: exists already; ")
    assert said(new_directory, **out, overwrite=True).startswith("link/out: was not written by celebtool")
    assert said(new_file, path=Path("link/out/mine"), overwrite=False).startswith("link/out/mine: exists already; ")
    with new_directory(Path("link/new"), recipe={}, inputs=[], overwrite=False):
        running = said(new_directory, path=Path("link/new"), recipe={}, overwrite=False)
    assert running == "link/new: is being written by another run; wait for it or stop it"
    assert (tmp_path / "disk/new").is_dir()
