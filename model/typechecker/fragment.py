"""Refuse quantifiers that would leave the fragment in which every engine works.

A guard asks for no witness: what it needs is a parameter. An invariant has no `some` under `all`,
for it is not only a claim but also the hypothesis of its proof. What counts is the quantifier after
negations are pushed inwards, and definitions are seen through.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import assert_never

from splitspec.model import ir
from splitspec.model.frozen import frozen
from splitspec.model.source import Span
from splitspec.model.typechecker.environment import Environment


@frozen
class Existential:
    """A quantifier that asks for a witness."""

    quantifier: ir.Quantifier
    span: Span  # of the quantifier, or of the call that leads to it
    under_all: bool


@frozen
class _Position:
    """Where a subformula stands: asserted (+1), denied (-1), or both (0)."""

    polarity: int
    under_all: bool
    call: Span | None


def check_guard(env: Environment, guard_lines: tuple[ir.Line, ...]) -> None:
    """Report what in a guard asks for a witness."""
    for found in _existentials_of(env, guard_lines):
        names = ", ".join(f"{b.name}: {b.type}" for b in found.quantifier.binders)
        word = found.quantifier.kind
        env.report(
            "SS419",
            f"`{word}` in a guard asks for a witness",
            found.span,
            label="expected conditions on the parameters, or `all`"
            if word == "some"
            else "denied, so it is a `some`",
            help=f"give the witness a parameter of the action, `{names}`, and write its condition "
            "as the guard; or keep what is asked in a variable or a counter",
        )


def check_hypothesis(env: Environment, claim_lines: tuple[ir.Line, ...], what: str) -> None:
    """Report what in an invariant, a lemma or an assumption is a `some` under `all`."""
    for found in _existentials_of(env, claim_lines):
        if found.under_all:
            env.report(
                "SS420",
                f"{what} with a witness for every value",
                found.span,
                label=f"this `{found.quantifier.kind}` depends on an `all` around it",
                help="hold the witness in a variable (`ghost var` if only proofs need it) and "
                "claim `all`; or count the witnesses by a counter and claim that it is not 0",
            )


def _existentials_of(env: Environment, claim: tuple[ir.Line, ...]) -> Iterator[Existential]:
    start = _Position(1, False, None)
    for line in claim:
        yield from _existentials(env, line.expression, start)


def _existentials(
    env: Environment, typed: ir.Expression, position: _Position
) -> Iterator[Existential]:
    """Iterate over the outermost existential quantifiers in a formula."""
    denied = _Position(-position.polarity, position.under_all, position.call)
    both = _Position(0, position.under_all, position.call)
    match typed:
        case ir.Quantifier(kind, _, body):
            asks = kind == "some" if position.polarity >= 0 else kind == "all"
            if asks or position.polarity == 0:
                yield Existential(typed, position.call or typed.span, position.under_all)
            else:
                inner = _Position(position.polarity, True, position.call)
                yield from _existentials(env, body, inner)
            if asks and not position.under_all:
                yield from (e for e in _existentials(env, body, position) if e.under_all)
        case ir.Not(operand):
            yield from _existentials(env, operand, denied)
        case ir.And(operands) | ir.Or(operands):
            for operand in operands:
                yield from _existentials(env, operand, position)
        case ir.Implies(premise, conclusion):
            yield from _existentials(env, premise, denied)
            yield from _existentials(env, conclusion, position)
        case ir.Conditional(condition, positive, negative):
            yield from _existentials(env, condition, both)
            yield from _existentials(env, positive, position)
            yield from _existentials(env, negative, position)
        case ir.Equal(left, right) | ir.Compare(_, left, right) | ir.Arithmetic(_, left, right):
            yield from _existentials(env, left, both)
            yield from _existentials(env, right, both)
        case ir.Call(path, arguments):
            facts = env.typed.definitions[path]
            assert facts is not None
            called = _Position(position.polarity, position.under_all, position.call or typed.span)
            yield from _existentials(env, facts.definition.body, called)
            for argument in arguments:
                yield from _existentials(env, argument, both)
        case ir.Read(_, indices):
            for index in indices:
                yield from _existentials(env, index, both)
        case ir.Next(operand):
            yield from _existentials(env, operand, position)
        case ir.Literal() | ir.Local() | ir.Count() | ir.Unchanged() | ir.ActorIs():
            pass
        case _:
            assert_never(typed)
