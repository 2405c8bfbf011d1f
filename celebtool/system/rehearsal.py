"""Tell a photo that kills its workers from a machine that kills all of them."""

from celebtool.errors import SystemFaultError
from celebtool.system import workers
from celebtool.system.workers import Start, WorkerDied


def check(rehearsal: str, start: Start | None, file: object, doing: str) -> None:
    """Make sure that workers do not die of something else than the photo that two died of.

    Args:
        rehearsal: ``module:name`` of what takes the memory that a photo may take.
        start: what starts workers.
        file: the photo.
        doing: what they do with it: ``crop``.

    Raises:
        SystemFaultError: a worker dies of the rehearsal, too.
    """
    if any(isinstance(each, WorkerDied) for each in workers.run(rehearsal, [0], 1, start)):
        problem = f"workers end while they {doing} it, but without it, too: there is probably too little memory"
        raise SystemFaultError(file, f"{problem}; free some (fewer --jobs need less), then run the same command again")
