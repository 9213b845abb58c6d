"""What each command draws of what fails: the same kinds under the same names, a page for each
counterexample to induction, and a sentence where a kind says nothing of what was found."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from tests.cli.within import splitspec

from splitspec.cli.report_request import MAKERS

# `never_hot` holds in every reachable state and is not inductive: nobody says that it is not lit.
LAMP = '''
module lamp
  """A lamp that nobody can light."""

var lit: bool                                # it is alight
var hot: bool                                # it was alight

action warm() by kernel
  when alight: lit
  hot := true

action flicker() by kernel
  when alight: lit
  lit := false
  hot := true

action rest() by kernel
  when cold: not hot
  lit := false

invariant never_hot
  """The lamp is never hot."""
  not hot
'''
BROKEN = LAMP.replace("  when cold: not hot\n  lit := false", "  when cold: not hot\n  lit := true")

IDEAL = '''
module ideal
  """Nothing is ever hot."""

var warm: bool                               # it is warm

action wait() by kernel
  when always: not warm
  warm := false
'''
REFINEMENT = """
refinement lamp of ideal
  let warm = hot
  warm() is stutter
  flicker() is stutter
  rest() is wait()
"""


FINDERS = [("prove", "--reach"), ("prove", "--bmc", "3"), ("check",), ("simulate",)]


@pytest.fixture
def lamp(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (tmp_path / "lamp.split").write_text(LAMP.lstrip("\n"))
    return tmp_path


def run(*words: str) -> subprocess.CompletedProcess[str]:
    return splitspec(Path.cwd(), *words)


def drawn(path: Path) -> Any:
    """What the page draws first, as the file holds it."""
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', path.read_text())
    assert found is not None
    return json.loads(found[1])


def test_each_counterexample_to_induction_has_a_page(lamp: Path) -> None:
    """Both steps that need `lit` break it from a state in which it is alight."""
    done = run("prove", "lamp.split", "--report", "html=page.html", "--report", "json=proof.json")
    assert done.returncode == 3, done.stdout
    pages = [lamp / "page.html", lamp / "page-2.html"]
    assert sorted(lamp.glob("*.html")) == sorted(pages)
    calls = set()
    for page in pages:
        data = drawn(page)
        (take,) = data["takes"]
        assert take["banner"].startswith("Reachability unknown")
        assert len(take["steps"]) == 1
        calls.add(take["steps"][0]["call"])
        words = data["command"].split()
        assert words[:3] == ["splitspec", "prove", "lamp.split"]
        assert run(*words[1:]).returncode == 3
    assert calls == {"warm()", "flicker()"}
    # What the command draws is what `view` draws of its document.
    assert run("view", "proof.json", "-o", "viewed.html").returncode == 0
    assert drawn(lamp / "viewed.html")["takes"] == drawn(pages[0])["takes"]


@pytest.mark.parametrize("kind", ["itf", "mermaid", "dot"])
def test_what_tells_of_a_run_is_no_form_of_a_step_from_anywhere(kind: str, lamp: Path) -> None:
    refused = run("prove", "lamp.split", "--report", f"{kind}=file")
    assert refused.returncode == 2
    assert "one step from some state" in " ".join(refused.stderr.split())
    # With --reach there might have been a run: there is none, and the file says nothing else.
    done = run("prove", "lamp.split", "--reach", "--report", f"{kind}=file")
    assert done.returncode == 3
    assert "file is not written: a counterexample to induction is one step" in done.stderr
    assert not (lamp / "file").exists()


@pytest.mark.parametrize("kind", ["itf", "mermaid", "dot", "html"])
@pytest.mark.parametrize("words", FINDERS, ids=" ".join)
def test_a_run_is_drawn_by_every_command_that_finds_one(
    words: tuple[str, ...], kind: str, lamp: Path
) -> None:
    (lamp / "lamp.split").write_text(BROKEN.lstrip("\n"))
    command, *options = words
    done = run(command, "lamp.split", *options, "--report", f"{kind}=file")
    assert done.returncode == 1, done.stdout
    assert (lamp / "file").stat().st_size > 0
    if kind == "html":
        (take, *_) = drawn(lamp / "file")["takes"]
        assert [step["call"] for step in take["steps"]] in (
            ["rest()", "warm()"],
            ["rest()", "flicker()"],
        )


@pytest.mark.parametrize("command", ["check", "simulate", "prove"])
def test_runs_are_reported_to_machines_by_every_command(command: str, lamp: Path) -> None:
    (lamp / "lamp.split").write_text(BROKEN.lstrip("\n"))
    kinds = ("json", "junit", "sarif")
    reports = [word for kind in kinds for word in ("--report", f"{kind}={kind}")]
    run(command, "lamp.split", *reports)
    assert "lamp.never_hot" in (lamp / "junit").read_text()
    assert json.loads((lamp / "sarif").read_text())["runs"][0]["results"]
    verdicts = json.loads((lamp / "json").read_text())["verdicts"]
    assert "lamp.never_hot" in {verdict["property"] for verdict in verdicts}


def test_a_refinement_that_is_not_proved_is_drawn(lamp: Path) -> None:
    (lamp / "lamp.split").write_text(LAMP.lstrip("\n").partition("\ninvariant")[0] + REFINEMENT)
    (lamp / "ideal.split").write_text(IDEAL.lstrip("\n"))
    done = run("refine", "lamp.split", "--prove", "--report", "html=page.html")
    assert done.returncode == 3, done.stdout
    data = drawn(lamp / "page.html")
    assert data["takes"][0]["banner"].startswith("Reachability unknown")
    assert data["command"] == "splitspec refine lamp --given none --prove"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("check", "--report", "html"), "'html' is not KIND=PATH"),
        (("check", "--report", "pdf=x"), "there is no report 'pdf'"),
        (("check", "--report", "markdown=x"), "markdown is made by gate"),
        (("refine", "--report", "itf=x"), "itf is made by check and simulate"),
        (("gate", "--report", "html=x"), "html is made by check, simulate, prove"),
        (("replay", "log", "--report", "junit=x"), "junit is made by check, simulate, prove"),
    ],
)
def test_a_kind_that_is_not_made_here_is_refused_with_who_makes_it(
    words: tuple[str, ...], said: str
) -> None:
    done = run(*words)
    assert done.returncode == 2
    assert said in " ".join(done.stderr.split())


def test_no_report_is_written_to_a_file_named_as_standard_output() -> None:
    done = run("prove", "--report", "json=-")
    assert done.returncode == 2
    assert "`-` is standard output to a gate alone" in " ".join(done.stderr.split())


def test_who_is_said_to_make_a_kind_takes_it_and_nobody_else_does() -> None:
    commands = ("check", "simulate", "prove", "refine", "conform", "gate", "replay")
    taken: dict[str, set[str]] = {}
    for command in commands:
        log = ["log"] if command == "replay" else []
        said = run(command, *log, "--report", "nothing=x").stderr.partition("KIND is ")[2]
        for kind in re.findall(r"[a-z]+", said):
            taken.setdefault(kind, set()).add(command)
    made = {kind: set(re.findall(r"[a-z]+", by)) & {*commands} for kind, by in MAKERS.items()}
    assert taken == made
