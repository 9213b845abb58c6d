"""Write the typed core as text, close to the language, for people and for dumps between passes.

Names stand without their module where the last part is unique among `paths`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import assert_never

from splitspec.model.ir import (
    Actor,
    ActorIs,
    ActorKind,
    And,
    Arithmetic,
    Call,
    Compare,
    Conditional,
    Count,
    Equal,
    Expression,
    FlatUpdate,
    Implies,
    Literal,
    Local,
    Next,
    Not,
    Or,
    Parameter,
    Program,
    Quantifier,
    Read,
    System,
    Unchanged,
    Update,
)
from splitspec.model.types import Enumeration, Option, Sort, Type

# How tightly a construct holds its parts together, as in docs/language.md, section 4.
LOOSEST, IMPLIES, OR, AND, NOT, RELATION, SUM, ATOM = range(8)


@dataclass(frozen=True)
class Writer:
    """Writes expressions; `paths` are all the names among which a short one must be unique."""

    paths: tuple[str, ...] = ()

    @cached_property
    def _counts(self) -> Counter[str]:
        return Counter(path.rpartition(".")[2] for path in set(self.paths))

    def name(self, path: str) -> str:
        """Return the last part of a path, or all of it where that is not unique."""
        short = path.rpartition(".")[2]
        return short if self._counts[short] <= 1 else path

    def type(self, type_: Type) -> str:
        match type_:
            case Option(of):
                return f"{self.type(of)}?"
            case Sort(path) | Enumeration(path, _):
                return self.name(path)
            case _:
                return str(type_)

    def parameters(self, parameters: Iterable[Parameter]) -> str:
        """Return binders with their types, each type once for a row of names: `c, d: S, g: T`."""
        rows: list[tuple[list[str], str]] = []
        for parameter in parameters:
            type_ = self.type(parameter.type)
            if rows and rows[-1][1] == type_:
                rows[-1][0].append(parameter.name)
            else:
                rows.append(([parameter.name], type_))
        return ", ".join(f"{', '.join(names)}: {type_}" for names, type_ in rows)

    def actor(self, actor: Actor) -> str:
        if actor.subject is None:
            return actor.kind.value
        if actor.kind is ActorKind.CONTAINER:
            return f"{actor.kind.value}[{actor.subject}]"
        return f"{actor.kind.value} for {actor.subject}"

    def update(self, update: FlatUpdate | Update) -> str:
        """Return an update without its label."""
        place = self._applied(self.name(update.variable), update.indices, "[]")
        text = f"{place} {update.operator} {self.expression(update.value, OR)}"
        if update.binders:
            text += f" for {self.parameters(update.binders)}"
        if update.condition is not None:
            text += f" where {self.expression(update.condition)}"
        return text

    def expression(self, term: Expression, tightness: int = LOOSEST) -> str:
        """Return the text of an expression, in parentheses if it holds less tightly than asked."""
        own, text = self._tightness_and_text(term)
        return f"({text})" if own < tightness else text

    def _tightness_and_text(self, term: Expression) -> tuple[int, str]:
        match term:
            case Literal():
                return ATOM, literal_text(term)
            case Local(name):
                return ATOM, name
            case Read(variable, indices):
                return ATOM, self._applied(self.name(variable), indices, "[]")
            case Call(definition, arguments):
                return ATOM, self._applied(self.name(definition), arguments, "()")
            case Next(operand):
                return ATOM, f"next({self.expression(operand)})"
            case Unchanged(operand):
                return NOT, f"unchanged {self.expression(operand, ATOM)}"
            case ActorIs(kind):
                return RELATION, f"actor = {kind.value}"
            case Quantifier(kind, binders, body):
                text = f"{kind} {self.parameters(binders)}: {self.expression(body)}"
                return LOOSEST, text
            case Count(binders, condition):
                where = self.expression(condition)
                return LOOSEST, f"count {self.parameters(binders)} where {where}"
            case Conditional(condition, positive, negative):
                parts = [self.expression(t, IMPLIES) for t in (condition, positive, negative)]
                return LOOSEST, f"if {parts[0]} then {parts[1]} else {parts[2]}"
            case _:
                return self._operator(term)

    def _operator(
        self, term: Not | And | Or | Implies | Equal | Compare | Arithmetic
    ) -> tuple[int, str]:
        match term:
            case Not(Equal(left, right)):
                return RELATION, self._infix(left, "!=", right)
            case Not(Quantifier("some", binders, body)):
                return LOOSEST, f"no {self.parameters(binders)}: {self.expression(body)}"
            case Not(operand):
                return NOT, f"not {self.expression(operand, NOT)}"
            case And(operands):
                return AND, " and ".join(self.expression(o, AND) for o in operands) or "true"
            case Or(operands):
                return OR, " or ".join(self.expression(o, OR) for o in operands) or "false"
            case Implies(premise, conclusion):
                # To the right; a quantifier may stand bare after `implies`.
                bare = isinstance(conclusion, Quantifier | Conditional)
                claim = self.expression(conclusion, LOOSEST if bare else IMPLIES)
                return IMPLIES, f"{self.expression(premise, OR)} implies {claim}"
            case Equal(left, right):
                return RELATION, self._infix(left, "=", right)
            case Compare(operator, left, right):
                return RELATION, self._infix(left, operator, right)
            case Arithmetic(operator, left, right):
                parts = self.expression(left, SUM), self.expression(right, ATOM)
                return SUM, f"{parts[0]} {operator} {parts[1]}"
            case _:
                assert_never(term)

    def _infix(self, left: Expression, operator: str, right: Expression) -> str:
        return f"{self.expression(left, SUM)} {operator} {self.expression(right, SUM)}"

    def _applied(self, name: str, arguments: tuple[Expression, ...], brackets: str) -> str:
        if not arguments and brackets == "[]":
            return name
        inner = ", ".join(self.expression(argument) for argument in arguments)
        return f"{name}{brackets[0]}{inner}{brackets[1]}"


def literal_text(literal: Literal) -> str:
    """Return how a constant is written in the language."""
    type_ = literal.type.of if isinstance(literal.type, Option) else literal.type
    value = literal.value
    if value is None:
        return "none"
    if isinstance(type_, Enumeration):
        return type_.members[value]
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def writer_for(model: Program | System) -> Writer:
    """Return the writer that keeps the names of a model apart."""
    paths = [*model.sorts, *model.enums, *model.variables]
    if isinstance(model, Program):
        paths += [*model.definitions, *model.parts]
    return Writer(tuple(paths))
