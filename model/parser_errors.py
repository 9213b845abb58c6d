"""Explain in the words of the language why a token is refused."""

from __future__ import annotations

from splitspec.model.diagnostic import Diagnostic
from splitspec.model.layout import Declaration
from splitspec.model.parser_automaton import Refusal, accepted
from splitspec.model.parser_tables import Tables
from splitspec.model.scanner import Token
from splitspec.model.source import Source, Span


def explain(tables: Tables, source: Source, tokens: list[Token], refusal: Refusal) -> Diagnostic:
    token = tokens[refusal.position]
    expected = accepted(tables, refusal.states)
    return Diagnostic("SS120", f"unexpected `{token.text}` {sorted(expected)}", token.span(source))


def misplaced(source: Source, declaration: Declaration, *, is_first: bool) -> list[Diagnostic]:
    return []


def not_one_expression(source: Source) -> Diagnostic:
    return Diagnostic("SS110", "expected one expression", Span(source, 1, 1, 1, 1))
