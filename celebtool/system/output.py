"""Write outputs that appear whole or not at all.

Everything is written in a hidden directory beside the output, ``.NAME.partial``, and moved to its name in one
step at the end. The directory holds a lock, so that two runs never write one output; the recipe of the run;
``content``, which becomes the output; ``scratch`` for what an interrupted run left for the next; and for a moment
``old``, the output that is being replaced. It is removed when the run ends, however it ends; only a resumable
run that did not finish leaves it. What a killed run left is put right by the next run on the same output.
"""

import contextlib
import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from celebtool.errors import CelebtoolError
from celebtool.system import locking, places, replacement, signals, trees

RECIPE_FILE = replacement.RECIPE_FILE

kept: list[Path] = []
"""The outputs of this process whose unfinished work is kept, so that the same command continues it."""
dropped: list[Path] = []
"""The outputs of this process that did not come about, and of which nothing is kept."""


@dataclass(frozen=True)
class Workspace:
    """Where a run writes: `content` becomes the output; `scratch` is kept for the next run if this one dies.

    In a dry run neither exists.
    """

    content: Path
    scratch: Path


def is_finished(path: Path, recipe: Mapping[str, object]) -> bool:
    """Say whether a directory is the output of a run with this recipe, so that another run would write the same again.

    Raises:
        CelebtoolError: another run writes it.
    """
    return _answer(path, lambda settled: _read(settled / RECIPE_FILE) == _encoded(recipe))


def is_finished_file(path: Path, is_same: Callable[[Path], bool]) -> bool:
    """Say whether a file is there and, as `is_same` tells, what this run would write; raises as `is_finished`."""
    return _answer(path, lambda settled: settled.is_file() and is_same(settled))


@contextlib.contextmanager
def new_directory(
    path: Path,
    *,
    recipe: Mapping[str, object],
    inputs: Sequence[Path],
    overwrite: bool,
    resumable: bool = False,
    dry_run: bool = False,
    instead: str = places.INSTEAD,
    scratch_of: Mapping[str, object] | None = None,
) -> Iterator[Workspace]:
    """Yield a workspace whose `content` is an empty directory that becomes `path` when the block ends well.

    Args:
        path: the output; a directory that does not exist yet, or an empty one.
        recipe: how the output is made; written into it as ``celebtool.json``.
        inputs: files and directories that must not contain the output or lie in it.
        overwrite: replace an existing output (only one that celebtool wrote).
        resumable: keep `scratch` when the block is interrupted, for a next run with the same recipe.
        dry_run: only check that the output can be written; nothing is.
        instead: what to do if the output exists.
        scratch_of: what the scratch depends on, if that is not the whole recipe.

    Raises:
        CelebtoolError: the output exists, or can't be written where it is wanted, or another run writes it.
    """
    given, path = path, places.checked(path, inputs)
    wanted = _encoded(recipe)
    check = partial(_check_replaceable, path, given, instead, overwrite=overwrite)
    if dry_run:
        check()
        yield _places(path, ".d")
        return
    kept_for = _encoded(scratch_of or recipe)
    with _workspace(path, given, kept_for, ".d", check, resumable=resumable) as workspace:
        workspace.content.mkdir()
        yield workspace
        (workspace.content / RECIPE_FILE).write_bytes(wanted)
        if hasattr(os, "sync"):  # else a machine that dies could keep the new name and lose the content
            os.sync()
        replacement.replace(workspace.content, path)


@contextlib.contextmanager
def new_file(
    path: Path,
    *,
    inputs: Sequence[Path] = (),
    overwrite: bool,
    recipe: Mapping[str, object] | None = None,
    resumable: bool = False,
) -> Iterator[Workspace]:
    """Yield a workspace whose `content` is the name of the file to write; it replaces `path` in one step.

    Args as `new_directory`.
    """
    given, path = path, places.checked(path, inputs)
    check = partial(places.check_file, given, overwrite=overwrite)
    wanted = json.dumps(recipe, sort_keys=True).encode()
    with _workspace(path, given, wanted, path.suffix, check, resumable=resumable) as workspace:
        yield workspace
        with workspace.content.open("rb+") as stream:
            os.fsync(stream.fileno())
        if path.exists() and places.is_mount_point(path):  # a file of a container's host: it can only be written to
            shutil.copyfile(workspace.content, path)
        else:
            workspace.content.replace(path)


def write_file(path: Path, content: bytes, *, inputs: Sequence[Path], overwrite: bool) -> bool:
    """Write a file, unless the very same is there already; return whether it was written. Args as `new_directory`."""
    if not overwrite and is_finished_file(path, lambda old: old.read_bytes() == content):
        return False
    with new_file(path, inputs=inputs, overwrite=overwrite) as workspace:
        workspace.content.write_bytes(content)
    return True


