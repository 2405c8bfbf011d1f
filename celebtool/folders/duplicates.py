"""Find images that are copies of one another: equal pixels, or one picture mirrored, resized, cropped or re-encoded.

The method has two steps. A descriptor, the low frequencies of a DCT (a perceptual hash that keeps its digits; C. Zauner,
Implementation and Benchmarking of Perceptual Image Hash Functions, 2010), picks candidates among all pairs by one
matrix product. Then one picture of a candidate is mapped on the other (see `registration`) and they are correlated.

Within a class a pair is judged leniently, unless so many of the class's pairs are candidates that its images come from
one sitting; across classes it is judged strictly. Crops of copies that were aligned each by itself differ at their edges: of
faces whose embeddings are close, the faces alone are mapped and correlated. How the thresholds were chosen, and what share
of copies they find, is in docs/methods.md.
"""

import hashlib
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from celebtool.folders import pair_search, patterns, registration
from celebtool.folders.pair_search import Indices, Pairs, Vectors
from celebtool.folders.patterns import FREQUENCIES

Pair = tuple[int, int]

CANDIDATE, CANDIDATE_ACROSS = 0.77, 0.9  # of descriptors, within a class and across classes
COPY = 0.92  # of patterns, once one is mapped on the other
STRICT_COPY, STRICT_UNMOVED = 0.98, 0.95  # across classes and within crowded ones: mapped, or as they are
CLOSE_FACE = 0.16  # cosine distance of embeddings: maybe a copy; one,
COPY_OF_FACE, STRICT_COPY_OF_FACE = 0.94, 0.975  # if the faces correlate so, mapped; the second in crowded classes
SAME_FACE = 0.08  # cosine distance of embeddings: a copy, where nothing is known of the crop
CROWDED = 0.1  # a class with this share of candidates among its pairs was photographed in one sitting
PAIRS = 1 << 14  # compared at a time
TOGETHER = 1 << 11  # of these, so many are mapped at a time: some ten megabytes


@dataclass(frozen=True)
class Fingerprint:
    """What is kept of an image to compare it with others.

    Args:
        pixels: SHA-256 of shape and pixels.
        area: how many pixels it has.
        descriptor: (99,), signed roots of the lowest DCT coefficients, scaled to length 1 (0 for a flat image).
        grey: (32, 32), the picture.
        embedding: (128,) of length 1, of the face, as `crop-faces` leaves it in faces.csv; None if it is not known.
        face: (32, 32), the face alone in grey; None if it is not known where that is.
    """

    pixels: str
    area: int
    descriptor: NDArray[np.float32]
    grey: NDArray[np.uint8]
    embedding: NDArray[np.float32] | None = None
    face: NDArray[np.uint8] | None = None


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
    grey = patterns.grey(patterns.middle(image, margin))
    return Fingerprint(
        pixels=hashlib.sha256(shape + b";" + image.tobytes()).hexdigest(),
        area=image.shape[0] * image.shape[1],
        descriptor=patterns.descriptor(grey),
        grey=grey,
        embedding=embedding,
        face=None if margin is None else patterns.grey(patterns.face(image, margin)),
    )


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
    descriptors = np.stack([each.descriptor for each in chosen])
    lenient = ~_crowded(descriptors, classes)
    pairs = _same_pictures(chosen, descriptors, classes, lenient)
    pairs = _same_faces(chosen, lenient[classes], pairs)
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


def _crowded(descriptors: Vectors, classes: Indices) -> NDArray[np.bool_]:
    """Return of each class whether its images are all alike, as from one sitting; a class of few images is not."""
    sizes = np.bincount(classes)
    candidates = np.zeros(len(sizes), np.intp)
    found = pair_search.within(descriptors, descriptors, classes, CANDIDATE)
    for first, _ in pair_search.batched(found, PAIRS):
        candidates += np.bincount(classes[first], minlength=len(sizes))
    return np.asarray(candidates > CROWDED * sizes * (sizes - 1) / 2 + 1)


