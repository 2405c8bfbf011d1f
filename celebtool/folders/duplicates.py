"""Find images that are copies of one another: equal pixels, or one picture mirrored, resized, cropped or re-encoded.

The method has two steps. A descriptor, the low frequencies of a DCT (a perceptual hash that keeps its digits; C. Zauner,
Implementation and Benchmarking of Perceptual Image Hash Functions, 2010), picks candidates among all pairs by one
matrix product. Then one picture of a candidate is mapped on the other (see `registration`) and they are correlated.

Within a class a pair is judged leniently, unless so many of the class's pairs are candidates that its images come from
one sitting; across classes it is judged strictly. Faces whose embeddings are as close as those of copies are copies too.
How the thresholds were chosen, and what share of copies they find, is in docs/methods.md.
"""

import hashlib
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.fft import dctn
from scipy.ndimage import gaussian_filter

from celebtool.folders import registration

Pair = tuple[int, int]

SIDE = 32  # of the pattern in pixels
FREQUENCIES = 10  # per axis in the descriptor
CANDIDATE, CANDIDATE_ACROSS = 0.77, 0.9  # of descriptors, within a class and across classes
COPY = 0.92  # of patterns, once one is mapped on the other
STRICT_COPY, STRICT_UNMOVED = 0.98, 0.95  # across classes and within crowded ones: mapped, or as they are
SAME_FACE = 0.08  # cosine distance of embeddings: a copy; in crowded classes,
STRICT_COPY_OF_FACE = 0.97  # if their pictures are alike as well
MARGIN = 0.25  # around the face, of the crops that these limits were chosen on
CROWDED = 0.1  # a class with this share of candidates among its pairs was photographed in one sitting
BLOCK = 1024
PAIRS = 1 << 14  # compared at a time: some hundred megabytes

_AXIS = np.linspace(-1, 1, SIDE)
WINDOW = np.exp(-0.5 * np.add.outer(_AXIS**2, _AXIS**2) / 0.6**2)  # the edges say more about the cropping


@dataclass(frozen=True)
class Fingerprint:
    """What is kept of an image to compare it with others.

    Args:
        pixels: SHA-256 of shape and pixels.
        area: how many pixels it has.
        descriptor: (99,), signed roots of the lowest DCT coefficients, scaled to length 1 (0 for a flat image).
        pattern: (32, 32), grey, with local mean and contrast removed.
        embedding: (128,) of length 1, of the face, as `crop-faces` leaves it in faces.csv; None if it is not known.
    """

    pixels: str
    area: int
    descriptor: NDArray[np.float32]
    pattern: NDArray[np.float32]
    embedding: NDArray[np.float32] | None = None


def fingerprint(
    image: NDArray[np.uint8], embedding: NDArray[np.float32] | None = None, margin: float | None = None
) -> Fingerprint:
    """Return the fingerprint of an RGB image (height, width, 3).

    Args:
        image: all of it decides whether pixels are equal.
        embedding: of the face, if it is known.
        margin: the room around the face, if the image is a crop of `crop-faces`: of more than a quarter of the face's side
            the picture is that of the middle, because what lies beyond the photo is black in all crops.
    """
    shape = ",".join(map(str, image.shape)).encode()
    middle = _middle(image, margin)
    small = Image.fromarray(middle).convert("L").resize((SIDE, SIDE), Image.Resampling.LANCZOS)
    grey = np.asarray(small, np.float32)
    return Fingerprint(
        pixels=hashlib.sha256(shape + b";" + image.tobytes()).hexdigest(),
        area=image.shape[0] * image.shape[1],
        descriptor=_descriptor(grey),
        pattern=_pattern(grey),
        embedding=embedding,
    )


def _middle(image: NDArray[np.uint8], margin: float | None) -> NDArray[np.uint8]:
    if margin is None or margin <= MARGIN:
        return image
    left_out = (margin - MARGIN) / (1 + 2 * margin)
    down, across = (round(left_out * side) for side in image.shape[:2])
    return image[down : image.shape[0] - down, across : image.shape[1] - across]


def equal_pairs(keys: Iterable[Hashable]) -> list[Pair]:
    """Return pairs of indices that join all items with the same key; items with an empty key stay alone."""
    first: dict[Hashable, int] = {}
    pairs = ((first.setdefault(key, index), index) for index, key in enumerate(keys) if key)
    return [(a, b) for a, b in pairs if a != b]


def near_pairs(fingerprints: Sequence[Fingerprint], labels: Sequence[str]) -> list[Pair]:
    """Return the pairs of indices that show the same picture, mirrored or not; images of equal pixels count once.

    If there are very many pairs, as among the frames of a film, those that other pairs join already are left out.
    """
    keys = ((each.pixels, label) for each, label in zip(fingerprints, labels, strict=True))
    distinct = sorted({key: index for index, key in enumerate(keys)}.values())
    if not distinct:
        return []
    chosen = [fingerprints[index] for index in distinct]
    classes = np.unique([labels[index] for index in distinct], return_inverse=True)[1]
    nothing = np.full(128, np.nan, np.float32)
    points = np.stack([nothing if each.embedding is None else each.embedding for each in chosen])
    pictures, lenient = _same_pictures(chosen, classes, points)
    pairs = {*pictures, *_same_faces(points, lenient[classes])}
    return sorted((distinct[a], distinct[b]) for a, b in pairs)


def components(count: int, pairs: Iterable[Pair]) -> list[int]:
    """Return for each of `count` items the smallest item that pairs join it with (union-find)."""
    parent = list(range(count))

    def root(item: int) -> int:
        while parent[item] != item:
            parent[item] = item = parent[parent[item]]
        return item

    for pair in pairs:
        low, high = sorted(map(root, pair))
        parent[high] = low
    return [root(item) for item in range(count)]


