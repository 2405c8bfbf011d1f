"""Predict images lot by lot in worker processes, in order and with flat memory."""

import itertools
import secrets
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from celebtool.cropping.plan import CropSettings
from celebtool.formats.image_folder import UNKNOWN
from celebtool.formats.prediction_row import Prediction
from celebtool.formats.reasons import Reason
from celebtool.formats.sources import Source
from celebtool.inference import lots
from celebtool.inference.lots import PhotoFeatures, Shard
from celebtool.inference.predictor import Answers, Predictor
from celebtool.system import rehearsal, workers
from celebtool.system.progress import Progress
from celebtool.system.threads import batched
from celebtool.system.workers import Start, WorkerDied

COMPUTE = "celebtool.inference.features:compute"
REHEARSE = "celebtool.inference.detection.rehearsal:take_memory"
"""What worker processes run; this process need not import it."""


@dataclass(frozen=True)
class Settings:
    """How images are predicted.

    Args:
        threshold: the score under which a face is called unknown; None never does.
        crops: how faces are found and cropped first; None: the images are crops.
        mirror: average the answers for each image and for its mirror image.
        batch_size: images that a network sees at once.
    """

    threshold: float | None
    crops: CropSettings | None = None
    mirror: bool = False
    batch_size: int = 32


@dataclass(frozen=True)
class Pool:
    """The workers: how many, what starts them, where they leave results, and who is told of photos.

    Args:
        jobs: how many.
        start: see `celebtool.system.workers`.
        scratch: a directory that all of them see.
        progress: told of the photos that are done.
        total: how many photos there are; 0 if nobody knows.
    """

    jobs: int
    start: Start
    scratch: Path
    progress: Progress
    total: int = 0


def predict(
    model: Predictor, sources: Iterable[Source], settings: Settings, pool: Pool
) -> Iterator[tuple[Source, Prediction]]:
    """Yield a row per image or face, in order, also for an image that can't be read.

    An image that, alone, kills a second worker is unreadable; the others of its lot are not affected.

    Raises:
        SystemFaultError: an image can't be read, and its content is not to blame.
    """
    shards, again = itertools.tee(_shards(model, sources, settings, pool.scratch))
    done = 0
    for shard, result in zip(again, workers.run(COMPUTE, shards, pool.jobs, pool.start), strict=True):
        photos = _one_by_one(shard, pool) if isinstance(result, WorkerDied) else _take(shard)
        for source, photo in zip(shard.sources, photos, strict=True):
            for row in _rows(model, source, photo, settings.threshold):
                yield source, row
        done += len(photos)
        pool.progress(done, pool.total)


def _shards(model: Predictor, sources: Iterable[Source], settings: Settings, scratch: Path) -> Iterator[Shard]:
    run = secrets.token_hex(4)  # a file system of several machines may still show what an earlier run left
    for number, lot in enumerate(batched(sources, lots.SIZE)):
        yield Shard(
            sources=tuple(_located(source) for source in lot),
            graphs=model.graphs,
            sizes=model.sizes,
            crops=settings.crops,
            mirror=settings.mirror,
            origins=bool(model.info.trained_on),
            batch_size=settings.batch_size,
            file=scratch.absolute() / f"{run}-{number}.json",
        )


def _located(source: Source) -> Source:
    return replace(source, file=source.file.absolute())  # workers elsewhere have another current directory


def _take(shard: Shard) -> list[PhotoFeatures]:
    return lots.take(shard.file, len(shard.sources), len(shard.graphs))


def _one_by_one(shard: Shard, pool: Pool) -> list[PhotoFeatures]:
    """Compute each photo of a shard by itself; of one that kills its worker nothing is known."""
    parts = [
        replace(shard, sources=(source,), file=shard.file.with_stem(f"{shard.file.stem}-{number}"))
        for number, source in enumerate(shard.sources)
    ]
    found = []
    for part, result in zip(parts, workers.run(COMPUTE, parts, 1, pool.start), strict=True):
        if isinstance(result, WorkerDied):
            rehearsal.check(REHEARSE, pool.start, part.sources[0].file, "read")
            found.append(PhotoFeatures(reason=Reason.UNREADABLE))
        else:
            found.extend(_take(part))
    return found


def _rows(model: Predictor, source: Source, photo: PhotoFeatures, threshold: float | None) -> Iterator[Prediction]:
    """Yield the rows of a photo. One with several faces has no label: its directory does not say whose face is which."""
    label = source.label if len(photo.faces) <= 1 else ""
    seen = photo.origin in model.info.trained_on if photo.origin else None
    row = Prediction(source.path, None, part=source.part, label=label, reason=photo.reason, seen=seen)
    if not photo.faces:
        yield row
        return
    rows = [replace(row, box=face.box) for face in photo.faces]
    yield from named(rows, _answers(model, photo), model.info.class_names, threshold)


def named(
    rows: Sequence[Prediction], answers: Answers, class_names: Sequence[str], threshold: float | None
) -> Iterator[Prediction]:
    """Yield rows (n) with what a model answers for their images: a name, or "unknown" below the threshold."""
    for row, probabilities, score in zip(rows, answers.probabilities, answers.scores.tolist(), strict=True):
        is_unknown = threshold is not None and score < threshold
        predicted = UNKNOWN if is_unknown else class_names[int(probabilities.argmax())]
        yield replace(row, probabilities=probabilities, predicted=predicted, score=score)


def _answers(model: Predictor, photo: PhotoFeatures) -> Answers:
    """Return the answers for the faces of a photo, each the mean of its views'."""
    views = len(photo.faces[0].features[0])
    answers = [
        model.answer(
            [np.stack([face.features[member][view] for face in photo.faces]) for member in range(len(model.members))]
        )
        for view in range(views)
    ]
    return Answers(_mean([each.probabilities for each in answers]), _mean([each.scores for each in answers]))


def _mean(values: Sequence[np.ndarray]) -> np.ndarray:
    return np.asarray(np.mean(values, axis=0))
