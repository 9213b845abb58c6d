"""Systems are held to what they refine: what does not commute is shown in both lanes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.refinement.conftest import Pair, PairBuild

from splitspec.checker.explicit.graph import Graph
from splitspec.checker.proof import ObligationKind, ProofLimits
from splitspec.checker.symbolic.granting import granted
from splitspec.checker.symbolic.proving import prove
from splitspec.cli.refinements import choose
from splitspec.cli.selection import Request
from splitspec.model.evaluator import Evaluator
from splitspec.model.ir import ActorKind
from splitspec.model.loader import load
from splitspec.model.setting import Setting
from splitspec.model.verdict import AssuranceKind, Outcome
from splitspec.refinement.lanes import Lanes
from splitspec.refinement.matching import match
from splitspec.refinement.refining import Refinement, concrete_of, prove_refinement, refine
from splitspec.refinement.square_text import square_document, square_text

# A register is written at once; below, a write has two halves, and readers see the first late.
UPPER = """
    var full[Cell]: bool
    var owner[Cell]: Cell?
    action fill(c: Cell, d: Cell) by kernel
      when empty: not full[c]
      full[c] := true
      owner[c] := d
    action drain(c: Cell) by host
      when full: full[c]                                     @kernel
      when sought: all d: Cell: owner[d] != c                 @host
      full[c] := false
      owner[c] := none
    invariant owned
      all c, d: Cell: owner[c] = d implies full[c]
"""
LOWER = """
    enum Level = empty | half | brim
    var level[Cell]: Level
    var holder[Cell]: Cell?
    action pour(c: Cell, d: Cell) by kernel
      when empty: level[c] = empty
      level[c] := half
      holder[c] := d
    action top_up(c: Cell, d: Cell) by kernel
      when half: level[c] = half
      when same: holder[c] = d
      level[c] := brim
    action drain(c: Cell) by host
      when brim: level[c] = brim                             @kernel
      when sought: all d: Cell: level[d] != brim or holder[d] != c  @host
      level[c] := empty
      holder[c] := none
    refinement lower of upper
      let full[c] = (level[c] = brim)
      let owner[c] = if level[c] = brim then holder[c] else none
      pour(c, d) is stutter
      top_up(c, d) is fill(c, d)
