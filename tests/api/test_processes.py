import multiprocessing
from types import SimpleNamespace

import pytest

import celebtool
from celebtool.api import processes
from celebtool.system import workers


def test_one_job_is_done_in_the_programs_own_process() -> None:
    assert processes.in_program(1).local is workers.inline
    assert processes.in_program(2).local is workers.guests


def test_a_process_that_may_start_none_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(multiprocessing, "current_process", lambda: SimpleNamespace(daemon=True))
    assert processes.in_program(1).jobs == 1
    with pytest.raises(
        celebtool.CelebtoolError, match="jobs: 4; this process is a worker .*, which may start none; expected 1"
    ):
        processes.in_program(4)
