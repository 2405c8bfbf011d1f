"""Copy the files of an image folder into another, byte for byte, as the rows of a manifest say."""

import os
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path

from celebtool.errors import CelebtoolError
from celebtool.formats import faces, manifest
from celebtool.formats.image_folder import ImageFolder, Sample


def row(
    folder: ImageFolder, sample: Sample, known: Mapping[str, manifest.Row], digest: str | None = None
) -> manifest.Row:
    """Return the first row of a sample: no path yet, and all that the manifest of its folder holds.

    Args:
        folder: the folder.
        sample: one of its images.
        known: the manifest of the folder, by path.
        digest: the SHA-256 of the image file, if it is known already.
    """
    told = known.get(sample.path)
    origin = (told and told.origin) or digest or manifest.sha256(folder.file(sample))
    return manifest.Row("", sample.label or "", sample.path, origin, extra=told.extra if told else {})


def columns(rows: Iterable[manifest.Row]) -> list[str]:
    """Return the columns of the rows besides the manifest's own, in the order of their first use."""
    return list(dict.fromkeys(column for row in rows for column in row.extra))


def place(rows: Iterable[manifest.Row], source: Path, target: Path, *, link: bool) -> None:
    """Copy every kept row's file from ``source`` to its path below ``target``, or link it.

    Raises:
        CelebtoolError: a file can't be linked, for example because it is on another file system.
        OSError: a file can't be copied.
    """
    for row in rows:
        if row.status == manifest.KEPT:
            file = target / row.path
            file.parent.mkdir(parents=True, exist_ok=True)
            place_file(source / row.source, file, link=link)


def carry_faces(rows: Iterable[manifest.Row], source: Path, target: Path) -> None:
    """Write what a folder's faces.csv knows of the images that were placed, if it has one: see `faces.carry`."""
    copies: dict[str, list[faces.Copy]] = {}
    for row in rows:
        if row.status == manifest.KEPT:
            copies.setdefault(row.source, []).append(faces.Copy(row.path, row.label))
    faces.carry(source, target, copies)


def place_file(source: Path, target: Path, *, link: bool) -> None:
    """Copy a file, or give it a second name.

    Raises:
        CelebtoolError: it can't be linked, for example because the target is on another file system.
        OSError: it can't be copied.
    """
    if not link:
        shutil.copyfile(source, target)
        return
    try:
        os.link(os.path.realpath(source), target)
    except OSError as error:
        raise CelebtoolError(source, f"cannot be hard-linked ({error.strerror}); leave out --link to copy") from error
