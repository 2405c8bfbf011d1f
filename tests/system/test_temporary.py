import tempfile

import pytest

from celebtool.errors import CelebtoolError
from celebtool.system import temporary


def test_without_a_directory_that_can_be_written_it_says_what_to_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", None)
    monkeypatch.setattr(tempfile, "_candidate_tempdir_list", lambda: ["/dev/null"])
    with pytest.raises(CelebtoolError) as caught:
        temporary.root()
    assert str(caught.value) == (
        "temporary files: no directory for them can be written, such as /tmp; set TMPDIR to one that can, as TMPDIR=$HOME"
    )


def test_otherwise_it_is_the_systems() -> None:
    assert temporary.root() == tempfile.gettempdir()
