"""`splitspec view` and `check --report` as a user meets them."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest
from tests.cli.within import splitspec

from splitspec.checker.report.document import schema_text
from splitspec.cli.saved import UnusableError, read_traces, replay

ROOT = Path(__file__).parents[2]
VARIANT = ("lifecycle", "--variant", "kill_unnoticed")


def _splitspec(*words: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return splitspec(cwd, *words)


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with every report of one violated variant."""
    folder = tmp_path_factory.mktemp("reports")
    words = [
        f"--report={kind}={name}"
        for kind, name in (
            ("json", "run.json"),
            ("itf", "run.itf.json"),
            ("mermaid", "run.mmd"),
            ("dot", "run.dot"),
            ("html", "run.html"),
        )
    ]
    done = _splitspec("check", *VARIANT, *words, cwd=folder)
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("report: ") == len(words)
    return folder


def test_every_report_is_written(reports: Path) -> None:
    assert {path.name for path in reports.iterdir()} == {
        "run.json",
        "run.itf.json",
        "run.mmd",
        "run.dot",
        "run.html",
    }
    jsonschema.validate(json.loads((reports / "run.json").read_text()), json.loads(schema_text()))
    assert (reports / "run.mmd").read_text().startswith("sequenceDiagram")
    assert (reports / "run.dot").read_text().startswith("digraph")


@pytest.mark.parametrize("source", ["run.json", "run.itf.json", "single.json"])
def test_a_page_is_the_same_from_every_form(source: str, reports: Path, tmp_path: Path) -> None:
    document = json.loads((reports / "run.json").read_text())
    first = next(v for v in document["verdicts"] if v["trace"] and v["expected"])
    (tmp_path / "single.json").write_text(
        json.dumps({"schema": "splitspec-trace/1"} | first["trace"])
    )
    folder = tmp_path if source == "single.json" else reports
    target = tmp_path / "page.html"
    done = _splitspec("view", str(folder / source), "-o", str(target), cwd=reports)
    assert done.returncode == 0, done.stderr
    assert target.read_text() == (reports / "run.html").read_text()


def _spoilt(reports: Path, change: str) -> str:
    """Return the document with one thing changed in the first trace."""
    document = json.loads((reports / "run.json").read_text())
    trace: dict[str, Any] = next(v["trace"] for v in document["verdicts"] if v["trace"])
    match change:
        case "step":
            trace["steps"][-1]["arguments"] = {"c": "c9"}
        case "state":
            trace["states"][-1] = trace["states"][0]
        case "property":
            trace["property"] = "lifecycle.unheard_of"
        case "shows":
            trace["property"] = "lifecycle.the_gone_have_no_shadow"
        case "type":
            trace["places"] = "all"
        case "none":
            document["verdicts"] = []
    return json.dumps(document)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ("step", "SS706"),
        ("state", "SS706"),
        ("property", "SS705"),
        ("shows", "SS707"),
        ("type", "SS703"),
        ("none", "SS704"),
    ],
)
def test_what_is_no_run_is_not_drawn(change: str, code: str, reports: Path, tmp_path: Path) -> None:
    path = tmp_path / "spoilt.json"
    path.write_text(_spoilt(reports, change))
    with pytest.raises(UnusableError) as refused:
        replay(read_traces(path)[0], None)
    assert [d.code for d in refused.value.problems.diagnostics] == [code]


def test_a_refusal_is_a_diagnostic_and_leaves_no_file(reports: Path, tmp_path: Path) -> None:
    path = tmp_path / "spoilt.json"
    path.write_text(_spoilt(reports, "state"))
    done = _splitspec("view", str(path), cwd=tmp_path)
    assert done.returncode == 2
    assert "error[SS706]" in done.stderr
    assert "Traceback" not in done.stderr
    assert not path.with_suffix(".html").exists()


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (None, "SS701"),
        (b"\xff\xfe", "SS701"),
        (b"{", "SS702"),
        (b"[" * 100_000, "SS702"),
        (b"[]", "SS703"),
        (b"{}", "SS703"),
        (b'{"schema": "splitspec/1"}', "SS703"),
        (b'{"schema": "splitspec/1", "verdicts": [1]}', "SS703"),
        (b'{"vars": [], "states": []}', "SS703"),
        (b'{"vars": ["x"], "states": [{"x": 1}], "#meta": {}}', "SS703"),
    ],
    ids=[
        "missing",
        "bytes",
        "cut",
        "deep",
        "list",
        "empty",
        "document",
        "verdict",
        "itf",
        "foreign",
    ],
)
def test_what_is_no_trace_is_a_diagnostic(content: bytes | None, code: str, tmp_path: Path) -> None:
    path = tmp_path / "trace.json"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(UnusableError) as refused:
        read_traces(path)
    assert [d.code for d in refused.value.problems.diagnostics] == [code]


