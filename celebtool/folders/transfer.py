"""The files of an image folder, carried into another byte for byte as the rows of its manifest say."""

import os
import shutil
import unicodedata
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath

from celebtool.errors import CelebtoolError
from celebtool.formats import faces, image_folder, manifest
from celebtool.formats.image_folder import ImageFolder, Sample

LONGEST_STEM = 200  # bytes; file systems allow 255, and a number and an extension follow


def row(folder: ImageFolder, sample: Sample, known: Mapping[str, manifest.Row]) -> manifest.Row:
    """Return the row that a sample begins with: no path yet, and whatever its folder's manifest knows of it."""
    extra = known[sample.path].extra if sample.path in known else {}
    origin = manifest.origin(known, sample.path, folder.file(sample))
    return manifest.Row("", sample.label or "", sample.path, origin, extra=extra)


def columns(rows: Iterable[manifest.Row]) -> list[str]:
    """Return the columns that any of the rows has besides the manifest's own, in the order they come up."""
    return list(dict.fromkeys(column for row in rows for column in row.extra))


def place(rows: Iterable[manifest.Row], source: Path, target: Path, *, link: bool) -> None:
    """Copy every kept row's file from ``source`` to its path below ``target``, or link it.

    Raises:
        CelebtoolError: it is to be linked and can't be, as on another file system.
        OSError: it can't be copied.
    """
    for row in rows:
        if row.status == manifest.KEPT:
            file = target / row.path
            file.parent.mkdir(parents=True, exist_ok=True)
            _place(source / row.source, file, link=link)


def carry_faces(source: Path, target: Path) -> None:
    """Copy a folder's faces.csv, if it has one: its rows hold for the images that keep their paths."""
    if file := image_folder.sidecar(source, faces.FILE):
        shutil.copyfile(file, target / faces.FILE)


def free_path(path: str, suffix: str, taken: set[str]) -> str:
    """Return the path with ``suffix`` after its stem, and a number if that is taken; it is taken from now on.

    Paths that differ in nothing but case or Unicode form count as equal: some file systems think so.

    Args:
        path: ``person/photo.jpg``.
        suffix: ``-copy1``.
        taken: the keys (`path_key`) of all paths in use.
    """
    pure = PurePosixPath(path)
    stem = os.fsencode(pure.stem)[:LONGEST_STEM].decode("utf-8", "surrogateescape" if _is_short(pure) else "ignore")
    candidate, number = pure.with_name(f"{stem}{suffix}{pure.suffix}"), 1
    while path_key(str(candidate)) in taken:
        number += 1
        candidate = pure.with_name(f"{stem}{suffix}~{number}{pure.suffix}")
    taken.add(path_key(str(candidate)))
    return str(candidate)


def path_key(path: str) -> str:
    """Return what two paths share that some file systems take for one."""
    return unicodedata.normalize("NFC", path.casefold())


def _is_short(path: PurePosixPath) -> bool:
    return len(os.fsencode(path.stem)) <= LONGEST_STEM


def _place(source: Path, target: Path, *, link: bool) -> None:
    if not link:
        shutil.copyfile(source, target)
        return
    try:
        os.link(os.path.realpath(source), target)
    except OSError as error:
        raise CelebtoolError(source, f"cannot be hard-linked ({error.strerror}); leave out --link to copy") from error
