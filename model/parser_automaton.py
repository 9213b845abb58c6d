"""Run the tables of the grammar over the tokens of one declaration.

The automaton is lark's; the loop is ours, because lark's spends most of a parse on the
chains of single-child rules that an expression grammar without precedences needs. Here such
a rule replaces the state on top of the stack and touches nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from splitspec.model.frozen import frozen
from splitspec.model.parser_tables import Production, Tables
from splitspec.model.scanner import Token
from splitspec.model.source import Source, Span
from splitspec.model.syntax import Name

_REFUSED = -(1 << 30)  # Below every reduction.

# What a production makes of its children; the children's types follow from the grammar.
Builders = Mapping[str, Callable[[list[Any], Span], Any]]


@frozen
class Refusal:
    """The token that nothing in the language allows here, and the states that refused it."""

    position: int
    states: tuple[int, ...]


def run(
    tables: Tables, builders: Builders, start: str, source: Source, tokens: list[Token]
) -> Any | Refusal:
    """Return the node that `tokens` form, or where they stop to form one."""
    rows, productions = tables.rows, tables.productions
    state = tables.starts[start]
    states, values, firsts = [state], [], []  # type: list[int], list[Any], list[Token]
    last = tokens[0]
    for position, token in enumerate(tokens):
        kind = token.type
        while (move := rows[state].get(kind, _REFUSED)) < 0:
            if move == _REFUSED:
                if kind == "$END" and state == tables.ends[start]:
                    return values[-1]
                return Refusal(position, tuple(states))
            production = productions[~move]
            length = production.length
            if length == 1 and not production.name and not production.spliced:
                state = rows[states[-2]][production.origin]
                states[-1] = state
                continue
            children, first = [], token  # type: list[Any], Token
            if length:
                children, first = values[-length:], firsts[-length]
                del states[-length:], values[-length:], firsts[-length:]
            values.append(_reduce(production, builders, children, source, first, last))
            firsts.append(first)
            state = rows[states[-1]][production.origin]
            states.append(state)
        state = move
        states.append(state)
        firsts.append(token)
        if kind == "NAME" or kind == "PATH":
            values.append(_name(source, token))
        else:
            values.append(token)
        if token.text:
            last = token
    raise AssertionError("the tokens of a declaration end with $END")


def accepted(tables: Tables, states: tuple[int, ...]) -> frozenset[str]:
    """Return the types of the tokens that may follow in `states`."""
    kinds = (kind for kind in tables.rows[states[-1]] if kind.isupper())
    found = {kind for kind in kinds if follow(tables, states, kind) is not None}
    if states[-1] in tables.ends.values():
        found.add("$END")
    return frozenset(found)


def follow(tables: Tables, states: tuple[int, ...], kind: str) -> tuple[int, ...] | None:
    """Return the states after a token of type `kind`, or None if it is refused."""
    stack = list(states)
    while True:
        move = tables.rows[stack[-1]].get(kind)
        if move is None:
            return None
        if move >= 0:
            return (*stack, move)
        production = tables.productions[~move]
        if production.length:
            del stack[-production.length :]
        stack.append(tables.rows[stack[-1]][production.origin])


def _name(source: Source, token: Token) -> Name:
    line, column = token.line, token.column
    span = Span(source, line, column, line, column + len(token.text))
    return Name(tuple(token.text.split(".")), span)


def _reduce(
    production: Production,
    builders: Builders,
    children: list[Any],
    source: Source,
    first: Token,
    last: Token,
) -> Any:
    """Apply one production to the values of its symbols."""
    kept: list[Any] = []
    for position, spliced in production.kept:
        if spliced:
            kept += children[position]
        else:
            kept.append(None if position < 0 else children[position])
    if production.spliced:
        return kept
    if not production.name:
        return kept[0]
    span = Span(source, first.line, first.column, *last.end)
    return builders[production.name](kept, span)
