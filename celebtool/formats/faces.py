"""``faces.csv``: every face that was found in the photos of a folder of crops, taken or not.

A row holds `source` (the photo), `label`, `face` (its number in the photo, the largest first), its box and five points
in pixels of the photo, the detector's `confidence`, `distance` from the folder's person, `path` of its crop if it was
taken, and `embedding`, 128 float32 in base64, with which a later run chooses again without decoding the photo. If the
embedding was computed from the crop itself, `digest` is the SHA-256 of the crop's file: whoever needs the embedding of a file
with that digest need not compute it. Tables without that column hold embeddings of another network, which are not used.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from celebtool.errors import CelebtoolError
from celebtool.formats import image_folder, manifest, spreadsheets, tables, vectors
from celebtool.formats.reasons import Rejection
from celebtool.imaging.alignment import Box, Face

FILE = "faces.csv"
COLUMNS = ("source", "label", "face", *Box._fields, "landmarks", "confidence", "distance", "path", "embedding")
DIGEST = "digest"
EMBEDDING = 128
"""Numbers of an embedding."""

_LARGEST = 1e6  # pixels: more than a photo may have a side, and few enough to compute with

Value = TypeVar("Value")


@dataclass(frozen=True)
class FoundFace:
    """A face of a photo: its embedding (128,), if it may be taken, and the file and sharpness of its crop, if it was cut.

    `digest` is the SHA-256 of that file if the embedding was computed from it.
    """

    face: Face
    embedding: NDArray[np.float32] | None = None
    crop: str = ""
    sharpness: str = ""
    digest: str = ""


class Copy(NamedTuple):
    """A crop in another folder: its path and its label there."""

    path: str
    label: str


@dataclass(frozen=True)
class PhotoResult:
    """What a photo gives: its faces, the largest first, and why none of them can be taken."""

    source: str
    origin: str
    faces: tuple[FoundFace, ...] = ()
    rejection: Rejection | None = None


def rounded(face: Face) -> Face:
    """Return a face rounded to the digits that tables keep, so that what is read back is what was written."""
    box = Box(*(float(f"{x:.6g}") for x in face.box))
    landmarks = np.array([[float(f"{x:.6g}") for x in point] for point in face.landmarks])
    return Face(box, landmarks, float(f"{face.confidence:.6g}"))


def cells(face: Face) -> dict[str, str]:
    """Return the cells of a face's box, points and confidence; numbers have six digits."""
    numbers = {**face.box._asdict(), "confidence": face.confidence}
    landmarks = " ".join(f"{x:.6g}" for x in face.landmarks.ravel())
    return {name: f"{number:.6g}" for name, number in numbers.items()} | {"landmarks": landmarks}


def write(root: Path, rows: Iterable[dict[str, str]]) -> None:
    """Write the table of all faces, as `row` makes its rows."""
    tables.write(root / FILE, (*COLUMNS, DIGEST), rows)


def row(result: PhotoResult, number: int, label: str, distance: str, path: str) -> dict[str, str]:
    """Return the table's row of a face of a photo; faces are numbered from 1."""
    found = result.faces[number - 1]
    embedding = "" if found.embedding is None else vectors.pack(found.embedding)
    known = {"source": result.source, "label": label, "face": str(number), "distance": distance, "path": path}
    return known | cells(found.face) | {"embedding": embedding, DIGEST: found.digest if path else ""}


def read(root: Path) -> dict[str, tuple[FoundFace, ...]]:
    """Read the faces of each photo, by its source; nothing if the folder has no such table.

    Raises:
        CelebtoolError: the table is damaged.
    """
    faces: dict[str, list[FoundFace]] = {}
    for source, face in _lines(root, _found_face):
        faces.setdefault(source, []).append(face)
    return {source: tuple(found) for source, found in faces.items()}


@dataclass(frozen=True)
class Embeddings:
    """The embeddings (128,) that a folder's table knows, by the digest of the file that they were computed from."""

    by_digest: Mapping[str, NDArray[np.float32]]

    def of(self, file: Path) -> NDArray[np.float32] | None:
        """Return the embedding of an image file; None if it is not known, for example because the file was changed."""
        return self.by_digest.get(manifest.sha256(file)) if self.by_digest else None


def embeddings(root: Path) -> Embeddings:
    """Read the embeddings of a folder's crops; none if the folder has no such table.

    Raises:
        CelebtoolError: the table is damaged.
    """
    lines = _lines(root, lambda line: (line.get(DIGEST, ""), _embedding(line) if line.get(DIGEST) else None))
    return Embeddings({digest: embedding for _, (digest, embedding) in lines if embedding is not None})


def carry(source: Path, target: Path, copies: Mapping[str, Sequence[Copy]]) -> None:
    """Write the rows of a folder's table that are about images of another folder, if there are any.

    Args:
        source: the folder that has the table.
        target: the folder to write it to.
        copies: path in `source` → what was made of the image.
    """
    file = image_folder.sidecar(source, FILE)
    lines = tables.row_by_row(file, required=COLUMNS) if file else ()
    kept = (line | copy._asdict() for _, line in lines if line["path"] for copy in copies.get(line["path"], ()))
    if first := next(kept, None):
        write(target, chain([first], kept))


def _lines(root: Path, parse: Callable[[dict[str, str]], Value]) -> Iterator[tuple[str, Value]]:
    """Yield (photo, what `parse` makes of the line); nothing if there is no table."""
    file = image_folder.sidecar(root, FILE)
    for number, line in tables.row_by_row(file, required=COLUMNS) if file else ():
        try:
            yield line["source"], parse(line)
        except ValueError as error:
            problem = f"has a face that can't be read ({error}); restore the file or remove it"
            raise CelebtoolError(f"{file}:{number}", problem) from error


def parse(box: Sequence[str | float], landmarks: Sequence[str | float], confidence: str | float) -> Face:
    """Return the face that numbers, or their texts, describe.

    Raises:
        ValueError: one is no number of a photo's pixels, or there are more or fewer than 4, 10 and 1 of them.
    """
    values = np.array([*map(float, (*box, *landmarks, confidence))])
    if not (np.abs(values) < _LARGEST).all() or len(values) != 15:
        raise ValueError("expected the numbers of a box, of five points and a confidence")
    return Face(Box(*values[:4].tolist()), values[4:14].reshape(5, 2), float(values[14]))


def _found_face(line: dict[str, str]) -> FoundFace:
    box, confidence = [spreadsheets.number(line[name]) for name in Box._fields], spreadsheets.number(line["confidence"])
    face = parse(box, line["landmarks"].split(), confidence)
    return FoundFace(face, _embedding(line), line["path"], digest=line.get(DIGEST, ""))


def _embedding(line: dict[str, str]) -> NDArray[np.float32] | None:
    if not line["embedding"]:
        return None
    embedding = vectors.unpack(line["embedding"], EMBEDDING)
    if line.get(DIGEST) and abs(float(np.linalg.norm(embedding)) - 1) > 1e-3:
        raise ValueError("expected an embedding of length 1")
    return embedding
