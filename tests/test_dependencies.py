"""The floors of the dependencies, and the lock file that CI installs from: checked without a network."""

import re
import tomllib
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.version import Version

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]

# The first version without a hole that files, models or other users of the machine could reach through celebtool.
FIXED = {
    "filelock": {"CVE-2025-68146": "3.20.1", "CVE-2026-22701": "3.20.3"},
    "joblib": {"CVE-2022-21797": "1.2.0"},
    "keras": {"CVE-2025-9905": "3.11.3", "CVE-2026-1462": "3.13.2"},
    "pillow": {"CVE-2026-112398": "13.0.0", "CVE-2026-112403": "13.0.0", "CVE-2026-96643": "13.0.0"},
    "scikit-learn": {"CVE-2024-5206": "1.5.0"},
    "tqdm": {"CVE-2024-34062": "4.66.3"},
}


def required() -> dict[str, Requirement]:
    parsed = [Requirement(text) for text in PROJECT["dependencies"]]
    return {requirement.name: requirement for requirement in parsed}


def locked() -> dict[str, str]:
    text = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    entries = re.findall(r"^([a-z0-9-]+)==(\S+) \\\n    --hash=sha256:[0-9a-f]{64}$", text, re.MULTILINE)
    assert text.count("==") == len(entries)
    return dict(entries)


@pytest.mark.parametrize("name", required())
def test_every_dependency_has_a_floor_and_is_locked_above_it(name: str) -> None:
    specifier = required()[name].specifier
    assert {clause.operator for clause in specifier} <= {">=", "=="}
    assert len(specifier) == 1
    assert specifier.contains(locked()[name])
    assert specifier.contains(metadata.version(name))


@pytest.mark.parametrize("name", FIXED)
def test_floors_are_above_what_is_known_to_be_dangerous(name: str) -> None:
    floor = next(iter(required()[name].specifier)).version
    line = next(
        line for line in (ROOT / "pyproject.toml").read_text().splitlines() if line.startswith(f'    "{name}>=')
    )
    for identifier, fixed in FIXED[name].items():
        assert Version(floor) >= Version(fixed), identifier
        assert identifier in line


def test_python_is_above_what_is_known_to_be_dangerous() -> None:
    """CVE-2022-42919: until 3.11.1 other users of the machine could run code through a socket of multiprocessing."""
    assert not SpecifierSet(PROJECT["requires-python"]).contains("3.11.0")


def test_what_is_locked_covers_the_tools() -> None:
    for extra in ("dev", "demo"):
        for text in PROJECT["optional-dependencies"][extra]:
            requirement = Requirement(text)
            assert requirement.specifier.contains(locked()[requirement.name]), requirement
