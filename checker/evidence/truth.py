"""From the end of an execution to the truth of its claim: every part that decides it, with its
value, the names bound on the way, the places read, and the state since which it is so.

Of a quantifier only the bindings that decide it are shown, the first ones in the order of values;
the rest are counted. What a part that decides nothing is made of is not shown.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from splitspec.checker.evidence.execution import Execution
from splitspec.checker.evidence.facts import Facts
from splitspec.model.evaluator import Evaluator
from splitspec.model.ir import (
    And,
    Call,
    Expression,
    Implies,
    Line,
    Not,
    Or,
    Parameter,
    Property,
    PropertyKind,
    Quantifier,
)
from splitspec.model.terms import operands
from splitspec.model.trace import Truth
from splitspec.model.types import Type
from splitspec.model.valuation import Environment, Moment

BINDINGS_MAX = 1
"""So many deciding bindings of a quantifier are shown; most of the others are the same, renamed."""


def truth_of(evaluator: Evaluator, claim: Property, execution: Execution) -> tuple[Truth, ...]:
    """Return the false lines of a claim at the end of the execution that refutes it."""
    states, steps = execution.states, execution.steps
    if claim.kind is PropertyKind.STEP:
        pairs = zip(states, steps, strict=False)
        moments = [evaluator.moment(state, step) for state, step in pairs]
        first = 1
    else:
        moments, first = [evaluator.moment(state) for state in states], 0
    is_deadlock = claim.kind is PropertyKind.DEADLOCK
    lines = evaluator.program.finals if is_deadlock else claim.lines
    teller = _Teller(evaluator, moments, first)
    return tuple(teller.line(line) for line in lines if not teller.holds(line))


class _Teller:
    """Says of expressions what they are worth at the last moment, and since which."""

    def __init__(self, evaluator: Evaluator, moments: Sequence[Moment], first: int) -> None:
        self._evaluator = evaluator
        self._moments = moments
        self._first = first
        self._universe = evaluator.universe

    @property
    def _now(self) -> Moment:
        return self._moments[-1]

    def holds(self, line: Line) -> bool:
        return self._now.holds(line.expression, {})

    def line(self, line: Line) -> Truth:
        """Return what a line is worth."""
        return self._tell(line.expression, {}, label=line.label)

    def _tell(
        self,
        expression: Expression,
        env: Environment,
        names: tuple[tuple[str, str], ...] = (),
        label: str = "",
    ) -> Truth:
        parts, others = self._parts(expression, env)
        return Truth(
            text=_text(expression, parts),
            value=self._shown(self._now.value(expression, env), expression.type),
            label=label,
            names=names,
            places=() if parts else self._places(expression, env),
            since=self._since(expression, env),
            others=others,
            parts=parts,
        )

    def _parts(self, expression: Expression, env: Environment) -> tuple[tuple[Truth, ...], int]:
        match expression:
            case Quantifier(_, binders, body):
                return self._deciding(expression, binders, body, env)
            case Not(Quantifier(_, binders, body) as inner):
                return self._deciding(inner, binders, body, env)
            case And() | Or() | Implies():
                return tuple(self._tell(part, env) for part in operands(expression)), 0
            case Not(And() | Or() | Implies() | Call() as inner):
                return (self._tell(inner, env),), 0
            case Call(definition, arguments):
                called = self._universe.definitions[definition]
                inside = self._now.bound(called.parameters, arguments, env)
                # A name that stands for its namesake says nothing new.
                names = tuple(
                    pair
                    for pair, p in zip(
                        self._names(called.parameters, inside), called.parameters, strict=True
                    )
                    if p.name not in env or env[p.name] != inside[p.name]
                )
                return (self._tell(called.body, inside, names),), 0
            case _:
                return (), 0

    def _deciding(
        self,
        quantifier: Quantifier,
        binders: tuple[Parameter, ...],
        body: Expression,
        env: Environment,
    ) -> tuple[tuple[Truth, ...], int]:
        """Return the body under the bindings that decide, and how many more there are."""
        sought = quantifier.kind == "some"
        if self._now.holds(quantifier, env) is not sought:
            return (), 0
        found = [
            dict(inner)
            for inner in self._universe.bindings(binders, env)
            if self._now.holds(body, inner) is sought
        ]
        shown = found[:BINDINGS_MAX]
        parts = tuple(self._tell(body, inner, self._names(binders, inner)) for inner in shown)
        return parts, len(found) - len(shown)

    def _since(self, expression: Expression, env: Environment) -> int:
        value = self._now.value(expression, env)
        number = len(self._moments) - 1
        while number > 0 and self._moments[number - 1].value(expression, env) == value:
            number -= 1
        return number + self._first

    def _places(self, expression: Expression, env: Environment) -> tuple[tuple[str, str], ...]:
        if isinstance(expression, Quantifier) or (
            isinstance(expression, Not) and isinstance(expression.operand, Quantifier)
        ):
            return ()  # All that it ranges over, which says nothing.
        facts = Facts(self._evaluator.places)
        facts.collect(expression, env, self._now)
        return facts.found

    def _names(
        self, parameters: Iterable[Parameter], env: Environment
    ) -> tuple[tuple[str, str], ...]:
        return tuple((p.name, self._shown(env[p.name], p.type)) for p in parameters)

    def _shown(self, value: int | bool | None, type_: Type) -> str:
        return self._evaluator.places.scope.show(value, type_)


def _text(expression: Expression, parts: tuple[Truth, ...]) -> str:
    """Return the source of an expression; of what its parts repeat, the head alone."""
    text = expression.span.text
    match expression:
        case Quantifier(kind, bound, _) if parts:
            names = ", ".join(f"{binder.name}: {binder.type}" for binder in bound)
            return f"{kind} {names}:"
        case Not(Quantifier(_, bound, _)) if parts:
            return f"no {', '.join(f'{binder.name}: {binder.type}' for binder in bound)}:"
        case And() if parts and expression.span.line < expression.span.end_line:
            return "every line:"
        case _:
            return text
