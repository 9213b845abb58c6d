"""What a fair action has still to do: the set of its instances that count, in a state.

Three sets are tried: the instances that are enabled; those among them that change anything; and the
bindings for which the guards hold that the action itself makes false, whatever the others say. A
set says of each of its members for which instance of fairness it stands: the parameters to which
the action is fair are bound, or are among its binders. The fourth is of an action that answers by
itself, and whose fair parameters are all bound: one thing, which is to be done as long as the claim
is pending.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from itertools import combinations, permutations

from splitspec.checker.symbolic.algebra import Environment, State, Value
from splitspec.checker.symbolic.encoder import Encoder, Moment
from splitspec.checker.symbolic.successor import Successor
from splitspec.checker.symbolic.term import Term
from splitspec.model import ir
from splitspec.model.expressions import free_locals, variables_read


class Kind(Enum):
    ENABLED = "enabled"
    EFFECTIVE = "enabled and changing something"
    CONSUMED = "guarded by what it consumes"
    AWAITED = "to be done as long as it is awaited"


@dataclass(frozen=True)
class Measure:
    """The set of bindings of `binders`, for given values of the bound parameters."""

    action: ir.FlatAction
    kind: Kind
    fairness: ir.Fairness
    bound: Mapping[str, str]  # parameter of the action to parameter of the claim
    binders: tuple[ir.Parameter, ...]
    lines: tuple[ir.Expression, ...]

    @property
    def name(self) -> str:
        values = ", ".join(self.bound.get(p.name, "_") for p in self.action.parameters)
        return f"{self.action.path}({values})"

    @property
    def instance(self) -> tuple[ir.Parameter, ...]:
        """The fair parameters that are not bound: a member has a value for each of them."""
        return tuple(p for p in self.binders if p.name in self.fairness.parameters)

    def reads(self) -> frozenset[str]:
        """The variables on which membership depends."""
        terms = list(self.lines)
        if self.kind is Kind.EFFECTIVE:
            for update in self.action.updates:
                terms += [*update.indices, update.value]
        written = {u.variable for u in self.action.updates}
        more = written if self.kind is Kind.EFFECTIVE else set()
        return variables_read(terms) | more

    def holds(self, encoder: Encoder, state: State, claimed: Environment, env: Environment) -> Term:
        """Return whether a binding is in the set, for values of the claim's parameters."""
        inner: dict[str, Value] = {**env, **{p: claimed[q] for p, q in self.bound.items()}}
        terms, moment = encoder.algebra.terms, Moment(state)
        conditions = [encoder.holds(line, inner, moment) for line in self.lines]
        if self.kind is Kind.EFFECTIVE:
            conditions.append(self._changes(encoder, state, inner))
        return terms.conjunction(*conditions)

    def _changes(self, encoder: Encoder, state: State, env: Environment) -> Term:
        """Return whether some update writes another value than the one that is there."""
        terms, algebra = encoder.algebra.terms, encoder.algebra
        after = Successor(encoder, state, self.action.updates, env, state.number)
        changed = []
        for update in self.action.updates:
            variable = encoder.variables[update.variable]
            place = tuple(encoder.value(i, env, Moment(state)) for i in update.indices)
            old, new = state.read(variable, place), after.read(variable, place)
            changed.append(terms.negation(algebra.equal(old, new)))
        return terms.disjunction(*changed)


def measures(actions: tuple[ir.FlatAction, ...], claim: ir.Property) -> Iterator[Measure]:
    """Iterate over what fair actions may have to do for the parameters of a claim: first those that
    have to do with as many of them as fit, since others may stand in the way for somebody else."""
    for is_full in (True, False):
        for action in actions:
            for fairness in action.fairness:
                for bound in _bindings(action, fairness, claim.parameters, is_full=is_full):
                    yield from _of(action, fairness, bound)


def _bindings(
    action: ir.FlatAction,
    fairness: ir.Fairness,
    claimed: tuple[ir.Parameter, ...],
    *,
    is_full: bool,
) -> Iterator[dict[str, str]]:
    """Iterate over the ways to give fair parameters to parameters of the claim, as many as fit, or
    fewer."""
    fair = [p for p in action.parameters if p.name in fairness.parameters]
    most = 0
    for size in range(min(len(fair), len(claimed)), -1, -1):
        for names in combinations(fair, size):
            for values in permutations(claimed, size):
                pairs = list(zip(names, values, strict=True))
                if all(p.type == q.type for p, q in pairs):
                    most = max(most, size)
                    if (size == most) is is_full:
                        yield {p.name: q.name for p, q in pairs}


def _of(action: ir.FlatAction, fairness: ir.Fairness, bound: dict[str, str]) -> Iterator[Measure]:
    lines = tuple(line.expression for guard in action.guards for line in guard.lines)
    binders = tuple(p for p in action.parameters if p.name not in bound)
    yield Measure(action, Kind.ENABLED, fairness, bound, binders, lines)
    if not any(update.binders for update in action.updates):
        yield Measure(action, Kind.EFFECTIVE, fairness, bound, binders, lines)
    written = {update.variable for update in action.updates}
    consumed = tuple(line for line in lines if variables_read([line]) & written)
    if consumed and consumed != lines:
        used = frozenset(fairness.parameters).union(*(free_locals(line) for line in consumed))
        inside = tuple(p for p in binders if p.name in used)
        yield Measure(action, Kind.CONSUMED, fairness, bound, inside, consumed)
    if set(fairness.parameters) <= set(bound):
        yield Measure(action, Kind.AWAITED, fairness, bound, (), ())


def enabled(measure: Measure) -> Measure:
    """Return the set of enabled instances of the same action, bound alike, by the parameters for
    which no member has a value of its own."""
    lines = tuple(line.expression for guard in measure.action.guards for line in guard.lines)
    given = {*measure.bound, *(p.name for p in measure.instance)}
    binders = tuple(p for p in measure.action.parameters if p.name not in given)
    return Measure(measure.action, Kind.ENABLED, measure.fairness, measure.bound, binders, lines)
