"""Reports are what their readers take, say what the gate said, and are the same for the same input.

The schema of SARIF may not be shipped with us; what GitHub and the standard ask for is written down
here by hand, stricter than they are: no key that the standard does not know. So is what the schema
of Jenkins says of JUnit's attributes.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest
from junitparser import JUnitXml
from tests.cli.within import splitspec as command
from tests.gate.conftest import Splitspec

from splitspec.checker.gate.finding import ADVICE, Kind
from splitspec.checker.gate.lock import Activity
from splitspec.checker.report.difference import Broken, Difference, difference_markdown
from splitspec.checker.report.gate_document import gate_document, schema_text
from splitspec.checker.report.github import PAGE_BYTES, step_summary, workflow_commands
from splitspec.checker.report.junit import junit
from splitspec.checker.report.markdown import comparison
from splitspec.checker.report.sarif import sarif
from splitspec.checker.report.summary import Failure, Item, State, Summary, started
from splitspec.cli.summary import code_of
from splitspec.model.trace import Trace

# What junit-10.xsd of the xUnit plugin of Jenkins lets stand, by element.
ATTRIBUTES = {
    "testsuites": {"name", "time", "tests", "failures", "errors"},
    "testsuite": {"name", "time", "tests", "failures", "errors", "skipped"},
    "testcase": {"name", "time", "classname"},
    "property": {"name", "value"},
}
HOSTILE = 'a|b</script>&]]>\x00\x1b[31m"\n::error::x`<img>@all\u202e'
TEXT = {"type": "object", "required": ["text"], "properties": {"text": {"type": "string"}}}
LOCATION = {
    "type": "object",
    "additionalProperties": False,
    "required": ["physicalLocation"],
    "properties": {
        "message": TEXT,
        "physicalLocation": {
            "type": "object",
            "additionalProperties": False,
            "required": ["artifactLocation", "region"],
            "properties": {
                "artifactLocation": {
                    "type": "object",
                    "additionalProperties": False,
                    "required": ["uri"],
                    "properties": {"uri": {"type": "string", "pattern": "^[^/ ][^ ]*$"}},
                },
                "region": {
                    "type": "object",
                    "additionalProperties": False,
                    "required": ["startLine"],
                    "properties": {"startLine": {"type": "integer", "minimum": 1}},
                },
            },
        },
    },
}
RESULT = {
    "type": "object",
    "additionalProperties": False,
    "required": ["ruleId", "ruleIndex", "level", "message", "locations", "partialFingerprints"],
    "properties": {
        "ruleId": {"type": "string"},
        "ruleIndex": {"type": "integer", "minimum": 0},
        "level": {"enum": ["error", "warning", "note", "none"]},
        "message": TEXT,
        "locations": {"type": "array", "minItems": 1, "maxItems": 10, "items": LOCATION},
        "partialFingerprints": {"type": "object", "additionalProperties": {"type": "string"}},
        "codeFlows": {
            "type": "array",
            "items": {
                "type": "object",
                "additionalProperties": False,
                "required": ["threadFlows"],
                "properties": {
                    "threadFlows": {
                        "type": "array",
                        "minItems": 1,
                        "items": {
                            "type": "object",
                            "additionalProperties": False,
                            "required": ["locations"],
                            "properties": {
                                "locations": {
                                    "type": "array",
                                    "minItems": 1,
                                    "items": {
                                        "type": "object",
                                        "additionalProperties": False,
                                        "required": ["location"],
                                        "properties": {
                                            "location": LOCATION,
                                            "executionOrder": {"type": "integer", "minimum": 0},
                                        },
                                    },
                                }
                            },
                        },
                    }
                },
            },
        },
    },
}
SARIF = {
    "type": "object",
    "additionalProperties": False,
    "required": ["$schema", "version", "runs"],
    "properties": {
        "$schema": {"type": "string", "format": "uri"},
        "version": {"const": "2.1.0"},
        "runs": {
            "type": "array",
            "minItems": 1,
            "maxItems": 20,
            "items": {
                "type": "object",
                "additionalProperties": False,
                "required": ["tool", "invocations", "results"],
                "properties": {
                    "tool": {"type": "object", "required": ["driver"]},
                    "invocations": {
                        "type": "array",
                        "items": {"type": "object", "required": ["executionSuccessful"]},
                    },
                    "results": {"type": "array", "maxItems": 25_000, "items": RESULT},
                },
            },
        },
    },
}


@pytest.fixture
def broken(project: Path) -> Path:
    """The project without the guard that matters."""
    text = project / "desk.split"
    text.write_text(text.read_text().replace("  when one:  no l: Key: holder[l] = p\n", ""))
    manifest = project / "models.toml"
    manifest.write_text(manifest.read_text().partition("\n[desk.variants")[0])
    (project / "variants" / "desk.split").unlink()
    return project


def hostile() -> Summary:
    """A summary in which every text is one that a reader could take for something else."""
    item = Item(
        "explored", HOSTILE, HOSTILE, State.FAILED, "violated", HOSTILE, HOSTILE, "a b.split", 3
    )
    items = (
        Item("explored", HOSTILE, "ok", State.PASSED, message=HOSTILE),
        item,
        Item("proved", HOSTILE, "open", State.UNDECIDED, message=HOSTILE),
        Item("proved", HOSTILE, "left", State.LEFT, message=HOSTILE),
    )
    failure = Failure("lost", "", "", HOSTILE, HOSTILE)
    return Summary("gate", items, (failure,), (HOSTILE,), False, 1, 1.0, {"tier": HOSTILE})


def test_the_json_is_as_its_schema_says(broken: Path, splitspec: Splitspec) -> None:
    done = splitspec("gate", "--format", "json", "--report", "json=r.json")
    document = json.loads(done.stdout)
    schema = json.loads(schema_text())
    jsonschema.validate(document, schema)
    assert document == json.loads((broken / "r.json").read_text())
    assert document["code"] == done.returncode == 1
    for summary in (hostile(), started("gate", {})):
        jsonschema.validate(gate_document(summary), schema)


def test_junit_has_a_case_for_each_claim_and_its_trace(broken: Path, splitspec: Splitspec) -> None:
    splitspec("gate", "--report", "junit=r.xml")
    suites = JUnitXml.fromfile(str(broken / "r.xml"))
    cases = {(suite.name, case.name): case for suite in suites for case in suite}
    failed = cases["explored desk", "desk.one_key_each"]
    (result,) = failed.result
    assert type(result).__name__ == "Failure"
    assert result.text.splitlines()[0] == "desk.split:18"
    assert "hand_out(p1, k2)" in result.text
    (undecided,) = cases["proved desk", "desk.one_key_each"].result
    assert type(undecided).__name__ == "Error"
    assert cases["explored desk", "deadlock"].is_passed
    # Four claims, two runs as a whole, three runs that are missing, two left to a later tier.
    assert (suites.tests, suites.failures, suites.errors) == (11, 6, 1)


@pytest.mark.parametrize("summary", [hostile(), started("gate", {})], ids=["hostile", "started"])
def test_junit_is_well_formed_in_the_order_of_its_schema(summary: Summary) -> None:
    root = ElementTree.fromstring(junit(summary))
    order = ["properties", "testcase", "system-out", "system-err"]
    for element in root.iter():
        assert set(element.attrib) <= ATTRIBUTES.get(element.tag, {"message", "type"})
        assert re.fullmatch(r"[0-9]*(\.[0-9]*)?", element.get("time", ""))
    for suite in root:
        tags = [order.index(child.tag) for child in suite]
        assert tags == sorted(tags)
        assert suite[0][0].get("value") == "partial"
    assert root.get("errors") != "0"


def test_sarif_is_what_the_standard_and_github_take(broken: Path, splitspec: Splitspec) -> None:
    splitspec("gate", "--report", "sarif=r.sarif")
    document = json.loads((broken / "r.sarif").read_text())
    jsonschema.validate(document, SARIF)
    (run,) = document["runs"]
    (flow,) = [r["codeFlows"][0] for r in run["results"] if "codeFlows" in r]
    places = flow["threadFlows"][0]["locations"]
    texts = [place["location"]["message"]["text"] for place in places]
    assert texts[0] == "initial state"
    assert texts[1] == "kernel: hand_out(p1, k1); holder[k1]: none → p1"
    lines = [place["location"]["physicalLocation"]["region"]["startLine"] for place in places]
    text = (broken / "desk.split").read_text().splitlines()
    assert text[lines[1] - 1].startswith("action hand_out(")
    assert text[lines[0] - 1].startswith("invariant one_key_each")
    _rules_match(run)
    assert run["invocations"][0]["executionSuccessful"] is True


@pytest.mark.parametrize("summary", [hostile(), started("gate", {})], ids=["hostile", "started"])
def test_sarif_of_what_was_cut_short_says_so(summary: Summary) -> None:
    document = json.loads(sarif(summary))
    jsonschema.validate(document, SARIF)
    _rules_match(document["runs"][0])
    assert document["runs"][0]["invocations"][0]["executionSuccessful"] is False
    assert document["runs"][0]["results"] != []


@pytest.mark.parametrize(("left", "said"), [((), "exit 1"), (("a", "b"), "exit 1; a; b")])
def test_sarif_says_what_was_left_if_something_was(left: tuple[str, ...], said: str) -> None:
    document = json.loads(sarif(Summary("gate", (), (), left, True, 1, 0.0, {})))
    (notification,) = document["runs"][0]["invocations"][0]["toolExecutionNotifications"]
    assert notification["message"]["text"] == said


def _rules_match(run: dict[str, Any]) -> None:
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert len(rules) == len(set(rules))
    for result in run["results"]:
        assert rules[result["ruleIndex"]] == result["ruleId"]


def test_annotations_stand_at_the_line_and_cannot_be_forged(
    broken: Path, splitspec: Splitspec
) -> None:
    page = broken / "page.md"
    done = splitspec("gate", "--report", "github=-", GITHUB_STEP_SUMMARY=str(page))
    assert "::error file=desk.split,line=18,title=explored desk desk.one_key_each::" in done.stdout
    assert page.read_text().startswith("### splitspec gate at tier commit: failed, exit 1\n")
    lines = workflow_commands(hostile()).splitlines()
    assert all(re.match(r"::(error|warning|notice) [^:]*::[^\n]*$", line) for line in lines)
    assert len(lines) == 4


def test_many_findings_are_counted_and_a_long_page_is_cut() -> None:
    many = tuple(Item("explored", "m", f"p{n}", State.FAILED, message="x") for n in range(50))
    summary = Summary("gate", many, (), (), True, 1, 0.0, {})
    lines = workflow_commands(summary).splitlines()
    assert lines[-1] == "::warning::40 more findings stand on the page of the job"
    long = Summary("gate", (), (), ("x" * 1000,) * 2000, True, 1, 0.0, {})
    assert len(step_summary(long).encode()) < PAGE_BYTES + 100
    assert step_summary(long).endswith("*cut: the page was too long*\n")


def test_a_comment_is_a_table_whatever_the_names_are() -> None:
    rows = [line for line in comparison(hostile()).splitlines() if line.startswith("| lost")]
    assert len(rows) == 1
    assert len(re.findall(r"(?<!\\)\|", rows[0])) == 4
    assert "<img>" not in comparison(hostile())
    assert "**Partial" in comparison(hostile())


def test_a_counterexample_in_a_comment_hides_nothing() -> None:
    none = Trace("m", (), None, (), HOSTILE, (HOSTILE,), ((HOSTILE,),), (), None)
    item = Item("explored", "m", "p", State.FAILED, sentence=f"::error::x\n{HOSTILE}", trace=none)
    broken = Broken("m", "p", HOSTILE, "holds", "violated", none)
    pages = [
        comparison(Summary("gate", (item,), (), (), True, 1, 1.0, {})),
        difference_markdown(Difference(HOSTILE, "b", (), (broken,), (), ())),
    ]
    for page in pages:
        assert all(part in page for part in ("\\u001b[31m", "\\u202e", "<details>"))
        assert not re.search(r"[^\n -~→·]|^\s*::", page, re.MULTILINE), page


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("xml=a", "there is no report 'xml'"),
        ("=a", "there is no report ''"),
        ("junit", "'junit' is not KIND=PATH"),
        ("junit=", "'junit=' is not KIND=PATH"),
    ],
)
def test_a_report_that_nobody_knows_is_refused(words: str, said: str, splitspec: Splitspec) -> None:
    done = splitspec("gate", "--report", words)
    assert done.returncode == 2
    assert said in " ".join(done.stderr.split())


def test_every_word_has_a_code_and_says_what_to_do() -> None:
    for kind in Kind:
        assert (code_of(kind) == 0) == kind.is_note
        assert kind.is_note or ADVICE[kind]
    words = json.loads(schema_text())["properties"]["findings"]["items"]["properties"]["word"]
    assert {kind.value for kind in Kind} | {"unfinished"} == set(words["enum"])


def test_every_activity_is_in_the_schema() -> None:
    items = json.loads(schema_text())["$defs"]["claim"]["properties"]
    assert {each.value for each in Activity} | {"gate"} == set(items["activity"]["enum"])


def places(folder: Path) -> tuple[set[str], set[str]]:
    """The files that annotations, and that SARIF, of two reports there name."""
    lines = (folder / "github").read_text()
    (found,) = json.loads((folder / "sarif").read_text())["runs"]
    locations = [place for result in found["results"] for place in result["locations"]]
    uris = {place["physicalLocation"]["artifactLocation"]["uri"] for place in locations}
    return set(re.findall(r"file=([^,]*)", lines)), uris


def test_places_are_those_from_the_top_of_the_repository(
    broken: Path, splitspec: Splitspec, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the folder of the specification GitHub says where the top is; at the top, it is here."""
    reports = ("--report", "github=github", "--report", "sarif=sarif", "-q")
    expected = {"project/desk.split"}, {"project/desk.split", "project/models.toml"}
    splitspec("gate", *reports, GITHUB_WORKSPACE=str(broken.parent))
    assert places(broken) == expected
    monkeypatch.delenv("GITHUB_WORKSPACE")
    command(broken.parent, "gate", "--folder", "project", *reports)
    assert places(broken.parent) == expected
    splitspec("gate", *reports)
    assert places(broken) == ({"desk.split"}, {"desk.split", "models.toml"})


