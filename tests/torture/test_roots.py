"""Promise 7: nothing outside the given roots is read or written, and the current directory decides nothing."""

import json
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.conftest import tree
from tests.torture import world
from tests.torture.conftest import Tally, amount

SECRET = b"SECRET,0123456789\n"
Attack = tuple[str, Callable[[Path, Path], None], tuple[str, ...]]


def link(name: str) -> Callable[[Path, Path], None]:
    """Put a link to the secret in the place of a name, whatever was there."""

    def plant(place: Path, secret: Path) -> None:
        path = place / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        path.unlink(missing_ok=True)
        path.symlink_to(secret)

    return plant


def link_directory(name: str) -> Callable[[Path, Path], None]:
    return lambda place, secret: link(name)(place, secret.parent)


def second_name(name: str) -> Callable[[Path, Path], None]:
    """Put a hard link to the secret in the place of a name: what is written in place would change it."""

    def plant(place: Path, secret: Path) -> None:
        (place / name).parent.mkdir(parents=True)
        os.link(secret, place / name)

    return plant


def pipe(name: str) -> Callable[[Path, Path], None]:
    def plant(place: Path, _secret: Path) -> None:
        (place / name).parent.mkdir(parents=True)
        os.mkfifo(place / name)

    return plant


READERS = (
    ("balance", "faces", "out"),
    ("split", "faces", "out"),
    ("augment", "parts", "out"),
    ("report", "faces"),
    ("report", "faces", "--plots", "out"),
    ("report", "faces", "--html", "out"),
)
WRITERS = (
    ("balance", "faces", "out"),
    ("split", "faces", "out"),
    ("report", "table.csv", "--plots", "out"),
    ("report", "table.csv", "--html", "out"),
)


def attacks() -> Iterator[Attack]:
    """Yield what is planted, how, and the command that meets it."""
    for line in READERS:
        root = line[1]
        base = "parts/train" if root == "parts" else "faces"
        for name in ("ann/9.png", "ann/0.png", "bob/0.png", "ann/sub/deep.png"):
            yield f"link {base}/{name}", link(f"{base}/{name}"), line
            yield f"directory link {base}/{name}", link_directory(f"{base}/{name}"), line
        for name in ("manifest.csv", "celebtool.json"):
            yield f"link {root}/{name}", link(f"{root}/{name}"), line
        for path in (
            "../secret/file",
            "/etc/passwd",
            "ann/../../secret/file",
            "..\\secret",
            "ann/0.png/../../../secret/file",
        ):
            yield f"manifest with {path}", manifest_with(root, path), line
    for line in WRITERS:
        for name in (".out.partial", ".out.partial/lock", ".out.partial/recipe.json", ".out.partial/scratch", ".out.partial/old",
                     ".out.partial/content", ".out.partial/content.d", ".out.partial/scratch/x"):  # fmt: skip
            yield f"link {name}", link(name), line
            yield f"directory link {name}", link_directory(name), line
        for name in ("lock", "recipe.json", "content", "content.d", "scratch/x"):
            yield f"second name .out.partial/{name}", second_name(f".out.partial/{name}"), line
            yield f"pipe .out.partial/{name}", pipe(f".out.partial/{name}"), line
        yield "link out", link("out"), line
        yield "directory link out", link_directory("out"), line
        yield "dangling link out", lambda place, secret: (place / "out").symlink_to(secret.with_name("new")), line
    for path in (
        "../secret/file",
        "/etc/passwd",
        "ann/../../secret/file",
        "./../secret/file",
        "ann/0.png/../../../secret/file",
    ):
        for rest in (("--plots", "out"), ("--html", "out"), ("--mistakes",)):
            images = ("--images", "faces") if rest[0] != "--mistakes" else ()
            yield f"table with {path}", table_with(path), ("report", "table.csv", *rest, *images)


def manifest_with(root: str, path: str) -> Callable[[Path, Path], None]:
    def plant(place: Path, _secret: Path) -> None:
        lines = ["path,label,source,origin,status,reason"]
        lines += [f"{name},ann,{name},{'0' * 64},kept," for name in (path, f"train/{path}", f"../{path}")]
        (place / root / "manifest.csv").write_text("\n".join(lines) + "\n")

    return plant


