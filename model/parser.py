"""Turn a source text into a surface tree and diagnostics.

Each declaration is parsed alone, so that every independent error is reported in one pass
and none follows from another. A declaration with an error is left out of the tree; the names
that it would have declared are in `Parsed.broken`, for the resolver not to miss them.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import PurePath
from typing import Any

from splitspec.model import syntax
from splitspec.model.diagnostic import Diagnostic
from splitspec.model.frozen import frozen
from splitspec.model.layout import Declaration, Layout, lay_out, with_blocks
from splitspec.model.parser_automaton import Builders, Refusal, run
from splitspec.model.parser_errors import explain
from splitspec.model.parser_placement import empty, misplaced, not_one_expression
from splitspec.model.parser_tables import Tables, load_tables
from splitspec.model.parser_tree import builders
from splitspec.model.source import Source, Span
from splitspec.model.syntax import Name


@frozen
class Parsed:
    """What could be read of a module, and what was wrong with the rest."""

    module: syntax.Module | None  # None iff the text holds no declaration at all.
    diagnostics: tuple[Diagnostic, ...]
    broken: frozenset[str]  # The names whose declarations were left out.


@frozen
class ParsedExpression:
    """An expression, unless there are diagnostics."""

    expression: syntax.Expression | None
    diagnostics: tuple[Diagnostic, ...]


@cache
def _grammar() -> tuple[Tables, Builders]:
    """Return the automaton, which is the same for every text."""
    return load_tables(), builders()


def parse(source: Source) -> Parsed:
    """Parse a module; every declaration without an error is in the result."""
    layout = lay_out(source)
    diagnostics = list(layout.diagnostics)
    if not layout.declarations and not diagnostics:
        diagnostics.append(empty(source))
    reported = {d.span.line for d in diagnostics if d.span is not None}
    nodes: list[Any] = []
    broken: set[str] = set()
    for index, declaration in enumerate(layout.declarations):
        node, problems = _parse_declaration(source, declaration)
        problems += misplaced(source, declaration, is_first=index == 0)
        # What the scanner reported may be the cause of a refusal on the same line.
        diagnostics += [d for d in problems if d.span is None or d.span.line not in reported]
        if node is None or problems or declaration.broken:
            broken.update(declaration.declared)
        if node is not None and (not problems or isinstance(node, syntax.Module)):
            nodes.append(_with_comment(node, declaration, layout))
    diagnostics.sort(key=_position)
    return Parsed(_module(source, nodes), tuple(diagnostics), frozenset(broken))


def parse_expression(source: Source) -> ParsedExpression:
    """Parse a text that is one expression."""
    layout = lay_out(source)
    if layout.diagnostics or len(layout.declarations) != 1:
        missing = () if layout.diagnostics else (not_one_expression(source),)
        return ParsedExpression(None, (*layout.diagnostics, *missing))
    tables, build = _grammar()
    tokens = with_blocks(layout.declarations[0])
    result = run(tables, build, "lone_expression", source, tokens)
    if isinstance(result, Refusal):
        return ParsedExpression(None, (explain(tables, "lone_expression", source, tokens, result),))
    return ParsedExpression(result, ())


def _parse_declaration(
    source: Source, declaration: Declaration
) -> tuple[syntax.Declaration | syntax.Module | None, list[Diagnostic]]:
    """Return the node of a declaration, or None with the reason unless that was given."""
    if not declaration.parsable:
        return None, []
    tables, build = _grammar()
    tokens = with_blocks(declaration)
    result = run(tables, build, "declaration", source, tokens)
    if isinstance(result, Refusal):
        return None, [explain(tables, "declaration", source, tokens, result)]
    return result, []


def _with_comment(node: Any, declaration: Declaration, layout: Layout) -> Any:
    """Give a declaration the comment beside its first line and those aligned below it."""
    if not hasattr(node, "comment"):
        return node
    tokens = declaration.lines[0].tokens
    first, last = tokens[0].line, tokens[-1].end[0]
    beside = [layout.comments[line] for line in range(first, last + 1) if line in layout.comments]
    while beside:
        below = layout.comments.get(beside[-1].line + 1)
        if below is None or below.column != beside[-1].column or below.line in layout.rows:
            break
        beside.append(below)
    comment = " ".join(token.text.lstrip("# ") for token in beside)
    return replace(node, comment=comment) if comment else node


def _module(source: Source, nodes: list[Any]) -> syntax.Module | None:
    """Gather the declarations under the header, or under the file's name if it has none."""
    if not nodes:
        return None
    rest = tuple(node for node in nodes if not isinstance(node, syntax.Module))
    span = Span(source, 1, 1, 1, 1)
    header = nodes[0]
    if not isinstance(header, syntax.Module):
        header = syntax.Module(source, Name((PurePath(source.name).stem,), span), None, (), span)
    return replace(header, declarations=rest)


def _position(diagnostic: Diagnostic) -> tuple[int, int]:
    span = diagnostic.span
    return (span.line, span.column) if span is not None else (0, 0)
