"""What the split step is told, and its plan: which images belong together, which are left out, which part gets what."""

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Literal, NamedTuple, TypeAlias

from celebtool.errors import CelebtoolError
from celebtool.folders import duplicates, sampling, transfer
from celebtool.formats import faces, images, manifest
from celebtool.formats.image_folder import PARTS, UNKNOWN, ImageFolder, Sample
from celebtool.system import threads
from celebtool.system.output import RECIPE_FILE

CONFLICT, NEAR_DUPLICATE, STRANGER = "label_conflict", "near_duplicate", "stranger"
_LEFT_OUT = {
    CONFLICT: "the same pictures in several classes left out: {}; manifest.csv names them",
    NEAR_DUPLICATE: "copies of other images left out: {}",
    STRANGER: "strangers left out: {}; there is no part for them",
}

NearDuplicates: TypeAlias = Literal["together", "drop", "ignore"]
Progress: TypeAlias = Callable[[int, int], None]


@dataclass(frozen=True)
class Settings:
    """How a folder is divided; the same settings and folder give the same parts.

    Args:
        shares: of train, val and test.
        folds: 0, or how many divisions into train and val to make instead of one into three parts.
        near_duplicates: keep copies of one picture together, keep one of them, or don't look for them.
        seed: of everything left to chance.
    """

    shares: sampling.Shares
    folds: int = 0
    near_duplicates: NearDuplicates = "together"
    seed: int = 0


class Candidates(NamedTuple):
    """The images that may go to a part, each with its row so far, and the rows of those left out."""

    items: list[sampling.Item]
    rows: list[manifest.Row]
    rejected: list[manifest.Row]


def parameters(settings: Settings) -> dict[str, object]:
    """Return the settings as a recipe's parameters; two runs with equal ones write equal folders."""
    return asdict(settings) | {"shares": [str(share) for share in settings.shares]}


def plan(folder: ImageFolder, settings: Settings, progress: Progress) -> dict[str, list[manifest.Row]]:
    """Read all images and decide which part each goes to.

    Images belong together if they are copies (equal pixels or, unless ignored, the same picture) or share an
    origin. Copies in two classes are all left out: one of the labels is wrong, and nothing says which.

    Returns:
        The manifest of each division by the directory it is written to, one ("") or fold-1, fold-2…

    Raises:
        CelebtoolError: an image is unreadable, or nothing is left of a class.
    """
    candidates = _candidates(folder, settings.near_duplicates, progress)
    if not settings.folds:
        parts = sampling.split(candidates.items, settings.shares, settings.seed)
        return {"": _placed(candidates, parts)}
    fold_of = sampling.folds(candidates.items, settings.folds, settings.seed)
    return {f"fold-{k + 1}": _placed(candidates, _fold(candidates, fold_of, k)) for k in range(settings.folds)}


def write(
    manifests: Mapping[str, Sequence[manifest.Row]],
    source: Path,
    target: Path,
    recipe: Mapping[str, object],
    *,
    link: bool,
) -> None:
    """Write the divisions, each with its manifest; folds are image folders in their own right."""
    for directory, rows in manifests.items():
        transfer.place(rows, source, target / directory, link=link)
        manifest.write(target / directory, rows, transfer.columns(rows))
        if directory:
            made_by = json.dumps({**recipe, "fold": directory}, sort_keys=True, indent=1, ensure_ascii=False) + "\n"
            (target / directory / RECIPE_FILE).write_text(made_by, encoding="utf-8", errors="surrogateescape")
    if "" not in manifests:
        rows = [_below(directory, row) for directory, rows in manifests.items() for row in rows]
        manifest.write(target, rows, transfer.columns(rows))


def table(manifests: Mapping[str, Sequence[manifest.Row]]) -> tuple[list[str], list[list[object]]]:
    """Return header and rows of a table: images per class and part (of folds: in the val of each)."""
    if "" in manifests:
        columns = {part: [row for row in manifests[""] if row.extra.get("part") == part] for part in PARTS}
    else:
        columns = {
            directory: [row for row in rows if row.extra.get("part") == "val"] for directory, rows in manifests.items()
        }
    counts = {name: Counter(row.label for row in rows) for name, rows in columns.items()}
    labels = sorted({row.label for rows in manifests.values() for row in rows if row.status == manifest.KEPT})
    body: list[list[object]] = [[label, *(count[label] for count in counts.values())] for label in labels]
    return ["class", *counts], [*body, ["all", *(count.total() for count in counts.values())]]


