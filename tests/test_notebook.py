"""examples/celebtool.ipynb runs from its first cell to its last, and what it shows is what it was committed with."""

import re
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

NOTEBOOK = Path(__file__).parents[1] / "examples/celebtool.ipynb"


def kinds(cell: Any) -> list[str]:
    """Return what a cell shows: text, a table, a picture."""
    return [str(sorted(output.get("data", {"text": ""}))) for output in cell.get("outputs", [])]


def test_the_committed_notebook_was_run_and_is_small() -> None:
    text = NOTEBOOK.read_text(encoding="utf-8")
    cells = [cell for cell in nbformat.reads(text, 4).cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    assert len(text) < 150_000
    assert re.findall(r"/(?:tmp|home|root|Users)/", text) == []


@pytest.mark.slow
def test_the_notebook_runs_and_shows_pictures(tmp_path: Path) -> None:
    committed = nbformat.read(NOTEBOOK, 4)
    notebook = nbformat.read(NOTEBOOK, 4)
    NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(tmp_path)}}).execute()
    assert list(map(kinds, notebook.cells)) == list(map(kinds, committed.cells))
    assert sum("image/png" in each for cell in notebook.cells for each in kinds(cell)) == 3
    last = notebook.cells[-1]
    assert "jobs=2" in last.source
    assert last.outputs[0].text == "True\n"
    assert list(tmp_path.iterdir()) == []
