"""Augment an image folder: which training images are copied, how often, and how each copy is changed."""

import hashlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path, PurePosixPath

from celebtool.folders import sampling, transfer
from celebtool.folders.class_table import Table, class_table
from celebtool.formats import images, manifest, names
from celebtool.formats.image_folder import UNKNOWN, ImageFolder, Sample
from celebtool.imaging import augmentation
from celebtool.imaging.augmentation import Operations, RGBImage
from celebtool.system import threads
from celebtool.system.progress import Progress

SHEET_ROWS, SHEET_COLUMNS = 8, 8


@dataclass(frozen=True)
class AugmentSettings:
    """How many copies are made, and how; equal settings and folders give equal copies.

    Args:
        operations: how far a copy may differ.
        copies: copies of every training image; not used with `until`.
        until: 0, or how many training images each class should have in the end.
        seed: of everything that is drawn.
    """

    operations: Operations
    copies: int = 1
    until: int = 0
    seed: int = 0


def parameters(settings: AugmentSettings) -> dict[str, object]:
    """Return the settings as the parameters of a recipe."""
    return asdict(settings)


def plan(folder: ImageFolder, settings: AugmentSettings) -> list[manifest.Row]:
    """Return the manifest of the folder with copies: a row per image, which stays as it is, and one per copy."""
    known = manifest.read(folder.root)
    taken = {names.key(sample.path) for sample in folder.samples}
    number_of = _numbers(folder, settings)
    rows = []
    for sample in folder.samples:
        row = transfer.row(folder, sample, known)
        rows.append(_row(row, sample.path, row.extra.get("copy", ""), row.extra.get("operations", "")))
        for number in range(1, number_of.get(sample, 0) + 1):
            change = augmentation.draw(settings.operations, _seed(settings, sample.path, number))
            path = names.free_path(_image_path(sample.path), f"-augmented{number}", taken)
            rows.append(_row(row, path, str(number), _describe(change)))
    return rows


def write(
    folder: ImageFolder,
    rows: Sequence[manifest.Row],
    settings: AugmentSettings,
    target: Path,
    progress: Progress,
) -> None:
    """Write the copies below `target`, and read every other image too, because an unreadable one is an error.

    Raises:
        CelebtoolError: an image is unreadable.
    """
    by_source: dict[str, list[manifest.Row]] = {}
    for row in rows:
        by_source.setdefault(row.source, []).append(row)
    for row in rows:
        (target / row.path).parent.mkdir(parents=True, exist_ok=True)

    def write_copies(source: str) -> None:
        image = images.read(folder.root / source)
        for row in by_source[source]:
            if is_copy(row):
                copy = augmentation.augment(image, settings.operations, _seed(settings, source, int(row.extra["copy"])))
                images.write(target / row.path, copy, "png" if row.path.endswith(".png") else "jpg")

    threads.run(write_copies, list(by_source), progress)


def is_copy(row: manifest.Row) -> bool:
    """Say whether a row of a plan is a changed copy, and not the image itself."""
    return row.path != row.source


def sheet(folder: ImageFolder, settings: AugmentSettings) -> RGBImage:
    """Return a preview: training images of several classes, each with its first copies beside it."""
    samples = [sample for sample in folder.of_part("train") if sample.label != UNKNOWN]
    step = max(1, len(samples) // SHEET_ROWS)
    return augmentation.sheet([_variants(folder, sample, settings) for sample in samples[::step][:SHEET_ROWS]])


def table(folder: ImageFolder, rows: Sequence[manifest.Row]) -> Table:
    """Return header and rows of a table: images and copies of each class in train, images in the other parts."""
    columns = {
        "train": [row for row in rows if row.path.startswith("train/") and not is_copy(row)],
        "copies": [row for row in rows if is_copy(row)],
    }
    columns |= {part: [row for row in rows if row.path.startswith(f"{part}/")] for part in folder.parts[1:]}
    return class_table(columns)


def _numbers(folder: ImageFolder, settings: AugmentSettings) -> dict[Sample, int]:
    """Return how many copies each training image gets."""
    numbers: dict[Sample, int] = {}
    for everywhere in folder.by_class.values():
        own = [sample for sample in everywhere if sample.part == "train"]
        if own:
            extra = settings.until - len(own) if settings.until else settings.copies * len(own)
            repeats = sampling.repeats([sample.path for sample in own], extra, settings.seed)
            numbers.update(zip(own, repeats, strict=True))
    return numbers


def _seed(settings: AugmentSettings, path: str, number: int) -> tuple[int, ...]:
    """Return the seed of a copy, which depends on the image's path and not on the folder's other images."""
    digest = hashlib.sha256(path.encode("utf-8", "surrogateescape")).digest()
    return settings.seed, int.from_bytes(digest[:8]), number


def _variants(folder: ImageFolder, sample: Sample, settings: AugmentSettings) -> list[RGBImage]:
    image = images.read(folder.file(sample))
    seeds = (_seed(settings, sample.path, number) for number in range(1, SHEET_COLUMNS))
    return [image, *(augmentation.augment(image, settings.operations, seed) for seed in seeds)]


def _image_path(path: str) -> str:
    """Return the path with the extension of the format that a copy is written in."""
    pure = PurePosixPath(path)
    return str(pure.with_suffix(".png" if pure.suffix.lower() == ".png" else ".jpg"))


def _row(row: manifest.Row, path: str, copy: str, operations: str) -> manifest.Row:
    return replace(row, path=path, extra={**row.extra, "copy": copy, "operations": operations})


def _describe(change: augmentation.Change) -> str:
    """Return a change as text: ``angle=-3.21 right=0.0123 …``."""
    return " ".join(f"{name}={float(value):.6g}" for name, value in change._asdict().items())
