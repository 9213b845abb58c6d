"""What a failing proof tells its reader to do next, and that doing it leads somewhere."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from tests.cli.desk import DESK, MODELS
from tests.cli.within import splitspec

COMES_BACK = """
progress tickets_come_back(g: Guest, t: Ticket)
  holder[t] = g leads to holder[t] = none
"""

# `begun` is true of an element only with `noted`, so that `look` finds nothing. A proof has to be
# told that.
NOTED = """module noted

sort S
var begun[S]: bool
var noted[S]: bool
var bad[S]: bool

action begin(s: S) by kernel
  begun[s] := true
  noted[s] := true

action look(s: S) by kernel
  when begun: begun[s]
  bad[t] := true for t: S where t = s and not noted[t]

invariant nothing_is_bad
  all s: S: not bad[s]
"""
BOTH = """
lemma both
  all s: S: begun[s] implies noted[s]
"""

# Nobody is last because nobody is first, and nothing keeps anybody from being first.
CHAIN = """module chain

sort S
var first[S]: bool
var last[S]: bool

action begin(s: S) by kernel
  first[s] := true

action end(s: S) by kernel
  when open: first[s]
  last[s] := true

lemma nobody_is_first
  all s: S: not first[s]
lemma nobody_is_last
  all s: S: not last[s]
"""


# Whoever goes is asked whether it may, and nobody but itself asks.
PROMISED = """module promised

sort S
var may[S]: bool
var gone[S]: bool

action allow(s: S) by kernel
  may[s] := true

action go(s: S) by container[s]
  when allowed: may[s]
  gone[s] := true

invariant only_who_may
  all s: S: gone[s] implies may[s]
"""


# Nothing makes anybody stuck, and a proof has to be told so.
WAITING = """module waiting

sort S
var busy[S]: bool
var stuck[S]: bool

action begin(s: S) by kernel
  busy[s] := true

action finish(s: S) by kernel fair for s
  when busy:  busy[s]
  when loose: not stuck[s]
  busy[s] := false

progress everything_ends(s: S)
  busy[s] leads to not busy[s]
"""
NOBODY_IS_STUCK = """
lemma nobody_is_stuck
  all s: S: not stuck[s]
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "desk.split").write_text(DESK)
    (tmp_path / "models.toml").write_text(MODELS)
    return tmp_path


