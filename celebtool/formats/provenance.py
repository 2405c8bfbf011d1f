"""``celebtool.json``: the recipe of a folder (see `recipes`)."""

import hashlib
import stat
from collections.abc import Mapping
from pathlib import Path

from celebtool.errors import CelebtoolError, printable
from celebtool.formats import crops, faces, image_folder, json_checks, manifest, recipes
from celebtool.formats.recipes import Recipe
from celebtool.system import system_faults
from celebtool.system.output import RECIPE_FILE

_NO_CONTENT = "00" * 32
MAX_BYTES = 1 << 20  # a chain of commands takes some hundred bytes each
_RESTORE = "restore the file that celebtool wrote, or remove it"


def recipe(
    command: str, parameters: Mapping[str, object], root: Path, known: Mapping[str, str] | None = None
) -> Recipe:
    """Return the recipe of a run that reads the folder `root`; ``known`` as of `digest`."""
    return recipes.build(command, parameters, {"digest": digest(root, known), "made_by": read(root)})


def read(root: Path) -> dict[str, object] | None:
    """Read how a folder was made; None if celebtool did not write it.

    Raises:
        CelebtoolError: the file is no JSON object, is nested too deeply, or describes crops that no command makes.
    """
    file = image_folder.sidecar(root, RECIPE_FILE)
    if file is None:
        return None
    if file.stat().st_size > MAX_BYTES:
        raise CelebtoolError(file, f"is larger than {MAX_BYTES} bytes; {_RESTORE}")
    try:
        return _parsed(file.read_text(encoding="utf-8", errors="surrogateescape"))
    except ValueError as error:
        raise CelebtoolError(file, f"is not what celebtool writes ({printable(error)}); {_RESTORE}") from error


def _parsed(content: str) -> dict[str, object]:
    made_by = json_checks.parse(content)
    if not isinstance(made_by, dict):
        raise ValueError("not an object")  # noqa: TRY004 - wrong JSON like any other
    json_checks.anything(made_by)
    crops.check(recipes.crop_parameters(made_by) or {})
    return made_by


def crop_parameters(root: Path) -> dict[str, object] | None:
    """Return how the faces of a folder were cropped: size, margin, align, format; None if not by celebtool."""
    return recipes.crop_parameters(read(root))


def digest(root: Path, known: Mapping[str, str] | None = None) -> str:
    """Return a SHA-256 of the paths and contents of all samples of a folder and of its tables.

    Args:
        root: the folder.
        known: what `contents` returned, if it was called already.
    """
    total = hashlib.sha256()
    found = dict(contents(root) if known is None else known)
    found |= {name: _content(root / name) for name in (manifest.FILE, faces.FILE) if image_folder.sidecar(root, name)}
    for name, content in found.items():
        encoded = name.encode("utf-8", "surrogateescape")
        total.update(len(encoded).to_bytes(8, "big") + encoded)
        total.update(bytes.fromhex(content or _NO_CONTENT))
    return total.hexdigest()


def contents(root: Path) -> dict[str, str]:
    """Return the SHA-256 of each sample of a folder by its path; "" for what is no regular file, such as a pipe.

    Raises:
        SystemFaultError: a file can't be read, or was there a moment ago.
    """
    return {sample.path: _content(root / sample.path) for sample in image_folder.read(root).samples}


def _content(file: Path) -> str:
    def attempt() -> str:  # a file that was listed and is not there is a fault; a link to nothing is no regular file
        is_regular = stat.S_ISREG(file.lstat().st_mode) or file.is_file()
        return manifest.sha256(file) if is_regular else ""

    return system_faults.tried_again(file, attempt)
