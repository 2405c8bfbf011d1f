"""Promise 18: what other programs leave behind changes nothing: settings, layouts of folders, saved tables."""

import csv
import io
import itertools
import os
import random
import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from celebtool.formats import decisions, manifest, predictions
from celebtool.formats.decisions import Decision, Decisions, Verb
from celebtool.formats.manifest import REJECTED, Row
from tests.conftest import tree
from tests.torture import world
from tests.torture.conftest import Tally, amount
from tests.torture.forge import Forge

VARIABLES = {
    "KERAS_BACKEND": ("jax", "torch", "nonsense"),
    "KERAS_HOME": ("/nonexistent", "/dev/null"),
    "KERAS_MAX_EPOCHS": ("1",),
    "KERAS_MAX_STEPS_PER_EPOCH": ("1",),
    "TF_USE_LEGACY_KERAS": ("1",),
    "TF_ENABLE_ONEDNN_OPTS": ("0", "1"),
    "TF_XLA_FLAGS": ("--tf_xla_auto_jit=2",),
    "TF_DETERMINISTIC_OPS": ("0",),
    "TF_NUM_INTRAOP_THREADS": ("7",),
    "XLA_FLAGS": ("--no_such_flag",),
    "CUDA_VISIBLE_DEVICES": ("", "7", "-1"),
    "MPLBACKEND": ("module://matplotlib_inline.backend_inline", "TkAgg", "nonsense", ""),
    "MPLCONFIGDIR": ("/nonexistent", "/dev/null"),
    "PYTHONWARNINGS": ("error", "nonsense"),
    "PYTHONOPTIMIZE": ("1", "2"),
    "PYTHONUTF8": ("0", "1"),
    "PYTHONIOENCODING": ("latin-1", "ascii"),
    "PYTHONHASHSEED": ("0", "7"),
    "PYTHONUNBUFFERED": ("1",),
    "PYTHONDEVMODE": ("1",),
    "LC_ALL": ("C", "POSIX", "de_DE.UTF-8", "nonsense", "tr_TR.UTF-8"),
    "LANG": ("C", "xx"),
    "LANGUAGE": ("de",),
    "TZ": ("Asia/Kathmandu", "nonsense"),
    "HOME": ("/nonexistent", "/dev/null", ""),
    "XDG_CACHE_HOME": ("/nonexistent",),
    "TERM": ("dumb", "", "nonsense"),
    "COLUMNS": ("1", "0", "-1", "100000", "x"),
    "NO_COLOR": ("1",),
    "FORCE_COLOR": ("1",),
    "OMP_NUM_THREADS": ("1", "64"),
    "DASK_CONFIG": ("/nonexistent",),
    "SOURCE_DATE_EPOCH": ("0",),
}
FILES = {
    ".keras/keras.json": (
        '{"image_data_format": "channels_first"}',
        '{"floatx": "float16"}',
        '{"floatx": "float64", "epsilon": 0.5}',
        '{"backend": "torch"}',
        "not json",
        "[]",
        "",
    ),
    ".config/matplotlib/matplotlibrc": ("figure.dpi: 7\n", "backend: TkAgg\n", "nonsense\n", "font.size: 40\n"),
}


OF_NETWORKS = ("KERAS", "TF_", "XLA", ".keras", "PYTHON", "OMP", "LC_ALL", "HOME", "site")
SITES = (  # modules that Python runs at its start
    "import keras; keras.config.set_image_data_format('channels_first'); keras.config.set_floatx('float16')",
    "import matplotlib; matplotlib.rcParams['figure.dpi'] = 7; matplotlib.rcParams['font.size'] = 40",
    "import warnings; warnings.simplefilter('error')",
    "import logging; logging.basicConfig(level=10)",
    "raise RuntimeError('no')",
    "import random, numpy; random.seed(7); numpy.random.seed(7); numpy.seterr(all='raise')",
)


