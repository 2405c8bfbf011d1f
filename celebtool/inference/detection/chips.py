"""Face chips: what the embedding network sees of the faces of photos, and their embeddings."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from celebtool.architectures import EMBEDDER, get
from celebtool.cropping.plan import CropSettings
from celebtool.formats import images
from celebtool.formats.images import RGBImage
from celebtool.imaging import alignment
from celebtool.imaging.alignment import Face
from celebtool.inference import embeddings

MARGIN = 0.4  # around a face whose crop is not what is embedded


def is_of_crop(settings: CropSettings) -> bool:
    """Say whether the crops themselves are embedded, as `train` does it: they are aligned and not too small."""
    return settings.align and settings.size >= max(get(EMBEDDER).input_size(settings.margin))


def margin(settings: CropSettings) -> float:
    """Return the room around the faces in what is embedded."""
    return settings.margin if is_of_crop(settings) else MARGIN


def crop(image: RGBImage, settings: CropSettings) -> RGBImage:
    """Return the chip of a crop, as it comes back from its file."""
    return images.resize(image, get(EMBEDDER).input_size(settings.margin))


def face(picture: Image.Image, found: Face) -> RGBImage:
    """Return an aligned chip of a face in a photo, which tells people apart but is not what `train` sees."""
    return alignment.align(picture, found.landmarks, max(get(EMBEDDER).input_size(MARGIN)), MARGIN)


def embed(chips: list[RGBImage], settings: CropSettings) -> Iterator[NDArray[np.float32]]:
    """Yield the embedding (128,) of each chip, one by one: several at once would take more memory and as much time."""
    for chip in chips:
        yield embeddings.embed(chip[None], margin=margin(settings))[0]
