"""The package as a module: what `import celebtool` loads, and what it offers."""

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


def test_importing_celebtool_loads_nothing_else() -> None:
    done = subprocess.run([sys.executable, "-c", LIGHT], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["celebtool"]


def test_all_that_is_offered_is_there() -> None:
    assert set(celebtool.__all__) <= set(dir(celebtool))
    for name in celebtool.__all__:
        assert getattr(celebtool, name).__doc__, name
    with pytest.raises(AttributeError, match="module 'celebtool' has no attribute 'predict'"):
        _ = celebtool.predict  # type: ignore[attr-defined]
