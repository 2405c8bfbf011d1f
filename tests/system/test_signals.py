"""Each test runs a program that sends itself a signal, because a signal ends the process."""

import subprocess
import sys
from pathlib import Path

import pytest

BEGIN = """
import contextlib, os, signal, sys, threading, time
from celebtool.system import signals
signals.handle()

def send():
    signal.raise_signal(signal.SIGTERM)
"""


def run(code: str, cwd: Path | None = None) -> tuple[int, str, str]:
    done = subprocess.run([sys.executable, "-c", BEGIN + code], capture_output=True, text=True, check=False, cwd=cwd)
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize(("name", "code"), [("SIGINT", 130), ("SIGTERM", 143), ("SIGHUP", 129)])
def test_a_signal_ends_a_run_at_once_and_keeps_what_was_printed(name: str, code: int) -> None:
    assert run(f"print('so far'); signal.raise_signal(signal.{name}); print('never')") == (code, "so far\n", "")


def test_the_innermost_clean_up_comes_first_and_one_that_fails_stops_none() -> None:
    ended = run("""
with signals.cleaned_up(lambda: print("outer")), signals.cleaned_up(lambda: 1 / 0):
    with signals.cleaned_up(lambda: print("over")):
        pass
    with signals.cleaned_up(lambda: print("inner")):
        send()
""")
    assert ended == (143, "inner\nouter\n", "")


def test_a_clean_up_is_not_called_when_a_block_ends_or_fails() -> None:
    ended = run("""
with contextlib.suppress(ValueError), signals.cleaned_up(lambda: print("never")):
    raise ValueError
with signals.cleaned_up(lambda: print("never")):
    pass
send()
""")
    assert ended == (143, "", "")


def test_a_signal_waits_until_it_is_let_through() -> None:
    ended = run("""
try:
    with signals.held_back() as letting_through:
        send()
        print("held back")
        with letting_through():
            print("never")
except signals.Stopped as stopped:
    print(stopped.code)
""")
    assert ended == (0, "held back\n143\n", "")


def test_a_signal_that_waits_is_raised_where_it_is_asked_for() -> None:
    ended = run("""
with signals.held_back():
    signals.check()
    send()
    try:
        signals.check()
    except signals.Stopped as stopped:
        print(stopped.code)
    signals.check()
    print("once")
""")
    assert ended == (0, "143\nonce\n", "")


def test_what_has_to_be_cleaned_up_is_cleaned_up_whatever_comes() -> None:
    ended = run("""
def clean_up():
    send()
    print("clean")

with signals.held_back() as letting_through:
    with signals.cleaned_up(clean_up), letting_through():
        send()
""")
    assert ended == (143, "clean\n", "")


def test_exit_functions_run_and_what_they_print_on_stderr_is_lost() -> None:
    ended = run("""
import atexit
atexit.register(lambda: print("exit function") or print("noise", file=sys.stderr, flush=True))
send()
""")
    assert ended == (143, "exit function\n", "")


@pytest.mark.parametrize(
    "place",
    [
        # Python up to 3.11 makes a RuntimeError of whatever is raised here.
        "type('Owner', (), {'name': type('Named', (), {'__set_name__': lambda self, owner, name: send()})()})",
        # What a destructor raises, Python can only report.
        "type('Dying', (), {'__del__': lambda self: send()})()",
        # What a callback from C raises is printed and dropped.
        "import ctypes; ctypes.CFUNCTYPE(None)(send)()",
        # An import's own code drops what its callbacks raise.
        "sys.meta_path.insert(0, type('Finder', (), {'find_spec': lambda *_: send()})()); import antigravity_",
        "threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGTERM)).start(); threading.Event().wait()",
    ],
)
def test_a_signal_ends_the_run_wherever_it_comes(place: str) -> None:
    assert run(f"with signals.cleaned_up(lambda: print('clean')):\n    {place}\n    time.sleep(10)") == (
        143,
        "clean\n",
        "",
    )


def test_a_signal_that_was_ignored_from_the_start_stays_so() -> None:
    code = "signal.signal(signal.SIGHUP, signal.SIG_IGN); signals.handle(); signal.raise_signal(signal.SIGHUP)"
    assert run(code + "; print('goes on')") == (0, "goes on\n", "")


def test_a_stopped_run_leaves_no_workspace_though_threads_write_into_it(tmp_path: Path) -> None:
    ended = run(
        """
from pathlib import Path
from celebtool.system import output
with output.new_directory(Path("out"), recipe={}, inputs=[], overwrite=False) as workspace:
    def write():
        for number in range(10**9):
            (workspace.content / str(number)).write_bytes(b"x")
    threading.Thread(target=write, daemon=True).start()
    time.sleep(0.3)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # the thread's end
    send()
""",
        cwd=tmp_path,
    )
    assert ended[0] == 143
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("resumable", "left"), [(True, [".out.partial"]), (False, [])])
def test_a_stopped_run_keeps_what_the_next_one_continues(tmp_path: Path, resumable: bool, left: list[str]) -> None:
    ended = run(
        f"""
from pathlib import Path
from celebtool.system import output
with output.new_directory(Path("out"), recipe={{}}, inputs=[], overwrite=False, resumable={resumable}) as workspace:
    (workspace.scratch / "lot").write_bytes(b"x")
    with signals.cleaned_up(lambda: None):
        signals._cleanups.insert(0, lambda: print(*output.kept))
        send()
""",
        cwd=tmp_path,
    )
    assert ended == (143, "out\n" if resumable else "\n", "")
    assert [path.name for path in tmp_path.iterdir()] == left
