import re
from pathlib import Path

import pytest
from PIL import Image
from skimage import data

from celebtool.cropping.plan import CropSettings
from celebtool.imaging import alignment
from celebtool.inference.detection import crops

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A photo of one face twice: larger on the left, smaller near the centre."""
    astronaut = Image.fromarray(data.astronaut())
    photo = Image.new("RGB", (1024, 512))
    photo.paste(astronaut, (0, 0))
    photo.paste(astronaut.resize((320, 320)), (400, 150))
    path = tmp_path_factory.mktemp("photos") / "pair.png"
    photo.save(path)
    return path


def lefts(path: Path, settings: CropSettings) -> list[float]:
    (photo,) = crops.crop_photos([path], settings)
    return [face.box.left for face, _ in photo.found]


def test_rules(pair: Path) -> None:
    large, small = lefts(pair, CropSettings(select="all"))
    assert large < 300 < small
    assert lefts(pair, CropSettings(select="largest")) == pytest.approx([large], abs=10)
    assert lefts(pair, CropSettings(select="center")) == [small]
    assert lefts(pair, CropSettings(select="confident"))[0] in {large, small}


@pytest.mark.parametrize(
    ("settings", "reason", "detail"),
    [
        (CropSettings(select="only"), "several_faces", "2 faces; --select only takes photos of one"),
        (
            CropSettings(min_face=400),
            "too_small",
            r"the largest face has \d+\.\d pixels; at least 400 are needed \(--min-face\)",
        ),
        (
            CropSettings(min_confidence=1),
            "low_confidence",
            r"the best face has confidence (0\.9\d+|1\.000); at least 1 is needed \(--min-confidence\)",
        ),
    ],
)
def test_reasons(pair: Path, settings: CropSettings, reason: str, detail: str) -> None:
    (photo,) = crops.crop_photos([pair], settings)
    assert photo.found == ()
    assert photo.rejection
    assert photo.rejection.reason == reason
    assert re.fullmatch(detail, photo.rejection.detail)


def test_a_bad_file_ends_nothing(pair: Path, tmp_path: Path) -> None:
    (tmp_path / "bad.jpg").write_bytes(b"\xff\xd8\xff")
    bad, good = crops.crop_photos([tmp_path / "bad.jpg", pair], CropSettings())
    assert (bad.rejection and bad.rejection.reason, bad.found) == ("unreadable", ())
    assert good.path == pair


def test_aligned_and_loose_crops(pair: Path) -> None:
    (aligned,) = crops.crop_photos([pair], CropSettings(size=96, margin=0.4))
    (loose,) = crops.crop_photos([pair], CropSettings(size=96, margin=0.4, align=False))
    photo = Image.open(pair)
    face, image = aligned.found[0]
    assert (image == alignment.align(photo, face.landmarks, 96, 0.4)).all()
    assert (loose.found[0][1] == alignment.crop(photo, face.box, 96, 0.4)).all()
