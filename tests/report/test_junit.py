from xml.etree import ElementTree as ET

from celebtool.evaluation.gates import Verdict
from celebtool.report import junit

HOSTILE = 'recall[<a "b" & \x1b[31m\u202e成龍>] >= 0.5'


def test_every_demand_is_a_test_case_of_its_file() -> None:
    verdicts = [
        Verdict("a.csv", "accuracy >= 0.9", met=True, found="0.95"),
        Verdict("a.csv", HOSTILE, met=False, found="0.4", reason="it is 0.4"),
        Verdict("b.csv", "accuracy >= 0.9", met=False, found="0.5", reason="accuracy is 0.5 (required: >= 0.9)"),
    ]
    root = ET.fromstring(junit.document(verdicts).encode())
    assert (root.tag, root.attrib) == ("testsuites", {"name": "celebtool report", "tests": "3", "failures": "2"})
    assert [suite.attrib for suite in root] == [
        {"name": "a.csv", "tests": "2", "failures": "1"},
        {"name": "b.csv", "tests": "1", "failures": "1"},
    ]
    cases = [
        (case.get("classname"), case.get("name"), [each.get("message") for each in case])
        for case in root.iter("testcase")
    ]
    assert cases == [
        ("a.csv", "accuracy >= 0.9", []),
        ("a.csv", 'recall[<a "b" & \\x1b[31m\\u202e成龍>] >= 0.5', ["it is 0.4"]),
        ("b.csv", "accuracy >= 0.9", ["accuracy is 0.5 (required: >= 0.9)"]),
    ]