def notices(manifests: Mapping[str, Sequence[manifest.Row]]) -> list[str]:
    """Return what a user should know of a division: what was left out, and the classes that parts lack."""
    reasons = Counter(row.reason for row in next(iter(manifests.values())) if row.status == manifest.REJECTED)
    if "" not in manifests:
        del reasons[STRANGER]  # in each fold those of the other folds, as it should be
    lines = [text.format(reasons[reason]) for reason, text in _LEFT_OUT.items() if reasons[reason]]
    header, body = table(manifests)
    missing: dict[str, list[str]] = {}
    for column, name in enumerate(header[1:], 1):
        labels = [str(row[0]) for row in body[:-1] if not row[column] and row[0] != UNKNOWN]
        if labels and body[-1][column]:
            missing.setdefault(", ".join(labels), []).append(name)
    return lines + [f"too few images for {', '.join(names)}: {labels}" for labels, names in missing.items()]


def _candidates(folder: ImageFolder, near_duplicates: NearDuplicates, progress: Progress) -> Candidates:
    rows, prints = _read(folder, progress)
    pairs = duplicates.equal_pairs(each.pixels for each in prints)
    if near_duplicates != "ignore":
        pairs += duplicates.near_pairs(prints, [row.label for row in rows])
    copies = duplicates.components(len(rows), pairs)
    groups = duplicates.components(len(rows), pairs + duplicates.equal_pairs(row.origin for row in rows))
    reasons = _surplus(rows, prints, copies) if near_duplicates == "drop" else {}
    reasons |= _conflicts(rows, copies)
    _check_classes(folder, {row.label for index, row in enumerate(rows) if index not in reasons})
    rows = [_with(row, part="", group=str(group + 1)) for row, group in zip(rows, groups, strict=True)]
    kept = [index for index in range(len(rows)) if index not in reasons]
    items = [
        sampling.Item(rows[i].source, None if rows[i].label == UNKNOWN else rows[i].label, groups[i]) for i in kept
    ]
    rejected = [_rejected(rows[index], *reason) for index, reason in reasons.items()]
    return Candidates(items, [rows[index] for index in kept], rejected)


def _fold(candidates: Candidates, fold_of: Sequence[int | None], fold: int) -> list[str | None]:
    """Return the parts of one fold: its own images are val, all others train; strangers are in val alone."""
    return [
        "val" if own == fold else None if item.label is None else "train"
        for item, own in zip(candidates.items, fold_of, strict=True)
    ]


def _read(folder: ImageFolder, progress: Progress) -> tuple[list[manifest.Row], list[duplicates.Fingerprint]]:
    """Return the rows that the images begin with, and their fingerprints."""
    known, embeddings = manifest.read(folder.root), faces.embeddings(folder.root)

    def read(sample: Sample) -> tuple[manifest.Row, duplicates.Fingerprint]:
        fingerprint = duplicates.fingerprint(images.read(folder.file(sample)), embeddings.get(sample.path))
        return transfer.row(folder, sample, known), fingerprint

    found = threads.run(read, folder.samples, progress)
    return [row for row, _ in found], [fingerprint for _, fingerprint in found]


def _conflicts(rows: Sequence[manifest.Row], copies: Sequence[int]) -> dict[int, tuple[str, str]]:
    """Return (reason, detail) of the images whose copies carry other labels."""
    reasons = {}
    for index in duplicates.conflicts(copies, [row.label for row in rows]):
        others = (
            row.source
            for other, row in enumerate(rows)
            if copies[other] == copies[index] and row.label != rows[index].label
        )
        reasons[index] = (CONFLICT, f"the same picture as {next(others)}")
    return reasons


def _surplus(
    rows: Sequence[manifest.Row], prints: Sequence[duplicates.Fingerprint], copies: Sequence[int]
) -> dict[int, tuple[str, str]]:
    """Return (reason, detail) of all but the largest image of each set of copies."""
    best: dict[int, int] = {}
    for index, component in enumerate(copies):
        rival = best.setdefault(component, index)
        if prints[index].area > prints[rival].area:
            best[component] = index
    return {
        index: (NEAR_DUPLICATE, f"the same picture as {rows[best[component]].source}")
        for index, component in enumerate(copies)
        if best[component] != index
    }


def _check_classes(folder: ImageFolder, left: set[str]) -> None:
    for label in folder.class_names:
        if label not in left:
            problem = "all its images are in other classes as well; find out which label is right"
            raise CelebtoolError(folder.root / label, problem)


def _placed(candidates: Candidates, parts: Sequence[str | None]) -> list[manifest.Row]:
    """Return the rows of all images, those that have no part as rejected."""
    placed = [
        _rejected(row, STRANGER, "strangers are never trained on")
        if part is None
        else _with(replace(row, path=f"{part}/{row.source}"), part=part)
        for row, part in zip(candidates.rows, parts, strict=True)
    ]
    return placed + candidates.rejected


def _below(directory: str, row: manifest.Row) -> manifest.Row:
    return replace(row, path=f"{directory}/{row.path}") if row.path else row


def _rejected(row: manifest.Row, reason: str, detail: str) -> manifest.Row:
    return _with(replace(row, status=manifest.REJECTED, reason=reason), detail=detail)


def _with(row: manifest.Row, **cells: str) -> manifest.Row:
    return replace(row, extra={**row.extra, **cells})
