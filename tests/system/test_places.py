from pathlib import Path

import pytest

from celebtool.errors import CelebtoolError
from celebtool.system.places import check_places


@pytest.mark.parametrize(
    ("outputs", "problem"),
    [
        (["a", None, "a"], "{0}/a: is the output as well; choose another name"),
        (["a", "./a/b"], "{0}/a/b: lies inside the output {0}/a; choose an output beside it"),
        (["new/a", "new"], "{0}/new: no such directory; make it first"),
        (["in/a", "in"], "{0}/in/a: lies inside the input {0}/in; choose an output beside it"),
        (["old/a", "old"], "{0}/old: contains the output {0}/old/a; choose an output beside it"),
        (["a", "link"], "{0}/link: is the output as well; choose another name"),
        (["a", "nowhere"], "{0}/nowhere: is a link to nowhere; remove it or choose another name"),
        (["a", "b", None, "old/a"], ""),
    ],
)
def test_outputs_of_one_run_lie_beside_one_another(tmp_path: Path, outputs: list[str | None], problem: str) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "old").mkdir()
    (tmp_path / "nowhere").symlink_to("absent")
    if outputs[1] == "link":
        (tmp_path / "a").write_text("x")
        (tmp_path / "link").symlink_to("a")
    said = ""
    try:
        check_places([tmp_path / name if name else None for name in outputs], [tmp_path / "in"])
    except CelebtoolError as error:
        said = str(error)
    assert said == problem.format(tmp_path)
