"""A command that is stopped by Ctrl-C at a given call of one of its functions."""

import subprocess
import sys
from pathlib import Path

from tests.conftest import Result

_CODE = """
import importlib, os, signal, sys, time
place, after = sys.argv.pop(1), int(sys.argv.pop(1))
name, _, function = place.partition(":")
module = importlib.import_module(name)
inner, calls = getattr(module, function), []
def stopped(*arguments, **options):
    calls.append(1)
    if len(calls) == after:
        os.kill(os.getpid(), signal.SIGINT)
    if len(calls) >= after:
        time.sleep(60)
    return inner(*arguments, **options)
setattr(module, function, stopped)
from celebtool import cli
cli.main()
"""


def at(place: str, call: int, *arguments: object, cwd: Path) -> Result:
    """Run ``celebtool ARGUMENTS…`` in a process that gets Ctrl-C at the n-th call of ``module:function``."""
    line = [sys.executable, "-c", _CODE, place, str(call), *map(str, arguments)]
    done = subprocess.run(line, capture_output=True, text=True, check=False, cwd=cwd, timeout=240)
    return Result(done.returncode, done.stdout, done.stderr)