"""
WRONG = {
    "a step that should be invisible is not": (
        "pour(c, d) is stutter",
        "pour(c, d) is fill(c, d)",
        "upper.full.agrees",
    ),
    "what is visible comes too early": (
        "let full[c] = (level[c] = brim)",
        "let full[c] = (level[c] != empty)",
        "upper.full.agrees",
    ),
    "a guard is missing below": (
        "when brim: level[c] = brim                             @kernel",
        "when brim: level[c] != empty                           @kernel",
        "lower.drain.allowed",
    ),
    "an argument is another one": (
        "top_up(c, d) is fill(c, d)",
        "top_up(c, d) is fill(d, c)",
        "lower.top_up.allowed",
    ),
    "an update is missing below": (
        "      level[c] := empty\n      holder[c] := none\n",
        "      holder[c] := none\n",
        "upper.full.agrees",
    ),
}
GIVENS = pytest.mark.parametrize("given", [(), (ActorKind.HOST,)], ids=["hostile", "honest"])


def _refined(pair: Pair) -> Refinement:
    return refine(pair.correspondence, pair.setting)


def _broken(found: Refinement) -> set[str]:
    return {v.property for v in found.result.verdicts if v.outcome is Outcome.VIOLATED}


def _squares(pair: Pair) -> Iterator[bool]:
    """Iterate over all reachable squares, whether each commutes, by two evaluators alone."""
    lanes, graph = Lanes(pair.correspondence, pair.setting), Graph()
    evaluator = lanes.concrete
    for state in evaluator.initial_states():
        yield lanes.initial_failure(state) is None
        graph.add(state, state, None)
    for number, state in enumerate(graph.states):  # It grows while it is walked.
        for step in evaluator.steps(state):
            yield lanes.failure(state, step) is None
            if step.successor is not None and step.successor not in graph.numbers:
                graph.add(step.successor, step.successor, (number, step))


@GIVENS
def test_a_write_in_two_halves_refines_a_write_at_once(
    pair: PairBuild, given: tuple[ActorKind, ...]
) -> None:
    found = _refined(pair(UPPER, LOWER, given=given))
    assert {v.outcome for v in found.result.verdicts} == {Outcome.HOLDS}
    assert {v.assurance.kind for v in found.result.verdicts} == {AssuranceKind.EXHAUSTIVE}
    assert found.squares == {}


@pytest.mark.parametrize(
    "given",
    [
        pytest.param((), id="hostile"),
        # One obligation is for the second solver alone, after the first has spent its budget.
        pytest.param((ActorKind.HOST,), id="honest", marks=pytest.mark.nightly),
    ],
)
def test_it_does_so_for_any_size(pair: PairBuild, given: tuple[ActorKind, ...]) -> None:
    both = pair(UPPER, LOWER, given=given)
    proof = prove_refinement(both.correspondence, both.setting)
    claims = {"upper.full.agrees", "upper.owner.agrees", "lower.top_up.allowed"}
    assert {v.property for v in proof.verdicts} >= claims
    assert {v.assurance.kind for v in proof.verdicts} == {AssuranceKind.PROVED}
    permitted = {o.kind for o in proof.obligations if o.property.endswith(".allowed")}
    assert permitted == {ObligationKind.CONSEQUENCE}


@pytest.mark.parametrize(("old", "new", "claim"), WRONG.values(), ids=WRONG)
def test_what_does_not_commute_is_found_and_not_proved(
    pair: PairBuild, old: str, new: str, claim: str
) -> None:
    assert old in LOWER
    wrong = pair(UPPER, LOWER.replace(old, new), given=(ActorKind.HOST,))
    found = _refined(wrong)
    assert claim in _broken(found)
    assert claim in found.squares
    proof = prove(wrong.setting, selected=frozenset({claim}))
    assert claim not in {v.property for v in proof.verdicts if v.outcome is Outcome.HOLDS}


def test_only_what_is_proved_of_the_model_alone_is_granted(pair: PairBuild) -> None:
    """That nothing is ever half full would make a model of it in which every square commutes: it is
    false, and no induction grants it. That no holder is unknown is granted."""
    old, new, claim = WRONG["what is visible comes too early"]
    false = "    invariant never_half\n      no c: Cell: level[c] = half\n"
    true = "    invariant held\n      all c: Cell: level[c] != empty implies holder[c] != none\n"
    text = LOWER.replace(old, new).replace("    refinement", false + true + "    refinement")
    both = pair(UPPER, text, given=(ActorKind.HOST,))
    facts = granted(
        concrete_of(both.correspondence, both.setting), both.setting, limits=ProofLimits()
    )
    assert facts == {"lower.held"}
    limits = ProofLimits(steps=100_000)
    proof = prove_refinement(both.correspondence, both.setting, limits=limits)
    # A step from a state that is half full, which the false fact would exclude.
    assert any(o.claim.startswith(claim) and o.counterexample for o in proof.obligations)
    assert claim not in {v.property for v in proof.verdicts if v.outcome is Outcome.HOLDS}
    assert not {"lower.held", "lower.never_half"} & {v.property for v in proof.verdicts}


@GIVENS
@pytest.mark.parametrize(("old", "new"), [("", ""), *((a, b) for a, b, _ in WRONG.values())])
def test_the_product_says_what_two_evaluators_say(
    pair: PairBuild, given: tuple[ActorKind, ...], old: str, new: str
) -> None:
    both = pair(UPPER, LOWER.replace(old, new) if old else LOWER, given=given)
    assert (not _broken(_refined(both))) == all(_squares(both))


def test_a_promise_above_is_none_where_nobody_made_it(pair: PairBuild) -> None:
    """An honest host keeps the promise of the abstract one, or does not refine it."""
    unasked = LOWER.replace(
        "when sought: all d: Cell: level[d] != brim or holder[d] != c  @host", ""
    )
    assert _broken(_refined(pair(UPPER, unasked))) == set()
    broken = _broken(_refined(pair(UPPER, unasked, given=(ActorKind.HOST,))))
    assert broken == {"lower.drain.allowed"}


def test_a_square_shows_both_lanes_and_the_guard_that_refuses(pair: PairBuild) -> None:
    old, new, claim = WRONG["a guard is missing below"]
    square = _refined(pair(UPPER, LOWER.replace(old, new)))
    found = square.squares[claim]
    # One half of a write is enough: the step is drained before there is anything to drain.
    assert [str(step) for step in found.concrete.steps] == ["pour(c1, c1)", "drain(c1)"]
    assert [str(step) for step in found.abstract.steps if step] == ["drain(c1)"]
    assert found.abstract.steps[0] is None
    assert [refusal.guard for refusal in found.refusals] == ["full"]
    text = square_text(found, lambda _, plain: plain)
    assert "is stutter" in text
    assert "refused  upper.drain by full" in text
    assert json.loads(json.dumps(square_document(found)))["refusals"][0]["guard"] == "full"


@pytest.mark.parametrize(("old", "new", "claim"), WRONG.values(), ids=WRONG)
def test_a_verdict_has_the_run_of_its_square(
    pair: PairBuild, old: str, new: str, claim: str
) -> None:
    """A claim that a step is allowed fails before the step, and the step is shown."""
    found = _refined(pair(UPPER, LOWER.replace(old, new), given=(ActorKind.HOST,)))
    traces = {v.property: v.trace for v in found.result.verdicts if v.trace is not None}
    assert claim in traces
    assert traces.keys() == found.squares.keys()
    for path, trace in traces.items():
        square = found.squares[path]
        assert trace == square.concrete
        assert trace.claim == path
        assert len(trace.states) == len(square.abstract.states) == trace.length + 1
        numbers = [
            line.split()[0]
            for line in square_text(square, lambda _, plain: plain).splitlines()
            if line.split()[:1] and line.split()[0].isdecimal()
        ]
        assert numbers[-1] == str(trace.length)


def test_a_square_says_what_differs(pair: PairBuild) -> None:
    old, new, claim = WRONG["what is visible comes too early"]
    square = _refined(pair(UPPER, LOWER.replace(old, new))).squares[claim]
    (difference,) = square.differences
    assert (difference.made, difference.seen) == ("false", "true")
    assert difference.place.startswith("full[")


def test_an_initial_state_that_is_none_above_is_found(pair: PairBuild) -> None:
    started = "    init\n      full[c] := true for c: Cell\n" + UPPER
    found = _refined(pair(started, LOWER))
    square = found.squares["upper.full.agrees"]
    assert square.concrete.steps == ()
    assert square.differences


def test_a_step_of_another_actor_is_no_refinement(tmp_path: Path) -> None:
    for name, text in (
        ("upper", UPPER),
        (
            "lower",
            LOWER.replace("top_up(c: Cell, d: Cell) by k", "top_up(c: Cell, d: Cell) by h").replace(
                "by hernel", "by host"
            ),
        ),
    ):
        source = f"module {name}\nimport shared\n{_dedented(text)}"
        (tmp_path / f"{name}.split").write_text(source)
    (tmp_path / "shared.split").write_text("module shared\nsort Cell\n")
    lower, upper = load(tmp_path / "lower.split").program, load(tmp_path / "upper.split").program
    assert lower is not None
    assert upper is not None
    (declared,) = lower.refinements
    found = match(lower, upper, declared)
    assert isinstance(found, tuple)
    assert [d.code for d in found] == ["SS801"]


def _dedented(text: str) -> str:
    from textwrap import dedent

    return dedent(text)


SHIPPED = ("sev", "tdx", "memory")


@pytest.mark.parametrize("model", SHIPPED)
def test_the_shipped_systems_refine_what_they_should(model: str) -> None:
    """At a small scope here; models.toml has larger ones, and what is proved has none."""
    sizes = (("Frame", 1), ("Page", 1), ("Container", 2))
    chosen = choose(Request(models=(model,), sizes=sizes))
    assert not chosen.problems
    assert chosen.jobs
    for job in chosen.jobs:
        found = refine(job.correspondence, job.setting)
        assert {v.outcome for v in found.result.verdicts} == {Outcome.HOLDS}, job.title


@pytest.mark.parametrize("model", ["sev", "tdx"])
def test_both_platforms_refine_the_page_machine_for_any_size(model: str) -> None:
    for job in choose(Request(models=(model,))).jobs:
        proof = prove_refinement(job.correspondence, job.setting)
        kinds = {v.assurance.kind for v in proof.verdicts}
        assert kinds == {AssuranceKind.PROVED}, job.title


def test_the_product_moves_as_the_concrete_system_does() -> None:
    """Its steps are those of the model, instance by instance, in the first states of a run."""
    (job,) = (j for j in choose(Request(models=("sev",), given=())).jobs if not j.setting.given)
    both = Evaluator(job.setting)
    alone = Evaluator(_alone(job.correspondence.concrete, job.setting))
    number = len(alone.places.names)
    states = list(both.initial_states())
    for state in states[:60]:
        steps, own = list(both.steps(state)), list(alone.steps(state[:number]))
        assert [(s.action, s.binding) for s in steps] == [(s.action, s.binding) for s in own]
        for step, other in zip(steps, own, strict=True):
            assert step.successor is not None
            assert step.successor[:number] == other.successor
            states.append(step.successor)


def _alone(program: object, setting: Setting) -> Setting:
    from dataclasses import replace

    return replace(setting, program=program, properties=())  # type: ignore[arg-type]
