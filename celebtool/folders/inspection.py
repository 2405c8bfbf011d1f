"""Inspect the images of a folder: sizes, copies of one picture, suspects, and images that are blurry, dark or tiny.

How the thresholds were chosen is in docs/methods.md. An image is dark by its lightest pixels and not by their mean,
because dark skin before a dark wall is not a flaw.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from celebtool.folders import duplicates, embedding_map, suspects
from celebtool.folders.duplicates import Fingerprint
from celebtool.folders.embedding_map import EmbeddingMap
from celebtool.folders.suspects import Portrait, Suspect
from celebtool.formats import crops, faces, images, manifest, provenance
from celebtool.formats.image_folder import ImageFolder, Sample
from celebtool.formats.images import ImageError
from celebtool.imaging import alignment
from celebtool.system import threads

BLURRY = 60.0  # sharpness below it, at the size below, because enlarging a picture makes it smooth but not worse
SHARPNESS_SIDE = 112
DARK = 70.0  # of 255: 95 in 100 pixels are darker than this
TINY = 64  # pixels of the shorter side

Embed = Callable[[Sequence[Path]], Sequence[NDArray[np.float32] | None]]
"""Returns the embedding (128,) of the face in each image file; None where there is no face."""

_GREY = np.array([0.299, 0.587, 0.114])


@dataclass(frozen=True)
class Inspection:
    """The figures of a folder's images.

    Attributes:
        sizes: (height, width) of every image that can be decoded, in the folder's order.
        broken: the errors of the others.
        blurry, dark, tiny: paths.
        copies: sets of images that show the same picture, mirrored, resized or re-encoded.
        suspects: images that may be of another person than their class, as far as embeddings are known.
        portraits: the labelled images, with their embeddings as far as these are known.
        largest_only: how many images are no crops of `crop-faces`, so that the largest of their faces stands for them.
    """

    sizes: tuple[tuple[int, int], ...] = ()
    broken: tuple[ImageError, ...] = ()
    blurry: tuple[str, ...] = ()
    dark: tuple[str, ...] = ()
    tiny: tuple[str, ...] = ()
    copies: tuple[tuple[Sample, ...], ...] = ()
    suspects: tuple[Suspect, ...] = ()
    portraits: tuple[Portrait, ...] = ()
    largest_only: int = 0

    @cached_property
    def map(self) -> EmbeddingMap:
        """The map of the faces, laid out when it is first asked for, because that takes seconds."""
        return embedding_map.lay_out(self.portraits, self.suspects)

    @property
    def straddling(self) -> tuple[tuple[Sample, ...], ...]:
        """The sets of copies that lie in several parts, so that images are tested that were trained on."""
        return tuple(each for each in self.copies if len({sample.part for sample in each}) > 1)

    @property
    def conflicts(self) -> tuple[tuple[Sample, ...], ...]:
        """The sets of copies that lie in several classes: one of the labels is wrong."""
        return tuple(each for each in self.copies if len({sample.label for sample in each}) > 1)


@dataclass(frozen=True)
class _Seen:
    """One image."""

    sample: Sample
    size: tuple[int, int]
    flaws: tuple[str, ...]
    fingerprint: Fingerprint


def inspect(folder: ImageFolder, progress: Callable[[int, int], None], embed: Embed | None = None) -> Inspection:
    """Decode every image of a folder; a file that is no image is listed, not raised.

    Args:
        folder: the images.
        progress: called with images done and images in all.
        embed: computes the embeddings that the folder does not know; None: suspects are found among the others.
    """
    embeddings = faces.embeddings(folder.root)
    cropped = provenance.crop_parameters(folder.root)
    margin = crops.margin(cropped)

    def decode(sample: Sample) -> _Seen | ImageError:
        try:
            image = images.read(folder.file(sample))
        except ImageError as error:  # a new one, because this one keeps what its file was decoded with
            return ImageError(error.where, error.reason, error.problem)
        fingerprint = duplicates.fingerprint(image, embeddings.of(folder.file(sample)), margin)
        return _Seen(sample, (image.shape[0], image.shape[1]), flaws(image), fingerprint)

    found = threads.run(decode, folder.samples, progress)
    seen = [one for one in found if isinstance(one, _Seen)]

    def with_flaw(flaw: str) -> tuple[str, ...]:
        return tuple(one.sample.path for one in seen if flaw in one.flaws)

    copies = _copies(seen)
    portraits = _portraits(folder, seen, embed) if folder.class_names else {}
    return Inspection(
        sizes=tuple(one.size for one in seen),
        broken=tuple(one for one in found if isinstance(one, ImageError)),
        blurry=with_flaw("blurry"),
        dark=with_flaw("dark"),
        tiny=with_flaw("tiny"),
        copies=copies,
        suspects=tuple(_suspects(portraits, copies)),
        portraits=tuple(portraits.values()),
        largest_only=_compared(portraits.values()) if embed and cropped is None else 0,
    )


def flaws(image: NDArray[np.uint8]) -> tuple[str, ...]:
    """Return which of dark, blurry and tiny an RGB image (height, width, 3) is.

    A dark image is not called blurry, because its contours are weak for lack of light.
    """
    small = images.shrink(image, SHARPNESS_SIDE)
    is_dark = bool(np.percentile(small @ _GREY, 95) < DARK)
    is_blurry = not is_dark and alignment.sharpness(small) < BLURRY
    is_tiny = min(image.shape[:2]) < TINY
    return tuple(name for name, holds in (("dark", is_dark), ("blurry", is_blurry), ("tiny", is_tiny)) if holds)


def _copies(seen: Sequence[_Seen]) -> tuple[tuple[Sample, ...], ...]:
    prints = [one.fingerprint for one in seen]
    pairs = duplicates.equal_pairs(each.pixels for each in prints)
    pairs += duplicates.near_pairs(prints, [one.sample.label or "" for one in seen])
    sets: dict[int, list[Sample]] = {}
    for one, component in zip(seen, duplicates.components(len(seen), pairs), strict=True):
        sets.setdefault(component, []).append(one.sample)
    return tuple(tuple(each) for each in sets.values() if len(each) > 1)


def _portraits(folder: ImageFolder, seen: Sequence[_Seen], embed: Embed | None) -> dict[Sample, Portrait]:
    """Return the labelled images; changed copies of images, as `augment` makes them, are left out."""
    rows = manifest.read(folder.root)
    portraits = {
        one.sample: Portrait(
            one.sample.path, one.sample.label, one.fingerprint.embedding, _number_of_face(rows.get(one.sample.path))
        )
        for one in seen
        if one.sample.label is not None and not _is_changed(rows.get(one.sample.path))
    }
    missing = [sample for sample, portrait in portraits.items() if portrait.embedding is None]
    if embed and missing:
        for sample, embedding in zip(missing, embed([folder.file(sample) for sample in missing]), strict=True):
            portraits[sample] = replace(portraits[sample], embedding=embedding, faceless=embedding is None)
    return portraits


def _compared(portraits: Iterable[Portrait]) -> int:
    return sum(each.embedding is not None for each in portraits)


def _suspects(portraits: Mapping[Sample, Portrait], copies: Sequence[Sequence[Sample]]) -> list[Suspect]:
    index = {sample: number for number, sample in enumerate(portraits)}
    return suspects.find(
        list(portraits.values()), [[index[sample] for sample in each if sample in index] for each in copies]
    )


def _number_of_face(row: manifest.Row | None) -> str:
    return row.extra.get("face", "") if row else ""


def _is_changed(row: manifest.Row | None) -> bool:
    return row is not None and row.extra.get("operations", "") != ""