def _same_pictures(
    fingerprints: Sequence[Fingerprint], descriptors: Vectors, classes: Indices, lenient: NDArray[np.bool_]
) -> set[Pair]:
    """Return the pairs whose pictures are alike; `lenient`: (classes,), which are judged leniently."""
    greys = np.stack([each.grey for each in fingerprints])
    pairs: set[Pair] = set()
    for mirrored in (False, True):

        def alike(a: Indices, b: Indices, mirrored: bool = mirrored) -> NDArray[np.bool_]:
            unmoved, mapped = _correlations(greys, a, b, mirrored=mirrored)
            is_lenient = (classes[a] == classes[b]) & lenient[classes[a]]
            is_strict_copy = (mapped >= STRICT_COPY) | (unmoved >= STRICT_UNMOVED)
            return np.asarray(np.where(is_lenient, mapped >= COPY, is_strict_copy))

        pairs = _with(pairs, _candidates(descriptors, classes, mirrored=mirrored), alike, len(fingerprints))
    return pairs


def _candidates(descriptors: Vectors, classes: Indices, *, mirrored: bool) -> Iterator[Pairs]:
    """Yield the indices of the pairs whose descriptors are alike."""
    flip = np.resize([1, -1], FREQUENCIES**2)[1:] if mirrored else 1  # odd columns of a DCT change sign
    turned = (descriptors * flip).astype(np.float32)
    yield from pair_search.within(turned, descriptors, classes, CANDIDATE)
    yield from pair_search.across(turned, descriptors, classes, CANDIDATE_ACROSS)


def _with(
    pairs: set[Pair], found: Iterable[Pairs], alike: Callable[[Indices, Indices], NDArray[np.bool_]], count: int
) -> set[Pair]:
    """Return the pairs, and those found that are alike; once there are very many, only such as join something new."""
    joined = np.array(components(count, pairs)) if len(pairs) >= PAIRS else np.arange(count)
    together = set(pairs)
    for first, second in pair_search.batched(found, PAIRS):
        is_new = joined[first] != joined[second]
        a, b = first[is_new], second[is_new]
        hits = alike(a, b)
        together.update(zip(a[hits].tolist(), b[hits].tolist(), strict=True))
        if len(first) == PAIRS:  # there are more
            joined = np.array(components(count, together))
    return together


def _same_faces(fingerprints: Sequence[Fingerprint], lenient: NDArray[np.bool_], pairs: set[Pair]) -> set[Pair]:
    """Return the pairs, and those of one photo's crops, which show the same face although their edges differ.

    Args:
        fingerprints: of the images.
        lenient: (n,), whether the image's class is judged leniently.
        pairs: found already.
    """
    known = np.array([index for index, each in enumerate(fingerprints) if each.embedding is not None], np.intp)
    if not len(known):
        return pairs
    points = np.stack([embedding for each in fingerprints if (embedding := each.embedding) is not None])
    has_face = np.array([fingerprints[index].face is not None for index in known])
    greys = np.stack([fingerprints[i].grey if (face := fingerprints[i].face) is None else face for i in known])

    def alike(a: Indices, b: Indices) -> NDArray[np.bool_]:
        is_lenient = lenient[a] & lenient[b]
        a, b = np.searchsorted(known, a), np.searchsorted(known, b)
        limit = np.where(is_lenient, COPY_OF_FACE, STRICT_COPY_OF_FACE)
        apart = 1 - np.einsum("nd,nd->n", points[a], points[b])
        nearest: NDArray[np.bool_] = is_lenient & (apart < SAME_FACE)
        both = has_face[a] & has_face[b]
        shown = (_correlations(greys, a[both], b[both], mirrored=mirrored)[1] for mirrored in (False, True))
        nearest[both] = np.maximum(*shown) >= limit[both]
        return nearest

    close = pair_search.every(points, points, 1 - CLOSE_FACE)
    return _with(pairs, ((known[a], known[b]) for a, b in close), alike, len(fingerprints))


def _correlations(
    greys: NDArray[np.uint8], first: Indices, second: Indices, *, mirrored: bool
) -> tuple[Vectors, Vectors]:
    """Return the correlations of pairs of pictures, of which the second may be mirrored: see `registration.correlations`.

    Their patterns are made only now, because all of them at once would take four times the memory.
    """
    parts = [(np.zeros(0, np.float32),) * 2]
    for start in range(0, len(first), TOGETHER):
        a, b = first[start : start + TOGETHER], second[start : start + TOGETHER]
        used, places = np.unique(np.concatenate([a, b]), return_inverse=True)
        made = patterns.patterns(greys[used])
        other = made[places[len(a) :]]
        parts.append(registration.correlations(made[places[: len(a)]], other[:, :, ::-1] if mirrored else other))
    unmoved, mapped = (np.concatenate(each) for each in zip(*parts, strict=True))
    return unmoved, mapped
