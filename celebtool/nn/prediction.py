"""Predict images batch by batch, so that memory does not grow with their number."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from celebtool.cropping import plan
from celebtool.formats import images
from celebtool.formats.image_folder import UNKNOWN
from celebtool.formats.images import ImageError, RGBImage
from celebtool.formats.prediction_row import Prediction
from celebtool.formats.reasons import Reason
from celebtool.formats.sources import Source
from celebtool.imaging.alignment import Box
from celebtool.inference.detection import crops
from celebtool.nn import classifier
from celebtool.nn.classifier import Classifier
from celebtool.nn.training import memory
from celebtool.system.progress import Progress
from celebtool.system.threads import batched, map_ahead

BATCHES_AHEAD = 1
"""Batches that run ahead of the one whose answers are awaited, so that no processor is idle."""


@dataclass(frozen=True)
class Item:
    """An image resized to each input size of a network, or the reason why there is none."""

    source: Source
    inputs: dict[tuple[int, int], RGBImage]
    reason: str = ""
    seen: bool | None = None
    box: Box | None = None


def predict(
    model: Classifier,
    items: Iterable[Item],
    batch_size: int,
    threshold: float | None,
    *,
    mirror: bool = False,
) -> Iterator[Prediction]:
    """Yield a prediction per item, in order, also for an item without an image.

    Args:
        model: the classifier.
        items: images, or the reasons why there are none.
        batch_size: images per step.
        threshold: the score under which a face is called unknown; None never does.
        mirror: average the answers for each image and for its mirror image.
    """

    def answered(batch: list[Item]) -> tuple[list[Item], Iterator[tuple[NDArray[np.float32], float]]]:
        with memory.explained(f"lower --batch-size ({batch_size} now)"):
            return batch, _answers(model, [item for item in batch if not item.reason], mirror=mirror)

    for batch, answers in map_ahead(answered, batched(items, batch_size), ahead=BATCHES_AHEAD):
        for item in batch:
            yield _row(item) if item.reason else _prediction(item, model.info.class_names, *next(answers), threshold)


def counted(items: Iterable[Item], total: int, progress: Progress) -> Iterator[Item]:
    """Yield items, and report their photos as they are read: a batch of faces may take many photos and much time.

    Args:
        items: those of one photo follow each other.
        total: how many photos there are; 0 if nobody knows.
        progress: called with photos read.
    """
    done, last = 0, None
    for item in items:
        if item.source is not last:
            done, last = done + 1, item.source
            progress(done, total)
        yield item


def read(model: Classifier, sources: Iterable[Source]) -> Iterator[Item]:
    """Yield an item per image, decoded in parallel slightly ahead of its use."""
    sizes, known = classifier.image_sizes(model), model.info.trained_on

    def item(source: Source) -> Item:
        if source.is_missing:
            return Item(source, {}, reason=Reason.MISSING)
        try:
            image = images.read(source.file)
            seen = source.origin() in known if known else None
        except ImageError as error:
            return Item(source, {}, reason=error.reason)
        return Item(source, resized(image, sizes), seen=seen)

    return map_ahead(item, sources)


def read_faces(model: Classifier, sources: Iterable[Source]) -> Iterator[Item]:
    """Yield every face of raw photos as an item, cropped exactly as `crop-faces` cropped the training images.

    A photo with several faces has no label: its directory does not say whose face is which.
    """
    sizes, known = classifier.image_sizes(model), model.info.trained_on
    settings = plan.settings_of(model.info.crops)
    for source in sources:
        if source.is_missing:
            yield Item(source, {}, reason=Reason.MISSING)
            continue
        (photo,) = crops.crop_photos([source.file], settings)
        if not photo.found:
            yield Item(source, {}, reason=photo.rejection.reason if photo.rejection else "")
            continue
        named = source if len(photo.found) == 1 else replace(source, label="")  # one object for all its faces
        seen = source.origin() in known if known else None
        for face, image in photo.found:
            saved = images.as_saved(image, settings.format)
            yield Item(named, resized(saved, sizes), seen=seen, box=face.box)


def resized(image: RGBImage, sizes: Iterable[tuple[int, int]]) -> dict[tuple[int, int], RGBImage]:
    """Return an image at each size (height, width) that a model takes."""
    return {size: images.resize(image, size) for size in sizes}


def _answers(model: Classifier, items: list[Item], *, mirror: bool) -> Iterator[tuple[NDArray[np.float32], float]]:
    """Return (probabilities, score) of every item."""
    if not items:
        return iter(())
    views = [{size: np.stack([item.inputs[size] for item in items]) for size in items[0].inputs}]
    if mirror:
        views.append({size: images[:, :, ::-1] for size, images in views[0].items()})
    answers = [classifier.answer(model, view) for view in views]
    probabilities = np.mean([answer.probabilities for answer in answers], axis=0)
    scores = np.mean([answer.scores for answer in answers], axis=0)
    return zip(probabilities, scores.tolist(), strict=True)


def _row(item: Item) -> Prediction:
    source = item.source
    return Prediction(
        source.path, None, part=source.part, label=source.label, reason=item.reason, seen=item.seen, box=item.box
    )


def _prediction(
    item: Item,
    class_names: Sequence[str],
    probabilities: NDArray[np.float32],
    score: float,
    threshold: float | None,
) -> Prediction:
    is_unknown = threshold is not None and score < threshold
    predicted = UNKNOWN if is_unknown else class_names[int(probabilities.argmax())]
    return replace(_row(item), probabilities=probabilities.astype(np.float64), predicted=predicted, score=score)
