"""Build the records of the surface tree from the children of grammar rules.

The names of the functions' rules are those of `grammar.lark`; `builders` lists them. A rule's
children are typed by the grammar, so they are taken apart here without further checks.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

from splitspec.model import syntax
from splitspec.model.parser_automaton import Builders
from splitspec.model.scanner import Token
from splitspec.model.source import Span
from splitspec.model.syntax import Name

Children = list[Any]
Builder = Callable[[Children, Span], Any]


def builders() -> Builders:
    """Return what each rule of the grammar builds."""
    return (
        _expression_builders() | _type_builders() | _item_builders() | _declaration_builders()
    ) | (_variant_builders() | _view_builders())


def _listed(children: Children, span: Span) -> tuple[Any, ...]:
    return tuple(children)


def _binary(operator: syntax.Operator) -> Builder:
    return lambda c, span: syntax.Binary(operator, c[0], c[1], span)


def _expression_builders() -> dict[str, Builder]:
    return {
        "quantified": lambda c, span: syntax.Quantified(c[0].text, c[1], c[2], span),
        "count": lambda c, span: syntax.CountOf(c[0], c[1], span),
        "if_else": lambda c, span: syntax.IfElse(c[0], c[1], c[2], span),
        "implies": _binary("implies"),
        "or": _binary("or"),
        "and": _binary("and"),
        "plus": _binary("+"),
        "minus": _binary("-"),
        "compare": _compare,
        "not": lambda c, span: syntax.Negation(c[0], span),
        "index": lambda c, span: syntax.Index(c[0], c[1], span),
        "call": lambda c, span: syntax.Call(c[0], c[1] or (), span),
        "number": lambda c, span: syntax.Number(_number(c[0]), span),
        "true": lambda c, span: syntax.Truth(True, span),
        "false": lambda c, span: syntax.Truth(False, span),
        "none": lambda c, span: syntax.NoneLiteral(span),
        "actor_word": lambda c, span: syntax.ActorWord(span),
        "next": lambda c, span: syntax.NextOf(c[0], span),
        "unchanged": lambda c, span: syntax.UnchangedOf(c[0], span),
        "arguments": _listed,
        "lines": _listed,
        "line": lambda c, span: syntax.Line(c[0], c[1], span),
        "block": lambda c, span: syntax.Block(c[0], _spanning(c[0])),
    }


def _compare(children: Children, span: Span) -> syntax.Binary:
    left, comparator, right = children
    # The token may be another notation's sign; its type is the one that is meant.
    operators: dict[str, syntax.Operator] = {
        "EQUAL": "=", "UNEQUAL": "!=", "LESS": "<", "AT_MOST": "<=", "GREATER": ">",
        "AT_LEAST": ">=",
    }  # fmt: skip
    return syntax.Binary(operators[comparator.type], left, right, span)


def _number(token: Token) -> int:
    """Return the value of a number token; a malformed one was reported and counts as 0."""
    return int(token.text) if token.text.isdigit() and len(token.text) <= 9 else 0


def _spanning(nodes: tuple[Any, ...]) -> Span:
    """Return the span from the first node to the last."""
    first: Span = nodes[0].span
    return first.to(nodes[-1].span)


def _one_line(expression: Any) -> syntax.Block:
    """Wrap an expression that stands where a block may stand."""
    line = syntax.Line(None, expression, expression.span)
    return syntax.Block((line,), expression.span)


def _type_builders() -> dict[str, Builder]:
    return {
        "types": _listed,
        "names": _listed,
        "option": lambda c, span: syntax.OptionType(c[0], span),
        "named_type": _named_type,
        "range": _range,
        "binders": lambda c, span: tuple(binder for group in c for binder in group),
        "group": lambda c, span: tuple(
            syntax.Binder(name, c[-1], name.span.to(c[-1].span)) for name in c[:-1]
        ),
        "text": _text,
        "string": lambda c, span: syntax.String(c[0].text.strip('"'), span),
    }


def _named_type(children: Children, span: Span) -> syntax.NamedType:
    name = children[0]
    if isinstance(name, Token):
        name = Name((name.text,), span)
    return syntax.NamedType(name, span)


def _range(children: Children, span: Span) -> syntax.RangeType:
    low, high = children
    return syntax.RangeType(_number(low), _number(high) if isinstance(high, Token) else high, span)


def _item_builders() -> dict[str, Builder]:
    return {
        "items": _listed,
        "guard": lambda c, span: syntax.Guard(c[0], _one_line(c[1]), c[2], span),
        "guard_open": lambda c, span: syntax.Guard(c[0], _one_line(c[1]), None, span),
        "guard_block": lambda c, span: syntax.Guard(c[0], c[2], c[1], span),
        "update": _update,
        "do": lambda c, span: syntax.Do(c[0], c[1] or (), span),
    }


def _update(children: Children, span: Span) -> syntax.Update:
    label, target, indices, operator, value, binders, condition = children
    return syntax.Update(
        label, target, indices or (), operator.text, value, binders or (), condition, span
    )


def _state(kind: Literal["const", "var", "ghost"]) -> Builder:
    return lambda c, span: syntax.StateDeclaration(kind, c[0], c[1] or (), c[2], "", span)


def _declaration_builders() -> dict[str, Builder]:
    return {
        "module": lambda c, span: syntax.Module(span.source, c[0], c[1], (), span),
        "import": lambda c, span: syntax.Import(c[0], "", span),
        "sort": lambda c, span: syntax.SortDeclaration(c[0], "", span),
        "enum": lambda c, span: syntax.EnumDeclaration(c[0], tuple(c[1:]), "", span),
        "constant": _state("const"),
        "variable": _state("var"),
        "ghost": _state("ghost"),
        "counter": lambda c, span: syntax.CounterDeclaration(
            c[0], c[1] or (), c[2], c[3], c[4] or (), "", span
        ),
        "given": _listed,
        "definition": lambda c, span: syntax.Definition(c[0], c[1] or (), c[2], "", span),
        "init": lambda c, span: syntax.Init(tuple(c), span),
        "assume": lambda c, span: syntax.Assume(
            c[0], c[1], syntax.Block(c[2], _spanning(c[2])), span
        ),
        "final": lambda c, span: syntax.Final(c[0], span),
        "part": lambda c, span: syntax.Part(c[0], c[1] or (), c[2], c[3], span),
        "action": _action,
        "actor": lambda c, span: syntax.ActorClause(c[0], None, "plain", span),
        "actor_for": lambda c, span: syntax.ActorClause(c[0], c[1], "for", span),
        "actor_index": lambda c, span: syntax.ActorClause(c[0], c[1], "index", span),
        "fairness": _listed,
        "fair": lambda c, span: syntax.FairClause(c[0] is not None, c[1] or (), span),
        "extension": lambda c, span: syntax.Extension(
            c[0], c[1] or (), c[2] or (), c[3], c[4], span
        ),
        "property": _property,
        "asked": _listed,
        "progress": lambda c, span: syntax.Progress(
            c[0], c[1] or (), c[2] or (), c[3], c[4], c[5], c[6], span
        ),
    }


def _action(children: Children, span: Span) -> syntax.Action:
    name, parameters, actor, hostile, fairness, text, items = children
    return syntax.Action(
        name, parameters or (), actor, hostile is not None, fairness, text, items, span
    )


def _property(children: Children, span: Span) -> syntax.Property:
    kind, name, given, text, asked, lines = children
    block = syntax.Block(lines, _spanning(lines))
    return syntax.Property(kind.text, name, given or (), text, asked, block, span)


def _variant_builders() -> dict[str, Builder]:
    return {
        "refinement": _refinement,
        "refinement_items": _listed,
        "let": lambda c, span: syntax.Let(c[0], c[1] or (), c[2], span),
        "stutter": lambda c, span: syntax.ActionMap(c[0], c[1] or (), None, (), span),
        "action_map": lambda c, span: syntax.ActionMap(c[0], c[1] or (), c[2], c[3] or (), span),
        "variant": _variant,
        "variant_items": _listed,
        "drop": lambda c, span: syntax.Drop(c[0], span),
        "change": lambda c, span: syntax.Change(c[0], c[1] or (), c[2], span),
        "set": lambda c, span: syntax.SetConstant(c[0], c[1], span),
        "violated": lambda c, span: syntax.Expectation(
            "violated", c[0], c[1] and _number(c[1]), span
        ),
        "redundant": lambda c, span: syntax.Expectation("redundant", None, None, span),
        "cites": lambda c, span: c[0],
    }


def _view_builders() -> dict[str, Builder]:
    return {
        "view": lambda c, span: syntax.View(c[0], c[1], c[2], span),
        "view_items": _listed,
        "lane": lambda c, span: syntax.Lane(c[0], c[1], c[2] or (), c[3], span),
        "message": lambda c, span: syntax.Message(c[0], c[1], c[2] or (), c[3], c[4], span),
        "end": lambda c, span: syntax.End(c[0], c[1] or (), span),
        "drawing": lambda c, span: syntax.Drawing(c[0], c[1], c[2], "where", c[3], None, span),
        "drawn_value": lambda c, span: syntax.Drawing(c[0], c[1], c[2], "=", c[3], c[4], span),
    }


def _refinement(children: Children, span: Span) -> syntax.Refinement:
    name, abstract, text, items = children
    lets = tuple(item for item in items if isinstance(item, syntax.Let))
    maps = tuple(item for item in items if isinstance(item, syntax.ActionMap))
    return syntax.Refinement(name, abstract, text, lets, maps, span)


def _variant(children: Children, span: Span) -> syntax.Variant:
    name, model, text, items = children
    expectations = [item for item in items if isinstance(item, syntax.Expectation)]
    return syntax.Variant(
        name,
        model,
        text,
        tuple(i for i in items if not isinstance(i, syntax.Expectation | syntax.String)),
        expectations[0] if expectations else None,
        tuple(item for item in items if isinstance(item, syntax.String)),
        span,
    )


def _text(children: Children, span: Span) -> syntax.Text:
    """Return the content of a text."""
    return syntax.Text("\n".join(text_lines(children[0].text)).strip(), span)


def text_lines(text: str) -> list[str]:
    """Return the lines between the quotes, without what all but the first are indented by."""
    first, *others = text[3:-3].split("\n")
    indents = [len(line) - len(line.lstrip()) for line in others if line.strip()]
    indent = min(indents, default=0)
    return [first.strip(), *(line[indent:].rstrip() for line in others)]
