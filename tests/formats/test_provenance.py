import errno
import json
import os
from pathlib import Path

import pytest

from celebtool.errors import CelebtoolError
from celebtool.formats import provenance


def folder(root: Path, content: bytes = b"x", name: str = "a/1.jpg") -> Path:
    (root / name).parent.mkdir(parents=True)
    (root / name).write_bytes(content)
    return root


def test_a_recipe_depends_on_content_and_names_alone(tmp_path: Path) -> None:
    recipes = [
        provenance.recipe("split", {"seed": 0}, folder(tmp_path / f"{number}", content, name))
        for number, (content, name) in enumerate(
            [(b"x", "a/1.jpg"), (b"x", "a/1.jpg"), (b"y", "a/1.jpg"), (b"x", "a/2.jpg")]
        )
    ]
    assert recipes[0] == recipes[1]
    assert len({json.dumps(recipe) for recipe in recipes}) == 3


def test_crop_parameters_are_found_however_many_commands_ago(tmp_path: Path) -> None:
    root = folder(tmp_path / "faces")
    crop = {
        "command": "crop-faces",
        "parameters": {"size": 224, "margin": 0.25, "align": True, "format": "png", "select": "largest"},
    }
    (root / "celebtool.json").write_text(json.dumps({"command": "split", "input": {"made_by": crop}}))
    assert provenance.crop_parameters(root) == {"size": 224, "margin": 0.25, "align": True, "format": "png"}
    assert provenance.crop_parameters(folder(tmp_path / "loose")) is None


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('{"size": 1e999}', "a number without bounds"),
        ('{"a":' * 70 + "1" + "}" * 70, "nested too deeply"),
        ('{"a":' * 978 + "1" + "}" * 978, "nested too deeply"),
        ('{"command": "crop-faces", "parameters": {"size": "abc"}}', "size: not a whole number from 16 to 2048"),
        ('{"input": {"made_by": {"command": "crop-faces", "parameters": {"margin": 1e308}}}}', "margin: not a number"),
    ],
)
def test_what_no_command_writes_is_refused(tmp_path: Path, text: str, problem: str) -> None:
    (tmp_path / "celebtool.json").write_text(text)
    with pytest.raises(
        CelebtoolError, match=rf"celebtool.json: is not what celebtool writes \({problem}.*\); restore the file"
    ):
        provenance.read(tmp_path)


@pytest.mark.parametrize("text", ["", "[1]", "{", "[" * 100_000, '{"size": Infinity}', '{"size": NaN}'])
def test_a_file_that_is_no_json_object(tmp_path: Path, text: str) -> None:
    (tmp_path / "celebtool.json").write_text(text)
    with pytest.raises(CelebtoolError, match=r"celebtool.json: is not what celebtool writes \(.+\); restore the file"):
        provenance.read(tmp_path)


def test_a_file_whose_state_cannot_be_asked_for_once_is_still_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A fault that passes must not change what the recipe says of the input."""
    (tmp_path / "a.jpg").write_bytes(b"a photo")
    wanted = provenance.digest(tmp_path)
    asked, left = Path.stat, [1]

    def stat(path: Path, **named: bool) -> os.stat_result:
        if path.name == "a.jpg" and left:
            left.pop()
            raise FileNotFoundError(errno.ENOENT, "away", str(path))
        return asked(path, **named)

    monkeypatch.setattr(Path, "stat", stat)
    assert provenance.digest(tmp_path) == wanted
    assert left == []