def table_with(path: str) -> Callable[[Path, Path], None]:
    def plant(place: Path, _secret: Path) -> None:
        text = (place / "table.csv").read_text()
        (place / "table.csv").write_text(text + f"{path},,bob,predicted,,ann,0.9,0.9,no,0.9,0.1\n")

    return plant


def test_nothing_leads_outside(tmp_path: Path, tally: Tally) -> None:
    tally.begin(7, "links and paths that lead outside, planted in folders, tables and workspaces")
    secret = tmp_path / "secret" / "file"
    secret.parent.mkdir()
    secret.write_bytes(SECRET)
    world.make(tmp_path / "clean")
    place = tmp_path / "place"
    for what, plant, line in list(attacks())[:: amount(25, 3, 1)]:
        shutil.rmtree(place, ignore_errors=True)
        shutil.copytree(tmp_path / "clean", place)
        plant(place, secret)
        ended = world.run(*line, cwd=place)
        assert tree(secret.parent) == {"file": SECRET}, (what, line)
        assert ended.code in (0, 1), (what, line, ended)
        assert b"SECRET" not in ended.stdout + ended.stderr, (what, line, ended)
        assert b"Traceback" not in ended.stderr, (what, line, ended.said)
        out = place / "out"
        if not out.is_symlink():
            written = tree(out).values() if out.is_dir() else [out.read_bytes()] if out.exists() else []
            assert not any(b"SECRET" in data or b"root:" in data for data in written), (what, line)
        tally.count()
    assert tally.tried >= amount(7, 60, 120)


HOSTILE = ("numpy", "PIL", "keras", "tensorflow", "celebtool", "sitecustomize", "usercustomize", "typing", "json", "signal", "csv",
           "multiprocessing", "matplotlib", "rich", "typer", "filelock", "pandas", "scipy", "sklearn", "h5py", "encodings", "site",
           "mtcnn", "ai_edge_litert", "joblib", "lz4", "pickle", "socket", "random", "pi_heif", "face_recognition_models")  # fmt: skip
DATA = {
    "matplotlibrc": "figure.facecolor: red\ntext.usetex: True\nbackend: module://numpy\nnonsense: [\n",
    "keras.json": '{"backend": "jax", "floatx": "float16"}',
    "pnet.lz4": "x", "rnet.lz4": "x", "onet.lz4": "x",
    "pyvenv.cfg": "home = .\n", "pyproject.toml": "x", "setup.cfg": "x", ".env": "PYTHONPATH=.", "evil.pth": "import evil",
    "python311.zip": "x", "python311._pth": ".\n", "fonts.conf": "<x", "pip.conf": "x", ".matplotlib/matplotlibrc": "backend: evil\n",
    "predictions.csv": "x", "celebtool.json": "[", "manifest.csv": "x",
}  # fmt: skip


def plant_everything(place: Path) -> None:
    """Fill a directory with modules that tell when they are imported, and with files that libraries look for."""
    for name in HOSTILE:
        (place / f"{name}.py").write_text(f"open('{place}/imported-{name}', 'w'); raise SystemExit(99)\n")
    for name, text in DATA.items():
        (place / name).parent.mkdir(exist_ok=True)
        (place / name).write_text(text)


LINES = (
    ("balance", "faces", "out"),
    ("split", "faces", "out"),
    ("augment", "parts", "out"),
    ("report", "table.csv", "--plots", "out"),
    ("report", "table.csv", "--html", "out"),
    pytest.param(("crop-faces", "faces", "out", "--jobs", "2"), marks=[pytest.mark.slow, pytest.mark.torture]),
    pytest.param(("train", "parts", "out.h5", *world.TINY), marks=[pytest.mark.slow, pytest.mark.torture]),
)


