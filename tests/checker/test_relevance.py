"""The facts near an obligation are about what its action and its claim are about."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from splitspec.checker.proof import Method
from splitspec.checker.symbolic.proving import prove
from splitspec.checker.symbolic.relevance import facts_near
from splitspec.checker.symbolic.theory import theory_of
from splitspec.model.setting import Setting
from splitspec.model.verdict import AssuranceKind, Outcome

Make = Callable[..., Setting]

# Two mechanisms, each with its lemma, and a claim that ties them.
TWO_MECHANISMS = """
    sort C
    sort G
    var owner[G]: C?
    var open[G]: bool
    var lit[C]: bool
    var warm[C]: bool
    action take(c: C, g: G) by kernel for c
      when free: owner[g] = none
      owner[g] := c
      open[g] := false
    action light(c: C) by kernel for c
      lit[c] := true
      warm[c] := true
    lemma owned_are_shut
      all c: C, g: G: owner[g] = c implies not open[g]
    lemma lit_are_warm
      all c: C: lit[c] implies warm[c]
    invariant lit_owners
      all c: C, g: G: lit[c] and owner[g] = c implies warm[c] and not open[g]
"""


@pytest.mark.parametrize(
    ("action", "claim", "near"),
    [
        ("take", "owned_are_shut", {"owned_are_shut"}),
        ("light", "lit_are_warm", {"lit_are_warm"}),
        ("take", "lit_are_warm", {"owned_are_shut", "lit_are_warm", "lit_owners"}),
        ("take", "lit_owners", {"owned_are_shut", "lit_are_warm", "lit_owners"}),
    ],
)
def test_facts_near_read_what_action_and_claim_read(
    setting: Make, action: str, claim: str, near: set[str]
) -> None:
    theory = theory_of((made := setting(TWO_MECHANISMS)).program, made.given)
    claims = {each.name: each for each in theory.claims}
    actions = {each.path: each for each in theory.system.actions}
    found = facts_near(theory, actions[f"m.{action}"], claims[f"m.{claim}"])
    assert found == {f"m.{name}" for name in near}


def test_what_the_first_solver_gives_up_is_proved_from_near_facts(
    setting: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With no budget for the first, every proof is from the facts near it, and names no other."""
    monkeypatch.setattr("splitspec.checker.symbolic.unbounded_calculus.FIRST_STEPS", 1)
    made = setting(TWO_MECHANISMS)
    result = prove(made)
    assert {v.outcome for v in result.verdicts} == {Outcome.HOLDS}
    assert {v.assurance.kind for v in result.verdicts} == {AssuranceKind.PROVED}
    theory = theory_of(made.program, made.given)
    claims = {each.name: each for each in theory.claims}
    actions = {each.path: each for each in theory.system.actions}
    facts = {fact.name for fact in theory.facts}
    fresh = [o for o in result.obligations if o.method is Method.Z3_FRESH]
    assert fresh
    for each in fresh:
        near = facts_near(theory, actions[each.action], claims[each.claim])
        assert facts & set(each.core) <= near
