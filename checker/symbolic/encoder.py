"""Turn typed expressions into terms, over a state or a step, in a given algebra.

Soundness: this is `splitspec.model.valuation` read symbolically, construct by construct; the random
systems of the tests hold the two to each other.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import assert_never

from splitspec.checker.symbolic.algebra import Algebra, Environment, State, Value, as_term
from splitspec.checker.symbolic.term import Plain, Term, kind_of
from splitspec.model import ir
from splitspec.model.expressions import subterms
from splitspec.model.frozen import frozen
from splitspec.model.ir import Variable


@frozen
class Moment:
    """A state in which expressions have values; with a successor and an actor, a step."""

    state: State
    successor: State | None = None
    actor: ir.ActorKind | None = None


@dataclass(frozen=True)
class Encoder:
    """Gives expressions their values. `variables` are those of the system, by path."""

    algebra: Algebra
    variables: dict[str, Variable]

    def holds(self, expression: ir.Expression, env: Environment, moment: Moment) -> Term:
        """Return the truth of a claim as a term."""
        value = as_term(self.value(expression, env, moment))
        assert kind_of(value) is Plain.BOOLEAN, expression
        return value

    def value(self, expression: ir.Expression, env: Environment, moment: Moment) -> Value:
        """Return the value of an expression whose free names have the values of `env`."""
        algebra, terms = self.algebra, self.algebra.terms
        match expression:
            case ir.Local(name):
                return env[name]
            case ir.Literal(value, type_):
                return algebra.literal(value, type_)
            case ir.Read(variable, indices):
                places = tuple(self.value(index, env, moment) for index in indices)
                return moment.state.read(self.variables[variable], places)
            case ir.Equal(left, right):
                return algebra.equal(self.value(left, env, moment), self.value(right, env, moment))
            case ir.And(operands):
                return terms.conjunction(*(self.holds(o, env, moment) for o in operands))
            case ir.Or(operands):
                return terms.disjunction(*(self.holds(o, env, moment) for o in operands))
            case ir.Not(operand):
                return terms.negation(self.holds(operand, env, moment))
            case ir.Implies(premise, conclusion):
                first = self.holds(premise, env, moment)
                return terms.implication(first, self.holds(conclusion, env, moment))
            case ir.Quantifier(kind, binders, body):
                quantify = algebra.all_of if kind == "all" else algebra.some_of
                return quantify(binders, env, lambda inner: self.holds(body, inner, moment))
            case ir.Compare() | ir.Arithmetic():
                return self._arithmetic(expression, env, moment)
            case ir.Conditional(condition, positive, negative, type_):
                return algebra.choose(
                    self.holds(condition, env, moment),
                    algebra.convert(self.value(positive, env, moment), type_),
                    algebra.convert(self.value(negative, env, moment), type_),
                )
            case ir.Count(condition=condition) if is_of_a_step(condition):
                return algebra.tally(
                    expression, env, lambda inner: self.holds(condition, inner, moment)
                )
            case ir.Count():
                return moment.state.number(expression, env)
            case ir.Next(operand):
                return self.value(operand, env, _following(moment))
            case ir.Unchanged(operand):
                before = self.value(operand, env, moment)
                return algebra.equal(before, self.value(operand, env, _following(moment)))
            case ir.ActorIs(kind):
                return terms.truth(moment.actor is kind)
            case ir.Call():
                raise AssertionError("a system calls no definitions")
            case _:
                assert_never(expression)

    def _arithmetic(
        self, expression: ir.Compare | ir.Arithmetic, env: Environment, moment: Moment
    ) -> Value:
        left = self.value(expression.left, env, moment)
        right = self.value(expression.right, env, moment)
        match expression.operator:
            case "<":
                return self.algebra.less(left, right)
            case "<=":
                return self.algebra.at_most(left, right)
            case "+":
                return self.algebra.add(left, right)
            case "-":
                return self.algebra.subtract(left, right)


def is_of_a_step(expression: ir.Expression) -> bool:
    """Whether an expression reads more than one state."""
    own = (ir.Next, ir.Unchanged, ir.ActorIs)
    return any(isinstance(term, own) for term in subterms(expression))


def _following(moment: Moment) -> Moment:
    assert moment.successor is not None, "only a step has a next state"
    return Moment(moment.successor)