def conflicts(copies: Sequence[int], labels: Sequence[str]) -> set[int]:
    """Return the items whose set of copies (as from `components`) carries more than one label."""
    found: dict[int, set[str]] = {}
    for component, label in zip(copies, labels, strict=True):
        found.setdefault(component, set()).add(label)
    return {item for item, component in enumerate(copies) if len(found[component]) > 1}


def _descriptor(grey: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the descriptor; roots keep the strong coefficients (mostly light) from hiding the others."""
    centred = (grey - np.average(grey, weights=WINDOW)) * WINDOW
    low = np.asarray(dctn(centred, norm="ortho"))[:FREQUENCIES, :FREQUENCIES].ravel()[1:]
    roots = np.sign(low) * np.sqrt(np.abs(low))
    length = np.linalg.norm(roots)
    return np.asarray(roots / length if length > SIDE / 8 else np.zeros_like(roots), np.float32)


def _pattern(grey: NDArray[np.float32]) -> NDArray[np.float32]:
    detail = grey - gaussian_filter(grey, 2)
    contrast = np.sqrt(gaussian_filter(detail**2, 2))
    return np.asarray(detail / (contrast + 4), np.float32)  # 4 of 255 is what compression alone does to a flat area


def _crowded(descriptors: NDArray[np.float32], classes: NDArray[np.intp]) -> NDArray[np.bool_]:
    """Return of each class whether its images are all alike, as from one sitting; a class of few images is not."""
    sizes = np.bincount(classes)
    candidates = np.zeros(len(sizes), np.intp)
    for first, second in _candidates(descriptors, classes, mirrored=False):
        candidates += np.bincount(classes[first][classes[first] == classes[second]], minlength=len(sizes))
    return np.asarray(candidates > CROWDED * sizes * (sizes - 1) / 2 + 1)


def _same_pictures(
    fingerprints: Sequence[Fingerprint], classes: NDArray[np.intp], points: NDArray[np.float32]
) -> tuple[set[Pair], NDArray[np.bool_]]:
    """Return the pairs whose pictures are alike, and of each class whether it is judged leniently."""
    descriptors = np.stack([each.descriptor for each in fingerprints])
    patterns = np.stack([each.pattern for each in fingerprints])
    lenient = ~_crowded(descriptors, classes)
    joined = np.arange(len(fingerprints))
    pairs: set[Pair] = set()
    for mirrored in (False, True):
        for first, second in _candidates(descriptors, classes, mirrored=mirrored):
            new = joined[first] != joined[second]
            a, b = first[new], second[new]
            other = patterns[b][:, :, ::-1] if mirrored else patterns[b]
            is_lenient = (classes[a] == classes[b]) & lenient[classes[a]]
            close = 1 - np.einsum("nd,nd->n", points[a], points[b]) < SAME_FACE
            alike = _alike(patterns[a], other, is_lenient, close)
            pairs.update(zip(a[alike].tolist(), b[alike].tolist(), strict=True))
            if len(first) == PAIRS:  # there are more
                joined = np.array(components(len(joined), pairs))
    return pairs, lenient


def _alike(
    first: NDArray[np.float32], second: NDArray[np.float32], is_lenient: NDArray[np.bool_], close: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """Return which pairs of patterns show one picture; `close`: their faces are as near as copies'."""
    mapped = registration.correlation(first, second)
    unmoved = registration.correlation(first, second, iterations=0)
    strict = (mapped >= np.where(close, STRICT_COPY_OF_FACE, STRICT_COPY)) | (unmoved >= STRICT_UNMOVED)
    return np.asarray(np.where(is_lenient, mapped >= COPY, strict))


def _same_faces(points: NDArray[np.float32], lenient: NDArray[np.bool_]) -> set[Pair]:
    """Return the pairs whose embeddings (n, 128; NaN: not known) are as close as those of one photo's copies.

    Args:
        points: the embeddings.
        lenient: (n,), whether the image's class is judged by its embeddings alone.
    """
    indices = np.flatnonzero(lenient & ~np.isnan(points).any(axis=1))
    known = points[indices]
    pairs: set[Pair] = set()
    for start in range(0, len(known), BLOCK):
        rows = slice(start, start + BLOCK)
        apart = 1 - known[rows] @ known[start:].T
        close = np.argwhere(np.triu(apart < SAME_FACE, 1)) + start
        pairs.update(zip(indices[close[:, 0]].tolist(), indices[close[:, 1]].tolist(), strict=True))
    return pairs


def _candidates(
    descriptors: NDArray[np.float32], classes: NDArray[np.intp], *, mirrored: bool
) -> Iterator[tuple[NDArray[np.intp], NDArray[np.intp]]]:
    """Yield the indices of the pairs whose descriptors are alike, at most `PAIRS` at a time."""
    flip = np.resize([1, -1], FREQUENCIES**2)[1:] if mirrored else 1  # odd columns of a DCT change sign
    turned = (descriptors * flip).astype(np.float32)
    for start in range(0, len(descriptors), BLOCK):
        alike = turned[start : start + BLOCK] @ descriptors[start:].T
        rows, columns = np.nonzero(alike >= CANDIDATE)  # few: what else is asked of them costs little
        is_new = rows < columns
        first, second = rows[is_new] + start, columns[is_new] + start
        needed = np.where(classes[first] == classes[second], CANDIDATE, CANDIDATE_ACROSS)
        is_candidate = alike[rows[is_new], columns[is_new]] >= needed
        first, second = first[is_candidate], second[is_candidate]
        for at in range(0, len(first), PAIRS):
            yield first[at : at + PAIRS], second[at : at + PAIRS]
