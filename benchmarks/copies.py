"""How many planted copies of photos does `split` recognise when all of them have gone through `crop-faces`?

Usage: python benchmarks/copies.py PHOTOS [IMAGES [KIND…]]

PHOTOS holds a directory of photos per person. Copies of IMAGES of them (1,000), of the kinds of duplicates.py (or those
whose names begin with KIND), are put beside the originals and all are cropped. A copy is found if its crop is paired with its
original's: by the pictures alone, and with the embeddings that `crop-faces` leaves in faces.csv, as `split` does.
False alarms are pairs of one person's originals that are taken for copies without having equal pixels: an upper bound, for
real copies are among them.
"""

import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from duplicates import KINDS
from PIL import Image

from celebtool.folders import duplicates, sampling
from celebtool.folders.duplicates import Fingerprint
from celebtool.formats import crops as crops_of
from celebtool.formats import faces, image_folder, images, manifest, provenance
from celebtool.formats.images import ImageError

ORIGINAL = "original"
WAYS = ("pictures", "pictures and embeddings")


def plant(photos: Path, target: Path, count: int, kinds: Sequence[str]) -> None:
    """Write TARGET/<person>/<kind>~<photo>: every photo as it is, and copies of some."""
    folder = image_folder.read_labelled(photos)
    distinct = {manifest.sha256(folder.file(sample)): sample.path for sample in reversed(folder.samples)}
    chosen = set(sampling.best_first(sorted(distinct.values()), seed=0)[:count])
    generators = {kind: np.random.default_rng(0) for kind in kinds}
    for path in sorted(distinct.values()):
        person, _, name = path.partition("/")
        place = target / person
        place.mkdir(parents=True, exist_ok=True)
        (place / f"{ORIGINAL}~{name}").write_bytes((photos / path).read_bytes())
        if path not in chosen:
            continue
        try:
            picture = Image.fromarray(images.read(photos / path))
        except ImageError:
            continue
        for kind, generator in generators.items():
            copy = KINDS[kind](picture, generator)
            copy.save(place / f"{kind.replace(' ', '_')}~{name}.png")


def crops(folder: Path) -> dict[str, tuple[str, Fingerprint]]:
    """Return label and fingerprint of every crop by the photo's name in `plant`."""
    known = faces.embeddings(folder)
    rows = [row for row in manifest.read_all(folder) if row.status == manifest.KEPT]
    margin = crops_of.margin(provenance.crop_parameters(folder))
    prints = [
        duplicates.fingerprint(images.read(folder / row.path), known.of(folder / row.path), margin) for row in rows
    ]
    return {row.source: (row.label, each) for row, each in zip(rows, prints, strict=True)}


def pairs(chosen: Sequence[tuple[str, Fingerprint]], way: str) -> set[tuple[int, int]]:
    """Return the pairs that one of the two ways takes for copies."""
    prints = [each if way == WAYS[1] else replace(each, embedding=None) for _, each in chosen]
    same = duplicates.equal_pairs(each.pixels for each in prints)
    return {*same, *duplicates.near_pairs(prints, [label for label, _ in chosen])}


def measure(found: dict[str, tuple[str, Fingerprint]], kinds: Sequence[str]) -> None:
    """Print what is found of each kind, and the false alarms."""
    originals = [source for source in found if f"/{ORIGINAL}~" in source]
    base = [found[source] for source in originals]
    sizes = np.unique([label for label, _ in base], return_counts=True)[1]
    same = int((sizes * (sizes - 1) // 2).sum())
    for way in WAYS:
        alarms = [(a, b) for a, b in pairs(base, way) if base[a][1].pixels != base[b][1].pixels]
        own = sum(base[a][0] == base[b][0] for a, b in alarms)
        print(f"taken for copies by {way}: {own} of {same} pairs of one person, {own / same:.3%};", end=" ")
        print(f"{len(alarms) - own} of different people's", flush=True)
    for kind in kinds:
        twins = [source.replace(f"/{ORIGINAL}~", f"/{kind.replace(' ', '_')}~") + ".png" for source in originals]
        planted = [(index, found[twin]) for index, twin in enumerate(twins) if twin in found]
        together = base + [each for _, each in planted]
        for way in WAYS:
            hits = pairs(together, way)
            share = sum((index, len(base) + k) in hits for k, (index, _) in enumerate(planted))
            print(f"{kind:<32}{way:<26}{share:>6} of {len(planted)}{share / len(planted):>9.1%}", flush=True)


def main(photos: str, count: str = "1000", *wanted: str) -> None:
    """Plant, crop and measure."""
    kinds = [kind for kind in KINDS if kind.startswith(wanted or "")]
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        plant(Path(photos), root / "photos", int(count), kinds)
        line = [sys.executable, "-m", "celebtool", "crop-faces", str(root / "photos"), str(root / "faces"), "--quiet"]
        subprocess.run(line, check=True)
        measure(crops(root / "faces"), kinds)


if __name__ == "__main__":
    main(*sys.argv[1:])
