"""Keep fingerprints between runs of `split`: one that ends with label conflicts, or is stopped, is repeated.

They are kept by the content of the file, so that they hold whatever is renamed, moved or removed in between.
"""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from celebtool.folders import duplicates
from celebtool.folders.duplicates import Fingerprint, Pair
from celebtool.folders.patterns import FREQUENCIES, SIDE

_FILE = "fingerprints.npz"
_NO_FACE = np.zeros((SIDE, SIDE), np.uint8)


class Store:
    """The fingerprints of image files by SHA-256, and the pairs of near-duplicates among one set of them."""

    def __init__(self, directory: Path | None) -> None:
        """Read what an earlier run has left in a directory of scratch; None: nothing is read or kept."""
        self._file = None if directory is None else directory / _FILE
        self._known: dict[str, Fingerprint] = {}
        self._pairs: tuple[str, list[Pair]] = ("", [])
        self._used: dict[str, Fingerprint] = {}
        if self._file is not None and self._file.is_file():
            self._read(self._file)

    def __contains__(self, digest: str) -> bool:
        """Say whether the fingerprint of the file with this SHA-256 is known."""
        return digest in self._known

    def add(self, digest: str, fingerprint: Fingerprint) -> None:
        """Keep the fingerprint of the file with this SHA-256."""
        self._known[digest] = fingerprint

    def fingerprint(self, digest: str) -> Fingerprint:
        """Return a fingerprint that is known."""
        self._used[digest] = self._known[digest]
        return self._used[digest]

    def near_pairs(self, fingerprints: Sequence[Fingerprint], labels: Sequence[str]) -> list[Pair]:
        """Return `duplicates.near_pairs`, kept as long as nothing about the images changes."""
        key = _key(fingerprints, labels)
        if self._pairs[0] != key or not all(0 <= i < len(labels) for pair in self._pairs[1] for i in pair):
            self._pairs = key, duplicates.near_pairs(fingerprints, labels)
        return self._pairs[1]

    def save(self) -> None:
        """Keep what this run has used or, if it has not come so far, computed."""
        kept = dict(self._used or self._known)
        if self._file is None or not kept:
            return
        found = list(kept.values())
        with self._file.open("wb") as stream:
            np.savez(
                stream,
                digests=np.array(list(kept), "S64"),
                pixels=np.array([each.pixels for each in found], "S64"),
                areas=np.array([each.area for each in found], np.int64),
                descriptors=np.stack([each.descriptor for each in found]),
                greys=np.stack([each.grey for each in found]),
                has_face=np.array([each.face is not None for each in found]),
                faces=np.stack([_NO_FACE if each.face is None else each.face for each in found]),
                key=np.array([self._pairs[0]], "S64"),
                pairs=np.array(self._pairs[1], np.int64).reshape(-1, 2),
            )

    def _read(self, file: Path) -> None:
        """Take over what `save` wrote; of a file that is damaged, nothing."""
        try:
            with np.load(file, allow_pickle=False) as arrays:
                kept = {name: arrays[name] for name in arrays.files}
            self._known = _fingerprints(kept)
            self._pairs = _text(kept["key"][0]), [(int(a), int(b)) for a, b in kept["pairs"]]
        except Exception:  # noqa: BLE001 - zipfile, NumPy and the checks each raise their own
            self._known, self._pairs = {}, ("", [])


def _fingerprints(kept: dict[str, NDArray[Any]]) -> dict[str, Fingerprint]:
    descriptors, greys, faces = (kept[name] for name in ("descriptors", "greys", "faces"))
    count = len(kept["digests"])
    shapes = (count, FREQUENCIES**2 - 1), (count, SIDE, SIDE), (count, SIDE, SIDE)
    if (descriptors.shape, greys.shape, faces.shape) != shapes or {greys.dtype, faces.dtype} != {np.dtype(np.uint8)}:
        raise ValueError("arrays of other shapes or types")
    descriptors = descriptors.astype(np.float32)
    return {
        _text(kept["digests"][i]): Fingerprint(
            _text(kept["pixels"][i]),
            int(kept["areas"][i]),
            descriptors[i],
            greys[i],
            face=faces[i] if kept["has_face"][i] else None,
        )
        for i in range(count)
    }


def _key(fingerprints: Sequence[Fingerprint], labels: Sequence[str]) -> str:
    total = hashlib.sha256()
    for each, label in zip(fingerprints, labels, strict=True):
        embedding = b"" if each.embedding is None else each.embedding.tobytes()
        name = label.encode("utf-8", "surrogateescape")
        total.update(each.pixels.encode() + len(name).to_bytes(4, "big") + name + embedding)
    return total.hexdigest()


def _text(cell: bytes) -> str:
    return bytes(cell).decode("ascii")