def test_an_unwritable_report_is_no_pass(tmp_path: Path) -> None:
    done = _splitspec("check", *VARIANT, "--report", "html=missing/page.html", cwd=tmp_path)
    assert done.returncode == 70
    assert "cannot be written" in done.stderr


def test_a_report_of_nothing_says_so(tmp_path: Path) -> None:
    done = _splitspec("check", "lifecycle", "--report", "html=page.html", "-q", cwd=tmp_path)
    assert done.returncode == 0
    assert "nothing is violated" in done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("states", [1, 2], "a part of it has another form"),
        ("states", None, "a part of it has another form"),
        ("#meta", "x", "a part of it has another form"),
        ("#meta", {"splitspec": {}}, "it has no 'places'"),
        ("loop", 7, "leads back to one of its states (`loop`)"),
        ("loop", -1, "leads back to one of its states (`loop`)"),
    ],
)
def test_what_is_wrong_with_a_trace_of_itf_is_said_in_its_own_words(
    reports: Path, tmp_path: Path, key: str, value: object, said: str
) -> None:
    document = json.loads((reports / "run.itf.json").read_text())
    (tmp_path / "t.json").write_text(json.dumps(document | {key: value}))
    done = _splitspec("view", "t.json", cwd=tmp_path)
    assert done.returncode == 2
    assert "error[SS703]" in done.stderr
    assert said in " ".join(done.stderr.split())
    assert "object" not in done.stderr


def test_a_schema_that_nobody_knows_is_named(reports: Path, tmp_path: Path) -> None:
    document = json.loads((reports / "run.json").read_text())
    (tmp_path / "t.json").write_text(json.dumps(document | {"schema": "splitspec/9"}))
    done = _splitspec("view", "t.json", cwd=tmp_path)
    assert done.returncode == 2
    assert "its schema is `splitspec/9`" in done.stderr


@pytest.mark.parametrize("word", ["html", "html="])
def test_a_report_has_a_kind_and_a_path(word: str, tmp_path: Path) -> None:
    done = _splitspec("check", "lifecycle", "--report", word, cwd=tmp_path)
    assert done.returncode == 2
    assert "KIND=PATH" in done.stderr


def test_the_property_is_named_by_a_glob(reports: Path, tmp_path: Path) -> None:
    target = str(tmp_path / "page.html")
    done = _splitspec("view", "run.json", "-p", "present_*", "-o", target, cwd=reports)
    assert done.returncode == 0, done.stderr
    done = _splitspec("view", "run.json", "-p", "absent_*", "-o", target, cwd=reports)
    assert done.returncode == 2
    assert "error[SS704]" in done.stderr


@pytest.mark.parametrize("seed", ["1", "2", "3"])
def test_the_page_of_a_walk_has_the_steps_of_the_terminal(tmp_path: Path, seed: str) -> None:
    """It has nothing to minimise any more: it would have two takes."""
    words = ("simulate", *VARIANT, "--seed", seed, "--runs", "100")
    done = _splitspec(*words, "--report=json=walk.json", "--report=html=walk.html", cwd=tmp_path)
    (saved, *_) = read_traces(tmp_path / "walk.json")
    assert f" {saved.trace.length} steps · walk " in done.stdout
    drawn = (tmp_path / "walk.html").read_text()
    assert _splitspec("view", "walk.json", "-o", "view.html", cwd=tmp_path).returncode == 0
    for page in (drawn, (tmp_path / "view.html").read_text()):
        assert '"name":"minimised"' in page
        assert '"name":"original"' not in page
