"""Inspect the images of a folder: their sizes, copies of one picture, and images that are blurry, dark or tiny.

How the thresholds were chosen is in docs/methods.md. An image is dark by its lightest pixels and not by their mean,
because dark skin before a dark wall is not a flaw.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from celebtool.folders import duplicates
from celebtool.folders.duplicates import Fingerprint
from celebtool.formats import crops, faces, images, provenance
from celebtool.formats.image_folder import ImageFolder, Sample
from celebtool.formats.images import ImageError
from celebtool.imaging import alignment
from celebtool.system import threads

BLURRY = 60.0  # sharpness below it, at the size below, because enlarging a picture makes it smooth but not worse
SHARPNESS_SIDE = 112
DARK = 70.0  # of 255: 95 in 100 pixels are darker than this
TINY = 64  # pixels of the shorter side

_GREY = np.array([0.299, 0.587, 0.114])


@dataclass(frozen=True)
class Inspection:
    """The figures of a folder's images.

    Attributes:
        sizes: (height, width) of every image that can be decoded, in the folder's order.
        broken: the errors of the others.
        blurry, dark, tiny: paths.
        copies: sets of images that show the same picture, mirrored, resized or re-encoded.
    """

    sizes: tuple[tuple[int, int], ...] = ()
    broken: tuple[ImageError, ...] = ()
    blurry: tuple[str, ...] = ()
    dark: tuple[str, ...] = ()
    tiny: tuple[str, ...] = ()
    copies: tuple[tuple[Sample, ...], ...] = ()

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


def inspect(folder: ImageFolder, progress: Callable[[int, int], None]) -> Inspection:
    """Decode every image of a folder; a file that is no image is listed, not raised."""
    embeddings = faces.embeddings(folder.root)
    margin = crops.margin(provenance.crop_parameters(folder.root))

    def decode(sample: Sample) -> _Seen | ImageError:
        try:
            image = images.read(folder.file(sample))
        except ImageError as error:
            return error
        fingerprint = duplicates.fingerprint(image, embeddings.of(folder.file(sample)), margin)
        return _Seen(sample, (image.shape[0], image.shape[1]), flaws(image), fingerprint)

    found = threads.run(decode, folder.samples, progress)
    seen = [one for one in found if isinstance(one, _Seen)]

    def with_flaw(flaw: str) -> tuple[str, ...]:
        return tuple(one.sample.path for one in seen if flaw in one.flaws)

    return Inspection(
        sizes=tuple(one.size for one in seen),
        broken=tuple(one for one in found if isinstance(one, ImageError)),
        blurry=with_flaw("blurry"),
        dark=with_flaw("dark"),
        tiny=with_flaw("tiny"),
        copies=_copies(seen),
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
