"""The gate that examples/ci/ recommends: what it lets through, what it stops, what it leaves to read."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.predictions import many, write

ROOT = Path(__file__).parents[1]
GATE = ROOT / "examples/ci/gate.sh"


@pytest.mark.skipif(shutil.which("bash") is None, reason="no bash here")
@pytest.mark.parametrize(("wrong", "code"), [(0, 0), (1, 3)])
def test_the_gate(tmp_path, wrong, code):
    command = tmp_path / "celebtool"
    command.write_text(f'#!/bin/sh\nexec {sys.executable} -m celebtool "$@"\n')
    command.chmod(0o755)
    predictions = write(tmp_path / "predictions.csv", many(wrong=wrong))
    baseline = write(tmp_path / "baseline.csv", many(wrong=0))
    paths = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "PYTHONPATH": str(GATE.parents[2])}
    environment = {**os.environ, **paths, "GITHUB_STEP_SUMMARY": "summary.md"}
    run = subprocess.run(
        [GATE, predictions, baseline], check=False, capture_output=True, text=True, cwd=tmp_path, env=environment
    )
    assert run.returncode == code, run.stderr
    assert (tmp_path / "report.html").stat().st_size > 10_000
    verdict = "1 of 5 demands not met" if wrong else "all demands met"
    assert (tmp_path / "summary.md").read_text(encoding="utf-8").startswith(f"# celebtool: {verdict}\n")
    assert ("more than 0.01 below" in run.stderr) == bool(wrong)
    assert f'tests="5" failures="{wrong}"' in (tmp_path / "junit.xml").read_text(encoding="utf-8")


def test_a_gate_that_is_not_met_is_an_annotation_of_a_run_of_github_actions(tmp_path):
    predictions = write(tmp_path / "p.csv", many(wrong=12))
    line = [sys.executable, "-m", "celebtool", "report", predictions, "--require", "accuracy>=95%", "--quiet"]
    run = subprocess.run(
        line, check=False, capture_output=True, text=True, env={**os.environ, "GITHUB_ACTIONS": "true"}, cwd=ROOT
    )
    assert run.returncode == 3
    assert run.stderr == f"::error title=celebtool::{predictions}: accuracy is 0.666667 (required: >= 0.95)\n"


def test_the_workflow_takes_the_action_from_a_repository():
    workflow = (GATE.parent / "evaluate.yml").read_text(encoding="utf-8")
    assert "      - uses: OWNER/celebtool@main\n" in workflow
    assert "pip install celebtool" not in workflow


def test_the_gate_without_a_baseline(tmp_path):
    predictions = write(tmp_path / "predictions.csv", many(wrong=0))
    command = tmp_path / "celebtool"
    command.write_text(f'#!/bin/sh\nexec {sys.executable} -m celebtool "$@"\n')
    command.chmod(0o755)
    paths = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "PYTHONPATH": str(GATE.parents[2])}
    run = subprocess.run(
        [GATE, predictions, ""], check=False, capture_output=True, cwd=tmp_path, env={**os.environ, **paths}
    )
    assert run.returncode == 0, run.stderr
