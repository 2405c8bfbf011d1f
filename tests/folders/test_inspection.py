import numpy as np
import pytest
from PIL import Image, ImageFilter
from skimage import data

from celebtool.folders import inspection
from celebtool.formats import image_folder

FACE = data.astronaut()[:224, 110:334]


def blurred(image, radius):
    return np.asarray(Image.fromarray(image).filter(ImageFilter.GaussianBlur(radius)))


@pytest.mark.parametrize(
    ("image", "flaws"),
    [
        (FACE, ()),
        (FACE[::2, ::2], ()),
        (np.kron(FACE, np.ones((2, 2, 1), dtype=np.uint8)), ()),
        (blurred(FACE, 4), ("blurry",)),
        (FACE // 6, ("dark",)),
        (FACE // 2, ()),
        (blurred(FACE // 6, 4), ("dark",)),
        (np.asarray(Image.fromarray(FACE).resize((60, 80))), ("tiny",)),
        (np.zeros((1, 1, 3), dtype=np.uint8), ("dark", "tiny")),
    ],
)
def test_flaws(image, flaws):
    assert inspection.flaws(image) == flaws


def test_a_folder_is_seen_whole(make_folder):
    root = make_folder({"train/Ann": 2, "train/Bob": 2, "test/Ann": 1}, size=96)
    picture = Image.open(root / "train/Ann/000.png")
    picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT).resize((80, 80)).save(root / "test/Ann/copy.jpg")
    picture.save(root / "train/Bob/wrong.png")
    (root / "train/Bob/broken.jpg").write_bytes(b"no image")
    done = []
    seen = inspection.inspect(image_folder.read(root), lambda *both: done.append(both))
    assert done[-1] == (8, 8)
    assert [error.where.name for error in seen.broken] == ["broken.jpg"]
    assert sorted(set(seen.sizes)) == [(80, 80), (96, 96)]
    assert [[sample.path for sample in each] for each in seen.copies] == [
        ["test/Ann/copy.jpg", "train/Ann/000.png", "train/Bob/wrong.png"]
    ]
    assert seen.straddling == seen.conflicts == seen.copies


def test_an_empty_inspection_says_nothing():
    seen = inspection.Inspection()
    assert (seen.straddling, seen.conflicts) == ((), ())


def test_suspects_are_found_by_the_embeddings_that_are_computed(make_folder):
    root = make_folder({"train/ann": 4, "train/bob": 4, "test/bob": 1})
    (root / "notes.jpg").write_bytes((root / "train/ann/000.png").read_bytes())
    asked = []

    def embed(files):
        asked.extend(file.relative_to(root).as_posix() for file in files)
        ann, bob = np.eye(2, 128, dtype=np.float32)
        points = {f"train/ann/{i:03d}.png": ann for i in range(4)} | {f"train/bob/{i:03d}.png": bob for i in range(3)}
        return [points.get(path, ann) if path != "train/bob/003.png" else None for path in asked]

    seen = inspection.inspect(image_folder.read(root), lambda *_: None, embed)
    assert "notes.jpg" not in asked
    assert len(asked) == 9
    assert [(each.path, each.looks_like, each.reason) for each in seen.suspects] == [
        ("test/bob/000.png", "ann", "other_person"),
        ("train/bob/003.png", "", "no_face"),
    ]
    assert (seen.largest_only, len(seen.portraits)) == (8, 9)
    assert [each.path for each in seen.portraits if each.faceless] == ["train/bob/003.png"]


def test_copies_that_augment_has_changed_are_not_compared(celebtool, make_folder):
    root = make_folder({"train/ann": 2, "train/bob": 2})
    assert celebtool("augment", root, root.parent / "more", "--copies", "1").code == 0
    asked = []

    def embed(files):
        asked.extend(files)
        return [None] * len(files)

    inspection.inspect(image_folder.read(root.parent / "more"), lambda *_: None, embed)
    assert len(asked) == 4
