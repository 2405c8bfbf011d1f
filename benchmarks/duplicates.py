"""How many planted copies of a folder's images does `split` recognise, and which different photos does it mistake?

Usage: python benchmarks/duplicates.py FOLDER [IMAGES]

FOLDER holds a directory of images per person. Of IMAGES images (1,000), no two of equal pixels, a copy of each kind is
made and looked for among all of them. False alarms are the pairs of one person's images, and of different people's,
that are taken for copies without having equal pixels: an upper bound, for real near-duplicates are among them.
"""

import io
import sys
import time
from collections.abc import Callable
from itertools import combinations
from pathlib import Path

import numpy as np
from PIL import Image

from celebtool.folders import duplicates, sampling
from celebtool.formats import image_folder, images

Picture = Image.Image
Copy = Callable[[Picture, np.random.Generator], Picture]


def encoded(image: Picture, quality: float) -> Picture:
    """Return the image after a JPEG encoder and decoder."""
    stream = io.BytesIO()
    image.save(stream, "JPEG", quality=round(quality))
    return Image.open(stream).convert("RGB")


def resized(image: Picture, rng: np.random.Generator, low: float, high: float) -> Picture:
    """Return the image at a random size, saved again."""
    scale = rng.uniform(low, high)
    size = (round(image.width * scale), round(image.height * scale))
    return encoded(image.resize(size, Image.Resampling.BICUBIC), 85)


def cropped(image: Picture, rng: np.random.Generator, share: float) -> Picture:
    """Return the image with up to so much cut off each side, saved again."""
    left, top, right, bottom = rng.uniform(0, share, 4) * np.resize(image.size, 4)
    return encoded(image.crop((round(left), round(top), round(image.width - right), round(image.height - bottom))), 85)


def lit(image: Picture, rng: np.random.Generator) -> Picture:
    """Return the image up to a fifth lighter or darker, saved again."""
    light = rng.uniform(0.8, 1.2)
    return encoded(image.point([min(255, round(value * light)) for value in range(256)] * 3), 85)


def mirror(image: Picture) -> Picture:
    """Return the image with left and right swapped."""
    return image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)


KINDS: dict[str, Copy] = {
    "re-encoded, JPEG 40 to 90": lambda image, rng: encoded(image, rng.uniform(40, 90)),
    "resized to 40 to 150 %": lambda image, rng: resized(image, rng, 0.4, 1.5),
    "mirrored": lambda image, _: encoded(mirror(image), 85),
    "mirrored and resized": lambda image, rng: resized(mirror(image), rng, 0.5, 1),
    "lighter or darker": lit,
    "grey": lambda image, _: encoded(image.convert("L").convert("RGB"), 85),
    "turned by up to 3 degrees": lambda image, rng: encoded(
        image.rotate(rng.uniform(-3, 3), Image.Resampling.BICUBIC), 85
    ),
    "cropped by up to 3 % a side": lambda image, rng: cropped(image, rng, 0.03),
    "cropped by up to 6 % a side": lambda image, rng: cropped(image, rng, 0.06),
    "cropped by up to 10 % a side": lambda image, rng: cropped(image, rng, 0.10),
}


def fingerprint(image: Picture) -> duplicates.Fingerprint:
    """Return the fingerprint of a Pillow image."""
    return duplicates.fingerprint(np.asarray(image))


def measure(pictures: list[Picture], labels: list[str]) -> None:
    """Print how many copies of each kind are found."""
    originals = [fingerprint(picture) for picture in pictures]
    count = len(originals)
    for kind, copy in KINDS.items():
        rng = np.random.default_rng(0)
        copies = [fingerprint(copy(picture, rng)) for picture in pictures]
        pairs = set(duplicates.near_pairs(originals + copies, labels * 2))
        found = sum((i, i + count) in pairs for i in range(count))
        print(f"{kind:<32}{found:>6} of {count}{found / count:>9.1%}")


def main() -> None:
    """Measure a folder."""
    folder = image_folder.read(Path(sys.argv[1]))
    wanted = int(sys.argv[2]) if len(sys.argv) > 2 else 1000
    started = time.process_time()
    prints = [duplicates.fingerprint(images.read(folder.file(sample))) for sample in folder.samples]
    labels = [sample.label or "" for sample in folder.samples]
    read = time.process_time()
    near = duplicates.near_pairs(prints, labels)
    compared = time.process_time()
    sizes = folder.counts().values()
    same = sum(size * (size - 1) // 2 for size in sizes)
    different = sum(a * b for a, b in combinations(sizes, 2))
    wrong = sum(labels[a] == labels[b] for a, b in near)
    print(f"{len(prints)} images read in {read - started:.1f} s, compared in {compared - read:.1f} s (CPU)")
    print(f"exact duplicates: {len(duplicates.equal_pairs(each.pixels for each in prints))} images")
    print(f"taken for copies, of one person's pairs: {wrong} of {same}, {wrong / same:.3%}")
    print(f"taken for copies, of different people's pairs: {len(near) - wrong} of {different}")
    distinct = {each.pixels: sample for each, sample in zip(prints, folder.samples, strict=True)}.values()
    by_path = {sample.path: sample for sample in distinct}
    chosen = [by_path[path] for path in sampling.best_first(list(by_path), seed=0)[:wanted]]
    pictures = [Image.fromarray(images.read(folder.file(sample))) for sample in chosen]
    measure(pictures, [sample.label or "" for sample in chosen])


if __name__ == "__main__":
    main()
