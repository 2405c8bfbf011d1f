"""docs/python.md: every block of Python runs, in the order of the page, as one script that stays as it was."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

PAGE = Path(__file__).parents[1] / "docs/python.md"
BLOCK = re.compile(r"^```python\n(.*?)^```$", re.DOTALL | re.MULTILINE)
BEGIN = """
import warnings, celebtool
warnings.simplefilter("error", celebtool.CelebtoolWarning)
warnings.filterwarnings("ignore", "fewer than 5 test images")

def _state():
    import os, signal, sys
    handlers = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)]
    return handlers, dict(os.environ), sys.path[:], os.getcwd(), sys.stdout, sys.stderr

_before = _state()
"""
END = """
import multiprocessing, sys
assert _state() == _before
assert "tensorflow" not in sys.modules
assert multiprocessing.active_children() == []
"""


@pytest.mark.slow
def test_every_block_runs(face_parts: Path, tmp_path: Path) -> None:
    for name in ("photos", "faces"):
        shutil.copytree(face_parts.parent / name, tmp_path / name)
    (tmp_path / "visitors").mkdir()
    for number, person in enumerate(("s1", "s2"), start=1):
        with Image.open(face_parts.parent / f"photos/{person}/3.pgm") as photo:
            photo.save(tmp_path / f"visitors/{number}.jpg", quality=95)
    blocks = BLOCK.findall(PAGE.read_text(encoding="utf-8"))
    assert len(blocks) == 7
    (tmp_path / "page.py").write_text("".join([BEGIN, *blocks, END]), encoding="utf-8")
    line = [sys.executable, "page.py"]
    done = subprocess.run(line, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    printed = done.stdout.splitlines()
    assert printed[:2] == ["60 crops from 60 photos", "60 images of 6 people: 48 train, 6 val, 6 test"]
    assert "[('[0]', 's1', ''), ('visitors/2.jpg', 's2', ''), ('missing.jpg', '', 'missing')]" in printed
    assert any(line.startswith("visitors/1.jpg: is no ") for line in printed)
    assert printed[-1] == "predict: 2 of 2"