def environments(root: Path) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield each setting: what it is, and the variables that make it."""
    for name, values in VARIABLES.items():
        for value in values:
            yield f"{name}={value}", {name: value}
    for file, contents in FILES.items():
        for number, content in enumerate(contents):
            home = root / f"home {number}"
            (home / file).parent.mkdir(parents=True, exist_ok=True)
            (home / file).write_text(content)
            yield f"{file}: {content}", {"HOME": str(home), "XDG_CONFIG_HOME": str(home / ".config")}
    for number, code in enumerate(SITES):
        (root / f"site {number}").mkdir()
        (root / f"site {number}" / "sitecustomize.py").write_text(code)
        path = os.pathsep.join(filter(None, [str(root / f"site {number}"), os.environ.get("PYTHONPATH")]))
        yield f"sitecustomize: {code}", {"PYTHONPATH": path}


@pytest.mark.slow
@pytest.mark.torture
@pytest.mark.parametrize("command", ["report --plots", "train", "finetune"])
def test_settings_of_other_programs(tmp_path: Path, tally: Tally, command: str) -> None:
    tally.begin(18, f"variables and files with settings of other programs, {command}: the same bytes, or one line")
    place = world.make(tmp_path / "place", {"ann": 8, "bob": 8})
    line = {
        "report --plots": ("report", "table.csv", "--plots", "out"),
        "train": ("train", "parts", "out.h5", *world.TINY),
        "finetune": ("finetune", "model.h5", "parts", "out.h5", "--epochs", "1", "--quiet"),
    }[command]
    if command == "finetune":
        assert world.run(*world.MODEL, cwd=place).code == 0
    assert world.run(*line, cwd=place).code == 0
    whole = tree(place)
    everything = list(environments(tmp_path))
    if command != "report --plots":
        everything = [each for each in everything if each[0].startswith(OF_NETWORKS)]
    random.Random(0).shuffle(everything)
    broken = []
    for what, variables in everything[: amount(1, 6, 99)]:
        remove(place / world.output(line))
        ended = world.run(*line, cwd=place, environment=variables)
        if ended.code == 0 and tree(place) != whole:
            broken.append((what, "other bytes"))
        elif ended.code and (ended.code not in (1, 2) or not world.one_line(ended)):
            broken.append((what, f"{ended.code}: {ended.said[-300:]}"))
        tally.count()
    assert broken == [], "\n".join(map(str, broken))


def remove(path: Path) -> None:
    shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)


DECIDED = (
    Decision("ann/1.jpg", Verb.TAKE, 2, digest="ab" * 32),
    Decision("Ann, Bob; Cho/2.jpg", Verb.MOVE, label="ann", note='he says "cheese"; cut off, blurred'),
    Decision("=x/3.jpg", Verb.DROP, note="-1"),
)
NUMBER = re.compile(r"^(\d+)\.(\d+)$")
TRAIN = ("train", "Train", "TRAINING", "train set", "train_images", "trn")
VAL = ("val", "valid", "Validation", "VAL", "dev", "validation_set", "eval")
TEST = ("", "test", "Testing")
JUNK = (
    "Thumbs.db", "thumbs.db", "THUMBS.DB", "desktop.ini", "Desktop.ini", ".DS_Store", "Icon\r", "ann.jpg:Zone.Identifier",
    "@eaDir/a.jpg", "__MACOSX/._a.png", ".AppleDouble/a.png", "._a.png", ".hidden.png", "#recycle/a.png",
    "Thumbs.db:encryptable", "ann.jpg:com.apple.quarantine", "ann.jpg:Zone.Identifier:$DATA", "ann.jpg@SynoEAStream", "~$ann.docx",
    "ann.jpg\uf022AFP_AfpInfo", "ehthumbs_vista.db", "Picasa.ini", "Network Trash Folder/a.png", "$RECYCLE.BIN/a.png",
    "lost+found/a.png", "System Volume Information/x", ".@__thumb/a.png", "@Recently-Snapshot/a.png", ".thumbs/a.jpg",
)  # fmt: skip


def test_layouts_of_folders(tmp_path: Path, tally: Tally) -> None:
    tally.begin(18, "layouts that folders come in, through split: read as meant, or one line that says what to type")
    faces = world.make(tmp_path / "made", {"ann": 8, "bob": 8}) / "faces"
    (tmp_path / "streams").mkdir()
    forge, place = Forge("light", tmp_path / "streams"), tmp_path / "place"
    broken: list[object] = []

    def split(root: str, expected: int, said: str) -> None:
        code = forge.run(["split", root, "out"], place)
        ok = code == expected and said in forge.said() and "Traceback" not in forge.said()
        broken.extend([] if ok else [(sorted(p.name for p in place.rglob("*") if p.is_dir())[:9], code, forge.said())])
        shutil.rmtree(place)
        tally.count()

    for train, val, test in list(itertools.product(TRAIN, VAL, TEST))[:: amount(5, 1, 1)]:
        for part in filter(None, (train, val, test)):
            shutil.copytree(faces, place / "in" / part)
        split("in", 1, "celebtool: error: in")
    for below in ("pins", "images", "data", "dataset", "all", "Faces"):
        shutil.copytree(faces, place / "in" / below)
        split("in", 1, f"give in/{below} instead")
    for sources in (("google", "bing"), ("batch1", "batch2", "batch3"), ("a", "b")):
        for source in sources:
            shutil.copytree(faces, place / "in" / source)
        split("in", 1, "celebtool: error: in")
    shutil.copytree(faces, place / "in")
    assert forge.run(["split", "in", "out"], place) == 0, forge.said()
    whole = {name: content for name, content in tree(place / "out").items() if "celebtool.json" not in name}
    shutil.rmtree(place)
    for junk, directory in list(itertools.product(JUNK, ("ann", ".")))[:: amount(3, 1, 1)]:
        shutil.copytree(faces, place / "in")
        (place / "in" / directory / junk).parent.mkdir(exist_ok=True)
        (place / "in" / directory / junk).write_bytes(b"junk")
        code = forge.run(["split", "in", "out"], place)
        found = {name: content for name, content in tree(place / "out").items() if "celebtool.json" not in name}
        broken.extend([] if code == 0 and found == whole else [(junk, directory, code, forge.said())])
        shutil.rmtree(place)
        tally.count()
    forge.close()
    assert broken == [], "\n".join(map(str, broken))


@pytest.mark.parametrize("kind", ["manifest", "predictions", "decisions"])
def test_tables_that_a_spreadsheet_saved(tmp_path: Path, tally: Tally, kind: str) -> None:
    tally.begin(18, f"{kind} as spreadsheets and editors save them, read as they were meant")
    rows = [
        Row("ann/1.jpg", "ann", "ann/1.png", "ab" * 32, extra={"face": "1", "sharpness": "12.5"}),
        Row("", "Ann, Bob; Cho", 'say "cheese".png', "cd" * 32, REJECTED, "unreadable", {"face": "", "sharpness": ""}),
    ]
    file = tmp_path / f"{kind}.csv"
    if kind == "manifest":
        manifest.write(tmp_path, rows, ("face", "sharpness"))
    elif kind == "decisions":
        decisions.write(tmp_path, Decisions(rows=DECIDED))
    else:
        file.write_text((world.make(tmp_path / "made") / "table.csv").read_text())

    def read() -> object:
        if kind == "decisions":
            return decisions.read(file).rows
        if kind == "manifest":
            rows = manifest.read_all(tmp_path)
            return [(replace(row, extra={}), row.number("sharpness"), row.number("face")) for row in rows]
        found = predictions.read(file)
        return found.class_names, [
            (
                row.path,
                row.label,
                row.predicted,
                [] if row.probabilities is None else row.probabilities.round(3).tolist(),
            )
            for row in found.rows
        ]

    cells, wanted = list(csv.reader(io.StringIO(file.read_text()))), read()
    encodings, commas = ("utf-8", "utf-8-sig", "utf-16"), (False, True)
    ways = list(itertools.product(encodings, ("", "sep"), ",;\t", ("\n", "\r\n"), (0, 1, 5), (0, 3), (0, 1), commas))
    random.Random(0).shuffle(ways)
    for encoding, sep, separator, end, columns, blank, quoting, comma in ways[: amount(40, 144, 864)]:
        stream = io.StringIO(newline="")
        writer = csv.writer(stream, delimiter=separator, lineterminator=end, quoting=quoting)
        shown = [[NUMBER.sub(r"\1,\2", cell) for cell in row] if comma else row for row in cells]
        writer.writerows([*row, *[""] * columns] for row in [*shown, *[[""] * len(cells[0])] * blank])
        text = (f"sep={separator}{end}" if sep else "") + stream.getvalue()
        file.write_bytes(text.encode(encoding))
        assert read() == wanted, (encoding, sep, separator, end, columns, blank, quoting, comma)
        tally.count()
