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