def prove(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return splitspec(folder, "prove", *words)


def next_steps(text: str) -> list[str]:
    """Return the sentences behind `next`."""
    lines = text.splitlines()
    start = next((i for i, line in enumerate(lines) if line.startswith("  next ")), len(lines))
    end = next((i for i in range(start, len(lines)) if not lines[i].strip()), len(lines))
    return [line[12:] for line in lines[start:end]]


def test_a_failed_proof_names_the_ways_on_and_one_that_was_tried_is_not_named_again(
    folder: Path,
) -> None:
    (folder / "noted.split").write_text(NOTED)
    first = next_steps(prove(folder, "noted.split").stdout)
    assert [line.split()[0] for line in first] == ["--reach", "--suggest"]
    explored = next_steps(prove(folder, "noted.split", "--reach").stdout)
    assert explored[0].startswith("no run that shows it was found")
    assert explored[1].startswith("--suggest ")
    assert next_steps(prove(folder, "noted.split", "--suggest").stdout) == []


def test_the_lemma_that_is_suggested_can_be_pasted_and_ends_the_matter(folder: Path) -> None:
    path = folder / "noted.split"
    path.write_text(NOTED)
    said = prove(folder, "noted.split", "--suggest").stdout
    assert "to be pasted into module noted" in said
    lemma = said.split("\nlemma ")[1].split("\n\n")[0]
    path.write_text(f"{NOTED}\nlemma {lemma}\n")
    assert prove(folder, "noted.split").returncode == 0
    path.write_text(NOTED + BOTH)
    assert prove(folder, "noted.split").returncode == 0


def test_of_what_was_selected_the_fact_that_fails_first_is_named_and_shown(folder: Path) -> None:
    """Of `nobody_is_first` no verdict was asked for."""
    (folder / "chain.split").write_text(CHAIN)
    done = prove(folder, "chain.split", "-p", "nobody_is_last")
    assert done.returncode == 3
    assert "unknown   chain.nobody_is_first" not in done.stdout
    assert "counterexample to induction of chain.nobody_is_first" in done.stdout
    begin = "begin with chain.nobody_is_first: 1 proof failed for want of that"
    assert next_steps(done.stdout)[0] == begin
    both = prove(folder, "chain.split").stdout
    assert both.count("counterexample to induction of chain.nobody_is_first") == 1


def test_what_waits_for_a_claim_that_a_run_violates_waits_for_its_mending(folder: Path) -> None:
    """Nobody is odd, so that no run makes anybody last; the proof was by nobody being first."""
    text = CHAIN.replace("var last", "var odd[S]: bool\nvar last")
    text = text.replace("when open: first[s]", "when open: first[s] and odd[s]")
    (folder / "chain.split").write_text(text)
    done = prove(folder, "chain.split", "--reach")
    assert "violated  chain.nobody_is_first  1 step" in done.stdout
    assert next_steps(done.stdout) == [
        "begin with chain.nobody_is_first: 1 proof failed for want of that"
    ]


def test_of_what_runs_violate_the_fact_that_fails_by_itself_is_named(folder: Path) -> None:
    """That somebody is last is for want of nobody being first, though a run shows either."""
    (folder / "chain.split").write_text(CHAIN)
    done = prove(folder, "chain.split", "--reach")
    assert "violated  chain.nobody_is_last  2 steps" in done.stdout
    assert next_steps(done.stdout) == [
        "begin with chain.nobody_is_first: 1 proof failed for want of that"
    ]


def test_an_action_that_cannot_happen_is_mended_or_accounted_for(folder: Path) -> None:
    never = "  when absurd: holder[t] = none and holder[t] != none\n  holder[t] := none\n"
    text = f"{DESK.partition('invariant')[0]}action never(t: Ticket) by kernel\n{never}"
    (folder / "desk.split").write_text(text)
    done = prove(folder, "desk")
    assert done.returncode == 4, done.stdout + done.stderr
    (only,) = next_steps(done.stdout)
    assert "idle" in only


def test_progress_without_a_ranking_names_the_search_for_a_fair_run(folder: Path) -> None:
    (folder / "desk.split").write_text(DESK.partition("invariant")[0] + COMES_BACK)
    (only,) = next_steps(prove(folder, "desk").stdout)
    assert only.startswith("--reach looks for a fair run")
    found = prove(folder, "desk", "--reach")
    assert found.returncode == 1
    assert next_steps(found.stdout) == []


def test_a_step_that_a_promise_would_have_refused_says_that_it_is_nobodys(folder: Path) -> None:
    """The guard stands in the text, and the step happens all the same. Both ways out lead on."""
    (folder / "promised.split").write_text(PROMISED)
    done = prove(folder, "promised.split")
    assert "promised.go.allowed: may[s] · may[s1] = false" in done.stdout
    assert "a promise of an honest container, who is hostile here" in done.stdout
    assert next_steps(done.stdout)[0].startswith("a promise restrains nobody here")
    enforced = PROMISED.replace("may[s]\n  gone", "may[s] @kernel\n  gone")
    given = PROMISED.replace("only_who_may", "only_who_may given honest container")
    for text in (enforced, given):
        (folder / "promised.split").write_text(text)
        assert prove(folder, "promised.split").returncode == 0


def test_a_claim_of_progress_that_no_run_refutes_may_lack_a_lemma(folder: Path) -> None:
    (folder / "waiting.split").write_text(WAITING)
    (only,) = next_steps(prove(folder, "waiting.split").stdout)
    assert only.startswith("--reach looks for a fair run")
    reached = prove(folder, "waiting.split", "--reach")
    assert "no fair run shows it" in reached.stdout
    assert next_steps(reached.stdout)[-1].startswith("a lemma may have to say that somebody has")
    (folder / "waiting.split").write_text(WAITING + NOBODY_IS_STUCK)
    assert prove(folder, "waiting.split").returncode == 0


def test_a_verdict_names_the_facts_that_its_proof_lacks(folder: Path) -> None:
    (folder / "chain.split").write_text(CHAIN)
    done = prove(folder, "chain.split", "--format", "json")
    lacking = {v["property"]: v["needs"] for v in json.loads(done.stdout)["verdicts"]}
    assert lacking == {
        "chain.nobody_is_first": [],
        "chain.nobody_is_last": ["chain.nobody_is_first"],
    }


def test_a_finite_proof_that_fails_does_not_name_what_finite_refuses(folder: Path) -> None:
    (folder / "noted.split").write_text(NOTED)
    first, second = next_steps(prove(folder, "noted.split", "--finite").stdout)
    assert first.startswith("--reach ")
    assert second.startswith("--k-induction 3 ")
    assert prove(folder, "noted.split", "--finite", "--reach").returncode == 3


def test_what_is_proved_for_the_models_sizes_only_says_why_and_how_to_refute_it(
    folder: Path,
) -> None:
    """Only of four tickets somebody has four, and counterexamples are sought up to three."""
    (folder / "desk.split").write_text(DESK.replace("held[g] <= 2", "held[g] <= 3"))
    done = prove(folder, "desk")
    assert (
        "holds     desk.two_at_most  proved-finite(Guest=2, Ticket=2) · for any size, "
        in done.stdout
    )
    assert "after desk.hand_out: refuted by a model" in done.stdout
    assert done.returncode == 3, "other sizes were asked for, and nothing is known of them"
    first, second = next_steps(done.stdout)
    assert first.startswith("--scope SORT=N ")
    assert second.startswith("--finite ")
    assert prove(folder, "desk", "--finite").returncode == 0
    larger = prove(folder, "desk", "--scope", "Ticket=4")
    assert larger.returncode == 3
    assert "all facts hold before the step (Guest=1 Ticket=4)" in larger.stdout
    found = prove(folder, "desk", "--scope", "Ticket=4", "--reach")
    assert "violated  desk.two_at_most  4 steps" in found.stdout


def test_a_proof_at_a_scope_is_not_said_to_need_every_fact(folder: Path) -> None:
    """That the level stays low is so within its bound, and owes nothing to how many one has."""
    text = DESK.replace("counter held", "var level: nat\ncounter held")
    text = text.replace("  held[g] += 1\n", "  held[g] += 1\n  level := level + 1\n")
    (folder / "desk.split").write_text(f"{text}\ninvariant level_is_low\n  level < 99\n")
    (folder / "models.toml").write_text(f"{MODELS}bounds = {{ level = 2 }}\n")
    done = prove(folder, "desk")
    assert done.returncode == 3
    assert "unknown   desk.two_at_most" in done.stdout
    assert "holds     desk.level_is_low  proved-finite(Guest=2, Ticket=2, level<=2)" in done.stdout
    assert "needs" not in done.stdout


def test_a_budget_that_was_too_small_is_named(folder: Path) -> None:
    """It comes first: a fact that was given up for want of steps is none before a step, either."""
    spent = next_steps(prove(folder, "desk", "--finite", "--steps", "1").stdout)
    assert spent[0] == "--steps N gives each question more than 1 of the solver's steps"
    assert next_steps(prove(folder, "desk", "--timeout", "0.001").stdout) == [
        "--timeout gives it more time"
    ]


def test_a_spent_budget_is_not_taken_for_an_answer(folder: Path) -> None:
    """Nothing but giving back ends the waiting; with one step nobody knows."""
    (folder / "desk.split").write_text(DESK.partition("invariant")[0] + COMES_BACK)
    said = prove(folder, "desk", "--steps", "1").stdout
    assert "may end the waiting without an answer: its budget of steps is spent" in said


@pytest.mark.parametrize("line", ["held[g] := 0", "held[g] -= held[g]"])
def test_who_empties_a_counted_set_is_told_to_take_one_in_each_step(
    folder: Path, line: str
) -> None:
    """A `for` over the elements would be refused as well. Giving back one by one is proved."""
    leave = (
        "action leave(g: Guest) by kernel\n  holder[t] := none for t: Ticket where holder[t] = g\n"
    )
    (folder / "desk.split").write_text(f"{DESK.partition('invariant')[0]}{leave}  {line}\n")
    done = prove(folder, "desk")
    assert done.returncode == 2
    assert "take one in each step, as a parameter of the action" in done.stderr
    (folder / "desk.split").write_text(DESK.partition("invariant")[0])
    assert prove(folder, "desk").returncode == 0


def test_a_proof_that_does_what_it_should_says_nothing_more(folder: Path) -> None:
    (folder / "desk.split").write_text(DESK.replace("held[g] <= 2", "held[g] >= 0"))
    done = prove(folder, "desk")
    assert done.returncode == 0, done.stdout
    assert next_steps(done.stdout) == []


def test_refine_does_not_name_options_of_prove(tmp_path: Path) -> None:
    """Whose step is no step above is told to explore, which `refine` does without --prove."""
    (tmp_path / "lamp.split").write_text(
        "module lamp\n\nvar lit: bool\n\naction light() by kernel\n"
        "  when dark: not lit\n  lit := true\n"
    )
    (tmp_path / "bulb.split").write_text(
        "module bulb\n\nvar on: bool\nvar warm: bool\n\naction press() by kernel\n"
        "  when off: not warm\n  on := true\n\n"
        "refinement bulb of lamp\n  let lit = on\n  press() is light()\n"
    )
    (tmp_path / "models.toml").write_text('[bulb]\nmodule = "bulb"\nscope = {}\n')
    done = splitspec(tmp_path, "refine", "bulb", "--prove")
    assert done.returncode == 3, done.stdout + done.stderr
    (only,) = next_steps(done.stdout)
    assert only.startswith("without --prove")
    assert "--reach" not in done.stdout
    assert splitspec(tmp_path, "refine", "bulb").returncode == 1


def test_a_fact_is_not_taken_for_another_one_whose_name_begins_alike(tmp_path: Path) -> None:
    """`nobody` fails as well, and nothing waits for it."""
    more = "\naction call(s: S) by kernel\n  called[s] := true\n\nlemma nobody\n"
    text = CHAIN.replace("var last[S]: bool\n", "var last[S]: bool\nvar called[S]: bool\n")
    (tmp_path / "chain.split").write_text(f"{text}{more}  all s: S: not called[s]\n")
    done = splitspec(tmp_path, "prove", "chain.split")
    (begin,) = (line for line in done.stdout.splitlines() if "begin with" in line)
    assert "begin with chain.nobody_is_first: 1 proof failed" in begin
