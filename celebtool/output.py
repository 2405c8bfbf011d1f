"""Outputs that appear whole or not at all.

Everything is written in a hidden directory beside the output, ``.NAME.partial``, and moved to its name in one
step at the end. The directory holds a lock, so that two runs never write one output; the recipe of the run;
``content``, which becomes the output; and ``scratch`` for what an interrupted run left for the next.
It is removed when the run ends, however it ends; only a resumable run that did not finish leaves it.
"""

import contextlib
import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import filelock

from celebtool.errors import CelebtoolError

RECIPE_FILE = "celebtool.json"


class Finished(Exception):  # noqa: N818 - no error: the output is there, made by this very recipe
    """The output exists already and this run would write the same again."""


@dataclass(frozen=True)
class Workspace:
    """Where a run writes: `content` becomes the output; `scratch` is kept for the next run if this one dies."""

    content: Path
    scratch: Path


@contextlib.contextmanager
def new_directory(
    path: Path,
    *,
    recipe: Mapping[str, object],
    inputs: Sequence[Path],
    overwrite: bool,
    resumable: bool = False,
) -> Iterator[Workspace]:
    """Yield a workspace whose `content` is an empty directory that becomes `path` when the block ends well.

    Args:
        path: the output; a directory that does not exist yet, or an empty one.
        recipe: how the output is made; written into it as ``celebtool.json``.
        inputs: files and directories that must not contain the output or lie in it.
        overwrite: replace an existing output (only one that celebtool wrote).
        resumable: keep `scratch` when the block is interrupted, for a next run with the same recipe.

    Raises:
        Finished: the output exists and was made by this recipe.
        CelebtoolError: the output exists, or can't be written where it is wanted, or another run writes it.
    """
    path = _checked(path, inputs)
    wanted = json.dumps(recipe, sort_keys=True, indent=1, ensure_ascii=False) + "\n"
    if not overwrite and _read(path / RECIPE_FILE) == wanted:
        raise Finished(str(path))
    with _workspace(path, wanted, ".d", resumable=resumable) as workspace:
        _check_replaceable(path, overwrite=overwrite)
        workspace.content.mkdir()
        yield workspace
        (workspace.content / RECIPE_FILE).write_text(wanted, encoding="utf-8", errors="surrogateescape")
        if hasattr(os, "sync"):  # else a machine that dies could keep the new name and lose the content
            os.sync()
        if path.exists():
            path.rename(_aside(workspace))
        workspace.content.rename(path)


@contextlib.contextmanager
def new_file(
    path: Path,
    *,
    inputs: Sequence[Path] = (),
    overwrite: bool,
    recipe: Mapping[str, object] | None = None,
    finished: Callable[[Path], bool] = lambda _: False,
    resumable: bool = False,
) -> Iterator[Workspace]:
    """Yield a workspace whose `content` is the name of the file to write; it replaces `path` in one step.

    Args as `new_directory`; `finished` says of an existing file whether this very run made it.
    """
    path = _checked(path, inputs)
    if path.is_dir():
        raise CelebtoolError(path, "is a directory; expected the name of a file to write")
    wanted = json.dumps(recipe, sort_keys=True)
    with _workspace(path, wanted, path.suffix, resumable=resumable) as workspace:
        if path.exists() and not overwrite:
            if finished(path):
                raise Finished(str(path))
            raise CelebtoolError(path, "exists already; choose another name or add --overwrite")
        yield workspace
        with workspace.content.open("rb+") as stream:
            os.fsync(stream.fileno())
        workspace.content.replace(path)


def _checked(path: Path, inputs: Sequence[Path]) -> Path:
    """Return the absolute output path, or say why nothing can be written there."""
    path = path.resolve()
    if not path.parent.is_dir():
        raise CelebtoolError(path.parent, "no such directory; make it first")
    for given in inputs:
        source = given.resolve()
        if path == source:
            raise CelebtoolError(path, "is the input as well; choose another output")
        if source in path.parents and source.is_dir():
            raise CelebtoolError(path, f"lies inside the input {given}; choose an output beside it")
        if path in source.parents:
            raise CelebtoolError(path, f"contains the input {given}; choose an output beside it")
    return path


def _check_replaceable(path: Path, *, overwrite: bool) -> None:
    if not path.exists() or (path.is_dir() and not any(path.iterdir())):
        return
    if not overwrite:
        raise CelebtoolError(path, "exists already; choose another name or add --overwrite")
    if not (path / RECIPE_FILE).is_file():
        raise CelebtoolError(path, "was not written by celebtool and is not replaced; choose another name")


@contextlib.contextmanager
def _workspace(path: Path, recipe: str, suffix: str, *, resumable: bool) -> Iterator[Workspace]:
    name = (
        path.name if len(os.fsencode(path.name)) < 200 else hashlib.sha256(os.fsencode(path.name)).hexdigest()
    )
    root = path.with_name(f".{name}.partial")
    workspace = Workspace(content=root / f"content{suffix}", scratch=root / "scratch")
    with _locked(root, path):
        if not path.exists() and _aside(workspace).exists():  # the last run died between its two renames
            _aside(workspace).rename(path)
        _prepare(root, workspace, recipe)
        try:
            yield workspace
        except BaseException:
            _remove(workspace.content)
            if resumable and any(workspace.scratch.iterdir()):
                raise
            _remove(root)
            raise
        _remove(root)


def _prepare(root: Path, workspace: Workspace, recipe: str) -> None:
    """Keep an earlier run's scratch if it had the same recipe; drop the rest."""
    _remove(workspace.content)
    _remove(_aside(workspace))
    if _read(root / "recipe.json") != recipe:
        _remove(workspace.scratch)
        (root / "recipe.json").write_text(recipe, encoding="utf-8", errors="surrogateescape")
    workspace.scratch.mkdir(exist_ok=True)


@contextlib.contextmanager
def _locked(root: Path, path: Path) -> Iterator[None]:
    for _ in range(100):  # a run that ends takes its lock file with it: then lock the new one
        root.mkdir(exist_ok=True)
        lock = filelock.FileLock(root / "lock", blocking=False)
        try:
            lock.acquire()
        except filelock.Timeout as error:
            raise CelebtoolError(path, "is being written by another run; wait for it or stop it") from error
        except FileNotFoundError:
            continue
        if (root / "lock").exists():
            break
        lock.release()
    try:
        yield
    finally:
        lock.release()
        if not (root / "recipe.json").exists():
            _remove(root)


def _aside(workspace: Workspace) -> Path:
    """Where the old output waits while the new one takes its name."""
    return workspace.content.with_name("old")


def _read(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8", errors="surrogateescape")
    except OSError:
        return None


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
