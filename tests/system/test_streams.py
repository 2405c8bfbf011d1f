import os
import threading

import pytest

from celebtool.system import streams


def test_stderr_is_back_after_blocks_of_two_threads_that_overlap(capfd: pytest.CaptureFixture[str]) -> None:
    """The first block ends within the second: each would otherwise put back what it found, and the second nothing."""
    begun, ended = threading.Event(), threading.Event()

    def second() -> None:
        with streams.without_stderr():
            begun.set()
            ended.wait(10)
            os.write(streams.STDERR, b"in the second\n")

    other = threading.Thread(target=second)
    with streams.without_stderr():
        other.start()
        assert begun.wait(10)
        os.write(streams.STDERR, b"in both\n")
    ended.set()
    other.join()
    os.write(streams.STDERR, b"after both\n")
    assert capfd.readouterr().err == "after both\n"


def test_blocks_nest_and_an_error_in_one_ends_it(capfd: pytest.CaptureFixture[str]) -> None:
    descriptors = len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0

    def failing() -> None:
        with streams.without_stderr():
            with streams.without_stderr():
                os.write(streams.STDERR, b"inner\n")
            os.write(streams.STDERR, b"outer\n")
            raise ValueError("x")

    with pytest.raises(ValueError, match="x"):
        failing()
    os.write(streams.STDERR, b"after\n")
    assert capfd.readouterr().err == "after\n"
    if descriptors:
        assert len(os.listdir("/proc/self/fd")) == descriptors


def test_a_stream_stays_if_nothing_can_be_opened_in_its_place(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(os, "devnull", "/nowhere/null")
    streams.lose(streams.STDERR)
    os.write(streams.STDERR, b"still here\n")
    assert capfd.readouterr().err == "still here\n"
