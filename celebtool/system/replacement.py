"""Put a finished directory in the place of an output, in one step where that is possible."""

import shutil
from pathlib import Path

from celebtool.system import signals, trees

RECIPE_FILE = "celebtool.json"
INSIDE = ".celebtool.partial"
"""The workspace of an output whose parent may not be changed; it lies in the output."""


def replace(content: Path, path: Path) -> None:
    """Give a directory its final name; a directory of that name is set aside for a moment.

    An empty directory that can't be renamed is filled instead: it is a mount point, as of a container, or its parent may
    not be changed.
    """
    if path.exists():
        try:
            path.rename(content.with_name("old"))
        except OSError:
            if not is_empty(path):
                raise
            _fill(content, path)
            return
    content.rename(path)


def _fill(content: Path, path: Path) -> None:
    """Move what a directory holds into an empty one, the recipe last: without it the output is not finished."""
    with signals.held_back():
        try:
            for entry in sorted(content.iterdir(), key=lambda entry: entry.name == RECIPE_FILE):
                shutil.move(entry, path / entry.name)
        except BaseException:
            for entry in path.iterdir():
                if entry.name != INSIDE:
                    trees.remove(entry)
            raise


def is_empty(path: Path) -> bool:
    """Say whether a directory holds nothing but a workspace."""
    return path.is_dir() and all(entry.name == INSIDE for entry in path.iterdir())


def recover(root: Path, path: Path) -> None:
    """Restore an output that was set aside for a new one that did not come."""
    if not path.exists() and (root / "old").exists():
        (root / "old").rename(path)
