"""Promise 14: nothing needs a network, and CELEBTOOL_OFFLINE=1 opens no socket."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.torture import world
from tests.torture.conftest import SCALE, Tally

PIPELINE = (
    ("balance", "faces", "even"),
    ("split", "faces", "p"),
    ("augment", "parts", "more"),
    ("report", "faces", "--json"),
    ("report", "table.csv", "--html", "page.html"),
    ("report", "table.csv", "--plots", "plots"),
)
MODELS = (
    ("crop-faces", "photos", "crops"),
    world.MODEL,
    ("finetune", "model.h5", "parts", "more.h5", "--unfreeze", "all", "--epochs", "1"),
    ("ensemble", "model.h5", "more.h5", "both.h5"),
    ("predict", "both.h5", "parts/test", "-o", "out.csv"),
    ("report", "out.csv"),
)
HEAVY = [pytest.param("models", marks=[pytest.mark.slow, pytest.mark.torture])]


def unshared() -> list[str]:
    """Return the command that runs another without a network; skip where that is not allowed."""
    line = ["unshare", "-n", "--"]
    if not shutil.which("unshare") or subprocess.run([*line, "true"], capture_output=True, check=False).returncode:
        pytest.skip("may not unshare the network")
    return line


@pytest.mark.parametrize("which", ["pipeline", *HEAVY])
def test_the_pipeline_without_a_network(tmp_path: Path, which: str, tally: Tally) -> None:
    tally.begin(14, f"commands of the pipeline{' with models' * (which == 'models')} without a network")
    world.photos(world.make(tmp_path))
    for arguments in PIPELINE if which == "pipeline" else MODELS:
        line = [*unshared(), *world.line(*arguments)]
        done = subprocess.run(line, cwd=tmp_path, capture_output=True, check=False, stdin=subprocess.DEVNULL)
        assert done.returncode == 0, (arguments, done.stderr[-1000:])
        tally.count()


@pytest.mark.skipif(shutil.which("strace") is None, reason="needs strace")
@pytest.mark.parametrize("which", ["pipeline", *HEAVY])
def test_no_socket_is_opened(tmp_path: Path, which: str, tally: Tally) -> None:
    """The system calls of every command; with ImageNet's weights wanted and absent, in the models' share."""
    tally.begin(14, f"commands{' with models' * (which == 'models')} that open no socket, with CELEBTOOL_OFFLINE=1")
    world.photos(world.make(tmp_path))
    wanted = ("train", "parts", "x.h5", "--arch", "mobilenetv2", "--epochs", "1")
    for arguments in PIPELINE if which == "pipeline" else (*MODELS, wanted):
        log = tmp_path.with_name("log")
        trace = ["strace", "-f", "--seccomp-bpf", "-qq", "-o", str(log), "-e", "trace=socket,connect,sendto,bind"]
        env = {**os.environ, "CELEBTOOL_OFFLINE": "1", "KERAS_HOME": str(tmp_path / "keras")}
        done = subprocess.run(
            [*trace, *world.line(*arguments)], cwd=tmp_path, capture_output=True, check=False, env=env
        )
        assert done.returncode == (arguments is wanted), (arguments, done.stderr[-1000:])
        sockets = [
            call for call in log.read_text().splitlines() if re.search(r"socket\((?!AF_UNIX|AF_NETLINK)|AF_INET", call)
        ]
        assert sockets == [], (arguments, sockets)
        tally.count()


SUITE = ("tests/commands", "tests/formats", "tests/nn", "tests/report", "the rest of tests")


@pytest.mark.slow
@pytest.mark.torture
@pytest.mark.skipif(SCALE != "full", reason="takes as long as `make test`")
@pytest.mark.parametrize("part", SUITE)
def test_the_whole_suite_without_a_network(part: str, tally: Tally) -> None:
    """With a loopback interface, over which the browser and Dask's workers are spoken to."""
    tally.begin(14, f"{part} without a network")
    root = Path(__file__).parents[2]
    env = {**os.environ, "TORTURE": "fast", "TORTURE_TABLE": ""}
    others = [argument for name in (*SUITE[:-1], "tests/torture") for argument in ("--ignore", name)]
    chosen = ["tests", *others] if part == SUITE[-1] else [part]
    inner = ["sh", "-c", 'ip link set lo up; exec "$@"', "sh", sys.executable, "-m", "pytest", *chosen]
    done = subprocess.run([*unshared(), *inner], cwd=root, capture_output=True, text=True, check=False, env=env)
    assert done.returncode == 0, done.stdout[-3000:]
    dots = re.findall(r"^([.sx]+) +\[", done.stdout, re.MULTILINE)
    tally.count(sum(len(row.replace("s", "")) for row in dots))
