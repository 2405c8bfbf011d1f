import os
from pathlib import Path

import pytest

from celebtool.system import trees
from tests.conftest import make_deep, tree


def test_all_that_lies_below_what_holds_others_before_them(tmp_path: Path) -> None:
    (tmp_path / "a/b").mkdir(parents=True)
    (tmp_path / "a/b/file").write_text("x")
    (tmp_path / "a/link").symlink_to(tmp_path)
    found = [os.path.relpath(entry.path, tmp_path) for entry in trees.entries(tmp_path)]
    assert sorted(found) == ["a", "a/b", "a/b/file", "a/link"]
    assert found.index("a") < found.index("a/b") < found.index("a/b/file")


def test_a_directory_is_removed_however_deep_and_nothing_that_it_links_to(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/photo").write_text("x")
    make_deep(tmp_path / "deep")
    (tmp_path / "deep/link").symlink_to(tmp_path / "mine")
    for path in (tmp_path / "deep", tmp_path / "absent"):
        trees.remove(path)
    (tmp_path / "link").symlink_to(tmp_path / "mine")
    trees.remove(tmp_path / "link")
    assert tree(tmp_path) == {"mine/photo": b"x"}
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_what_a_thread_makes_meanwhile_is_removed_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "gone/train").mkdir(parents=True)
    late = [tmp_path / "gone/train/late"]

    def rmdir(path: Path) -> None:
        if late:
            late.pop().write_text("x")
        os.rmdir(path)

    monkeypatch.setattr(Path, "rmdir", rmdir)
    trees.remove(tmp_path / "gone")
    assert list(tmp_path.iterdir()) == []
