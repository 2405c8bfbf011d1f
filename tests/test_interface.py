"""The package as a module: what `import celebtool` loads, and what it offers."""

import json
import os
import shutil
import subprocess
import sys

import pytest

import celebtool

LIGHT = """
import sys
before = set(sys.modules)
import celebtool
print(*sorted({name.split(".")[0] for name in set(sys.modules) - before} - set(sys.stdlib_module_names)))
"""

STATE = """
import json, os, signal, sys

def state():
    handlers = [str(signal.getsignal(number)) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)]
    return [handlers, dict(os.environ), sys.stdout is sys.__stdout__, sys.path[:], os.getcwd()]

before = state()
import celebtool
photos, faces, path = sys.argv[1:]
celebtool.crop_faces(photos, faces)
model = celebtool.train(faces, path)
predictions = model.predict(photos)
celebtool.evaluate(predictions, allow_leak=True).to_frame()
import multiprocessing
same = state() == before
print(json.dumps([same, "tensorflow" in sys.modules, len(multiprocessing.active_children()), len(predictions)]))
"""


def test_importing_celebtool_loads_nothing_else() -> None:
    done = subprocess.run([sys.executable, "-c", LIGHT], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["celebtool"]


def test_all_that_is_offered_is_there() -> None:
    assert set(celebtool.__all__) <= set(dir(celebtool))
    for name in celebtool.__all__:
        assert getattr(celebtool, name).__doc__, name
    with pytest.raises(AttributeError, match="module 'celebtool' has no attribute 'predict'"):
        _ = celebtool.predict  # type: ignore[attr-defined]


@pytest.mark.slow
def test_the_program_stays_as_it_was(att_faces, tmp_path) -> None:
    """No signal is handled, no variable set, no process left, no TensorFlow loaded, from the photos to the figures."""
    for person in ("s1", "s2"):
        (tmp_path / "photos" / person).mkdir(parents=True)
        for number in range(1, 6):
            shutil.copy(att_faces / person / f"{number}.pgm", tmp_path / f"photos/{person}")
    environment = {name: value for name, value in os.environ.items() if name != "MPLBACKEND"}
    line = [sys.executable, "-W", "ignore", "-c", STATE, "photos", "faces", "m.h5"]
    done = subprocess.run(line, capture_output=True, text=True, check=False, cwd=tmp_path, env=environment)
    assert done.stderr == ""
    assert json.loads(done.stdout) == [True, False, 0, 10]
