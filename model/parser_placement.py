"""Check what the grammar of single declarations cannot say: where they stand in the file."""

from __future__ import annotations

from splitspec.model.diagnostic import Diagnostic
from splitspec.model.layout import Declaration
from splitspec.model.parser_words import DECLARING
from splitspec.model.source import Source, Span


def misplaced(source: Source, declaration: Declaration, *, is_first: bool) -> list[Diagnostic]:
    """Return what is wrong with the place of a declaration, or of a line in it."""
    head = declaration.head
    if is_first and head.type != "MODULE" and head.type in DECLARING:
        return [_missing_module(head.span(source))]
    if not is_first and head.type == "MODULE":
        return [
            Diagnostic(
                "SS110",
                "a second module begins here",
                head.span(source),
                "expected another declaration",
                help="a file holds one module; move this one to a file of its own",
            )
        ]
    if head.type == "VARIANT":
        return _second_expectation(source, declaration)
    return []


def empty(source: Source) -> Diagnostic:
    """Say that a text declares nothing."""
    return _missing_module(Span(source, 1, 1, 1, 1))


def not_one_expression(source: Source) -> Diagnostic:
    """Say that a text is not a single expression."""
    return Diagnostic(
        "SS120",
        "this is not one expression",
        Span(source, 1, 1, 1, 1),
        "expected an expression",
        help="write one expression, `all c: Container: phase[c] = absent`",
    )


def _missing_module(span: Span) -> Diagnostic:
    return Diagnostic(
        "SS109",
        "the file does not begin with a module line",
        span,
        "expected `module`",
        help="write `module NAME` first, with the name of the file",
    )


def _second_expectation(source: Source, declaration: Declaration) -> list[Diagnostic]:
    heads = [line.tokens[0] for line in declaration.lines]
    return [
        Diagnostic(
            "SS126",
            "a variant expects one thing",
            head.span(source),
            "a second expectation",
            help="write a variant of its own for the second claim",
        )
        for head in [head for head in heads if head.type == "EXPECT"][1:]
    ]
