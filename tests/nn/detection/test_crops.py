import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from skimage import data

from celebtool.cropping.plan import Settings
from celebtool.imaging import alignment
from celebtool.nn.detection import crops as face_crops

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


def lefts(path: Path, settings: Settings) -> list[float]:
    (crops,) = face_crops.crop_photos([path], settings)
    return [face.box.left for face, _ in crops.found]


def test_rules(pair: Path) -> None:
    large, small = lefts(pair, Settings(select="all"))
    assert large < 300 < small
    assert lefts(pair, Settings(select="largest")) == pytest.approx([large], abs=10)
    assert lefts(pair, Settings(select="center")) == [small]
    assert lefts(pair, Settings(select="confident"))[0] in {large, small}


@pytest.mark.parametrize(
    ("settings", "reason", "detail"),
    [
        (Settings(select="only"), "several_faces", "2 faces; one was asked for"),
        (Settings(min_face=400), "too_small", r"the largest face has \d+\.\d pixels, not 400"),
        (Settings(min_confidence=1), "low_confidence", r"the surest face has confidence (0\.9\d+|1\.000), not 1"),
    ],
)
def test_reasons(pair: Path, settings: Settings, reason: str, detail: str) -> None:
    (crops,) = face_crops.crop_photos([pair], settings)
    assert crops.found == ()
    assert crops.reason == reason
    assert re.fullmatch(detail, crops.detail)


def test_a_bad_file_ends_nothing(pair: Path, tmp_path: Path) -> None:
    (tmp_path / "bad.jpg").write_bytes(b"\xff\xd8\xff")
    bad, good = face_crops.crop_photos([tmp_path / "bad.jpg", pair], Settings())
    assert (bad.reason, bad.found) == ("unreadable", ())
    assert good.path == pair


def test_aligned_and_loose_crops(pair: Path) -> None:
    (aligned,) = face_crops.crop_photos([pair], Settings(size=96, margin=0.4))
    (loose,) = face_crops.crop_photos([pair], Settings(size=96, margin=0.4, align=False))
    photo = np.asarray(Image.open(pair))
    face, image = aligned.found[0]
    assert (image == alignment.align(photo, face.landmarks, 96, 0.4)).all()
    assert (loose.found[0][1] == alignment.crop(photo, face.box, 96, 0.4)).all()
