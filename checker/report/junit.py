"""Turn a summary into JUnit XML: a suite for each run, a case for each claim.

The XML is valid by the schema by which Jenkins takes results (junit-10.xsd of its xUnit plugin),
the strictest that is published: a case has no attribute for its place, which begins its text.

What is undecided is an error and not a failure, what is left to a later tier is skipped with the
reason, and what concerns no claim is a case of its own, so that no failure gets lost.
"""

from __future__ import annotations

import re

from junitparser import Error, Failure, JUnitXml, Skipped, TestCase, TestSuite

from splitspec.checker.report.proof import induction_text
from splitspec.checker.report.summary import Item, State, Summary
from splitspec.checker.report.text import plain, trace_text

# Characters that XML 1.0 has no way to write, quoted or not.
UNWRITABLE = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit(summary: Summary) -> str:
    """Return the XML of a summary."""
    suites: dict[str, TestSuite] = {}
    for item in summary.items:
        suite = suites.get(item.run) or _suite(suites, item.run, item.run, summary)
        suite.add_testcase(_case(item))
    if summary.left:
        suite = _suite(suites, "\0left", "left", summary)
        for sentence in summary.left:
            case = TestCase(_xml(sentence), "left")
            case.result = [Skipped(_xml(sentence))]
            suite.add_testcase(case)
    placed = {(item.run, item.claim) for item in summary.items}
    loose = [f for f in summary.failing if (f.run, f.claim) not in placed]
    if loose:
        suite = _suite(suites, "\0loose", "", summary)
        for failure in loose:
            case = TestCase(_xml(failure.word), "gate")
            case.result = [Error(_xml(f"{failure.text} ({failure.advice})"), failure.word)]
            suite.add_testcase(case)
    document = JUnitXml("splitspec")
    for suite in suites.values():
        document.add_testsuite(suite)
    document.update_statistics()  # type: ignore[no-untyped-call]
    del document._elem.attrib["skipped"]  # The schema has it for suites only.
    text: bytes = document.tostring()  # type: ignore[no-untyped-call]
    return text.decode()


def _suite(suites: dict[str, TestSuite], key: str, name: str, summary: Summary) -> TestSuite:
    """Return a new suite, whose properties come first, as the schema wants it."""
    suite = suites[key] = TestSuite(_xml(name or summary.title))
    suite.add_property("state", "complete" if summary.is_complete else "partial")
    for sentence in summary.advice.get(key, ()):
        suite.add_property("next", _xml(sentence))
    return suite


def _case(item: Item) -> TestCase:
    case = TestCase(_xml(item.name), _xml(item.run or item.activity), round(item.seconds, 4))
    words = _xml(item.message or f"{item.outcome} {item.assurance}".strip())
    match item.state:
        case State.PASSED:
            case.system_out = words
        case State.FAILED:
            shown = "" if item.trace is None else trace_text(item.trace, item.sentence, plain)
            case.result = [_placed(Failure(words, "failed"), item, shown)]
        case State.UNDECIDED:
            example = item.induction
            shown = "" if example is None else induction_text(example, item.sentence, plain)
            case.result = [_placed(Error(words, "undecided"), item, shown)]
        case State.LEFT:
            case.result = [Skipped(words)]
    return case


def _placed(result: Failure | Error, item: Item, shown: str) -> Failure | Error:
    """Return a result with the place of its claim, and what shows it."""
    place = f"{item.file}:{item.line}" if item.file else ""
    text = "\n".join(part for part in (place, shown) if part)
    if text:
        result.text = _xml(text)
    return result


def _xml(text: str) -> str:
    return UNWRITABLE.sub("\ufffd", text)
