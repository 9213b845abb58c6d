"""The facts near an obligation are about what its action and its claim are about."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from splitspec.checker.proof import Method
from splitspec.checker.symbolic.proving import prove
from splitspec.checker.symbolic.relevance import Relevance
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
    found = Relevance(theory).facts_near(actions[f"m.{action}"], claims[f"m.{claim}"])
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
    relevance = Relevance(theory)
    fresh = [o for o in result.obligations if o.method is Method.Z3_FRESH]
    assert fresh
    for each in fresh:
        near = relevance.facts_near(actions[each.action], claims[each.claim])
        assert facts & set(each.core) <= near


def test_the_first_solver_does_not_use_what_is_far_where_the_near_is_enough(setting: Make) -> None:
    """`light` keeps `lit_are_warm` by itself, and `lit_owners` by facts that are all near it."""
    made = setting(TWO_MECHANISMS)
    relevance = Relevance(theory := theory_of(made.program, made.given))
    claims = {each.name: each for each in theory.claims}
    actions = {each.path: each for each in theory.system.actions}
    facts = {fact.name for fact in theory.facts}
    proved = [o for o in prove(made).obligations if o.action]
    assert {o.method for o in proved} <= {Method.Z3, Method.FOLDED}
    for each in proved:
        near = relevance.facts_near(actions[each.action], claims[each.claim])
        assert facts & set(each.core) <= near


# That nothing is sought follows from two facts, and both speak of what step and claim do not.
FAR = """
    sort C
    var sought: bool
    var armed: bool
    var held[C]: bool
    action hold(c: C) by kernel for c
      when wanted: sought
      held[c] := true
    action disarm() by kernel
      armed := false
    lemma sought_means_armed
      sought implies armed
    lemma never_armed
      not armed
    invariant nobody_holds
      no c: C: held[c]
"""


def test_what_is_far_is_asked_where_the_near_is_not_enough(setting: Make) -> None:
    made = setting(FAR)
    relevance = Relevance(theory := theory_of(made.program, made.given))
    claims = {each.name: each for each in theory.claims}
    actions = {each.path: each for each in theory.system.actions}
    far = {"m.sought_means_armed", "m.never_armed"}
    assert not far & relevance.facts_near(actions["m.hold"], claims["m.nobody_holds"])
    (found,) = (
        o for o in prove(made).obligations if (o.action, o.claim) == ("m.hold", "m.nobody_holds")
    )
    assert found.method is Method.Z3
    assert far <= set(found.core)
