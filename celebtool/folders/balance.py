"""Balance an image folder: which images of each class stay, and which are repeated."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Literal, TypeAlias

from celebtool.errors import CelebtoolError
from celebtool.folders import sampling, transfer
from celebtool.folders.class_table import Table, class_table
from celebtool.formats import images, manifest, names
from celebtool.formats.image_folder import UNKNOWN, ImageFolder, Sample
from celebtool.formats.reasons import Reason
from celebtool.system import threads
from celebtool.system.progress import Progress

Keep: TypeAlias = Literal["best", "random"]


@dataclass(frozen=True)
class BalanceSettings:
    """How classes are made equal; equal settings and folders give equal images.

    Args:
        per_class: images per class: a number, or the size of the smallest (min), median or largest (max) class.
        keep: which images of a class that has too many: the best by the manifest, or random ones.
        oversample: repeat images of classes that have too few.
        min_images: leave out classes that have fewer.
        seed: of everything that is drawn.
    """

    per_class: str = "min"
    keep: Keep = "best"
    oversample: bool = False
    min_images: int = 1
    seed: int = 0


def parameters(settings: BalanceSettings) -> dict[str, object]:
    """Return the settings as the parameters of a recipe."""
    return asdict(settings)


def plan(folder: ImageFolder, settings: BalanceSettings) -> list[manifest.Row]:
    """Return the manifest of the balanced folder: a row per image that stays, per copy, and per image left out.

    In a split folder only train is balanced: val and test keep their images, but for classes that are left out
    altogether. Images of unknown/ stay.

    Raises:
        CelebtoolError: no class has enough images.
    """
    known = manifest.read(folder.root)
    counts = counts_to_balance(folder)
    kept = {label: count for label, count in counts.items() if count >= settings.min_images}
    if not kept:
        problem = f"no class has {settings.min_images} images to train on; the largest has {max(counts.values())}"
        raise CelebtoolError(folder.root, problem)
    size = sampling.class_size(kept, settings.per_class)
    rows = {sample: transfer.row(folder, sample, known) for sample in folder.samples}
    result = [_passed_on(sample, row, counts, kept) for sample, row in rows.items() if not _is_balanced(sample, kept)]
    taken = {names.key(sample.path) for sample in folder.samples}
    balanced: dict[str, list[manifest.Row]] = {label: [] for label in kept}
    for sample, row in rows.items():
        if sample.label is not None and _is_balanced(sample, kept):
            balanced[sample.label].append(row)
    for own in balanced.values():
        chosen, left_out = _choose(own, size, settings)
        result += chosen + left_out
        if settings.oversample:
            result += _copies(chosen, size - len(chosen), settings.seed, taken)
    return result


def counts_to_balance(folder: ImageFolder) -> dict[str, int]:
    """Return the images per class to balance: of a split folder, those of train."""
    counts = folder.counts("train" if folder.parts else None)
    return {label: counts[label] for label in folder.class_names}


def check_images(folder: ImageFolder, progress: Progress) -> None:
    """Read every image of a folder.

    Raises:
        CelebtoolError: one is unreadable.
    """

    def check(sample: Sample) -> None:
        images.read(folder.file(sample))

    threads.run(check, folder.samples, progress)


def notices(folder: ImageFolder, rows: Sequence[manifest.Row], settings: BalanceSettings) -> list[str]:
    """Return what a user should know: the classes that were left out or stayed small, and those without qualities."""
    lines = []
    counts = counts_to_balance(folder)
    small = sorted(label for label, count in counts.items() if count < settings.min_images)
    if small:
        lines.append(f"left out, with fewer than {settings.min_images} images: {', '.join(small)}")
    kept = {label: count for label, count in counts.items() if count >= settings.min_images}
    size = sampling.class_size(kept, settings.per_class)
    short = sorted(f"{label} ({count})" for label, count in kept.items() if count < size)
    if short and not settings.oversample:
        lines.append(f"fewer than {size} images, and not filled up (--oversample would): {', '.join(short)}")
    if settings.keep == "best" and (unknown := _without_quality(rows)):
        problem = f"no face quality is recorded for {', '.join(unknown)} (run crop-faces first)"
        lines.append(f"{problem}; their images were picked at random")
    return lines


def table(folder: ImageFolder, rows: Sequence[manifest.Row]) -> Table:
    """Return header and rows of a table: images per class before, left out, repeated and after."""
    part = "train/" if folder.parts else ""
    counted = [row for row in rows if row.source.startswith(part) and row.label != UNKNOWN]
    columns = {
        "before": [row for row in counted if not _is_copy(row)],
        "left out": [row for row in counted if row.status == manifest.REJECTED],
        "repeated": [row for row in counted if _is_copy(row)],
        "after": [row for row in counted if row.status == manifest.KEPT],
    }
    return class_table(columns, folder.class_names)


def _without_quality(rows: Sequence[manifest.Row]) -> list[str]:
    """Return the classes that lose images of which nothing says how good they are."""
    return sorted({row.label for row in rows if row.reason == Reason.SURPLUS and not row.extra["quality"]})


def _is_balanced(sample: Sample, kept: Mapping[str, int]) -> bool:
    return sample.part in {None, "train"} and sample.label in kept


def _passed_on(sample: Sample, row: manifest.Row, counts: Mapping[str, int], kept: Mapping[str, int]) -> manifest.Row:
    """Return the row of an image that is not balanced: of unknown/, val or test, or of a class that is left out."""
    if sample.label in kept or sample.label == UNKNOWN:
        return _kept(row, row.source)
    detail = f"{counts[row.label]} images of this class to train on"
    return replace(row, status=manifest.REJECTED, reason=Reason.SMALL_CLASS, extra=_extra(row, detail=detail))


def _choose(
    rows: Sequence[manifest.Row], size: int, settings: BalanceSettings
) -> tuple[list[manifest.Row], list[manifest.Row]]:
    """Return the rows of one class that stay, and those that are left out."""
    figures = [_figures(row) for row in rows]
    is_known = settings.keep == "best" and any(value is not None for of_row in figures for value in of_row)
    quality = sampling.mean_rank(figures) if is_known else None
    order = sampling.best_first([row.source for row in rows], settings.seed, quality)
    by_source = {row.source: row for row in rows}
    text = {row.source: format(quality[i], ".4f") if quality else "" for i, row in enumerate(rows)}
    chosen = [_kept(by_source[path], path, quality=text[path]) for path in order[:size]]
    surplus = [
        replace(
            by_source[path], status=manifest.REJECTED, reason=Reason.SURPLUS, extra=_extra(by_source[path], text[path])
        )
        for path in order[size:]
    ]
    return chosen, surplus


def _figures(row: manifest.Row) -> list[float | None]:
    """Return the manifest's figures of a face's quality, where more is better: confidence, size, sharpness, nearness."""
    confidence, width, height, sharpness, distance = (
        row.number(column) for column in ("confidence", "width", "height", "sharpness", "distance")
    )
    side = max(width, height) if width is not None and height is not None else None
    return [confidence, side, sharpness, None if distance is None else -distance]


def _copies(rows: Sequence[manifest.Row], extra: int, seed: int, taken: set[str]) -> list[manifest.Row]:
    """Return the rows of repeated images."""
    numbers = sampling.repeats([row.source for row in rows], extra, seed)
    return [
        replace(
            row,
            path=names.free_path(row.source, f"-copy{number}", taken),
            extra=_extra(row, row.extra["quality"], str(number)),
        )
        for row, count in zip(rows, numbers, strict=True)
        for number in range(1, count + 1)
    ]


def _is_copy(row: manifest.Row) -> bool:
    return row.path not in {"", row.source}


def _kept(row: manifest.Row, path: str, quality: str = "") -> manifest.Row:
    return replace(row, path=path, extra=_extra(row, quality, row.extra.get("copy", "")))


def _extra(row: manifest.Row, quality: str = "", copy: str = "", detail: str = "") -> dict[str, str]:
    return {**row.extra, "detail": detail, "quality": quality, "copy": copy}