@pytest.mark.parametrize("line", LINES, ids=lambda line: line[0])
def test_a_hostile_current_directory_changes_nothing(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, line: tuple[str, ...], tally: Tally
) -> None:
    tally.begin(7, "files in the current directory that Python or a library would load")
    clean, hostile = tmp_path / "clean", tmp_path / "hostile"
    world.make(clean)
    shutil.copytree(clean, hostile)
    plant_everything(hostile)
    temporary = tmp_path_factory.mktemp("t")  # its name is short: a socket has to have room in it
    first, second = (world.run(*line, cwd=cwd, environment={"TMPDIR": str(temporary)}) for cwd in (clean, hostile))
    assert [path.name for path in hostile.glob("imported-*")] == []
    assert (second.code, second.said) == (first.code, first.said)
    assert first.code == 0, first.said
    assert second.stdout == first.stdout
    assert list(temporary.iterdir()) == []
    outputs = [place / world.output(line) for place in (clean, hostile)]
    written = [tree(output) if output.is_dir() else output.read_bytes() for output in outputs]
    assert written[0] == written[1]
    if line[0] == "train":
        answers = [world.run("predict", "out.h5", "parts/test", cwd=place) for place in (clean, hostile)]
        assert answers[0] == answers[1]
        assert [path.name for path in hostile.glob("imported-*")] == []
    tally.count(len(HOSTILE) + len(DATA))


def test_python_m_does_not_look_in_the_current_directory(tmp_path: Path, tally: Tally) -> None:
    tally.begin(7, "modules in the current directory of `python -m celebtool`")
    import subprocess
    import sys

    world.make(tmp_path)
    plant_everything(tmp_path)
    (tmp_path / "celebtool.py").unlink()  # Python itself finds that one first
    for name in ("signal", "encodings", "site", "typing"):  # loaded already, or by Python itself
        (tmp_path / f"{name}.py").unlink()
    done = subprocess.run(
        [sys.executable, "-m", "celebtool", "balance", "faces", "out"], cwd=tmp_path, capture_output=True, check=False
    )
    assert [path.name for path in tmp_path.glob("imported-*")] == []
    assert done.returncode == 0, done.stderr
    tally.count(len(HOSTILE) - 5)


def test_recipes_of_strangers_are_data(tmp_path: Path, tally: Tally) -> None:
    """celebtool.json of a folder that somebody else made: deep, wrong, huge."""
    tally.begin(7, "celebtool.json of strangers")
    texts = [
        "[" * 100_000, "{" * 5000, '{"a":' * 5000 + "1" + "}" * 5000, "NaN", "1e999", '{"input": {"made_by": []}}', '"x"', "",
        json.dumps({"command": "crop-faces", "parameters": {"size": "x" * 1000, "margin": [], "align": {}}}),
        '{"input":' + "9" * 5000 + "}", '{"command": "\\ud800"}', "\ufeff{}", '{"parameters": "\x00"}', " " * (1 << 20),
        '{"size": Infinity}', '{"size": 1e999}', '{"a":' * 978 + "1" + "}" * 978, '{"a":' * 30 + "1" + "}" * 30,
        json.dumps({"command": "crop-faces", "parameters": {"size": 20_000, "margin": 1e308, "align": 1, "format": "tiff"}}),
    ]  # fmt: skip
    for number, text in enumerate(texts[:: amount(5, 1, 1)]):
        place = tmp_path / str(number)
        world.make(place)
        (place / "faces/celebtool.json").write_text(text)
        for line in (("balance", "faces", "out"), ("report", "faces")):
            ended = world.run(*line, cwd=place)
            assert ended.code in (0, 1), (text[:50], ended)
            assert ended.code == 0 or world.one_line(ended), (text[:50], ended.said)
            assert "Traceback" not in ended.said, (text[:50], ended.said)
            tally.count()


def test_a_directory_deeper_than_the_stack(tmp_path: Path, tally: Tally) -> None:
    tally.begin(7, "directories a thousand deep")
    world.make(tmp_path)
    here = os.open(tmp_path / "faces/ann", os.O_RDONLY)
    for _ in range(1900):
        os.mkdir("d", dir_fd=here)
        deeper = os.open("d", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = deeper
    os.close(here)
    ended = world.run("balance", "faces", "out", cwd=tmp_path)
    assert ended.code == 0 or world.one_line(ended), ended.said
    tally.count()
    os.system(f"rm -rf '{tmp_path}/faces'")
