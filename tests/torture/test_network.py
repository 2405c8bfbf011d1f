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
    ("crop-faces", "faces", "crops", "--max-rejects", "100%"),
    world.MODEL,
    ("finetune", "model.h5", "parts", "more.h5", "--unfreeze", "all", "--epochs", "1"),
    ("ensemble", "model.h5", "more.h5", "both.h5"),
    ("predict", "both.h5", "parts/test", "-o", "out.csv"),
    ("report", "out.csv"),
)
HEAVY = [pytest.param("models", marks=pytest.mark.torture)]


def unshared() -> list[str]:
    """Return the command that runs another without a network; skip where that is not allowed."""
    line = ["unshare", "-n", "--"]
    if not shutil.which("unshare") or subprocess.run([*line, "true"], capture_output=True, check=False).returncode:
        pytest.skip("may not unshare the network")
    return line


@pytest.mark.parametrize("which", ["pipeline", *HEAVY])
def test_the_pipeline_without_a_network(tmp_path: Path, which: str, tally: Tally) -> None:
    tally.begin(14, "commands of the pipeline without a network")
    world.make(tmp_path)
    for arguments in PIPELINE if which == "pipeline" else MODELS:
        line = [*unshared(), *world.line(*arguments)]
        done = subprocess.run(line, cwd=tmp_path, capture_output=True, check=False, stdin=subprocess.DEVNULL)
        assert done.returncode == 0, (arguments, done.stderr[-1000:])
        tally.count()


@pytest.mark.skipif(shutil.which("strace") is None, reason="needs strace")
@pytest.mark.parametrize("which", ["pipeline", *HEAVY])
def test_no_socket_is_opened(tmp_path: Path, which: str, tally: Tally) -> None:
    """The system calls of every command; with ImageNet's weights wanted and absent, in the models' share."""
    tally.begin(14, "commands without a socket, with CELEBTOOL_OFFLINE=1")
    world.make(tmp_path)
    wanted = ("train", "parts", "x.h5", "--arch", "mobilenetv2", "--epochs", "1")
    for arguments in PIPELINE if which == "pipeline" else (*MODELS, wanted):
        log = tmp_path.with_name("log")
        trace = ["strace", "-f", "-qq", "-o", str(log), "-e", "trace=socket,connect,sendto,bind"]
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


@pytest.mark.torture
@pytest.mark.skipif(SCALE != "full", reason="takes ten minutes")
def test_the_whole_suite_without_a_network(tally: Tally) -> None:
    tally.begin(14, "tests of the whole suite without a network")
    root = Path(__file__).parents[2]
    env = {**os.environ, "TORTURE": "fast", "TORTURE_TABLE": ""}
    line = [*unshared(), sys.executable, "-m", "pytest", "-m", "not torture", "--ignore", "tests/torture"]
    done = subprocess.run(line, cwd=root, capture_output=True, text=True, check=False, env=env)
    assert done.returncode == 0, done.stdout[-3000:]
    dots = re.findall(r"^([.sx]+) +\[", done.stdout, re.MULTILINE)
    tally.count(sum(len(row.replace("s", "")) for row in dots))
