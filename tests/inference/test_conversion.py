import dataclasses
import json
import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import numpy as np
import pytest

from celebtool.errors import CelebtoolError
from celebtool.inference import cache, conversion, embeddings, runtime
from celebtool.inference.conversion import Graph

GRAPH = embeddings.graph(0.4)


@pytest.fixture(scope="module")
def content() -> bytes:
    return conversion.content(GRAPH)


def pixels(count: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (count, 124, 124, 3), np.uint8)


def answer(order: dict[str, object]) -> tuple[int, object]:
    """Give an order to the process that converts; return its exit code and the JSON of its last line."""
    line = [sys.executable, "-P", "-c", conversion._START, conversion._OWN_DIRECTORY]
    with subprocess.Popen(line, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        said = conversion._conversation(process, json.dumps(order).encode() + b"\n")
    return process.returncode, json.loads(said.splitlines()[-1])


@pytest.mark.slow
def test_a_network_gives_the_same_for_an_image_alone_in_a_batch_and_in_threads(content: bytes) -> None:
    images = pixels(5)
    (together,) = runtime.Network(content)(images)
    one_thread, two_threads = runtime.Network(content), runtime.Network(content, threads=2)
    alone = np.concatenate([one_thread(images[number : number + 1])[0] for number in range(5)])
    assert np.array_equal(together, alone)
    assert np.array_equal(together, two_threads(images)[0])
    many = pixels(2 * runtime.STEP + 3)
    assert np.array_equal(one_thread.features(many)[:5], together)
    assert one_thread.features(many).shape == (len(many), 128)


BEYOND = """
import resource, numpy
from celebtool.inference import embeddings, runtime
network = runtime.load(embeddings.graph(0.4))
resource.setrlimit(resource.RLIMIT_AS, (2 << 30, 2 << 30))
try:
    network(numpy.zeros((3000, 124, 124, 3), numpy.uint8))
except MemoryError as error:
    print(str(error).partition(":")[0])
print(network(numpy.zeros((1, 124, 124, 3), numpy.uint8))[0].shape)
"""


@pytest.mark.slow
def test_an_input_beyond_the_memory_is_a_memory_error_and_a_smaller_one_is_not() -> None:
    done = subprocess.run([sys.executable, "-c", BEYOND], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["no memory for an input of shape (3000, 124, 124, 3)", "(1, 128)"]


@pytest.mark.slow
def test_an_input_that_does_not_fit_is_no_lack_of_memory(content: bytes) -> None:
    """LiteRT says the same of the first as of too little memory; the second it notices when it runs."""
    network = runtime.Network(content)
    for shape, said in (((1, 124, 124, 1), "XNNPack"), ((1, 60, 60, 3), "num_input_elements != num_output_elements")):
        with pytest.raises(CelebtoolError) as caught:
            network(np.zeros(shape, np.uint8))
        assert str(caught.value).startswith(f"LiteRT: can't run a network for an input of shape {shape}: ")
        assert said in str(caught.value)
    assert network(np.zeros((1, 124, 124, 3), np.uint8))[0].shape == (1, 128)


@pytest.mark.slow
def test_a_damaged_network_is_prepared_again(content: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(cache.VARIABLE, str(tmp_path))
    cache.write(GRAPH.name, content)
    file = tmp_path / f"{GRAPH.name}.network"
    file.write_bytes(file.read_bytes()[:-1] + b"?")
    said: list[str] = []
    conversion.prepare([GRAPH], said.append)
    assert said == [
        f"{tmp_path}: holds the network face-sface, but it is damaged; it is prepared again",
        "preparing the networks for this machine, once: face-sface",
    ]
    assert len(cache.read(GRAPH.name) or b"") == len(content)
    assert {path.suffix or path.name for path in tmp_path.iterdir()} == {".network", "lock"}  # nothing unfinished


@pytest.mark.slow
def test_without_a_place_to_write_the_networks_are_prepared_for_the_run_alone(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    (tmp_path / "tmp").mkdir()
    code = (
        "import os, sys; from celebtool.inference import conversion, embeddings, cache;"
        "conversion.prepare([embeddings.graph(0.4)], print);"
        "print(len(cache.read(embeddings.graph(0.4).name)) > 1e7, 'tensorflow' in sys.modules)"
    )
    environment = {**os.environ, cache.VARIABLE: str(tmp_path / "file"), "TMPDIR": str(tmp_path / "tmp")}
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        env=environment,
        check=True,
        cwd=conversion._OWN_DIRECTORY,
    )
    assert done.stdout.splitlines() == [
        "preparing the networks for this machine, once: face-sface",
        f"{tmp_path / 'file'}: can't be written (File exists); the networks are prepared for this run alone",
        "True False",
    ]
    assert list((tmp_path / "tmp").iterdir()) == []


@pytest.mark.slow
def test_modules_of_the_current_directory_are_not_imported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("tensorflow", "keras", "json", "numpy", "celebtool"):
        (tmp_path / f"{name}.py").write_text("open('ran', 'w')")
    monkeypatch.setenv(cache.VARIABLE, str(tmp_path / "networks"))
    monkeypatch.chdir(tmp_path)
    conversion.prepare([GRAPH])
    assert not (tmp_path / "ran").exists()


@pytest.mark.slow
def test_an_error_of_a_builder_comes_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(cache.VARIABLE, str(tmp_path))
    with pytest.raises(CelebtoolError, match="face-sface: its weights are others by now; run the same command again"):
        conversion.prepare([dataclasses.replace(GRAPH, digest="0" * 64)])
    assert [path.name for path in tmp_path.iterdir()] == ["lock"]


def test_a_process_that_is_killed_is_an_error_that_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(cache.VARIABLE, str(tmp_path))
    monkeypatch.setattr(conversion, "_START", "import os; os.kill(os.getpid(), 9)")
    with pytest.raises(
        CelebtoolError, match="face-sface: the process that prepares it was ended by signal 9; free some"
    ):
        conversion.prepare([GRAPH])
    assert [path.name for path in tmp_path.iterdir()] == ["lock"]


def test_another_exception_is_an_error_of_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(cache.VARIABLE, str(tmp_path))
    monkeypatch.setattr(conversion, "_START", "raise ImportError('no tensorflow')")
    with pytest.raises(CelebtoolError) as caught:
        conversion.prepare([GRAPH])
    assert str(caught.value) == "face-sface: can't be prepared: ImportError: no tensorflow; install celebtool again"


@pytest.mark.parametrize(
    ("code", "last"),
    [
        ("raise MemoryError", "MemoryError"),
        ("import numpy; numpy.ones(1 << 50)", "numpy._core._exceptions._ArrayMemoryError: Unable to allocate .*"),
        ("raise ImportError('tf.so: cannot allocate memory in static TLS block')", "ImportError: tf.so: cannot .*"),
    ],
)
def test_too_little_memory_is_called_that(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: str, last: str
) -> None:
    monkeypatch.setenv(cache.VARIABLE, str(tmp_path))
    monkeypatch.setattr(conversion, "_START", code)
    said = (
        rf"face-sface: there is too little memory to prepare it \({last}\); free some, then run the same command again"
    )
    with pytest.raises(CelebtoolError, match=f"^{said}$"):
        conversion.prepare([GRAPH])


FULL = """
import json, sys
print(json.dumps({"errno": 28, "strerror": "No space left on device"}))
sys.exit(1)
"""


def test_a_full_disk_is_one_that_can_not_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(cache.VARIABLE, str(tmp_path))
    monkeypatch.setattr(conversion, "_START", FULL)
    said: list[str] = []
    with pytest.raises(OSError, match="No space left on device"):  # the temporary directory is full, too
        conversion.prepare([GRAPH], said.append)
    assert said[1:] == [
        f"{tmp_path}: can't be written (No space left on device); the networks are prepared for this run alone"
    ]


@pytest.mark.slow
def test_the_process_that_converts_tells_of_a_disk_that_can_not_be_written(tmp_path: Path) -> None:
    graphs = [dataclasses.asdict(embeddings.layout(0.4))]
    said = answer({"place": str(tmp_path / "gone"), "graphs": graphs})
    assert said == (1, {"errno": 2, "strerror": "No such file or directory"})


WRITTEN = """
import json, pathlib, sys
pathlib.Path(json.loads(sys.stdin.readline())["place"], "0").write_bytes(b"network")
"""


def test_a_file_system_on_which_every_file_is_everybodys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(cache.VARIABLE, str(tmp_path))
    monkeypatch.setattr(conversion, "_START", WRITTEN)
    write = cache.write

    def written(name: str, content: bytes) -> None:
        write(name, content)
        if cache.directory() == tmp_path:
            (tmp_path / f"{name}.network").chmod(0o777)

    monkeypatch.setattr(cache, "write", written)
    said: list[str] = []
    conversion.prepare([GRAPH], said.append)
    problem = "what is written there can't be trusted (other users may write it)"
    assert said[1:] == [f"{tmp_path}: {problem}; the networks are prepared for this run alone"]
    assert conversion.content(GRAPH) == b"network"


def test_networks_of_a_cache_that_can_not_be_written_are_not_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(cache.VARIABLE, str(tmp_path))
    monkeypatch.setattr(conversion, "_START", WRITTEN)
    other = dataclasses.replace(GRAPH, digest="0" * 64, title="other")
    cache.write(GRAPH.name, b"there")
    workspace = cache.workspace

    def refused(say: Callable[[str], None]) -> AbstractContextManager[Path]:
        if cache.directory() == tmp_path:
            raise OSError(30, "Read-only file system")
        return workspace(say)

    monkeypatch.setattr(cache, "workspace", refused)
    said: list[str] = []
    conversion.prepare([GRAPH, other], said.append)
    assert said == [
        "preparing the networks for this machine, once: other",
        f"{tmp_path}: can't be written (Read-only file system); the networks are prepared for this run alone",
    ]
    assert cache.directory() != tmp_path
    assert [cache.read(graph.name) for graph in (GRAPH, other)] == [b"there", b"network"]


def test_the_name_depends_on_all_that_the_network_is_made_of() -> None:
    others = [
        dataclasses.replace(GRAPH, builder="celebtool.nn.networks.answering:other"),
        dataclasses.replace(GRAPH, digest="0" * 64),
        dataclasses.replace(GRAPH, arguments={**GRAPH.arguments, "margin": 0.3}),
    ]
    assert len({GRAPH.name, *(other.name for other in others)}) == 4
    assert dataclasses.replace(GRAPH, title="another", source="/another").name == GRAPH.name


def test_a_builder_of_another_package_is_not_called(tmp_path: Path) -> None:
    graphs = [dataclasses.asdict(Graph("x", "os:system", "", {"command": "true"}))]
    problem = "is no builder; expected a function in celebtool.nn.networks. or celebtool.nn.exporting."
    assert answer({"place": str(tmp_path), "graphs": graphs}) == (1, {"where": "os:system", "problem": problem})
    assert not (tmp_path / "0").exists()
