"""Convert networks to what LiteRT reads, once, in a process of their own that imports TensorFlow.

The graph comes from celebtool's own table of architectures, and the weights from digest-checked files. Nothing but the
result is kept (`celebtool.inference.cache`). A cache that can't be written is replaced by a temporary one for this run.
"""

import atexit
import contextlib
import functools
import hashlib
import importlib.metadata
import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import celebtool
from celebtool.errors import CelebtoolError, printable
from celebtool.inference import cache
from celebtool.system import signals, temporary, trees

_START = """
import os, sys, threading

def end_with_parent():  # from the start on, since importing TensorFlow takes seconds
    sys.stdin.read()
    os._exit(1)

order = sys.stdin.readline()
threading.Thread(target=end_with_parent, daemon=True).start()
sys.path.insert(0, sys.argv[1])
import celebtool  # this one, whatever others there are
del sys.path[0]
sys.path.append(sys.argv.pop(1))
from celebtool.nn import convert
convert.main(order)
"""
"""What the process runs; it ends when the other end of its stdin is closed, so that a killed run leaves no process behind."""
_OUT_OF_MEMORY = re.compile("MemoryError|allocate memory|bad_alloc|ResourceExhausted|out of memory", re.IGNORECASE)
"""How Python, NumPy, the loader of libraries, C++ and TensorFlow say it."""
_NO_MEMORY = "there is too little memory to prepare it"
_OWN_DIRECTORY = str(Path(celebtool.__file__).parent.parent)


@dataclass(frozen=True)
class Graph:
    """A network to convert.

    Args:
        title: what a user calls it.
        builder: ``module:function`` in `celebtool.nn.networks`, called with `digest`, `arguments` and, if there is one,
            `source` by name; it returns a `celebtool.nn.networks.convertible.Convertible`, or bytes to keep as they are.
        digest: SHA-256 of the weights, which the builder compares with what it reads.
        arguments: what else the network depends on, as JSON.
        source: the file that holds the weights, if they are not a package's; the network does not depend on its name.
    """

    title: str
    builder: str
    digest: str
    arguments: Mapping[str, object] = field(default_factory=dict)
    source: str = ""

    def __hash__(self) -> int:
        """Hash by the name, since mappings have no hash."""
        return hash(self.name)

    @property
    def name(self) -> str:
        """A digest of all that the converted network depends on."""
        parts = [self.builder, self.digest, self.arguments, _versions(), _sources()]
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def prepare(graphs: Sequence[Graph], say: Callable[[str], None] = lambda _: None) -> None:
    """Convert the networks that the cache lacks.

    Raises:
        CelebtoolError: a builder refuses its weights, or the conversion fails.
    """
    missing = [graph for graph in graphs if not _is_there(graph, say)]
    if not missing:
        return
    say(f"preparing the networks for this machine, once: {', '.join(dict.fromkeys(graph.title for graph in missing))}")
    if problem := _problem_of_filling(missing, say):
        say(f"{problem}; the networks are prepared for this run alone")
        others = {graph.name: cache.read(graph.name) for graph in graphs if graph not in missing}
        _use_temporary(others)
        _fill(missing, say)


def content(graph: Graph) -> bytes:
    """Return a converted network, converting it if need be; raises as `prepare`."""
    for _ in range(2):
        prepare([graph])
        found = cache.read(graph.name)
        if found is not None:
            return found
    raise CelebtoolError(
        graph.title, f"vanishes from {cache.directory()}; see that no other program removes files there"
    )


def _is_there(graph: Graph, say: Callable[[str], None]) -> bool:
    try:
        return cache.read(graph.name) is not None
    except ValueError as error:
        say(f"{cache.directory()}: holds the network {graph.title}, but {error}; it is prepared again")
        return False


def _problem_of_filling(graphs: Sequence[Graph], say: Callable[[str], None]) -> str:
    """Convert networks into the cache; return why it can't keep them, "" if it does.

    Some file systems say of every file that everybody may write it, or that it is another user's.
    """
    place = cache.directory()
    try:
        _fill(graphs, say)
    except OSError as error:
        if place is None:
            return "there is no home directory to keep them in"
        return f"{place}: can't be written ({error.strerror or error})"
    try:
        for graph in graphs:
            cache.read(graph.name)
    except ValueError as error:
        return f"{place}: what is written there can't be trusted ({error})"
    return ""


