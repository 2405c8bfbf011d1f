"""What a release consists of: one version, a package that others can describe and install, files that other programs read."""

import re
import shutil
import subprocess
import sys
import tomllib
from importlib import metadata
from pathlib import Path

import pytest
from packaging.specifiers import SpecifierSet

import celebtool

ROOT = Path(__file__).parents[1]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PROJECT, TOOLS = PYPROJECT["project"], PYPROJECT["tool"]


def test_the_version_is_the_same_everywhere():
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    newest = re.search(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert f"\nversion: {celebtool.__version__}\n" in citation
    assert newest is not None
    assert newest[1] == celebtool.__version__


def test_python_versions_without_a_release_of_tensorflow_are_refused():
    supported = SpecifierSet(PROJECT["requires-python"])
    assert [version for version in ("3.10.9", "3.11.1", "3.12.0", "3.13.9", "3.14.0") if version in supported] == [
        "3.11.1",
        "3.12.0",
        "3.13.9",
    ]
    named = {line.rsplit(" ", 1)[1] for line in PROJECT["classifiers"] if "Python :: 3." in line}
    assert named == {"3.11", "3.12", "3.13"}


def test_the_workflow_tests_the_versions_of_python_that_the_package_names():
    workflow = (ROOT / ".github/workflows/tests.yml").read_text(encoding="utf-8")
    assert 'python: ["3.11", "3.12", "3.13"]' in workflow


def test_the_package_is_typed_and_brings_its_licences():
    files = {path.relative_to(ROOT).as_posix() for path in (ROOT / "celebtool").rglob("*")}
    assert "celebtool/py.typed" in files
    assert set(PROJECT["license-files"]) == {"LICENSE", "celebtool/weights/LICENSE"}


def test_nothing_in_the_readme_of_the_package_is_relative():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    for each in TOOLS["hatch"]["metadata"]["hooks"]["fancy-pypi-readme"]["substitutions"]:
        text = re.sub(each["pattern"], each["replacement"], text)
    links = re.findall(r'(?:\]\(|src=")([^)"]*)', text)
    base = "https://raw.githubusercontent.com/celebtool/celebtool/main/docs/images/"
    assert [link for link in links if link.startswith(base)] == [
        base + name for name in ("crop-review.png", "terminal.png", "report.png")
    ]
    assert len(links) > 30
    assert [link for link in links if not link.startswith("https://")] == []
    assert "https://github.com/celebtool/celebtool/blob/main/docs/methods.md#weights-and-their-licences" in links


def test_the_sdist_holds_all_that_the_repository_holds():
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, check=False, capture_output=True, text=True).stdout.split()
    if not listed:
        pytest.skip("this is no clone of the repository")
    included = set(TOOLS["hatch"]["build"]["targets"]["sdist"]["only-include"])
    assert {path.split("/")[0] for path in listed} - {"pyproject.toml"} == included


@pytest.mark.parametrize(
    ("schema", "file"),
    [
        ("vendor.github-workflows", ".github/workflows/tests.yml"),
        ("vendor.github-workflows", "examples/ci/evaluate.yml"),
        ("vendor.github-actions", "action.yml"),
        ("vendor.citation-file-format", "CITATION.cff"),
    ],
)
def test_files_for_other_programs_follow_their_schemas(schema, file):
    line = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, ROOT / file]
    done = subprocess.run(line, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_the_dockerfile_follows_the_rules_of_a_linter():
    linter = shutil.which("hadolint", path=str(Path(sys.executable).parent))
    if linter is None:
        pytest.skip("no hadolint for this platform")
    done = subprocess.run([linter, ROOT / "Dockerfile"], check=False, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "")


def test_the_dockerfile_leaves_tensorflow_whole(tmp_path):
    removed = re.search(r"find /opt/celebtool (.+) -exec rm -rf", (ROOT / "Dockerfile").read_text(encoding="utf-8"))
    for name in ("numpy/tests", "joblib/test", "tensorflow/_api/v2/test", "numpy/testing"):
        (tmp_path / "site-packages" / name).mkdir(parents=True)
    line = ["bash", "-c", f"find {tmp_path} {removed[1]}"]
    found = subprocess.run(line, check=True, capture_output=True, text=True).stdout.split()
    assert sorted(Path(path).relative_to(tmp_path / "site-packages").as_posix() for path in found) == [
        "joblib/test",
        "numpy/tests",
    ]


def test_the_action_hands_all_its_inputs_on():
    action = (ROOT / "action.yml").read_text(encoding="utf-8")
    declared = re.findall(r"^  ([a-z-]+):\n    description", action, re.MULTILINE)
    assert declared
    assert [name for name in declared if f"${{{{ inputs.{name} }}}}" not in action] == []


@pytest.mark.skipif(shutil.which("docker") is None, reason="no Docker here")
@pytest.mark.torture
def test_the_image_is_built_and_runs():
    if subprocess.run(["docker", "info"], check=False, capture_output=True).returncode:
        pytest.skip("no Docker engine runs here")
    subprocess.run(["docker", "build", "--tag", "celebtool-test", ROOT], check=True)
    line = ["docker", "run", "--rm", "celebtool-test", "--version"]
    done = subprocess.run(line, check=True, capture_output=True, text=True)
    assert done.stdout == f"celebtool {celebtool.__version__}\n"


def test_the_extras_are_those_that_the_documents_name():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    extras = set(PROJECT["optional-dependencies"]) - {"dev", "docs"}
    assert extras == {"dask", "demo", "dlib", "gpu", "heic", "onnx"}
    assert [name for name in sorted(extras) if name not in readme] == []
    assert metadata.version("celebtool")
