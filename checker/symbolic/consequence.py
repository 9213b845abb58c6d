"""Claims that follow from other facts in one and the same state, so that no step is followed.

Where a claim says what is to be seen in any state of which others say what it is, one question
stands for one to every action. So it is with a counter that is exact because another one is: the
two are one number everywhere, and count under conditions that mean the same.

Soundness: a claim that follows in every state from facts that hold in every reachable state holds
there, too. Those facts may assume it before a step, as they may assume one another; but none of
them may itself be shown in this way, or two claims could follow from each other and from nothing.
"""

from __future__ import annotations

from splitspec.checker.proof import ObligationKind
from splitspec.checker.symbolic.algebra import Environment
from splitspec.checker.symbolic.calculus import Calculus, Facts, Outcome
from splitspec.checker.symbolic.condition import Conditions, Query
from splitspec.checker.symbolic.counting import Tally, counter_tally
from splitspec.checker.symbolic.encoder import Moment
from splitspec.checker.symbolic.response import Posed
from splitspec.checker.symbolic.term import Term
from splitspec.checker.symbolic.theory import Claim
from splitspec.checker.symbolic.unbounded_calculus import UnboundedCalculus
from splitspec.checker.symbolic.z3_solver import Answer


def follow(calculus: Calculus, claim: Claim, facts: Facts, like: str) -> Outcome:
    """Decide whether a claim follows from some facts in every state, of any size; that a counter is
    exact, from another one's being so, whose path is `like`."""
    assert isinstance(calculus, UnboundedCalculus)
    calculus.turn_to(f"{claim.name} in every state")
    return calculus.climb((_query(calculus.conditions, claim, like),), facts, (), {})


def recheck_consequence(calculus: Calculus, claim: Claim, outcome: Outcome, like: str) -> Answer:
    """Ask cvc5 alone whether a claim follows from what its proof used."""
    assert isinstance(calculus, UnboundedCalculus)
    return calculus.recheck_posed(Posed(_query(calculus.conditions, claim, like)), outcome)


def _query(conditions: Conditions, claim: Claim, like: str) -> Query:
    if like:
        goal = _counts_as(conditions, claim, like)
        rests = frozenset({f"{like}.exact"})
        return Query(ObligationKind.CONSEQUENCE, "", claim, 0, (), goal, rests)
    assert claim.expression is not None
    goal = conditions.encoder.holds(claim.expression, {}, Moment(conditions.before))
    meaning = tuple(conditions.definitions(claim, conditions.before, ""))
    return Query(ObligationKind.CONSEQUENCE, "", claim, 0, meaning, goal)


def _counts_as(conditions: Conditions, claim: Claim, like: str) -> Term:
    """Return that a counter is everywhere the number that another one is, and that what the two
    count is the same; their keys, and what they bind, correspond in their order."""
    one, other = conditions.tally(claim), counter_tally(conditions.system.variables[like])
    state, terms, algebra = conditions.before, conditions.terms, conditions.algebra
    names = {
        mine.name: its.name
        for mine, its in zip((*one.keys, *one.binders), (*other.keys, *other.binders), strict=True)
    }

    def its(env: Environment) -> Environment:
        return {names[name]: value for name, value in env.items()}

    def satisfies(tally: Tally, env: Environment) -> Term:
        return conditions.encoder.holds(tally.condition, env, Moment(state))

    return terms.conjunction(
        algebra.all_of(
            one.keys,
            {},
            lambda env: terms.equality(one.value(state, env), other.value(state, its(env))),
        ),
        algebra.all_of(
            (*one.keys, *one.binders),
            {},
            lambda env: terms.equality(satisfies(one, env), satisfies(other, its(env))),
        ),
    )
