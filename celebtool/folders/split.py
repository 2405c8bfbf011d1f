"""Split an image folder: which images belong together, which are left out, and which part each goes to."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Literal, NamedTuple, TypeAlias

from celebtool.errors import CelebtoolError, count
from celebtool.folders import conflicts, decide, duplicates, sampling, transfer
from celebtool.folders.conflicts import Conflict, ConflictError
from celebtool.folders.fingerprints import Store
from celebtool.formats import crops, faces, images, manifest, provenance
from celebtool.formats.decisions import Decisions
from celebtool.formats.image_folder import PARTS, UNKNOWN, ImageFolder, Sample
from celebtool.formats.reasons import Reason, Rejection
from celebtool.system import signals, threads
from celebtool.system.progress import Progress

NearDuplicates: TypeAlias = Literal["together", "drop", "ignore"]
Conflicts: TypeAlias = Literal["error", "drop"]


@dataclass(frozen=True)
class SplitSettings:
    """How a folder is split; equal settings and folders give equal parts.

    Args:
        shares: of train, val and test.
        folds: 0, or how many splits into train and val to make instead of one into three parts.
        near_duplicates: keep copies of one picture together, keep one of them, or don't look for them.
        seed: of everything that is drawn.
        conflicts: what to do about a picture in several classes: end with an error, or leave out its images.
    """

    shares: sampling.Shares
    folds: int = 0
    near_duplicates: NearDuplicates = "together"
    seed: int = 0
    conflicts: Conflicts = "error"


@dataclass(frozen=True)
class Split:
    """One way to split a folder: the rows of each part and of the images left out, and the classes left without any."""

    parts: Mapping[str, Sequence[manifest.Row]]
    rejected: Sequence[manifest.Row]
    emptied: Sequence[str] = ()

    @property
    def rows(self) -> list[manifest.Row]:
        """All rows: those of the manifest."""
        return [*(row for part in self.parts.values() for row in part), *self.rejected]


Splits: TypeAlias = Mapping[str, Split]
"""Each split by the directory it is written to: one (""), or fold-1, fold-2…"""


_ImagesRead: TypeAlias = tuple[list[manifest.Row], list[duplicates.Fingerprint]]


class _Pool(NamedTuple):
    """The images that may go to a part, each with its row so far, and the rows of those left out."""

    items: list[sampling.Image]
    rows: list[manifest.Row]
    rejected: list[manifest.Row]
    emptied: list[str]


def parameters(settings: SplitSettings) -> dict[str, object]:
    """Return the settings as the parameters of a recipe."""
    return asdict(settings) | {"shares": [str(share) for share in settings.shares]}


def plan(
    folder: ImageFolder,
    settings: SplitSettings,
    progress: Progress,
    scratch: Path | None = None,
    contents: Mapping[str, str] | None = None,
) -> Splits:
    """Read all images and decide which part each goes to.

    Images belong together if they are copies (equal pixels or, unless ignored, the same picture) or share an origin.

    Args:
        folder: what to split.
        settings: how.
        progress: told of images.
        scratch: where fingerprints are kept for the next run if this one ends with label conflicts, or by a signal.
        contents: the SHA-256 of each image by its path, if they are known already.

    Raises:
        ConflictError: pictures are in several classes.
        CelebtoolError: an image is unreadable, or no class is left.
    """
    store = Store(scratch)
    with signals.cleaned_up(store.save):
        try:
            pool = _pool(_read(folder, store, contents or {}, progress), folder, settings, store)
        except ConflictError:
            store.save()
            raise
    if not settings.folds:
        return {"": _split(pool, sampling.split(pool.items, settings.shares, settings.seed))}
    fold_of = sampling.folds(pool.items, settings.folds, settings.seed)
    return {f"fold-{k + 1}": _split(pool, _fold(pool, fold_of, k)) for k in range(settings.folds)}


def with_decisions(splits: Splits, decisions: Decisions, folder: ImageFolder) -> Splits:
    """Return splits (of a folder as `decide.decided` returns it) whose rows say and follow what a person decided."""
    dropped = decide.dropped(folder, decisions)
    return {
        directory: replace(
            split,
            parts={part: decide.placed(rows, decisions, folder) for part, rows in split.parts.items()},
            rejected=[*decide.placed(split.rejected, decisions, folder), *dropped],
        )
        for directory, split in splits.items()
    }


def _pool(images_read: _ImagesRead, folder: ImageFolder, settings: SplitSettings, store: Store) -> _Pool:
    rows, prints = images_read
    pairs = duplicates.equal_pairs(each.pixels for each in prints)
    if settings.near_duplicates != "ignore":
        pairs += store.near_pairs(prints, [row.label for row in rows])
    copies = duplicates.components(len(rows), pairs)
    groups = duplicates.components(len(rows), pairs + duplicates.equal_pairs(row.origin for row in rows))
    rejections = _surplus(rows, prints, copies) if settings.near_duplicates == "drop" else {}
    found = conflicts.find(rows, copies)
    emptied = conflicts.emptied(rows, found)
    if found and settings.conflicts == "error":
        raise ConflictError(folder.root, found, emptied)
    if set(emptied) >= set(folder.class_names):
        raise CelebtoolError(folder.root, "every picture is in several classes; give each image one label")
    rejections |= _conflicting(rows, found)
    rows = [_with(row, part="", group=str(group + 1)) for row, group in zip(rows, groups, strict=True)]
    kept = [index for index in range(len(rows)) if index not in rejections]
    items = [
        sampling.Image(rows[i].source, None if rows[i].label == UNKNOWN else rows[i].label, groups[i]) for i in kept
    ]
    rejected = [_rejected(rows[index], rejection) for index, rejection in rejections.items()]
    return _Pool(items, [rows[index] for index in kept], rejected, emptied)


def _fold(pool: _Pool, fold_of: Sequence[int | None], fold: int) -> list[str | None]:
    """Return the parts of one fold: its own images are val, all others train; strangers are in val alone."""
    return [
        "val" if own == fold else None if item.label is None else "train"
        for item, own in zip(pool.items, fold_of, strict=True)
    ]


def _read(folder: ImageFolder, store: Store, contents: Mapping[str, str], progress: Progress) -> _ImagesRead:
    """Return the first row of each image, without a part yet, and its fingerprint."""
    known, embeddings = manifest.read(folder.root), faces.embeddings(folder.root)
    digests = {
        sample.path: contents.get(sample.path) or manifest.sha256(folder.file(sample)) for sample in folder.samples
    }

    margin = crops.margin(provenance.crop_parameters(folder.root))

    def compute(sample: Sample) -> None:
        image = images.read(folder.file(sample))
        store.add(digests[sample.path], duplicates.fingerprint(image, margin=margin))

    missing = [each for each in folder.samples if digests[each.path] not in store]
    if missing and len(missing) < len(folder.samples):
        progress.say(f"continuing at {len(folder.samples) - len(missing)} of {count(len(folder.samples), 'image')}")
    threads.run(compute, missing, progress)
    rows = [transfer.row(folder, sample, known, digests[sample.path]) for sample in folder.samples]
    prints = [
        replace(store.fingerprint(digests[sample.path]), embedding=embeddings.by_digest.get(digests[sample.path]))
        for sample in folder.samples
    ]
    return rows, prints


def _conflicting(rows: Sequence[manifest.Row], found: Sequence[Conflict]) -> dict[int, Rejection]:
    """Return the rejections of the images that are in conflicts."""
    conflict_of = conflicts.by_source(found)
    return {
        index: Rejection(
            Reason.LABEL_CONFLICT, f"the same picture as {conflicts.partner(row, conflict_of[row.source]).source}"
        )
        for index, row in enumerate(rows)
        if row.source in conflict_of
    }


def _surplus(
    rows: Sequence[manifest.Row], prints: Sequence[duplicates.Fingerprint], copies: Sequence[int]
) -> dict[int, Rejection]:
    """Return the rejections of all but the largest image of each set of copies."""
    best: dict[int, int] = {}
    for index, component in enumerate(copies):
        rival = best.setdefault(component, index)
        if prints[index].area > prints[rival].area:
            best[component] = index
    return {
        index: Rejection(Reason.NEAR_DUPLICATE, f"the same picture as {rows[best[component]].source}")
        for index, component in enumerate(copies)
        if best[component] != index
    }


def _split(pool: _Pool, parts: Sequence[str | None]) -> Split:
    """Return the rows by the part of each; those that have none are rejected."""
    placed: dict[str, list[manifest.Row]] = {part: [] for part in PARTS}
    rejected = []
    for row, part in zip(pool.rows, parts, strict=True):
        if part is None:
            rejected.append(_rejected(row, Rejection(Reason.STRANGER, "strangers are never trained on")))
        else:
            placed[part].append(_with(replace(row, path=f"{part}/{row.source}"), part=part))
    return Split(placed, rejected + pool.rejected, pool.emptied)


def _rejected(row: manifest.Row, rejection: Rejection) -> manifest.Row:
    return _with(replace(row, status=manifest.REJECTED, reason=rejection.reason), detail=rejection.detail)


def _with(row: manifest.Row, **cells: str) -> manifest.Row:
    return replace(row, extra={**row.extra, **cells})
