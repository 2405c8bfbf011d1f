"""Make a folder of photos as messy as people's own: DIRECTORY/photos and DIRECTORY/new. Every run makes the same files.

The photos are those of the AT&T Database of Faces; the names are invented. Six people have a folder each, and
photos/unknown holds ten others. new/ holds photos of two of the six and of people who are nowhere else. To this are
added copies, group photos, a photo in the wrong folder, damaged files, a picture without a face and a file that
another program left behind. docs/tutorial.md puts all of it right.
"""

import shutil
import sys
import tempfile
from pathlib import Path

import att_faces
import numpy as np
from PIL import Image, ImageFilter, ImageOps

PEOPLE = {"alex": "s3", "blair": "s2", "casey": "s13", "drew": "s4", "ellis": "s5", "gray": "s7"}
STRANGERS = [f"s{number}" for number in range(21, 31)]
PARTIES = [["gray", "s40"], ["casey", "gray", "s36"], ["s38"]]
WALL = 120  # the grey of the wall behind a group


def main(directory: Path) -> None:
    """Write both folders; they must not be there yet."""
    with tempfile.TemporaryDirectory() as temporary:
        att_faces.copy(Path(temporary))
        add_people(Path(temporary), directory / "photos")
        add_parties(Path(temporary), directory / "new")
    add_mess(directory / "photos")


def add_people(att: Path, photos: Path) -> None:
    """Write the folders of the people, nine photos each, and of the strangers, five photos each."""
    for name, number in PEOPLE.items():
        (photos / name).mkdir(parents=True)
        for photo in range(1, 10):
            open_photo(att / number / f"{photo}.pgm").save(photos / name / f"{photo}.jpg", quality=90)
    (photos / "unknown").mkdir()
    for number in STRANGERS:
        for photo in range(1, 6):
            open_photo(att / number / f"{photo}.pgm").save(photos / "unknown" / f"{number}-{photo}.jpg", quality=90)


def add_parties(att: Path, new: Path) -> None:
    """Write group photos from the tenth photo of each person, which photos/ does not have."""
    new.mkdir(parents=True)
    for number, names in enumerate(PARTIES, start=1):
        group([open_photo(att / PEOPLE.get(name, name) / "10.pgm") for name in names]).save(
            new / f"party-{number}.jpg", quality=90
        )


def open_photo(file: Path) -> Image.Image:
    """Return a photo of the database at twice its size."""
    image = Image.open(file).convert("L")
    return image.resize((2 * image.width, 2 * image.height), Image.Resampling.LANCZOS)


def add_mess(photos: Path) -> None:
    """Add what makes real folders hard to train on."""
    add_copies(photos / "alex/1.jpg")
    for number in (1, 2, 3):
        friends = [Image.open(photos / name / f"{number}.jpg") for name in ("blair", "ellis")]
        group(friends).save(photos / f"blair/with-ellis-{number}.jpg", quality=90)
    shutil.copy(photos / "alex/4.jpg", photos / "casey/who-is-this.jpg")
    (photos / "drew/notes.jpg").write_text("The best photos are on the other disk.\n")
    (photos / "drew/cut-off.jpg").write_bytes((photos / "drew/2.jpg").read_bytes()[:2500])
    (photos / "drew/empty.jpg").touch()
    add_sideways(photos / "ellis/1.jpg", photos / "ellis/sideways.jpg")
    landscape().save(photos / "ellis/holiday.jpg", quality=90)
    for number in range(4, 10):
        (photos / f"gray/{number}.jpg").unlink()
    (photos / "drew/Thumbs.db").write_bytes(b"\xd0\xcf\x11\xe0")


def add_copies(photo: Path) -> None:
    """Save a photo three times more: mirrored, smaller, and at a lower quality."""
    image = Image.open(photo)
    ImageOps.mirror(image).save(photo.with_name("mirrored.jpg"), quality=90)
    image.resize((image.width * 3 // 4, image.height * 3 // 4)).save(photo.with_name("smaller.png"))
    image.save(photo.with_name("saved-again.jpg"), quality=50)


def add_sideways(photo: Path, file: Path) -> None:
    """Save a photo as a camera held sideways does: turned, with a note in the file that says so."""
    image = Image.open(photo)
    exif = image.getexif()
    exif[0x0112] = 6  # orientation: to be shown turned by 90 degrees clockwise
    image.transpose(Image.Transpose.ROTATE_90).save(file, quality=90, exif=exif)


def landscape() -> Image.Image:
    """Return a picture without a face: light above, hills below."""
    x, y = np.meshgrid(np.arange(320), np.arange(240))
    hills = 150 + 25 * np.sin(x / 40) + 10 * np.sin(x / 13)
    shades = np.where(y < hills, 230 - y / 3, 90 - (y - hills) / 3)
    return Image.fromarray(shades.astype(np.uint8)).convert("RGB")


def group(photos: list[Image.Image]) -> Image.Image:
    """Return one picture with several photos side by side before a wall, their edges faded."""
    width = sum(photo.width for photo in photos) + 30 * (len(photos) + 1)
    wall = Image.new("L", (width, max(photo.height for photo in photos) + 80), WALL)
    left = 30
    for number, photo in enumerate(photos):
        inner = Image.new("L", (photo.width - 16, photo.height - 16), 255)
        mask = ImageOps.expand(inner, 8).filter(ImageFilter.GaussianBlur(4))
        wall.paste(photo, (left, 30 + 15 * (number % 2)), mask)
        left += photo.width + 30
    return wall.convert("RGB")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
