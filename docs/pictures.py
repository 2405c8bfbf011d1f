"""Draw the pictures of the documents anew: ``python docs/pictures.py`` writes docs/images/*.png (make pictures).

All faces are of the AT&T Database of Faces. Needs Chromium, which draws the page and the terminal; set CHROMIUM to its
path if it is not called chromium.
"""

import io
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from PIL import Image, ImageChops
from rich.console import Console
from rich.terminal_theme import MONOKAI
from rich.text import Text
from transcripts import ROOT, record

IMAGES = ROOT / "docs/images"
MOST_BYTES = 150_000
PROMPT = "\x1b[1;32m$\x1b[0m "

FOLDER = """
python examples/messy_folder.py walk
cd walk
celebtool crop-faces photos faces --review review.png
celebtool crop-faces photos faces --review review.html
celebtool split faces parts --train .5 --val .25 --test .25
celebtool train parts model.h5
celebtool predict model.h5 new --faces --annotate named
cd ..
"""
NETWORK = """
python examples/att_faces.py all
mkdir photos
mv all/s1 all/s2 all/s3 all/s4 all/s5 all/s6 all/s7 all/s8 all/s9 all/s10 all/s11 all/s12 photos
celebtool crop-faces photos faces
celebtool split faces parts --train .5 --val .1 --test .4
celebtool train parts cnn.h5 --arch cnn --image-size 64 --dense 128 --epochs 10 --batch-size 8
celebtool predict cnn.h5 parts/test --closed-set -o predictions.csv
celebtool report predictions.csv --images parts/test --html report.html
celebtool report cnn.h5 --plots curves
celebtool report predictions.csv --images parts/test --plots plots
"""
SHOWN = "celebtool report predictions.csv --confusion --quiet"
TERMINAL = """<!doctype html><meta charset="utf-8"><style>
body {{ margin: 0; background: #0c0c0c; color: #d9d9d9 }}
pre {{ margin: 0; padding: 16px 20px; font: 14px/1.164 "DejaVu Sans Mono", monospace; white-space: pre-wrap; width: 100ch }}
</style><pre>{}</pre>"""


def main() -> None:
    """Run the commands in a temporary directory and save what they draw."""
    IMAGES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as temporary:
        directory = Path(temporary)
        (directory / "examples").symlink_to(ROOT / "examples")
        lines = [*FOLDER.split("\n"), *NETWORK.split("\n"), SHOWN]
        printed = record([line for line in lines if line], directory)
        save(stacked([directory / f"walk/review-{number}.png" for number in (2, 3, 4)]), "crop-review")
        save(Image.open(directory / "walk/named/party-2.jpg").convert("RGB"), "named")
        save(screenshot(directory / "report.html", 1000, 940), "report")
        save(recipe(directory), "recipe")
        save(screenshot(directory / "walk/review.html", 1100, 760), "review")
        terminal = directory / "terminal.html"
        terminal.write_text(TERMINAL.format(coloured(f"{PROMPT}{SHOWN}\n{printed[-1]}")), encoding="utf-8")
        save(cut(screenshot(terminal, 900, 1400)), "terminal")


def stacked(files: list[Path]) -> Image.Image:
    """Return pictures one above the other, at three quarters of their size."""
    pictures = [Image.open(file).convert("RGB") for file in files]
    whole = Image.new("RGB", (max(each.width for each in pictures), sum(each.height for each in pictures)), "white")
    top = 0
    for each in pictures:
        whole.paste(each, (0, top))
        top += each.height
    return whole.resize((whole.width * 3 // 4, whole.height * 3 // 4), Image.Resampling.LANCZOS)


def recipe(directory: Path) -> Image.Image:
    """Return the pictures that a recipe draws in two columns: loss and accuracy above, confusion matrix and predictions below."""
    columns = (("curves/loss", "plots/confusion_matrix"), ("curves/accuracy", "plots/predictions"))
    width, space = 560, 16
    drawn = [[Image.open(directory / f"{name}.png").convert("RGB") for name in names] for names in columns]
    drawn = [[each.resize((width, each.height * width // each.width)) for each in column] for column in drawn]
    whole = Image.new("RGB", (2 * width + space, max(sum(each.height for each in column) for column in drawn)), "white")
    for number, (above, below) in enumerate(drawn):
        whole.paste(above, (number * (width + space), 0))
        whole.paste(below, (number * (width + space), above.height))
    return whole


def coloured(printed: str) -> str:
    """Return what a terminal shows as HTML."""
    console = Console(record=True, width=200, file=io.StringIO())
    console.print(Text.from_ansi(printed.replace("\r\n", "\n")), soft_wrap=True)
    return console.export_html(theme=MONOKAI, inline_styles=True, code_format="{code}").replace("#0c0c0c", "inherit")


def screenshot(page: Path, width: int, height: int) -> Image.Image:
    """Return the upper left part of a page in a browser's window."""
    browser = os.environ.get("CHROMIUM") or shutil.which("chromium") or "chromium"
    file = page.with_suffix(".png")
    subprocess.run(
        [
            browser, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
            "--disable-component-update", "--disable-sync", "--hide-scrollbars", f"--user-data-dir={page.parent}/chromium",
            f"--window-size={width},{height}", f"--screenshot={file}", page.as_uri(),
        ],
        check=True, capture_output=True,
    )  # fmt: skip
    return Image.open(file).convert("RGB")


def cut(picture: Image.Image) -> Image.Image:
    """Return a picture without the empty rest at its right and bottom."""
    background = Image.new("RGB", picture.size, picture.getpixel((picture.width - 1, picture.height - 1)))
    box = ImageChops.difference(picture, background).getbbox() or (0, 0, *picture.size)
    return picture.crop((0, 0, min(picture.width, box[2] + 22), min(picture.height, box[3] + 18)))


def save(picture: Image.Image, name: str) -> None:
    """Save a picture with as many colours as it may have to stay small."""
    file = IMAGES / f"{name}.png"
    colours, method = 256, Image.Quantize.MEDIANCUT
    while True:
        picture.quantize(colours, method, dither=Image.Dither.NONE).save(file, optimize=True)
        if file.stat().st_size < MOST_BYTES:
            break
        colours, method = colours * 2 // 3, Image.Quantize.MAXCOVERAGE  # which keeps the rare colours
    print(
        f"{file.relative_to(ROOT)}: {picture.width} x {picture.height}, {colours} colours, {file.stat().st_size} bytes"
    )


if __name__ == "__main__":
    main()
