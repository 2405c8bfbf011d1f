"""What was found in photos: ``faces.csv`` beside the crops, and the lots that workers leave behind.

``faces.csv`` has a row per face, taken or not: `source` (the photo), `label`, `face` (its number in the photo, the
largest first), its box and five points in pixels of the photo, the detector's `confidence`, `distance` from the
folder's person, `path` of its crop if it was taken, and `embedding`: 128 float32 in base64, which let a later
run choose again without looking at the photo.
"""

import base64
import json
import os
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from celebtool.errors import CelebtoolError
from celebtool.formats import image_folder, tables
from celebtool.imaging.alignment import Box, Face
from celebtool.system import trees

FILE = "faces.csv"
COLUMNS = ("source", "label", "face", *Box._fields, "landmarks", "confidence", "distance", "path", "embedding")
_LOT = "found.json"

Value = TypeVar("Value")


@dataclass(frozen=True)
class Candidate:
    """A face of a photo: with what tells people apart, (128,), and its crop's file and sharpness if it was cut."""

    face: Face
    embedding: NDArray[np.float32] | None = None
    crop: str = ""
    sharpness: str = ""


@dataclass(frozen=True)
class Found:
    """What a photo gave: its faces, the largest first; why none of them will do (a word and a sentence)."""

    source: str
    origin: str
    faces: tuple[Candidate, ...] = ()
    reason: str = ""
    detail: str = ""


def rounded(face: Face) -> Face:
    """Return a face with the digits that tables keep, so that what is read back is what was written."""
    box = Box(*(float(f"{x:.6g}") for x in face.box))
    landmarks = np.array([[float(f"{x:.6g}") for x in point] for point in face.landmarks])
    return Face(box, landmarks, float(f"{face.confidence:.6g}"))


def cells(face: Face) -> dict[str, str]:
    """Return a face's box, points and confidence as a table's cells; numbers with six digits."""
    numbers = {**face.box._asdict(), "confidence": face.confidence}
    landmarks = " ".join(f"{x:.6g}" for x in face.landmarks.ravel())
    return {name: f"{number:.6g}" for name, number in numbers.items()} | {"landmarks": landmarks}


def write(root: Path, rows: Iterable[dict[str, str]]) -> None:
    """Write the table of all faces, as `row` makes its rows."""
    tables.write(root / FILE, COLUMNS, rows)


def row(found: Found, number: int, label: str, distance: str, path: str) -> dict[str, str]:
    """Return a face, by its number from 1, as a row of the table."""
    candidate = found.faces[number - 1]
    embedding = "" if candidate.embedding is None else _packed(candidate.embedding)
    known = {"source": found.source, "label": label, "face": str(number), "distance": distance, "path": path}
    return known | cells(candidate.face) | {"embedding": embedding}


def read(root: Path) -> dict[str, tuple[Candidate, ...]]:
    """Read the faces of each photo, by its source; nothing if the folder has no such table.

    Raises:
        CelebtoolError: the table is damaged.
    """
    faces: dict[str, list[Candidate]] = {}
    for source, _, candidate in _lines(root, _candidate):
        faces.setdefault(source, []).append(candidate)
    return {source: tuple(found) for source, found in faces.items()}


def embeddings(root: Path) -> dict[str, NDArray[np.float32]]:
    """Read the embedding (128,) of each crop of a folder, by its path; nothing if the folder has no such table.

    Raises:
        CelebtoolError: the table is damaged.
    """
    known = _lines(root, lambda line: _unpacked(line["embedding"]) if line["path"] and line["embedding"] else None)
    return {path: embedding for _, path, embedding in known if embedding is not None}


def _lines(root: Path, parse: Callable[[dict[str, str]], Value]) -> Iterator[tuple[str, str, Value]]:
    """Yield (photo, crop, what `parse` makes of the line); nothing if there is no table."""
    file = image_folder.sidecar(root, FILE)
    for number, line in enumerate(tables.read(file, required=COLUMNS) if file else (), start=2):
        try:
            yield line["source"], line["path"], parse(line)
        except ValueError as error:
            problem = f"has a face that can't be read ({error}); restore the file or remove it"
            raise CelebtoolError(f"{file}:{number}", problem) from error


