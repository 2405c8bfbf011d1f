import contextlib
import os

import pytest

from celebtool.system import environment


def test_variables_are_as_they_were_after_the_block(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SET", "before")
    monkeypatch.delenv("UNSET", raising=False)
    before = dict(os.environ)
    within: dict[str, str] = {}
    with contextlib.suppress(ValueError), environment.changed({"SET": "within", "UNSET": "within"}):
        within |= os.environ
        raise ValueError
    assert within == before | {"SET": "within", "UNSET": "within"}
    assert dict(os.environ) == before