def _fill(graphs: Sequence[Graph], say: Callable[[str], None]) -> None:
    """Convert those networks that are still missing; raises OSError if the cache can't be written."""
    with cache.workspace(say) as place:
        # another process may have been here
        missing = [graph for graph in graphs if not _is_there(graph, lambda _: None)]
        if missing:
            convert(missing, place)
        for number, graph in enumerate(missing):
            cache.write(graph.name, (place / str(number)).read_bytes())
            if (place / f"{number}.name").exists():
                cache.link(graph.name, (place / f"{number}.name").read_text(encoding="ascii"))


def convert(graphs: Sequence[Graph], place: Path, output: Path | None = None) -> None:
    """Run `celebtool.nn.convert` in a process that ends early if this one does.

    It writes the networks into the directory `place` as 0, 1, and so on, and into 0.name under which other name the network
    would be found, too.

    Raises:
        CelebtoolError: a builder refuses its weights, or the conversion fails.
        OSError: `place` can't be written; it names `output`, or else the cache.
    """
    order = json.dumps({"place": str(place), "graphs": [asdict(graph) for graph in graphs]})
    # -B: it leaves nothing in the temporary directory
    line = [sys.executable, "-B", "-P", "-c", _START, _OWN_DIRECTORY]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    scratch = place / "temporary"  # of TensorFlow, which leaves its files there if it is killed
    scratch.mkdir(exist_ok=True)
    environment = {**os.environ, "CUDA_VISIBLE_DEVICES": "-1", "TMPDIR": str(scratch)}
    with (
        subprocess.Popen(line, env=environment, **pipes) as process,  # type: ignore[call-overload]  # noqa: S603
        signals.cleaned_up(process.kill),
    ):
        said = _conversation(process, order.encode() + b"\n")
    if process.returncode:
        raise _failure(process.returncode, said, graphs, output or cache.directory())


def _conversation(process: "subprocess.Popen[bytes]", order: bytes) -> bytes:
    """Give a process its order; return what it wrote. Its input stays open while this process lives."""
    if process.stdin is None or process.stdout is None:
        raise ValueError("expected pipes")
    try:
        with contextlib.suppress(BrokenPipeError):  # it ended before it read its order
            process.stdin.write(order)
            process.stdin.flush()
        return process.stdout.read()
    except BaseException:
        process.kill()
        raise


def _failure(code: int, said: bytes, graphs: Sequence[Graph], written: Path | None) -> CelebtoolError | OSError:
    """Return the error that a process told of in its last line, or what its exit code means.

    An OSError is one of what it writes.
    """
    last = said.strip().rpartition(b"\n")[2]
    with contextlib.suppress(ValueError, KeyError, TypeError):
        told = json.loads(last)
        if "errno" in told:
            return OSError(told["errno"], told["strerror"], str(written))
        return CelebtoolError(told["where"], told["problem"])
    titles = ", ".join(dict.fromkeys(graph.title for graph in graphs))
    if code < 0:
        problem = f"the process that prepares it was ended by signal {-code}; free some memory, then run it again"
        return CelebtoolError(titles, problem)
    text = printable(last.decode(errors="replace"))
    if _OUT_OF_MEMORY.search(text):
        return CelebtoolError(titles, f"{_NO_MEMORY} ({text}); free some, then run the same command again")
    return CelebtoolError(titles, f"can't be prepared: {text}; install celebtool again")


def _use_temporary(contents: Mapping[str, bytes | None]) -> None:
    """Keep networks in a temporary directory from now on, in worker processes that start later, too; some are there."""
    own = os.getpid()
    place = Path(tempfile.mkdtemp(prefix=temporary.PREFIX, dir=temporary.root()))
    os.environ[cache.VARIABLE] = str(place)

    def remove() -> None:
        if os.getpid() == own:
            trees.remove(place)

    atexit.register(remove)
    for name, content in contents.items():
        if content is not None:
            cache.write(name, content)


@functools.cache
def _versions() -> dict[str, str]:
    """Return the versions of what converts and runs networks, and of celebtool, which reads their weights."""
    others = {name: importlib.metadata.version(name) for name in ("ai-edge-litert", "keras", "tensorflow")}
    return {"celebtool": celebtool.__version__, **others}


@functools.cache
def _sources() -> str:
    """Return a digest of the code that builds and converts networks: when it changes, so may they."""
    root = Path(celebtool.__file__).parent / "nn"
    total = hashlib.sha256()
    for file in [*sorted((root / "networks").glob("*.py")), root / "convert.py"]:
        total.update(file.read_bytes())
    return total.hexdigest()
