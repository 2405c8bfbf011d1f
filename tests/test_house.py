"""The rules of the house that ruff and import-linter cannot hold: what loads when, how large things are."""

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

import celebtool
from celebtool.cli import VERBS

ROOT = Path(celebtool.__file__).parent
HEAVY = (
    "tensorflow",
    "keras",
    "pandas",
    "sklearn",
    "matplotlib",
    "scipy",
    "h5py",
    "mtcnn",
    "ai_edge_litert",
    "onnx",
    "onnxruntime",
)

LOADED = """
import json, sys
sys.argv = ["celebtool", *sys.argv[1:]]
from celebtool.cli import main
try:
    main()
except SystemExit:
    pass
print(json.dumps(sorted({name.split(".")[0] for name in sys.modules})))
"""


@pytest.mark.parametrize("verb", ["", *VERBS])
def test_help_loads_nothing_heavy(verb: str) -> None:
    line = [sys.executable, "-c", LOADED, *([verb] if verb else []), "--help"]
    done = subprocess.run(line, capture_output=True, text=True, check=True)
    assert not set(HEAVY) & set(json.loads(done.stdout.splitlines()[-1]))


@pytest.mark.parametrize("verb", VERBS)
def test_help_ends_with_an_example_that_is_a_command_line(verb: str) -> None:
    documentation = VERBS[verb].__doc__ or ""
    assert f"Example: celebtool {verb} " in documentation or f"| celebtool {verb} " in documentation


def test_functions_and_modules_stay_small() -> None:
    large = []
    for path in sorted(ROOT.rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        if text.count("\n") > 250:
            large.append(f"{path.name}: {text.count(chr(10))} lines")
        for node in ast.walk(ast.parse(text)):
            # a command's options are its signature: only what follows counts
            if isinstance(node, ast.FunctionDef) and path.parent.name != "commands":
                length = (node.end_lineno or 0) - node.lineno + 1
                if length > 50:
                    large.append(f"{path.name}:{node.lineno} {node.name}: {length} lines")
    assert large == []
