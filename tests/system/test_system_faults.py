import errno
import os
from pathlib import Path

import pytest

from celebtool.errors import SystemFaultError
from celebtool.system import system_faults


@pytest.fixture(autouse=True)
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Record how long is waited, and do not wait."""
    slept: list[float] = []
    monkeypatch.setattr(system_faults.time, "sleep", slept.append)
    return slept


@pytest.mark.parametrize("number", [errno.ENOENT, errno.EIO, errno.ESTALE, errno.EACCES, errno.EMFILE])
@pytest.mark.parametrize("times", [0, 1, 3])
def test_a_fault_that_passes_is_none(pauses: list[float], number: int, times: int) -> None:
    left = [number] * times

    def attempt() -> str:
        if left:
            raise OSError(left.pop(), "away")
        return "read"

    assert system_faults.tried_again(Path("a"), attempt) == "read"
    assert pauses == list(system_faults.PAUSES[:times])


@pytest.mark.parametrize("number", [errno.ENOENT, errno.EIO, errno.ESTALE, errno.EACCES, errno.EMFILE])
def test_a_fault_that_stays_says_what_to_do(number: int) -> None:
    def attempt() -> None:
        raise OSError(number, os.strerror(number))

    with pytest.raises(SystemFaultError) as caught:
        system_faults.tried_again(Path("photos/a.jpg"), attempt)
    assert str(caught.value) == (
        f"photos/a.jpg: can't be read ({os.strerror(number)}), which says nothing of its content;"
        " when it can be read again, run the same command again"
    )
    assert caught.value.exit_code == 1


def test_other_errors_are_not_tried_again(pauses: list[float]) -> None:
    def attempt() -> None:
        raise ValueError("damaged")

    with pytest.raises(ValueError, match="damaged"):
        system_faults.tried_again(Path("a"), attempt)
    assert pauses == []
