"""Commands that make runs report them to machines, in the words and the forms of a gate."""

from __future__ import annotations

import json
import shutil
import sys
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable, Iterator
from pathlib import Path
from textwrap import dedent

import jsonschema  # type: ignore[import-untyped]
import pytest
from junitparser import JUnitXml
from tests.cli.within import splitspec
from tests.gate.conftest import PROJECT
from tests.gate.test_reports import SARIF
from tests.refinement.test_refine import LOWER, UPPER, WRONG

from splitspec.checker.report.document import schema_text
from splitspec.cli import run_reports

REFINEMENT = '\n[lower]\nmodule = "lower"\nscope = { Cell = 2 }\n'
Start = Callable[..., int]


@pytest.fixture
def folder(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """The project of the gate's tests, and a refinement."""
    place = shutil.copytree(PROJECT, tmp_path / "project")
    (place / "shared.split").write_text("module shared\nsort Cell\n")
    for name, text in (("upper", UPPER), ("lower", LOWER)):
        source = f"module {name}\n\nimport shared\n\n{dedent(text).lstrip()}"
        (place / f"{name}.split").write_text(source)
    with (place / "models.toml").open("a") as file:
        file.write(REFINEMENT)
    monkeypatch.chdir(place)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.getbasetemp() / "cache"))
    return place


@pytest.fixture
def start(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Start]:
    """Run a command with reports of each kind; return its exit code."""
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    before = set(sys.modules)

    def run(*words: str) -> int:
        wanted = ("--report", "junit=r.xml", "--report", "sarif=r.sarif", "--report", "json=r.json")
        return splitspec(folder, *words, *wanted).returncode

    yield run
    for name in set(sys.modules) - before:
        if str(folder) in str(getattr(sys.modules[name], "__file__", "")):
            del sys.modules[name]