def test_a_gate_says_which_specification_it_held(project: Path, splitspec: Splitspec) -> None:
    assert "\n  of        models.toml\n" in splitspec("gate").stdout
    document = json.loads(splitspec("gate", "--format", "json").stdout)
    assert document["facts"] == {"tier": "commit", "models": "all", "manifest": "models.toml"}


def test_a_link_is_followed_and_stays(project: Path, splitspec: Splitspec) -> None:
    (project / "real.json").write_text("old")
    (project / "link.json").symlink_to("real.json")
    (project / "dangling.json").symlink_to("new.json")
    for name in ("link", "dangling"):
        assert splitspec("gate", "--report", f"json={name}.json").returncode == 0
        assert (project / f"{name}.json").is_symlink()
    for name in ("real", "new"):
        assert json.loads((project / f"{name}.json").read_text())["code"] == 0


def test_a_pipe_is_written_through_and_has_what_was_found_once(
    project: Path, splitspec: Splitspec
) -> None:
    """Root could replace a device by a file; a pipe shows the same, and breaks no machine."""
    pipe = project / "pipe"
    os.mkfifo(pipe)
    # Open for both, nobody waits: what the gate writes stays until it is read.
    reader = os.open(pipe, os.O_RDWR | os.O_NONBLOCK)
    try:
        assert splitspec("gate", "--report", "github=pipe").returncode == 0
        assert pipe.is_fifo()
        text = os.read(reader, 1 << 16).decode()
    finally:
        os.close(reader)
    assert "unfinished" not in text
    assert text.startswith("::notice title=left::")


def test_what_is_open_already_is_not_replaced(project: Path, warm_cache: Path) -> None:
    """Standard output may be a file to which the text goes as well."""
    with (project / "both").open("w") as both:
        command = [sys.executable, "-m", "splitspec", "gate", "--report", "github=/dev/stdout"]
        environment = os.environ | {"XDG_CACHE_HOME": str(warm_cache)}
        subprocess.run(command, cwd=project, env=environment, stdout=both, check=True)
    text = (project / "both").read_text()
    assert "::notice title=left::" in text
    assert "gate passed" in text
