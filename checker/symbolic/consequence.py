"""Claims that follow from other facts in one and the same state, so that no step is followed.

Where a claim says what is to be seen in any state of which others say what it is, one question
stands for one to every action.

Soundness: a claim that follows in every state from facts that hold in every reachable state holds
there, too. Those facts may assume it before a step, as they may assume one another; but none of
them may itself be shown in this way, or two claims could follow from each other and from nothing.
"""

from __future__ import annotations

from splitspec.checker.proof import ObligationKind
from splitspec.checker.symbolic.calculus import Calculus, Facts, Outcome
from splitspec.checker.symbolic.condition import Conditions, Query
from splitspec.checker.symbolic.encoder import Moment
from splitspec.checker.symbolic.response import Posed
from splitspec.checker.symbolic.theory import Claim
from splitspec.checker.symbolic.unbounded_calculus import UnboundedCalculus
from splitspec.checker.symbolic.z3_solver import Answer


def follow(calculus: Calculus, claim: Claim, facts: Facts) -> Outcome:
    """Decide whether a claim follows from some facts in every state, of any size."""
    assert isinstance(calculus, UnboundedCalculus)
    calculus.turn_to(f"{claim.name} in every state")
    return calculus.climb((_query(calculus.conditions, claim),), facts, (), {})


def recheck_consequence(calculus: Calculus, claim: Claim, outcome: Outcome) -> Answer:
    """Ask cvc5 alone whether a claim follows from what its proof used."""
    assert isinstance(calculus, UnboundedCalculus)
    return calculus.recheck_posed(Posed(_query(calculus.conditions, claim)), outcome)


def _query(conditions: Conditions, claim: Claim) -> Query:
    assert claim.expression is not None
    goal = conditions.encoder.holds(claim.expression, {}, Moment(conditions.before))
    meaning = tuple(conditions.definitions(claim, conditions.before, ""))
    return Query(ObligationKind.CONSEQUENCE, "", claim, 0, meaning, goal)