def spoil(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def cases(folder: Path) -> dict[tuple[str, str], str]:
    """Each case of the JUnit report with its state."""
    found = {}
    for suite in JUnitXml.fromfile(str(folder / "r.xml")):
        for case in suite:
            kinds = [type(result).__name__.lower() for result in case.result]
            found[suite.name, case.name] = (kinds or ["passed"])[0]
    return found


def states(folder: Path) -> set[str]:
    """What the suites of the JUnit report say of themselves."""
    root = ElementTree.parse(folder / "r.xml").getroot()
    return {str(p.get("value")) for p in root.iter("property") if p.get("name") == "state"}


def results(folder: Path) -> list[tuple[str, str]]:
    """The rule and level of each result of the SARIF report, which its schema allows."""
    document = json.loads((folder / "r.sarif").read_text())
    jsonschema.validate(document, SARIF)
    return [(result["ruleId"], result["level"]) for result in document["runs"][0]["results"]]


def is_successful(folder: Path) -> bool:
    document = json.loads((folder / "r.sarif").read_text())
    return bool(document["runs"][0]["invocations"][0]["executionSuccessful"])


def without_the_guard(folder: Path) -> None:
    """One person may now hold two keys; the variant that drops the guard has nothing to drop."""
    spoil(folder / "desk.split", "  when one:  no l: Key: holder[l] = p\n", "")
    spoil(
        folder / "models.toml",
        "\n[desk.variants.two_each]\nscope = { Person = 1, Key = 2 }\nsteps = 2\n",
        "",
    )
    (folder / "variants" / "desk.split").unlink()


def test_check_reports_what_passes(folder: Path, start: Start) -> None:
    assert start("check", "desk") == 0
    assert set(cases(folder).values()) == {"passed"}
    assert ("explored desk", "desk.one_key_each") in cases(folder)
    assert results(folder) == []
    assert is_successful(folder)


def test_check_reports_a_violation_with_its_steps(folder: Path, start: Start) -> None:
    without_the_guard(folder)
    assert start("check", "desk") == 1
    assert cases(folder)["explored desk", "desk.one_key_each"] == "failure"
    assert ("desk.one_key_each", "error") in results(folder)
    assert "codeFlows" in (folder / "r.sarif").read_text()


def test_a_run_that_was_cut_short_is_partial(folder: Path, start: Start) -> None:
    assert start("check", "desk", "--max-states", "2", "--property", "one_*") == 3
    assert states(folder) == {"partial"}
    found = cases(folder)
    assert found["explored desk", "desk.one_key_each"] == "error"
    assert found["left", "narrowed by --property one_*"] == "skipped"
    assert not is_successful(folder)


def test_nothing_to_do_is_no_pass(folder: Path, start: Start) -> None:
    assert start("check", "desk", "--given", "host") == 5
    assert results(folder) == [("empty", "error")]


def test_prove_reports_what_is_open_as_undecided(folder: Path, start: Start) -> None:
    assert start("prove", "desk") == 0
    assert cases(folder) == {("proved desk", "desk.one_key_each"): "passed"}
    without_the_guard(folder)
    assert start("prove", "desk") == 3
    assert cases(folder) == {("proved desk", "desk.one_key_each"): "error"}
    assert results(folder) == [("desk.one_key_each", "warning")]


def test_a_proof_that_fails_tells_machines_what_may_lead_on(folder: Path, start: Start) -> None:
    """What the terminal says of the step that breaks a claim, and of what to do, is in all of them,
    and each is still of its schema."""
    without_the_guard(folder)
    start("prove", "desk")
    junit = ElementTree.parse(folder / "r.xml").getroot()
    told = [str(p.get("value")) for p in junit.iter("property") if p.get("name") == "next"]
    assert told[0].startswith("--reach looks for a run that shows it")
    (error,) = junit.iter("error")
    assert "counterexample to induction of desk.one_key_each" in str(error.text)
    document = json.loads((folder / "r.sarif").read_text())
    jsonschema.validate(document, SARIF)
    _, *notes = document["runs"][0]["invocations"][0]["toolExecutionNotifications"]
    assert [note["level"] for note in notes] == ["note"] * len(told)
    assert [note["message"]["text"] for note in notes] == [f"proved desk: {text}" for text in told]
    result = json.loads((folder / "r.json").read_text())
    jsonschema.validate(result, json.loads(schema_text()))
    assert result["runs"][0]["next"] == told


def test_conform_reports_each_action_and_guard(folder: Path, start: Start) -> None:
    run = "conformed desk by counter_mapping:COUNTER"
    assert start("conform", "counter_mapping:COUNTER") == 0
    assert cases(folder) == {
        (run, path): "passed"
        for path in (
            "desk.hand_out",
            "desk.hand_out.free",
            "desk.hand_out.one",
            "desk.take_back",
            "desk.take_back.held",
        )
    }


def test_conform_reports_the_call_that_diverges(folder: Path, start: Start) -> None:
    spoil(folder / "counter.py", "if key in self.given:", "if False:")
    assert start("conform", "counter_mapping:COUNTER") == 1
    assert set(cases(folder).values()) == {"failure"}
    assert results(folder) == [("desk.hand_out", "error")]
    text = json.loads((folder / "r.sarif").read_text())["runs"][0]["results"][0]
    place = text["locations"][0]["physicalLocation"]
    line = (folder / "desk.split").read_text().splitlines()[place["region"]["startLine"] - 1]
    assert line.startswith("action hand_out(")


@pytest.mark.parametrize("name", ["a guard is missing below", "an argument is another one"])
def test_refine_reports_a_square_and_its_json_is_as_the_schema_says(
    name: str, folder: Path, start: Start
) -> None:
    assert start("refine", "lower") == 0
    old, new, claim = WRONG[name]
    spoil(folder / "lower.split", dedent(f"    {old}").strip(), dedent(f"    {new}").strip())
    assert start("refine", "lower") == 1
    assert (claim, "error") in results(folder)
    assert "failure" in set(cases(folder).values())
    document = json.loads((folder / "r.json").read_text())
    jsonschema.validate(document, json.loads(schema_text()))
    assert document["squares"][0]["property"] == claim
    traces = {v["property"]: v["trace"] for v in document["verdicts"] if v["trace"]}
    for square in document["squares"]:
        assert len(square["abstract"]["steps"]) == len(traces[square["property"]]["steps"])
    start("refine", "lower", "--prove")
    jsonschema.validate(json.loads((folder / "r.json").read_text()), json.loads(schema_text()))


def test_a_command_that_was_killed_leaves_reports_that_say_so(
    folder: Path, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are there from the start; what kills the command here comes before their end."""
    monkeypatch.setattr(run_reports.RunReports, "finish", lambda *_, **__: [])
    start("check", "desk")
    assert states(folder) == {"partial"}
    assert "unfinished" in (folder / "r.sarif").read_text()
    assert not is_successful(folder)


def test_a_report_that_cannot_be_written_is_an_error(folder: Path) -> None:
    done = splitspec(folder, "check", "desk", "--report", "junit=no/where.xml")
    assert done.returncode == 70
    assert "error: no/where.xml cannot be written" in done.stderr


def test_an_inexact_counter_is_shown_where_it_is_declared(folder: Path, start: Start) -> None:
    text = """\
        module till
        sort Guest
        sort Locker
        var renter[Locker]: Guest?
        counter paid[g: Guest] counts l: Locker where renter[l] = g
        action rent(g: Guest, l: Locker) by kernel
          when free: renter[l] = none
          renter[l] := g
    """
    (folder / "till.split").write_text(dedent(text))
    assert start("check", "till.split", "--scope", "Guest=1", "--scope", "Locker=1") == 1
    results = json.loads((folder / "r.sarif").read_text())["runs"][0]["results"]
    (found,) = [each for each in results if each["ruleId"] == "till.paid.exact"]
    place = found["locations"][0]["physicalLocation"]
    assert (place["artifactLocation"]["uri"], place["region"]["startLine"]) == ("till.split", 5)
