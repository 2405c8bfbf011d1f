"""Set the environment variables that worker processes read when they start."""

import contextlib
import os
from collections.abc import Iterator


@contextlib.contextmanager
def prepared() -> Iterator[None]:
    """Set what workers read when they start.

    One thread each, memory that is given back, no GPU (it does not survive a fork, nor do many workers fit on it), and
    no modules of the current directory, which may be an untrusted folder of photos.
    """
    wanted = {
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "MALLOC_ARENA_MAX": "1",
        "CUDA_VISIBLE_DEVICES": "-1",
        "PYTHONSAFEPATH": "1",
    }
    before = {name: os.environ.get(name) for name in wanted}
    os.environ.update(wanted)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
