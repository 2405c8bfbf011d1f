"""A Dask cluster of processes on this machine."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any


class DaskCluster:
    """A scheduler and its workers, each a process of its own."""

    def __init__(self, directory: Path) -> None:
        self.directory, self.file = directory, directory / "scheduler.json"
        self.members: list[subprocess.Popen[bytes]] = []
        self.scheduler = self._start("scheduler", "--port", "0", "--no-dashboard")
        self.address = str(self._described()["address"])

    def worker(self, *arguments: str, **environment: str) -> "subprocess.Popen[bytes]":
        """Start a worker."""
        return self._start("worker", "--nthreads", "1", "--no-nanny", "--no-dashboard", *arguments, **environment)

    def close(self) -> None:
        """Kill all members."""
        for member in self.members:
            member.kill()
            member.wait()

    def _start(self, kind: str, *arguments: str, **environment: str) -> "subprocess.Popen[bytes]":
        own = ["--scheduler-file", str(self.file), "--host", "127.0.0.1"]
        command = [sys.executable, "-m", "distributed.cli.dask_" + kind, *own, *arguments]
        variables = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path)), **environment}
        quiet: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "env": variables}
        self.members.append(subprocess.Popen(command, cwd=self.directory, start_new_session=True, **quiet))
        return self.members[-1]

    def _described(self) -> dict[str, Any]:
        deadline = time.monotonic() + 90
        while time.monotonic() < deadline:
            if self.file.is_file() and (text := self.file.read_text()):
                found: dict[str, Any] = json.loads(text)
                return found
            time.sleep(0.1)
        raise AssertionError("no scheduler")
