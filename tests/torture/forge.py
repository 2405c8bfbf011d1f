"""A process that has everything loaded and forks a celebtool run for each line it is sent: a run costs milliseconds.

It talks JSON lines on stdin and stdout. A request names the command line, the directory, and whether the run is to
wait, stopped, until a tracer has hold of it; the answers are ``{"pid": …}`` and, when it has ended, ``{"code": …}``.
A run that is to be watched leaves a report of what it took and what it did that no file may make it do.
"""

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.torture import watch

MODULES = {
    "light": (
        "folders.balance",
        "folders.split",
        "folders.augment",
        "report.compose",
        "report.plot_files",
        "evaluation.judge",
    ),
    "models": (
        "training.ensembles",
        "training.training_set",
        "training.messages",
        "training.settings",
        "report.guesses",
        "evaluation.judge",
    ),
    "heavy": (
        "nn.training.runs",
        "inference.prediction",
        "inference.features",
        "nn.classifier",
        "training.training_set",
        "training.messages",
        "report.guesses",
    ),
}

LOADED_LATE = (
    "rich.console",
    "rich.table",
    "rich.text",
    "rich.cells",
    "typer.rich_utils",
    "PIL.PngImagePlugin",
    "filelock",
)


def serve(kind: str) -> None:
    """Load the modules of a kind, then answer requests until stdin ends."""
    import importlib

    from celebtool import cli
    from celebtool.system import system_faults

    system_faults.PAUSES = (0, 0, 0)
    for name in ("formats.manifest", "folders.transfer", "formats.sources", "report.subjects", *MODULES[kind]):
        importlib.import_module(f"celebtool.{name}")
    for name in LOADED_LATE:
        importlib.import_module(name)
    with contextlib.suppress(SystemExit):  # what typer loads when it reads a command line
        cli.main(["balance", os.devnull, "nothing"])
    answer(ready=True)
    for line in sys.stdin:
        request = json.loads(line)
        pid = os.fork()
        if pid == 0:
            run(cli.main, request)
        if request["stopped"]:
            os.waitpid(pid, os.WUNTRACED)
        answer(pid=pid)
        _, status = os.waitpid(pid, 0)
        answer(code=os.waitstatus_to_exitcode(status))


def run(main: Any, request: dict[str, Any]) -> None:
    """Be the run: its streams go to files, and it ends without what this process has to tidy up."""
    os.chdir(request["directory"])
    for number, name in ((0, os.devnull), (1, request["stdout"]), (2, request["stderr"])):
        flags = os.O_RDONLY if number == 0 else os.O_WRONLY | os.O_CREAT | os.O_TRUNC
        os.dup2(os.open(name, flags), number)
    sys.stdin, sys.stdout, sys.stderr = os.fdopen(0), os.fdopen(1, "w"), os.fdopen(2, "w")
    if request["stopped"]:
        os.kill(os.getpid(), signal.SIGSTOP)
    signal.alarm(request["seconds"])
    watched = Watched([Path(path) for path in request["allowed"]]) if request["allowed"] else None
    code = 70
    try:
        main(request["line"])
    except SystemExit as ended:
        code = int(ended.code or 0)
    except BaseException:
        import traceback

        traceback.print_exc()
    sys.stderr.flush()
    if watched:
        Path(request["report"]).write_text(watched.report())
    os._exit(code)


class Watched:
    """What a run takes of the processor and of memory above what it has from this process, and what it must not do."""

    def __init__(self, allowed: list[Path]) -> None:
        Path("/proc/self/clear_refs").write_text("5")  # the most memory it had is from now on what it has now
        self.memory, self.seconds = memory("VmRSS"), time.process_time()
        self.watch = watch.Watch(allowed)

    def report(self) -> str:
        """Return it as JSON."""
        forbidden = self.watch.stop()
        return json.dumps(
            {
                "forbidden": forbidden,
                "seconds": time.process_time() - self.seconds,
                "megabytes": memory("VmHWM") - self.memory,
                "keras": "keras" in sys.modules or "tensorflow" in sys.modules,
            }
        )


def memory(line: str) -> float:
    """Return a line of this process' status in megabytes."""
    found = re.search(rf"{line}:\s*(\d+) kB", Path("/proc/self/status").read_text())
    assert found
    return int(found[1]) / 1024


def answer(**values: object) -> None:
    """Send a line to the test."""
    sys.stdout.write(json.dumps(values) + "\n")
    sys.stdout.flush()


class Forge:
    """The test's end of it."""

    def __init__(self, kind: str, streams: Path) -> None:
        self.streams = streams
        environment = {
            **os.environ,
            "OPENBLAS_NUM_THREADS": "1",
            "OMP_NUM_THREADS": "1",
            "PYTHONDONTWRITEBYTECODE": "1",
            "TMPDIR": str(streams),
            "KERAS_HOME": str(streams),
        }
        line = [sys.executable, "-m", "tests.torture.forge", kind]
        root = Path(__file__).parents[2]
        self.process = subprocess.Popen(
            line,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            cwd=root,
            env=environment,
        )
        self.receive()

    def receive(self) -> dict[str, Any]:
        """Return the next answer."""
        assert self.process.stdout
        answered: dict[str, Any] = json.loads(self.process.stdout.readline())
        return answered

    def run(
        self,
        line: list[str],
        directory: Path,
        tracer: list[str] | None = None,
        seconds: int = 0,
        allowed: Sequence[Path] = (),
    ) -> int:
        """Run a command line; return its code, -9 if killed, -14 if it took longer than so many seconds.

        Under strace, if there are options for it; watched, if there are directories that alone it may touch.
        """
        names = {name: str(self.streams / name) for name in ("stdout", "stderr", "report")}
        request = {
            "line": line,
            "directory": str(directory),
            "stopped": tracer is not None,
            "seconds": seconds,
            "allowed": [str(path) for path in allowed],
            **names,
        }
        assert self.process.stdin
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        pid = self.receive()["pid"]
        if tracer is None:
            return int(self.receive()["code"])
        strace = subprocess.Popen(["strace", "-f", "-qq", "-p", str(pid), *tracer], stderr=subprocess.PIPE)
        wait_for_tracer(pid, strace)
        os.kill(pid, signal.SIGCONT)
        code = int(self.receive()["code"])
        strace.communicate()
        return code

    def said(self) -> str:
        """Return what the last run said on stderr."""
        return (self.streams / "stderr").read_text(encoding="utf-8", errors="replace")

    def report(self) -> dict[str, Any]:
        """Return what the last run, if it was watched, took and did."""
        found: dict[str, Any] = json.loads((self.streams / "report").read_text())
        return found

    def printed(self) -> bytes:
        """Return what the last run wrote on stdout."""
        return (self.streams / "stdout").read_bytes()

    def close(self) -> None:
        """End it."""
        self.process.communicate()


def wait_for_tracer(pid: int, strace: "subprocess.Popen[bytes]") -> None:
    """Return when strace has hold of a stopped process."""
    for _ in range(5000):
        if "TracerPid:\t0\n" not in Path(f"/proc/{pid}/status").read_text():
            return
        if strace.poll() is not None:
            break
        time.sleep(0.001)
    os.kill(pid, signal.SIGKILL)
    raise AssertionError(strace.communicate()[1])


if __name__ == "__main__":
    serve(sys.argv[1])
