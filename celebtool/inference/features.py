"""Compute the features of faces, lot by lot: what a worker of `predict` does."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from celebtool.errors import CelebtoolError
from celebtool.formats import images
from celebtool.formats.images import ImageError, RGBImage
from celebtool.formats.reasons import Reason
from celebtool.formats.sources import Source
from celebtool.imaging.alignment import Box
from celebtool.inference import lots, runtime
from celebtool.inference.detection import crops
from celebtool.inference.lots import FaceFeatures, PhotoFeatures, Shard
from celebtool.inference.runtime import Network
from celebtool.system.threads import batched


@dataclass(frozen=True)
class _Photo:
    """A photo's faces, each with its image at the size of every network, or the reason why there are none."""

    source: Source
    faces: tuple[tuple[Box | None, dict[tuple[int, int], RGBImage]], ...] = ()
    reason: str = ""


def compute(shard: Shard) -> None:
    """Leave the features of a shard's photos in its file. Workers run this.

    Raises:
        SystemFaultError: a photo can't be read, and its content is not to blame.
        CelebtoolError: there is too little memory for a network.
    """
    photos = [_read_faces(source, shard) if shard.crops else _read(source, shard) for source in shard.sources]
    images_of_faces = [image for photo in photos for _, image in photo.faces]
    features = iter(list(_features(images_of_faces, shard)))
    found = [
        PhotoFeatures(
            tuple(FaceFeatures(box, next(features)) for box, _ in photo.faces),
            photo.reason,
            photo.source.origin() if shard.origins and photo.faces else "",
        )
        for photo in photos
    ]
    lots.write(shard.file, found)


def _read(source: Source, shard: Shard) -> _Photo:
    """Read an image that is a crop."""
    if source.is_missing:
        return _Photo(source, reason=Reason.MISSING)
    try:
        image = images.read(source.file)
    except ImageError as error:
        return _Photo(source, reason=error.reason)
    return _Photo(source, ((None, _resized(image, shard.sizes)),))


def _read_faces(source: Source, shard: Shard) -> _Photo:
    """Crop every face of a photo exactly as `crop-faces` cropped the training images."""
    if source.is_missing or shard.crops is None:
        return _Photo(source, reason=Reason.MISSING)
    (photo,) = crops.crop_photos([source.file], shard.crops)
    if not photo.found:
        return _Photo(source, reason=photo.rejection.reason if photo.rejection else "")
    saved = ((face.box, images.as_saved(image, shard.crops.format)) for face, image in photo.found)
    return _Photo(source, tuple((box, _resized(image, shard.sizes)) for box, image in saved))


def _resized(image: RGBImage, sizes: Sequence[tuple[int, int]]) -> dict[tuple[int, int], RGBImage]:
    return {size: images.resize(image, size) for size in sizes}


def _features(
    faces: Sequence[dict[tuple[int, int], RGBImage]], shard: Shard
) -> Iterator[tuple[NDArray[np.float32], ...]]:
    """Yield what every network makes of each face and, if asked for, of its mirror image."""
    networks = [(runtime.load(graph), size) for graph, size in zip(shard.graphs, shard.sizes, strict=True)]
    for batch in batched(faces, shard.batch_size):
        try:
            of_networks = [
                _views(network, np.stack([face[size] for face in batch]), shard) for network, size in networks
            ]
        except MemoryError as error:
            advice = f"lower --batch-size ({shard.batch_size} now) or --jobs"
            raise CelebtoolError("out of memory", advice) from error
        yield from zip(*of_networks, strict=True)


def _views(network: Network, batch: NDArray[np.uint8], shard: Shard) -> NDArray[np.float32]:
    """Return the features of images, (n, views, d)."""
    views = [batch, np.ascontiguousarray(batch[:, :, ::-1])] if shard.mirror else [batch]
    return np.stack([network.features(view) for view in views], axis=1)
