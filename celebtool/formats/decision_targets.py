"""Find what decisions are about: the photos and classes of a folder that they name."""

import posixpath
import unicodedata
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from celebtool.errors import CelebtoolError
from celebtool.formats import decisions, image_folder
from celebtool.formats.decisions import Decision, Decisions, Verb, in_order
from celebtool.formats.image_folder import UNKNOWN, ImageFolder
from celebtool.formats.names import LONGEST
from celebtool.suggestions import did_you_mean

Alias = Callable[[str], tuple[str, int | None] | None]
"""Returns the photo, and the face, that another path stands for; None if it stands for nothing."""


def of_run(
    file: Path | None,
    earlier: Path | None,
    folder: ImageFolder,
    contents: Mapping[str, str],
    alias: Alias | None = None,
    *,
    any_label: bool = False,
) -> Decisions:
    """Return the decisions of a run: those of `file`, else those that an earlier output remembers, if there is one.

    Args and errors as `resolve`.
    """
    kept = image_folder.sidecar(earlier, decisions.FILE) if earlier else None
    remembered = decisions.read(kept) if kept else decisions.NONE
    made = decisions.read(file) if file else remembered
    known = {row.path for row in remembered.rows}
    return resolve(made, folder, contents, alias, remembered=known, any_label=any_label)


def resolve(
    made: Decisions,
    folder: ImageFolder,
    contents: Mapping[str, str],
    alias: Alias | None = None,
    *,
    remembered: Collection[str] = (),
    any_label: bool = False,
) -> Decisions:
    """Return the decisions about a folder's photos, with the digests of the photos, and which of them apply.

    Args:
        made: as they were read.
        folder: the photos.
        contents: the SHA-256 of each photo.
        alias: what paths that name no photo stand for.
        remembered: the photos of decisions that were applied before; those that are gone are kept, and not applied.
        any_label: photos have no labels, and may be moved to any.

    Raises:
        CelebtoolError: a path or a label is of nothing in the folder, or two decisions contradict each other; names
            the line.
    """
    known = None if any_label else [*folder.class_names, *([UNKNOWN] if folder.class_names else [])]
    labels = {sample.path: "" if any_label else sample.label or "" for sample in folder.samples}
    found, gone = _found(made, folder, contents, alias, remembered=remembered)
    by_path = _by_path([_labelled(row, made.where(row), labels[row.path], known) for row in found], made)
    distinct = [row for own in by_path.values() for row in own]
    changed = [row for row in distinct if row.digest not in {"", contents[row.path]}]
    paths_changed = {row.path for row in changed}
    return replace(
        made,
        rows=tuple(in_order([*gone, *(replace(row, digest=row.digest or contents[row.path]) for row in distinct)])),
        by_path={path: tuple(in_order(own)) for path, own in by_path.items() if path not in paths_changed},
        warnings=tuple(
            f"{made.where(row)}: {row.path} has changed since it was decided; the decision was not applied"
            for row in changed
        ),
    )


def _found(
    made: Decisions,
    folder: ImageFolder,
    contents: Mapping[str, str],
    alias: Alias | None,
    *,
    remembered: Collection[str],
) -> tuple[list[Decision], list[Decision]]:
    """Return the decisions with the paths of the folder, and those about photos that are gone."""
    names = {unicodedata.normalize("NFC", path): path for path in contents}
    found, gone = [], []
    for read in made.rows:
        row = _about(read, names, contents, alias)
        if row is not None:
            found.append(row)
        elif read.path in remembered:
            gone.append(read)
        else:
            raise CelebtoolError(made.where(read), _no_such(read.path, folder, contents))
    return found, gone


def _about(
    row: Decision, names: Mapping[str, str], contents: Mapping[str, str], alias: Alias | None
) -> Decision | None:
    """Return a decision with the path of the photo that it is about; None if there is no such photo."""
    if row.path in contents:
        return row
    path = unicodedata.normalize("NFC", posixpath.normpath(row.path))
    if path in names:
        return replace(row, path=names[path])
    found = alias(path) if alias else None
    if found is None:
        return None
    photo, face = found
    return replace(row, path=photo, face=row.face or face, digest="")  # a digest would be that of the crop


def _by_path(rows: Sequence[Decision], made: Decisions) -> dict[str, list[Decision]]:
    """Return the decisions about each photo, what is decided twice in the same way once.

    Raises:
        CelebtoolError: two contradict each other.
    """
    by_path: dict[str, dict[int | None, Decision]] = {}
    for row in rows:
        own = by_path.setdefault(row.path, {})
        _check_contradiction(row, own, made.where(row))
        own.setdefault(row.face, row)
    return {path: list(own.values()) for path, own in by_path.items()}


def _no_such(path: str, folder: ImageFolder, contents: Iterable[str]) -> str:
    inner = posixpath.normpath(path)
    if inner.startswith(("/", "../")) or inner == "..":
        return f"{path} lies outside {folder.root}; expected a path below it, as ann/1.jpg"
    bare = inner.split("/", 1)[-1]
    if bare in contents:
        return f"{path} is not in {folder.root}; did you mean {bare}?"
    return f"{path} is not in {folder.root}{did_you_mean(path, contents) or '; remove the line, or correct the path'}"


def _labelled(row: Decision, where: str, own: str, known: Sequence[str] | None) -> Decision:
    """Return a decision with a label only if the photo is moved to it; None: to any that a directory can have.

    Raises:
        CelebtoolError: the label is no class, or it is another than the photo's and the decision is not to move it.
    """
    label = row.label if row.label in (known or ()) else row.label.strip()
    if row.verb != Verb.MOVE:
        if label not in {"", own}:
            problem = f"{row.verb} leaves {row.path} in {own or 'its folder'}, but the label is {label}"
            raise CelebtoolError(where, f"{problem}; write move to put it there, or leave the label out")
        return replace(row, label="")
    if known is None:
        return replace(row, label=_new_label(label, where))
    if not known:
        raise CelebtoolError(where, "there are no class folders to move to; expected keep, drop or take")
    if label not in known:
        raise CelebtoolError(where, f"{label} is no class of the folder{did_you_mean(label, known)}")
    return replace(row, label=label)


def _new_label(label: str, where: str) -> str:
    """Return a label in the form of a directory's name."""
    label = unicodedata.normalize("NFC", label)
    if "/" in label or "\0" in label or image_folder.is_junk(label) or label in {"", *image_folder.SIDECARS}:
        raise CelebtoolError(where, f"{label or 'nothing'} can't be the name of a class; expected a name, as ann")
    if len(label.encode("utf-8", "surrogateescape")) > LONGEST:
        raise CelebtoolError(
            where, f"{label[:20]}… is too long for the name of a class; expected {LONGEST} bytes at most"
        )
    return label


def _check_contradiction(row: Decision, earlier: Mapping[int | None, Decision], where: str) -> None:
    """Compare a decision with the earlier ones about its photo, by face: the same again is none too many."""
    others = earlier.values() if row.face is None else filter(None, (earlier.get(row.face), earlier.get(None)))
    other = next(iter(others), None)
    if other is not None and (row.face, row.cell) != (other.face, other.cell):
        problem = f"{row.cell} contradicts line {other.line} ({other.cell}) about {row.path}"
        raise CelebtoolError(where, f"{problem}; expected one decision, or one for each of several faces")
