"""What `report` is pointed at, and how much of it is read."""

import io
from pathlib import Path

import pytest

from celebtool.errors import CelebtoolError
from celebtool.report import subjects


@pytest.mark.parametrize("name", ["-", "/dev/zero"])
def test_what_has_no_end_is_an_error(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setattr(subjects, "MAX_TABLE", 1000)
    if not Path("/dev/zero").exists():
        pytest.skip("no /dev/zero")
    with pytest.raises(CelebtoolError, match=r"(stdin|/dev/zero): has more than 1000 bytes; expected predictions"):
        subjects.read([name], io.BytesIO(b"a" * 2000), lambda _: pytest.fail("is no folder"))
