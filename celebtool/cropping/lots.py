"""Lots: what one worker leaves behind of a few photos, their crops and what was found in them.

A lot is a directory of the run's scratch that appears under its name when it is complete, so that an interrupted run
goes on where it stopped.
"""

import contextlib
import json
import os
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from celebtool.errors import SystemFaultError
from celebtool.formats import faces, vectors
from celebtool.formats.faces import FoundFace, PhotoResult
from celebtool.formats.reasons import Reason, Rejection
from celebtool.system import trees

_FILE = "found.json"
_COUNT = "done"


class Lot:
    """The directory of one lot. Two workers may make the same lot: the first one counts, and they are equal."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def exists(self) -> bool:
        """Say whether a worker has finished it, in this run or in an interrupted one."""
        return (self.directory / _FILE).is_file()

    def begin(self) -> Path:
        """Return an empty directory to put crops into."""
        return Path(tempfile.mkdtemp(prefix=".", dir=self.directory.parent))

    def finish(self, content: Path, found: Iterable[PhotoResult]) -> None:
        """Write what was found into a directory that `begin` returned, and give it its final name."""
        records = [_record(one) for one in found]
        (content / _FILE).write_text(json.dumps(records), encoding="ascii")
        try:
            content.rename(self.directory)
        except OSError:
            trees.remove(content)
            if not self.exists():
                raise

    def check(self) -> None:
        """Remove it if it is not as `finish` left it, so that it is made again: scratch may be untrusted or damaged."""
        if self.directory.exists():
            try:
                self.read()
            except SystemFaultError:
                trees.remove(self.directory)

    def read(self) -> list[PhotoResult]:
        """Return what was found; the paths of crops are absolute.

        Raises:
            SystemFaultError: it is not as `finish` left it.
        """
        try:
            return self._read()
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise SystemFaultError(self.directory, f"is not as a worker leaves it ({error}); run it again") from error

    def _read(self) -> list[PhotoResult]:
        records = json.loads((self.directory / _FILE).read_text(encoding="ascii"))
        return [self._found(record) for record in records]

    def _found(self, record: dict[str, Any]) -> PhotoResult:
        found = tuple(_face(face) for face in record.pop("faces"))
        placed = (replace(each, crop=self._crop(each.crop)) if each.crop else each for each in found)
        texts = {name: _text(value) for name, value in record.items()}
        reason, detail = texts.pop("reason"), texts.pop("detail")
        rejection = Rejection(Reason(reason), detail) if reason else None
        return PhotoResult(**texts, faces=tuple(placed), rejection=rejection)

    def _crop(self, name: str) -> str:
        file = self.directory / name
        if file.parent != self.directory or not file.is_file() or file.stat().st_nlink > 1:
            raise ValueError(f"{name} is no crop of this lot")
        return str(file)


def count(content: Path, done: int) -> None:
    """Leave word in a directory of `Lot.begin` that so many of its photos are done."""
    (content / _COUNT).write_bytes(b"." * done)


def under_way(scratch: Path) -> int:
    """Return how many photos are done in the lots that are not finished."""
    done = 0
    for file in scratch.glob(f".*/{_COUNT}"):
        with contextlib.suppress(FileNotFoundError):  # its lot has just been finished
            done += file.stat().st_size
    return done


def remains(scratch: Path) -> Iterator[Path]:
    """Yield the unfinished lots of workers that were killed."""
    yield from scratch.glob(".*")


def _record(result: PhotoResult) -> dict[str, Any]:
    found = [
        {
            "box": list(each.face.box),
            "landmarks": each.face.landmarks.ravel().tolist(),
            "confidence": each.face.confidence,
            "embedding": "" if each.embedding is None else vectors.pack(each.embedding),
            "crop": each.crop,
            "sharpness": each.sharpness,
            "digest": each.digest,
        }
        for each in result.faces
    ]
    reason, detail = result.rejection or ("", "")
    texts = {"source": result.source, "origin": result.origin, "reason": reason, "detail": detail}
    return {name: os.fsencode(text).hex() for name, text in texts.items()} | {"faces": found}


def _text(encoded: str) -> str:
    return os.fsdecode(bytes.fromhex(encoded))  # names of files need not be UTF-8


def _face(record: dict[str, Any]) -> FoundFace:
    embedding = vectors.unpack(record["embedding"], faces.EMBEDDING) if record["embedding"] else None
    face = faces.parse(record["box"], record["landmarks"], record["confidence"])
    return FoundFace(face, embedding, record["crop"], record["sharpness"], record["digest"])
