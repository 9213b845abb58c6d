"""Which facts are near an obligation: those that read nothing but what its action and its claim
read or write.

In a composition of many mechanisms there are hundreds of facts, most of them about variables that
an obligation has nothing to do with, and a solver spends its budget on their instances. A claim
that is proved of one mechanism alone is as a rule proved by the facts near it. (Meng and Paulson,
Lightweight relevance filtering for machine-generated resolution problems, 2009, go further.)

That a counter is exact is said by many quantifiers, and most obligations that speak of a counter do
not need it. So those near are tried without it first.

A claim about one state is near those that say what its variables are: equations, and what reads
nothing but the claim and they do.

Soundness: fewer facts prove less. Nothing is proved by those near that all together do not prove.
"""

from __future__ import annotations

from collections.abc import Iterator

from splitspec.checker.proof import ObligationKind
from splitspec.checker.symbolic.calculus import Facts
from splitspec.checker.symbolic.condition import Query
from splitspec.checker.symbolic.theory import Claim, Theory
from splitspec.model.expressions import variables_read
from splitspec.model.ir import (
    Equal,
    Expression,
    FlatAction,
    FlatUpdate,
    PropertyKind,
    Quantifier,
    Read,
)


class Relevance:
    """Finds the facts near the obligations of a theory; what an action reads is gathered once."""

    def __init__(self, theory: Theory) -> None:
        self._theory = theory
        self._actions = {action.path: action for action in theory.system.actions}
        self._reaches: dict[str, frozenset[str]] = {}
        self._exactness: Facts = frozenset(
            fact.name for fact in theory.facts if fact.kind is PropertyKind.EXACT
        )

    def choices(self, query: Query) -> tuple[Facts, ...]:
        """Return names of facts that may be enough for a question, in the order in which they are
        tried; none where every fact may say something.

        Those in the cone are few, and are enough where an action moves much that a claim does not
        read; those near are enough more often, also without the exactness of counters.
        """
        if query.kind is ObligationKind.CONSEQUENCE:
            return (self.facts_about(query.claim),)
        if not query.action:
            return ()
        action, claim = self._actions[query.action], query.claim
        near, cone = self.facts_near(action, claim), self.facts_in_cone(action, claim)
        few = near if claim.kind is PropertyKind.EXACT else near - self._exactness
        return (near, cone) if few == near else (few, near, cone)

    def facts_in_cone(self, action: FlatAction, claim: Claim) -> Facts:
        """Return the names of the facts that read nothing but what decides on the claim's variables
        after the action."""
        reads = self._theory.reads
        watched = reads(claim)
        moves = (term for u in action.updates if u.variable in watched for term in _moved(u))
        reach = watched | variables_read(moves)
        return frozenset(fact.name for fact in self._theory.facts if reads(fact) <= reach)

    def facts_near(self, action: FlatAction, claim: Claim) -> Facts:
        """Return the names of the facts near what the action owes."""
        if action.path not in self._reaches:
            written = frozenset(update.variable for update in action.updates)
            self._reaches[action.path] = variables_read(_terms(action)) | written
        reach, reads = self._reaches[action.path] | self._theory.reads(claim), self._theory.reads
        return frozenset(fact.name for fact in self._theory.facts if reads(fact) <= reach)

    def facts_about(self, claim: Claim) -> Facts:
        """Return the names of the facts near a claim about one state."""
        facts, reads = self._theory.facts, self._theory.reads
        reach = reads(claim)
        equations = [fact for fact in facts if _equated(fact.expression) in reach]
        reach = reach.union(*map(reads, equations))
        near = (fact for fact in facts if reads(fact) <= reach)
        return frozenset(fact.name for fact in (*equations, *near))


def _equated(term: Expression | None) -> str | None:
    """Return the variable of which an equation says what it is at every place, if it is one.

    That an option is another one is said value by value, by an equation between equations.
    """
    while isinstance(term, Quantifier) and term.kind == "all":
        term = term.body
    if not isinstance(term, Equal):
        return None
    while isinstance(term, Equal):
        term = term.left
    return term.variable if isinstance(term, Read) else None


def _terms(action: FlatAction) -> Iterator[Expression]:
    for guard in action.guards:
        for line in guard.lines:
            yield line.expression
    for update in action.updates:
        yield from _moved(update)


def _moved(update: FlatUpdate) -> Iterator[Expression]:
    yield from update.indices
    yield update.value
    if update.condition is not None:
        yield update.condition
