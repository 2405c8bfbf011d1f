"""What the documents name is there: files, options, pictures; and the front page stays short."""

import re
from pathlib import Path
from typing import Any

import pytest
import typer.main
from typer.core import TyperGroup

import celebtool
from celebtool.cli import app

ROOT = Path(celebtool.__file__).parent.parent
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("examples/**/*.md")])
SCRIPTS = sorted([*ROOT.glob("examples/*.sh"), *ROOT.glob("examples/ci/*.sh"), *ROOT.glob("docs/*.py")])
IDS = [str(document.relative_to(ROOT)) for document in DOCUMENTS]
LINK = re.compile(r'(?:\]\(|src=")([^)"#:]+)(?:#([^)"]*))?[)"]')


def _commands() -> dict[str, Any]:
    group = typer.main.get_command(app)
    assert isinstance(group, TyperGroup)
    return group.commands


@pytest.mark.parametrize("document", DOCUMENTS, ids=IDS)
def test_links_lead_to_files_and_headings(document: Path) -> None:
    text = re.sub(r"```.*?```", "", document.read_text(encoding="utf-8"), flags=re.DOTALL)
    missing = []
    for path, heading in LINK.findall(text):
        target = document.parent / path
        if not target.exists():
            missing.append(path)
        elif heading and heading not in _anchors(target):
            missing.append(f"{path}#{heading}")
    assert missing == []


def _anchors(document: Path) -> set[str]:
    """Return the anchors that GitHub gives to a document's headings."""
    headings = re.findall(r"^#+ (.*)$", document.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("document", [*DOCUMENTS, *SCRIPTS], ids=[*IDS, *(script.name for script in SCRIPTS)])
def test_options_in_command_lines_exist(document: Path) -> None:
    commands = _commands()
    unknown = []
    text = document.read_text(encoding="utf-8").replace("\\\n", " ")
    for verb, rest in re.findall(r"celebtool ([a-z-]+)((?: [^\n|`;&#]*)?)", text):
        if verb not in commands:
            continue
        known = {name for option in commands[verb].params for name in (*option.opts, *option.secondary_opts)} | {
            "--help"
        }
        unknown += [f"{verb} {option}" for option in re.findall(r"(?<= )--[a-z][a-z-]*", rest) if option not in known]
    assert unknown == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=IDS)
def test_modules_that_are_named_exist(document: Path) -> None:
    named = set(re.findall(r"`((?:[a-z0-9_]+/)*[a-z0-9_]+\.py)`", document.read_text(encoding="utf-8")))
    assert [
        path for path in sorted(named) if not any((room / path).is_file() for room in (ROOT, ROOT / "celebtool"))
    ] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=IDS)
def test_tests_that_are_named_exist(document: Path) -> None:
    named = set(re.findall(r"(?<![\w/.])tests/[a-z0-9_/]+(?:\.py)?(?![\w*])", document.read_text(encoding="utf-8")))
    assert [path for path in sorted(named) if not (ROOT / path).exists()] == []


def test_functions_in_the_walks_exist() -> None:
    """In a row of a table, the functions that are named stand in the module of that row, or in one that it names."""
    missing = []
    for row in re.findall(r"^\| \d+ \|.*$", (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8"), re.MULTILINE):
        modules = re.findall(r"`([a-z0-9_/]+\.py)`", row)
        code = "".join((ROOT / "celebtool" / module).read_text(encoding="utf-8") for module in modules)
        for function in re.findall(r"`([a-z_]+)`", row):
            if f"def {function}(" not in code:
                missing.append(f"{modules[0]}: {function}")
    assert missing == []


def test_the_front_page_is_short_and_shows_small_pictures() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    pictures = set(re.findall(r"docs/images/[a-z-]+\.png", text))
    assert text.count("\n") <= 130
    assert len(pictures) == 3
    assert [name for name in sorted(pictures) if (ROOT / name).stat().st_size >= 150_000] == []


def test_every_command_has_its_help_in_the_documents() -> None:
    text = (ROOT / "docs/commands.md").read_text(encoding="utf-8")
    assert re.findall(r"^### ([a-z-]+)$", text, re.MULTILINE) == list(_commands())
