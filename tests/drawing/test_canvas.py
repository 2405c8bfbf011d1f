import os
import subprocess
import sys

NOWHERE = """
import tempfile
tempfile._candidate_tempdir_list = lambda: ["/dev/null"]
from celebtool.drawing import canvas
figure = canvas.Figure()
figure.text(0, 0, "drawn")
figure.canvas.draw()
"""


def test_it_draws_where_no_directory_can_be_written() -> None:
    environment = os.environ | {"MPLCONFIGDIR": "/dev/null/none"}
    done = subprocess.run([sys.executable, "-c", NOWHERE], env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_environment_is_as_it_was() -> None:
    code = (
        "import os; before = dict(os.environ); from celebtool.drawing import canvas; print(before == dict(os.environ))"
    )
    for environment in ({}, {"MPLBACKEND": "module://matplotlib_inline.backend_inline"}):
        done = subprocess.run(
            [sys.executable, "-c", code], env=os.environ | environment, capture_output=True, text=True, check=True
        )
        assert done.stdout == "True\n"
