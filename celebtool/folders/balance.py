"""What the balance step is told, and its plan: which images of each class stay, and which are there several times."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Literal, TypeAlias

from celebtool.errors import CelebtoolError
from celebtool.folders import sampling, transfer
from celebtool.formats import images, manifest, names
from celebtool.formats.image_folder import UNKNOWN, ImageFolder, Sample
from celebtool.system import threads

SMALL_CLASS, SURPLUS = "small_class", "surplus"

Keep: TypeAlias = Literal["best", "random"]


@dataclass(frozen=True)
class Settings:
    """How classes are made equal; the same settings and folder give the same images.

    Args:
        per_class: images of each class: a number, or the min, median or max of the classes.
        keep: of too many, the best (as far as the manifest knows) or any.
        oversample: of too few, repeat some.
        min_images: leave out classes with fewer.
        seed: of everything left to chance.
    """

    per_class: str = "min"
    keep: Keep = "best"
    oversample: bool = False
    min_images: int = 1
    seed: int = 0


def parameters(settings: Settings) -> dict[str, object]:
    """Return the settings as a recipe's parameters; two runs with equal ones write equal folders."""
    return asdict(settings)


def plan(folder: ImageFolder, settings: Settings) -> list[manifest.Row]:
    """Return the manifest of the balanced folder: a row per image that stays, per copy, and per image left out.

    Of a folder that is split, train alone is balanced: val and test measure, and keep what they have but for
    classes that are left out altogether. Strangers stay.

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
    for label in kept:
        own = [row for sample, row in rows.items() if sample.label == label and _is_balanced(sample, kept)]
        chosen, left_out = _choose(own, size, settings)
        result += chosen + left_out
        if settings.oversample:
            result += _copies(chosen, size - len(chosen), settings.seed, taken)
    return result


def counts_to_balance(folder: ImageFolder) -> dict[str, int]:
    """Return the images per class that count: all of them, or of a folder that is split, train's."""
    counts = folder.counts("train" if folder.parts else None)
    return {label: counts[label] for label in folder.class_names}


def check_images(folder: ImageFolder, progress: Callable[[int, int], None]) -> None:
    """Read every image of a folder.

    Raises:
        CelebtoolError: one is unreadable.
    """

    def check(sample: Sample) -> None:
        images.read(folder.file(sample))

    threads.run(check, folder.samples, progress)


def notices(folder: ImageFolder, rows: Sequence[manifest.Row], settings: Settings) -> list[str]:
    """Return what a user should know: the classes that were left out or stayed small, and what `keep` could not."""
    lines = []
    counts = counts_to_balance(folder)
    small = sorted(label for label, count in counts.items() if count < settings.min_images)
    if small:
        lines.append(f"fewer than {settings.min_images} images, left out: {', '.join(small)}")
    kept = {label: count for label, count in counts.items() if count >= settings.min_images}
    size = sampling.class_size(kept, settings.per_class)
    short = sorted(f"{label} ({count})" for label, count in kept.items() if count < size)
    if short and not settings.oversample:
        lines.append(f"fewer than {size} images, not filled up (--oversample does): {', '.join(short)}")
    if settings.keep == "best" and any(row.reason == SURPLUS and not row.extra["quality"] for row in rows):
        lines.append("manifest.csv knows nothing of some classes' quality, so chance chose their images")
    return lines


def table(folder: ImageFolder, rows: Sequence[manifest.Row]) -> tuple[list[str], list[list[object]]]:
    """Return header and rows of a table: images per class before, left out, repeated and after."""
    part = "train/" if folder.parts else ""
    counted = [row for row in rows if row.source.startswith(part) and row.label != UNKNOWN]
    columns = {
        "before": [row for row in counted if not _is_copy(row)],
        "left out": [row for row in counted if row.status == manifest.REJECTED],
        "repeated": [row for row in counted if _is_copy(row)],
        "after": [row for row in counted if row.status == manifest.KEPT],
    }
    counts = {name: Counter(row.label for row in of_column) for name, of_column in columns.items()}
    body: list[list[object]] = [[label, *(c[label] for c in counts.values())] for label in folder.class_names]
    return ["class", *counts], [*body, ["all", *(count.total() for count in counts.values())]]


def _is_balanced(sample: Sample, kept: Mapping[str, int]) -> bool:
    return sample.part in {None, "train"} and sample.label in kept


def _passed_on(sample: Sample, row: manifest.Row, counts: Mapping[str, int], kept: Mapping[str, int]) -> manifest.Row:
    """Return the row of an image that isn't chosen from: a stranger, one of val or test, or of a class left out."""
    if sample.label in kept or sample.label == UNKNOWN:
        return _kept(row, row.source)
    detail = f"{counts[row.label]} images of this class to train on"
    return replace(row, status=manifest.REJECTED, reason=SMALL_CLASS, extra=_extra(row, detail=detail))


def _choose(
    rows: Sequence[manifest.Row], size: int, settings: Settings
) -> tuple[list[manifest.Row], list[manifest.Row]]:
    """Return the rows of one class that stay, and those that don't."""
    figures = [_figures(row) for row in rows]
    is_known = settings.keep == "best" and any(value is not None for of_row in figures for value in of_row)
    quality = sampling.mean_rank(figures) if is_known else None
    order = sampling.best_first([row.source for row in rows], settings.seed, quality)
    by_source = {row.source: row for row in rows}
    text = {row.source: format(quality[i], ".4f") if quality else "" for i, row in enumerate(rows)}
    chosen = [_kept(by_source[path], path, quality=text[path]) for path in order[:size]]
    surplus = [
        replace(by_source[path], status=manifest.REJECTED, reason=SURPLUS, extra=_extra(by_source[path], text[path]))
        for path in order[size:]
    ]
    return chosen, surplus


def _figures(row: manifest.Row) -> list[float | None]:
    """Return what the manifest knows of a face, more being better: certainty, size, sharpness, nearness."""
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