def _check_replaceable(path: Path, given: Path, instead: str, *, overwrite: bool) -> None:
    if not path.exists() or replacement.is_empty(path):
        return
    if not overwrite:
        raise CelebtoolError(given, f"exists already; {instead}")
    if not (path / RECIPE_FILE).is_file():
        raise CelebtoolError(given, "was not written by celebtool and is not replaced; choose another name")
    if _root(path).parent == path or places.is_mount_point(path):
        inside = f"is a mount point or may not be replaced; empty it, or choose a name inside it, as {given / 'out'}"
        raise CelebtoolError(given, inside)


@contextlib.contextmanager
def _workspace(
    path: Path, given: Path, recipe: bytes, suffix: str, check: Callable[[], None], *, resumable: bool
) -> Iterator[Workspace]:
    """Yield a locked workspace; `check` raises if there is no right to write `path`, which the user called `given`."""
    workspace = _places(path, suffix)
    root = _root(path)
    if not root.exists():  # nothing that a killed run left: a run that may not write leaves no trace either
        check()

    def give_up() -> None:
        replacement.recover(root, path)
        keep = resumable and workspace.scratch.is_dir() and any(workspace.scratch.iterdir())
        (kept if keep else dropped).append(given)
        with contextlib.suppress(OSError):  # a thread may be writing into it still
            workspace.content.rename(root / "gone")
        _clear(root, keep=("scratch", "recipe.json") if keep else ())

    with signals.held_back() as letting_through, locking.locked(root, path, given):
        try:
            replacement.recover(root, path)
            check()
            _prepare(root, workspace, recipe)
            with signals.cleaned_up(give_up), letting_through():
                yield workspace
        except BaseException:
            give_up()
            raise
        _clear(root, keep=())


def _answer(path: Path, question: Callable[[Path], bool]) -> bool:
    """Ask about an output that a killed run may have set aside; if the answer is yes, remove what that run left."""
    given, path = path, Path(os.path.realpath(path))
    root = _root(path)
    if not root.exists():
        return question(path)
    with signals.held_back(), locking.locked(root, path, given):
        replacement.recover(root, path)
        answer = question(path)
        if answer:
            _clear(root, keep=())
        return answer


def _root(path: Path) -> Path:
    """Return the hidden directory beside an output; in it, if it is a directory whose parent may not be changed."""
    if path.is_dir() and not os.access(path.parent, os.W_OK):
        return path / replacement.INSIDE
    name = path.name if _is_short(path.name) else hashlib.sha256(os.fsencode(path.name)).hexdigest()
    return path.with_name(f".{name}.partial")


def _places(path: Path, suffix: str) -> Workspace:
    root = _root(path)
    return Workspace(root / (f"content{suffix}" if _is_short(suffix) else "content"), root / "scratch")


def _encoded(recipe: Mapping[str, object]) -> bytes:
    """Return a recipe as its file holds it; what is no Unicode (a name on disk may be any bytes) as JSON's own escapes."""
    return (json.dumps(recipe, sort_keys=True, indent=1, ensure_ascii=False) + "\n").encode(errors="backslashreplace")


def _is_short(name: str) -> bool:
    """Say whether a name leaves room for a prefix and a suffix: file systems allow 255 bytes."""
    return len(os.fsencode(name)) < 200


def _prepare(root: Path, workspace: Workspace, recipe: bytes) -> None:
    """Keep an earlier run's scratch if it had the same recipe; drop the rest."""
    trees.remove(workspace.content)
    trees.remove(root / "old")
    if _read(root / "recipe.json") != recipe:
        trees.remove(workspace.scratch)
        trees.vacated(root / "recipe.json").write_bytes(recipe)
    workspace.scratch.mkdir(exist_ok=True)


def _read(path: Path) -> bytes | None:
    """Return the content of a small file, None if it is absent or anything else."""
    try:
        return path.read_bytes() if path.is_file() and path.stat().st_size < 1 << 24 else None
    except OSError:
        return None


def _clear(root: Path, keep: Sequence[str]) -> None:
    """Remove a workspace except for `keep`, and its lock last: until then no other run may begin in it.

    What can't be removed stays for the next run; the output is there, or not, regardless.
    """
    entries = sorted(root.glob("*"), key=lambda entry: entry.name == "lock")
    for entry in entries:
        if entry.name not in keep:
            with contextlib.suppress(OSError):
                trees.remove(entry)
    with contextlib.suppress(OSError):
        root.rmdir()
