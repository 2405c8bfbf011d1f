from pathlib import Path

import pytest

from celebtool.errors import CelebtoolError
from celebtool.formats import image_folder, layout


def make(root: Path, *directories: str) -> Path:
    """Put an image into each directory."""
    for directory in directories:
        (root / directory).mkdir(parents=True, exist_ok=True)
        (root / directory / "1.jpg").write_bytes(b"x")
    return root


@pytest.mark.parametrize(
    "directories",
    [
        ("ann", "bob"),
        ("ann/2019", "ann/2020", "bob/2019", "bob/2020"),
        ("ann/2019-05-01 holiday", "bob"),
        ("ann/100CANON", "bob/100CANON"),
        ("2019/05", "2019/06", "2020/05"),
        ("ann", "ann/party", "bob"),
        ("test", "ann"),
        ("dev", "valid", "bob"),
        ("train", "ann"),
        ("train", "val", "test", "ann"),
        ("train/ann", "train/bob", "val/ann", "test/unknown"),
        ("train/ann",),
        ("test/ann", "test/bob"),
        ("val/ann", "test/ann"),
        ("Testa", "Trainer", "Valide"),
    ],
)
def test_layouts_that_celebtool_expects(tmp_path: Path, directories: tuple[str, ...]) -> None:
    image_folder.read_labelled(make(tmp_path / "data", *directories))


SAME = "hold folders of the same names (ann, bob), so they are not people; call them train, val and test, or give one"


@pytest.mark.parametrize(
    ("directories", "problem"),
    [
        (("train/ann", "valid/ann"), "{0}: looks split, but valid should be called val; mv {0}/valid {0}/val"),
        (("train/ann", "Val/ann"), "{0}: looks split, but Val should be called val; mv {0}/Val {0}/val"),
        (("train/ann", "VAL/ann"), "{0}: looks split, but VAL should be called val; mv {0}/VAL {0}/val"),
        (("train/ann", "dev/ann"), "{0}: looks split, but dev should be called val; mv {0}/dev {0}/val"),
        (("train", "valid"), "{0}: looks split, but valid should be called val; mv {0}/valid {0}/val"),
        (
            ("Training Set/ann", "Test_Images/ann"),
            (
                "{0}: looks split, but Test_Images should be called test and Training Set should be called train; "
                "mv {0}/Test_Images {0}/test; mv '{0}/Training Set' {0}/train"
            ),
        ),
        (
            ("train/ann", "val/ann", "notes"),
            "{0}: looks split, but notes should not be there; move notes elsewhere",
        ),
        (
            ("train/ann", "val/ann", "valid/ann"),
            "{0}: looks split, but valid should not be there; move valid elsewhere",
        ),
        (
            ("train/ann", "valid/ann", "unknown"),
            (
                "{0}: looks split, but valid should be called val and unknown should not be there; "
                "mv {0}/valid {0}/val; move unknown elsewhere"
            ),
        ),
        (
            ("pins/ann", "pins/bob"),
            "{0}: holds one folder, pins, that holds only folders (ann, bob); give {0}/pins instead",
        ),
        (
            ("set/train/ann", "set/val/ann"),
            "{0}: holds one folder, set, that holds only folders (train, val); give {0}/set instead",
        ),
        (
            ("train/pins/ann", "train/pins/bob", "val/pins/ann"),
            "{0}/train: holds one folder, pins, that holds only folders (ann, bob); give {0}/train/pins instead",
        ),
        (
            ("fold-1/train/ann", "fold-1/val/ann", "fold-2/train/ann", "fold-2/val/ann"),
            "{0}: holds several split folders (fold-1, fold-2); give one of them, as {0}/fold-1",
        ),
        (
            ("flickr/ann", "flickr/bob", "web/ann", "web/bob"),
            f"{{0}}: its folders flickr, web {SAME} of them, as {{0}}/flickr",
        ),
        (
            ("ann", "bob", "group/cy", "group/dan"),
            (
                "{0}/group: holds only folders (cy, dan); expected the images of one person; "
                "put them directly into it, or move its folders up"
            ),
        ),
    ],
)
def test_other_layouts_are_named_with_what_to_type(tmp_path: Path, directories: tuple[str, ...], problem: str) -> None:
    root = make(tmp_path / "data", *directories)
    with pytest.raises(CelebtoolError) as caught:
        image_folder.read_labelled(root)
    assert str(caught.value) == problem.format(root)


@pytest.mark.parametrize("junk", ["__MACOSX/train", "@eaDir/x", ".git"])
def test_junk_is_no_part_of_a_layout(tmp_path: Path, junk: str) -> None:
    folder = image_folder.read_labelled(make(tmp_path / "data", "train/ann", "val/ann", junk))
    assert folder.parts == ("train", "val")


@pytest.mark.parametrize(
    ("name", "part"),
    [
        *(("train", "train"), ("Training", "train"), ("train_set", "train"), ("TRAIN-DATA", "train")),
        *(("val", "val"), ("Validation Set", "val"), ("eval", "val"), ("test photos", "test"), ("Tests", "test")),
        *(("ann", None), ("Valentina", None), ("Devon", None), ("", None)),
    ],
)
def test_what_a_name_stands_for(name: str, part: str | None) -> None:
    assert layout.part_of(name) == part
