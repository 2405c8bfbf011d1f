"""Make up people: embeddings and pictures that vary within and between people as those of a real set do."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import embedded
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from celebtool.folders import duplicates
from celebtool.formats import faces, image_folder, images, manifest, vectors

Floats = NDArray[np.float32]

SIDE = 112  # of the pictures that are combined; they are enlarged to the size of the real ones
COPIES = 0.02  # of the images show the picture of another one of the same person
BLOCK = 1000  # images made at a time
PAIRS = 2000  # images whose pairs are compared


@dataclass(frozen=True)
class Spread:
    """How vectors spread: about their mean, from person to person, and from image to image of one person.

    Args:
        mean: (d,).
        between: (k, d), rows whose random sums are the deviations of people.
        within: (n, d), the same of images; (0, d) and with `lengths` (m,), deviations have a random one of these lengths.
    """

    mean: Floats
    between: Floats
    within: Floats
    lengths: Floats | None = None

    def people(self, count: int, rng: np.random.Generator) -> Floats:
        """Return the means of so many new people, (count, d)."""
        return self.mean + _sums(self.between, count, rng)

    def images(self, people: Floats, rng: np.random.Generator) -> Floats:
        """Return an image of each person."""
        moved = _sums(self.within, len(people), rng)
        if self.lengths is not None:
            moved *= (rng.choice(self.lengths, len(people)) / np.linalg.norm(moved, axis=1))[:, None]
        return people + moved


def _sums(rows: Floats, count: int, rng: np.random.Generator) -> Floats:
    return np.asarray(rng.standard_normal((count, len(rows)), np.float32) @ rows / np.sqrt(len(rows)), np.float32)


def spread(points: Floats, labels: NDArray[np.str_]) -> Spread:
    """Learn how pictures (n, d) spread."""
    means, of = _means(points, labels)
    return Spread(means.mean(axis=0), means - means.mean(axis=0), points - means[of])


def spread_of_embeddings(points: Floats, labels: NDArray[np.str_]) -> Spread:
    """Learn how embeddings (n, d) spread.

    The means of a few people span few directions, in which many people would be too much alike. So a part of their variance
    goes to all directions alike: as much as gives the cosines of different people the variance of the real ones.
    """
    means, of = _means(points, labels)
    deviations = means - means.mean(axis=0)
    within = points - means[of]
    evenly = np.eye(points.shape[1], dtype=np.float32) * np.linalg.norm(deviations) / np.sqrt(len(means))
    wanted = np.std(_cosines(points, labels)[1])
    low, high = 0.0, 1.0
    for _ in range(12):
        share = (low + high) / 2
        made = _mixed(means, deviations, within, evenly, share)
        found = np.std(_cosines(*embeddings(made, 100, 10, np.random.default_rng(0)))[1])
        low, high = (share, high) if found > wanted else (low, share)
    return _mixed(means, deviations, within, evenly, (low + high) / 2)


def _mixed(means: Floats, deviations: Floats, within: Floats, evenly: Floats, share: float) -> Spread:
    rows = len(deviations) + len(evenly)
    between = np.concatenate(
        [deviations * np.sqrt((1 - share) * rows / len(deviations)), evenly * np.sqrt(share * rows / len(evenly))]
    )
    return Spread(means.mean(axis=0), between.astype(np.float32), within, np.linalg.norm(within, axis=1))


def embeddings(
    made: Spread, people: int, images_each: int, rng: np.random.Generator
) -> tuple[Floats, NDArray[np.str_]]:
    """Return the embeddings of so many made-up people, and whose they are."""
    points = made.images(np.repeat(made.people(people, rng), images_each, axis=0), rng)
    return _unit(points), np.repeat([str(number) for number in range(people)], images_each)


def _means(points: Floats, labels: NDArray[np.str_]) -> tuple[Floats, NDArray[np.intp]]:
    names, of = np.unique(labels, return_inverse=True)
    return np.stack([points[of == number].mean(axis=0) for number in range(len(names))]), of


def _unit(points: Floats) -> Floats:
    return np.asarray(points / np.linalg.norm(points, axis=1, keepdims=True), np.float32)


def _cosines(points: Floats, labels: NDArray[np.str_]) -> tuple[Floats, Floats]:
    """Return the cosines of the pairs of images of one person, and of two."""
    chosen = np.random.default_rng(0).permutation(len(points))[:PAIRS]
    points, labels = points[chosen], labels[chosen]
    every = (points @ points.T)[np.triu_indices(len(points), 1)]
    same = (labels[:, None] == labels)[np.triu_indices(len(points), 1)]
    return every[same], every[~same]


@dataclass(frozen=True)
class Original:
    """A folder of crops, and what was learnt of it: how its pictures and (of a set perhaps another) embeddings spread."""

    folder: Path
    size: int
    pictures: Spread
    embeddings: Spread

    def write(self, root: Path, count: int, classes: int) -> None:
        """Write a folder of so many images of so many made-up people, with all tables that `crop-faces` writes."""
        rng = np.random.default_rng([count, classes])
        rows, found = [], []
        for path, image, quality, embedding in self._images(count, classes, rng):
            file = root / path
            file.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(image).convert("RGB").save(file, quality=quality, subsampling=0)
            label, digest = path.split("/")[0], manifest.sha256(file)
            rows.append(manifest.Row(path, label, f"photos of {path}", digest))
            found.append(
                {"source": path, "label": label, "face": "1", "path": path}
                | {"embedding": vectors.pack(embedding), faces.DIGEST: digest}
            )
        manifest.write(root, rows)
        faces.write(root, found)
        shutil.copyfile(self.folder / "celebtool.json", root / "celebtool.json")

    def _images(
        self, count: int, classes: int, rng: np.random.Generator
    ) -> Iterator[tuple[str, NDArray[np.uint8], int, Floats]]:
        """Yield path, picture (side, side), quality of its JPEG and embedding (128,) of each image."""
        faces_of, points_of = self.pictures.people(classes, rng), self.embeddings.people(classes, rng)
        owner = np.sort(np.concatenate([np.arange(classes), rng.integers(0, classes, count - classes)]))
        for start in range(0, count, BLOCK):
            own = owner[start : start + BLOCK]
            drawn = np.clip(self.pictures.images(faces_of[own], rng), 0, 255).astype(np.uint8)
            points = _unit(self.embeddings.images(points_of[own], rng))
            for number, (person, flat, point) in enumerate(zip(own, drawn, points, strict=True)):
                is_copy = number and own[number - 1] == person and rng.random() < COPIES
                shown = np.fliplr(shown) if is_copy else flat.reshape(SIDE, SIDE)  # noqa: F821
                large = np.asarray(Image.fromarray(shown).resize((self.size, self.size), Image.Resampling.BICUBIC))
                yield f"person {person:05d}/{start + number:06d}.jpg", large, 70 if is_copy else 95, point


def read(folder: Path, like: Path | None = None) -> Original:
    """Learn from a folder of crops, and how embeddings spread from another set if one is given."""
    found = image_folder.read_labelled(folder)
    whole = [images.read(found.file(sample)) for sample in found.samples]
    pictures = [np.asarray(Image.fromarray(each).convert("L").resize((SIDE, SIDE)), np.float32) for each in whole]
    flat = np.stack(pictures).reshape(len(pictures), -1)
    labels = np.array([sample.label for sample in found.samples])
    return Original(folder, len(whole[0]), spread(flat, labels), spread_of_embeddings(*embedded.read(like or folder)))


def resemblance(original: Original, made: Path, like: Path) -> Iterator[str]:
    """Yield the rows of a table: how alike images are, of one person and of two, really and made up."""
    for name, folder, embedding_of in (("real", original.folder, like), ("made up", made, made)):
        points, labels = embedded.read(embedding_of)
        for of, cosines in zip(("one person", "two people"), _cosines(points, labels), strict=True):
            quantiles = " | ".join(f"{x:.2f}" for x in np.percentile(cosines, (1, 10, 50, 90, 99)))
            yield f"| embeddings, {of} | {name} | {quantiles} |"
        found = image_folder.read_labelled(folder)
        few = found.samples[:: max(1, len(found.samples) // PAIRS)]
        prints = [duplicates.fingerprint(images.read(found.file(each))) for each in few]
        descriptors = np.stack([each.descriptor for each in prints])
        for of, cosines in zip(
            ("one person", "two people"), _cosines(descriptors, np.array([each.label for each in few])), strict=True
        ):
            quantiles = " | ".join(f"{x:.2f}" for x in np.percentile(cosines, (1, 10, 50, 90, 99)))
            yield f"| pictures, {of} | {name} | {quantiles} |"
