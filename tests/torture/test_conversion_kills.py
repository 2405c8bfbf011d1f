"""Promise 9: networks that are converted once, by processes that are killed meanwhile."""

import contextlib
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from celebtool.inference import cache, conversion, predictor
from celebtool.inference.conversion import Graph
from celebtool.nn import classifier
from tests.support.classifiers import tiny
from tests.torture.conftest import Tally, amount

pytestmark = pytest.mark.torture
PREPARE = """
import sys
from pathlib import Path
from celebtool.inference import conversion, predictor
conversion.prepare(predictor.load(Path(sys.argv[1])).graphs)
"""


def test_conversions_killed_at_random_moments_leave_nothing_that_a_later_run_trusts(
    tmp_path: Path, tally: Tally, monkeypatch: pytest.MonkeyPatch
) -> None:
    tally.begin(9, "kills while a network is converted: what is in the cache is whole, and no process is left")
    classifier.save(tiny(), tmp_path / "m.h5")
    (graph,) = predictor.load(tmp_path / "m.h5").graphs
    place = tmp_path / "networks"
    monkeypatch.setenv(cache.VARIABLE, str(place))
    started = time.monotonic()
    undisturbed = prepared(tmp_path / "m.h5", graph)
    duration = time.monotonic() - started
    moments = random.Random(0)
    killed = interrupted = 0
    while killed < amount(2, 8, 200):
        (place / f"{graph.name}.network").unlink(missing_ok=True)
        process = subprocess.Popen([sys.executable, "-c", PREPARE, str(tmp_path / "m.h5")], start_new_session=True)
        try:
            process.wait(moments.uniform(0, duration))
        except subprocess.TimeoutExpired:
            killed += 1
        process.kill()
        process.wait()
        assert is_gone(process.pid)
        found = cache.read(graph.name)
        interrupted += found is None
        assert found in (None, undisturbed)
        tally.count()
    assert interrupted > 0
    assert prepared(tmp_path / "m.h5", graph) == undisturbed
    assert sorted(path.name for path in place.iterdir()) == [f"{graph.name}.network", "lock"]


def prepared(model: Path, graph: Graph) -> bytes:
    subprocess.run([sys.executable, "-c", PREPARE, str(model)], check=True)
    content = cache.read(graph.name)
    assert content is not None
    assert conversion.content(graph) == content
    return content


def is_gone(group: int) -> bool:
    """Say whether all processes of a group end within ten seconds."""
    for _ in range(100):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(group, 0)
            time.sleep(0.1)
            continue
        return True
    os.killpg(group, signal.SIGKILL)
    return False
