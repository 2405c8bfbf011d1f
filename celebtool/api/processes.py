"""Choose where work is done: in this process, in worker processes of this machine, or on a Dask cluster."""

import multiprocessing
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from celebtool.errors import CelebtoolError
from celebtool.system import cluster, workers
from celebtool.system.workers import Start


@dataclass(frozen=True)
class Processes:
    """How many workers, and what starts them.

    Args:
        jobs: how many.
        dask: the address of the scheduler of a Dask cluster, whose workers are there already; None: there is none.
        local: what starts them without a cluster.
    """

    jobs: int
    dask: str | None = None
    local: Start = workers.local

    def start(self, scratch: Path, say: Callable[[str], None]) -> Start:
        """Return what starts workers.

        Args:
            scratch: a directory that all of them see.
            say: shows the user a line.

        Raises:
            CelebtoolError: Dask is not installed.
        """
        return cluster.dask(self.dask, scratch, say) if self.dask else self.local


def in_program(jobs: int) -> Processes:
    """Return what works for a program that is not ours: itself, or workers that leave its processes alone.

    Raises:
        CelebtoolError: the program may not start processes.
    """
    if jobs > 1 and multiprocessing.current_process().daemon:
        raise CelebtoolError(
            "jobs", f"{jobs}; this process is a worker of multiprocessing, which may start none; expected 1"
        )
    return Processes(jobs, local=workers.inline if jobs == 1 else workers.guests)
