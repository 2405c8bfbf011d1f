"""Workers in a program that is not ours, which may lack the guard that multiprocessing asks for."""

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

SCRIPT = """
import multiprocessing, os, sys
from celebtool.system import workers

print("begins")
print(*workers.run("operator:neg", range(4), 2, workers.guests))
print([child for child in multiprocessing.active_children()], os.environ.get("OMP_NUM_THREADS"))
print(sys.modules["__main__"].__file__ if "__file__" in globals() else "no file")
"""


@pytest.mark.slow
def test_a_script_without_a_guard_begins_once(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(textwrap.dedent(SCRIPT), encoding="utf-8")
    environment = {name: value for name, value in os.environ.items() if name != "OMP_NUM_THREADS"}
    line = [sys.executable, script]
    done = subprocess.run(line, capture_output=True, text=True, check=False, env=environment)
    assert (done.stdout, done.stderr) == (f"begins\n0 -1 -2 -3\n[] None\n{script}\n", "")


@pytest.mark.slow
def test_processes_of_the_program_stay_alive_when_workers_are_killed() -> None:
    code = """
        import subprocess, multiprocessing, time
        from celebtool.system import workers

        if __name__ == "__main__":
            own = multiprocessing.get_context("spawn").Process(target=time.sleep, args=(60,), daemon=True)
            own.start()
            try:
                with workers.guests(1) as executor:
                    executor.submit(time.sleep, 60)
                    raise KeyboardInterrupt
            except KeyboardInterrupt:
                print([child is own for child in multiprocessing.active_children()])
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("[True]\n", "")
