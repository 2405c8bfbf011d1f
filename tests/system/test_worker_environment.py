import os

import pytest

from celebtool.system import worker_environment


def test_the_environment_is_as_it_was_after_blocks_that_overlap(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first ends within the second, as in two threads: the second must not put back what the first had set."""
    monkeypatch.setenv("OMP_NUM_THREADS", "8")
    monkeypatch.delenv("PYTHONSAFEPATH", raising=False)
    before = dict(os.environ)
    first, second = worker_environment.prepared(), worker_environment.prepared()
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    assert {name: os.environ[name] for name in worker_environment.WANTED} == worker_environment.WANTED
    second.__exit__(None, None, None)
    assert dict(os.environ) == before
