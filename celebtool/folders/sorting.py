"""Sort photos into a folder per person by what was predicted, for `predict --sort`.

A photo with several people lies in the directory of each. One in which nobody was recognised lies in ``unknown/``. One without a
prediction has a row in the manifest that says why.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path

from celebtool.errors import count, listed
from celebtool.folders import transfer
from celebtool.formats import manifest, names
from celebtool.formats.image_folder import SIDECARS, UNKNOWN
from celebtool.formats.prediction_row import Prediction
from celebtool.formats.sources import Source

_LONGEST = 200  # bytes of a directory's name; file systems allow 255


def sort(
    predictions: Iterable[Prediction],
    sources: Iterable[Source],
    class_names: Sequence[str],
    folder: Path,
    *,
    link: bool,
) -> Iterator[Prediction]:
    """Pass predictions on and, when a photo's faces have all come by, put it in its places; at the end write the manifest.

    Args:
        predictions: one per face; those of a photo follow one another.
        sources: the photo of each.
        class_names: of the model; they may be anybody's texts.
        folder: an empty directory.
        link: hard-link the photos instead of copying them.
    """
    places = directories(class_names)
    taken: set[str] = set()
    rows: list[manifest.Row] = []
    named = zip(predictions, sources, strict=True)
    for _, group in groupby(named, key=lambda pair: pair[1].path):
        people: set[str] = set()
        for prediction, source in group:
            people.add(prediction.predicted)
            photo, reason = source, prediction.reason
            yield prediction
        rows += _place(photo, _of(people), reason, places, folder, taken, link=link)
    manifest.write(folder, rows)


def directories(class_names: Sequence[str]) -> dict[str, str]:
    """Return the directory of each class, and of ``unknown``: its name, if that can be one and no other class has it."""
    taken = {names.key(name) for name in (UNKNOWN, *SIDECARS)}
    return {UNKNOWN: UNKNOWN} | {name: names.free_path(_directory(name), "", taken) for name in class_names}


def summary(folder: Path) -> str:
    """Return how many photos of a folder lie where: ``5 photos: 3 of ann, 2 of bob, 1 unknown; 1 left out``."""
    rows = manifest.read_all(folder)
    kept = Counter(row.label for row in rows if row.path)
    people = [f"{number} of {label}" for label, number in sorted(kept.items()) if label != UNKNOWN]
    nobody = [f"{kept[UNKNOWN]} {UNKNOWN}"] if kept[UNKNOWN] else []
    photos = len({row.source for row in rows if row.path})
    left_out = sum(not row.path for row in rows)
    told = f"{count(photos, 'photo')}: {listed([*people, *nobody], 5)}" if kept else count(photos, "photo")
    return f"{told}; {left_out} left out" if left_out else told


def _of(people: set[str]) -> list[str]:
    """Return the people of a photo; ``unknown`` if there is nobody else; nothing if there is no prediction."""
    known = sorted(people - {"", UNKNOWN})
    return known or sorted(people - {""})


def _place(
    photo: Source,
    people: Sequence[str],
    reason: str,
    places: Mapping[str, str],
    folder: Path,
    taken: set[str],
    *,
    link: bool,
) -> list[manifest.Row]:
    if not people:
        return [manifest.Row("", "", photo.path, "", manifest.REJECTED, reason)]
    rows = []
    origin = photo.origin()
    for person in people:
        path = names.free_path(f"{places[person]}/{photo.file.name}", "", taken)
        (folder / path).parent.mkdir(exist_ok=True)
        transfer.place_file(photo.file, folder / path, link=link)
        rows.append(manifest.Row(path, person, photo.path, origin))
    return rows


def _directory(name: str) -> str:
    """Return a class name as the name of a directory that is neither hidden nor outside."""
    safe = name.replace("/", "_").replace("\0", "_") or "_"
    safe = f"_{safe[1:]}" if safe.startswith(".") else safe
    while len(safe.encode("utf-8", "surrogateescape")) > _LONGEST:
        safe = safe[:-1]
    return safe
