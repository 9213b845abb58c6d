"""Say what may be true, and what must be, of a state that does not tell all of its values.

Kleene's strong logic of three values: where an atom reads a place whose value is not known, it may
be true and may be false (Bruns and Godefroid, "Model checking partial state spaces with 3-valued
temporal logics", CAV 1999).

Soundness: by induction over the expression, `must` implies the expression, whatever the unknown
values are, and the expression implies `may`. An atom that reads anything unknown is in doubt as a
whole, so that what is lost is precision alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from splitspec.model.expressions import children, map_children, subterms, variables_read
from splitspec.model.ir import (
    And,
    Conditional,
    Count,
    Expression,
    Forgotten,
    Implies,
    Literal,
    Next,
    Not,
    Or,
    Quantifier,
    Read,
    Unchanged,
)
from splitspec.model.passes.fold import fold_term
from splitspec.model.passes.substitute import substitute
from splitspec.model.types import Boolean, Option


class Doubts:
    """Which values are not known: those of forgotten places."""

    def __init__(self, forgotten: Mapping[str, Forgotten]) -> None:
        self._forgotten = forgotten

    def reads(self, term: Expression) -> bool:
        """Whether the value of an expression can depend on a forgotten place."""
        return not variables_read([term]).isdisjoint(self._forgotten)

    def place(self, variable: str, indices: Iterable[Expression]) -> Expression:
        """Return the condition under which a place of a variable is forgotten."""
        entry = self._forgotten[variable]
        names = (parameter.name for parameter in entry.parameters)
        return substitute(entry.condition, dict(zip(names, indices, strict=True)))

    def of(self, term: Expression, *, after: bool = False) -> Expression:
        """Return the condition under which the value of an expression is not known; `after` says
        that it is the value after the step.
        """
        return fold_term(self._of(term, after))

    def may(self, term: Expression) -> Expression:
        """Return what holds wherever the expression can hold."""
        return fold_term(self._bound(term, upper=True, after=False))

    def must(self, term: Expression) -> Expression:
        """Return what holds only where the expression cannot fail."""
        return fold_term(self._bound(term, upper=False, after=False))

    def _of(self, term: Expression, after: bool) -> Expression:
        match term:
            case Next(operand):
                return self._of(operand, True)
            case Unchanged(operand):
                return either(term, [self._of(operand, False), self._of(operand, True)])
            case Quantifier(_, binders, inner) | Count(binders, inner):
                doubt = self._of(inner, after)
                return Quantifier("some", binders, doubt, Boolean(), term.span)
        parts = [self._of(child, after) for child in children(term)]
        if isinstance(term, Read) and term.variable in self._forgotten:
            own = self.place(term.variable, term.indices)
            parts.append(Next(own, Boolean(), term.span) if after else own)
        return either(term, parts)

    def _bound(self, term: Expression, *, upper: bool, after: bool) -> Expression:
        """Return the upper bound (`may`) or the lower one (`must`)."""
        if not self.reads(term):
            return Next(term, term.type, term.span) if after else term

        def same(inner: Expression) -> Expression:
            return self._bound(inner, upper=upper, after=after)

        def other(inner: Expression) -> Expression:
            return self._bound(inner, upper=not upper, after=after)

        match term:
            case Not(operand):
                return Not(other(operand), term.type, term.span)
            case And() | Or() | Quantifier():
                return map_children(same, term)
            case Implies(premise, conclusion):
                return Implies(other(premise), same(conclusion), term.type, term.span)
            case Conditional(condition, positive, negative, Boolean()):
                denied = Not(condition, Boolean(), term.span)
                return And(
                    (
                        same(Implies(condition, positive, term.type, term.span)),
                        same(Implies(denied, negative, term.type, term.span)),
                    ),
                    term.type,
                    term.span,
                )
            case Next(operand):
                return self._bound(operand, upper=upper, after=True)
        atom = Next(term, term.type, term.span) if after else term
        doubt = self._of(term, after)
        if upper:
            return either(term, [doubt, atom])
        return And((Not(doubt, Boolean(), term.span), atom), Boolean(), term.span)


def either(term: Expression, parts: list[Expression]) -> Expression:
    """Return the disjunction of conditions about a term, false if there are none."""
    return Or(tuple(parts), Boolean(), term.span) if parts else truth(term, False)


def truth(term: Expression, value: bool) -> Expression:
    """Return a truth value, at the place of a term."""
    return Literal(value, Boolean(), term.span)


def at_rest(term: Expression, gone: Mapping[str, Forgotten]) -> Expression:
    """Return the expression with the values of variables that are forgotten everywhere at rest."""
    if not any(isinstance(t, Read) and t.variable in gone for t in subterms(term)):
        return term
    if isinstance(term, Read) and term.variable in gone:
        value = None if isinstance(term.type, Option) else 0
        return Literal(False if term.type == Boolean() else value, term.type, term.span)
    return map_children(lambda child: at_rest(child, gone), term)
