"""Write demands as JUnit XML: a test case per demand, which CI systems show in their list of tests."""

from collections.abc import Sequence
from xml.sax.saxutils import quoteattr

from celebtool.errors import printable
from celebtool.evaluation.gates import Verdict


def document(verdicts: Sequence[Verdict]) -> str:
    """Return verdicts as XML: a test suite per file, a test case per demand."""
    files = list(dict.fromkeys(verdict.file for verdict in verdicts))
    suites = "".join(_suite(file, [verdict for verdict in verdicts if verdict.file == file]) for file in files)
    root = f'<testsuites name="celebtool report" {_counts(verdicts)}>'
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{root}\n{suites}</testsuites>\n'


def _suite(file: str, verdicts: Sequence[Verdict]) -> str:
    cases = "".join(map(_case, verdicts))
    return f"<testsuite name={_quoted(file)} {_counts(verdicts)}>\n{cases}</testsuite>\n"


def _case(verdict: Verdict) -> str:
    head = f"<testcase classname={_quoted(verdict.file)} name={_quoted(verdict.demand)}"
    return f"{head}/>\n" if verdict.met else f"{head}><failure message={_quoted(verdict.reason)}/></testcase>\n"


def _counts(verdicts: Sequence[Verdict]) -> str:
    return f'tests="{len(verdicts)}" failures="{sum(not verdict.met for verdict in verdicts)}"'


def _quoted(text: str) -> str:
    return quoteattr(printable(text))
