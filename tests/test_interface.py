"""The package as a module: what `import celebtool` loads, and what it offers."""

import ast
import subprocess
import sys
from pathlib import Path

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


def test_a_type_checker_sees_no_name_that_is_not_offered() -> None:
    """With a function ``__getattr__`` in sight, a misspelt name would be an object to it."""
    tree = ast.parse(Path(celebtool.__file__).read_text(encoding="utf-8"))
    functions = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
    assert functions == {"__dir__"}
    (typed,) = (node for node in tree.body if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING")
    imported = {name.name for node in typed.body if isinstance(node, ast.ImportFrom) for name in node.names}
    assert imported == set(celebtool.__all__)