class Lot:
    """A directory that appears under its name when it is complete: the crops of some photos, and what was found.

    Two workers may make the same lot; the first one counts, and they are equal.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def exists(self) -> bool:
        """Say whether a worker, of this run or an interrupted one, has finished it."""
        return (self.directory / _LOT).is_file()

    def begin(self) -> Path:
        """Return an empty directory to put crops into."""
        return Path(tempfile.mkdtemp(prefix=".", dir=self.directory.parent))

    def finish(self, content: Path, found: Iterable[Found]) -> None:
        """Add what was found to a directory of `begin` and give it its name."""
        records = [_record(one) for one in found]
        (content / _LOT).write_text(json.dumps(records), encoding="ascii")
        try:
            content.rename(self.directory)
        except OSError:
            trees.remove(content)
            if not self.exists():
                raise

    def check(self) -> None:
        """Remove it, to be made anew, if it is not as `finish` left it: scratch may come from anybody, or be damaged."""
        if self.directory.exists():
            try:
                self.read()
            except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
                trees.remove(self.directory)

    def read(self) -> list[Found]:
        """Return what was found, crops as absolute paths."""
        records = json.loads((self.directory / _LOT).read_text(encoding="ascii"))
        return [self._found(record) for record in records]

    def _found(self, record: dict[str, Any]) -> Found:
        faces = tuple(_face_of(face) for face in record.pop("faces"))
        placed = (replace(each, crop=self._crop(each.crop)) if each.crop else each for each in faces)
        return Found(**{name: _text(value) for name, value in record.items()}, faces=tuple(placed))

    def _crop(self, name: str) -> str:
        file = self.directory / name
        if file.parent != self.directory or not file.is_file() or file.stat().st_nlink > 1:
            raise ValueError(f"{name} is no crop of this lot")
        return str(file)


def remains(scratch: Path) -> Iterator[Path]:
    """Yield the unfinished lots of workers that were killed."""
    yield from scratch.glob(".*")


def _candidate(line: dict[str, str]) -> Candidate:
    embedding = _unpacked(line["embedding"]) if line["embedding"] else None
    box, landmarks = [line[name] for name in Box._fields], line["landmarks"].split()
    return Candidate(_face(box, landmarks, line["confidence"]), embedding, line["path"])


def _face(box: Sequence[str | float], landmarks: Sequence[str | float], confidence: str | float) -> Face:
    """Return a face of its numbers, or of texts that are; raises ValueError if one is none."""
    values = np.array([*map(float, (*box, *landmarks, confidence))])
    if not np.isfinite(values).all() or len(values) != 15:
        raise ValueError("expected the numbers of a box, of five points and a confidence")
    return Face(Box(*values[:4].tolist()), values[4:14].reshape(5, 2), float(values[14]))


def _record(found: Found) -> dict[str, Any]:
    faces = [
        {
            "box": list(each.face.box),
            "landmarks": each.face.landmarks.ravel().tolist(),
            "confidence": each.face.confidence,
            "embedding": "" if each.embedding is None else _packed(each.embedding),
            "crop": each.crop,
            "sharpness": each.sharpness,
        }
        for each in found.faces
    ]
    return {
        "source": os.fsencode(found.source).hex(),
        "origin": os.fsencode(found.origin).hex(),
        "reason": os.fsencode(found.reason).hex(),
        "detail": os.fsencode(found.detail).hex(),
        "faces": faces,
    }


def _text(encoded: str) -> str:
    return os.fsdecode(bytes.fromhex(encoded))  # names of files need not be UTF-8


def _face_of(record: dict[str, Any]) -> Candidate:
    embedding = _unpacked(record["embedding"]) if record["embedding"] else None
    face = _face(record["box"], record["landmarks"], record["confidence"])
    return Candidate(face, embedding, record["crop"], record["sharpness"])


def _packed(embedding: NDArray[np.float32]) -> str:
    return base64.b64encode(embedding.astype("<f4").tobytes()).decode("ascii")


def _unpacked(text: str) -> NDArray[np.float32]:
    values = np.frombuffer(base64.b64decode(text, validate=True), "<f4").astype(np.float32)
    if values.shape != (128,) or not np.isfinite(values).all():
        raise ValueError("expected 128 numbers")
    return values
