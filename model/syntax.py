"""The surface tree: one frozen record per production, each with its span.

Nothing is resolved here: names are dotted tuples as they were written.
"""

from __future__ import annotations

from typing import Literal

from splitspec.model.frozen import frozen
from splitspec.model.source import Source, Span


@frozen
class Name:
    """`exit` or `lifecycle.exit`."""

    parts: tuple[str, ...]
    span: Span

    def __str__(self) -> str:
        return ".".join(self.parts)


# Types ---------------------------------------------------------------------------------


@frozen
class NamedType:
    """A sort, an enum, `bool` or `nat`."""

    name: Name
    span: Span


@frozen
class RangeType:
    """`0..3` or `0..K`."""

    low: int
    high: int | Name
    span: Span


@frozen
class OptionType:
    """`T?`."""

    of: NamedType | RangeType
    span: Span


TypeExpression = NamedType | RangeType | OptionType


@frozen
class Binder:
    """One name of `all x, y: S`; the parser gives each name a binder of its own."""

    name: Name
    type: TypeExpression
    span: Span


# Expressions ---------------------------------------------------------------------------


@frozen
class Index:
    """`f[a, b]`."""

    name: Name
    arguments: tuple[Expression, ...]
    span: Span


@frozen
class Call:
    """`d(a, b)`."""

    name: Name
    arguments: tuple[Expression, ...]
    span: Span


@frozen
class Number:
    value: int
    span: Span


@frozen
class Truth:
    value: bool
    span: Span


@frozen
class NoneLiteral:
    span: Span


@frozen
class ActorWord:
    """The keyword `actor` of step properties."""

    span: Span


@frozen
class Negation:
    operand: Expression
    span: Span


Operator = Literal["implies", "or", "and", "=", "!=", "<", "<=", ">", ">=", "+", "-"]


@frozen
class Binary:
    operator: Operator
    left: Expression
    right: Expression
    span: Span


@frozen
class Quantified:
    quantifier: Literal["all", "some", "no"]
    binders: tuple[Binder, ...]
    body: Expression
    span: Span


@frozen
class CountOf:
    binders: tuple[Binder, ...]
    condition: Expression
    span: Span


@frozen
class IfElse:
    condition: Expression
    positive: Expression
    negative: Expression
    span: Span


@frozen
class NextOf:
    operand: Expression
    span: Span


@frozen
class UnchangedOf:
    operand: Expression
    span: Span


@frozen
class Line:
    """One line of a block: a conjunct, perhaps labelled."""

    label: Name | None
    expression: Expression
    span: Span


@frozen
class Block:
    """The conjunction of lines; a quantifier may stand over an indented one."""

    lines: tuple[Line, ...]
    span: Span


Expression = (
    Name
    | Index
    | Call
    | Number
    | Truth
    | NoneLiteral
    | ActorWord
    | Negation
    | Binary
    | Quantified
    | CountOf
    | IfElse
    | NextOf
    | UnchangedOf
    | Block
)


# Items of actions ----------------------------------------------------------------------


@frozen
class Guard:
    """`when label: lines @kind`."""

    label: Name
    block: Block
    kind: Name | None
    span: Span


@frozen
class Update:
    """`label: target[indices] := value for binders where condition`."""

    label: Name | None
    target: Name
    indices: tuple[Expression, ...]
    operator: Literal[":=", "+=", "-="]
    value: Expression
    binders: tuple[Binder, ...]
    condition: Expression | None
    span: Span


@frozen
class Do:
    """`do tables.share(z, d)`."""

    part: Name
    arguments: tuple[Expression, ...]
    span: Span


Item = Guard | Update | Do


# Declarations --------------------------------------------------------------------------


@frozen
class Text:
    """A `\"\"\"…\"\"\"` text, dedented, without the quotes."""

    value: str
    span: Span


@frozen
class String:
    value: str
    span: Span


@frozen
class Import:
    module: Name
    comment: str
    span: Span


@frozen
class SortDeclaration:
    name: Name
    comment: str
    span: Span


@frozen
class EnumDeclaration:
    name: Name
    members: tuple[Name, ...]
    comment: str
    span: Span


@frozen
class StateDeclaration:
    """`const`, `var` or `ghost var`."""

    kind: Literal["const", "var", "ghost"]
    name: Name
    indices: tuple[TypeExpression, ...]
    type: TypeExpression
    comment: str
    span: Span


@frozen
class CounterDeclaration:
    name: Name
    keys: tuple[Binder, ...]
    binders: tuple[Binder, ...]
    condition: Expression
    given: tuple[Name, ...]
    comment: str
    span: Span


@frozen
class Definition:
    name: Name
    parameters: tuple[Binder, ...]
    body: Expression
    comment: str
    span: Span


@frozen
class Init:
    updates: tuple[Update, ...]
    span: Span


@frozen
class Assume:
    name: Name
    text: Text | None
    block: Block
    span: Span


@frozen
class Final:
    block: Block
    span: Span


@frozen
class Part:
    name: Name
    parameters: tuple[Binder, ...]
    text: Text | None
    items: tuple[Item, ...]
    span: Span


@frozen
class ActorClause:
    """`by kernel`, `by kernel for c`, `by container[c]`."""

    kind: Name
    subject: Name | None
    form: Literal["plain", "for", "index"]
    span: Span


@frozen
class FairClause:
    strong: bool
    names: tuple[Name, ...]
    span: Span


@frozen
class Action:
    name: Name
    parameters: tuple[Binder, ...]
    actor: ActorClause
    hostile: bool
    fairness: tuple[FairClause, ...]
    text: Text | None
    items: tuple[Item, ...]
    span: Span


@frozen
class Extension:
    """`extend lifecycle.exit(c) with g: Page`."""

    action: Name
    names: tuple[Name, ...]
    parameters: tuple[Binder, ...]
    text: Text | None
    items: tuple[Item, ...]
    span: Span


PropertyKind = Literal["invariant", "lemma", "step", "witness", "recoverable"]


@frozen
class Property:
    kind: PropertyKind
    name: Name
    given: tuple[Name, ...]  # the honest actors: `given honest host` gives (host,)
    text: Text | None
    asked_by: tuple[String, ...]
    block: Block
    span: Span


@frozen
class Progress:
    name: Name
    parameters: tuple[Binder, ...]
    given: tuple[Name, ...]
    text: Text | None
    asked_by: tuple[String, ...]
    premise: Expression
    conclusion: Expression
    span: Span


@frozen
class Let:
    """`let holder[f] = …`: the abstract variable, its index names, its value."""

    target: Name
    indices: tuple[Name, ...]
    value: Expression
    span: Span


@frozen
class ActionMap:
    """`pvalidate(c, g) is accept(c, g)`, or `is stutter` (then `abstract` is None)."""

    concrete: Name
    names: tuple[Name, ...]
    abstract: Name | None
    arguments: tuple[Expression, ...]
    span: Span


@frozen
class Refinement:
    name: Name
    abstract: Name
    text: Text | None
    lets: tuple[Let, ...]
    maps: tuple[ActionMap, ...]
    span: Span


@frozen
class Drop:
    path: Name
    span: Span


@frozen
class Change:
    action: Name
    names: tuple[Name, ...]
    items: tuple[Item, ...]
    span: Span


@frozen
class SetConstant:
    name: Name
    value: Expression
    span: Span


@frozen
class Expectation:
    """`expect violated p within 5 steps`, or `expect redundant` (then `path` is None)."""

    outcome: Literal["violated", "redundant"]
    path: Name | None
    steps: int | None
    span: Span


@frozen
class Variant:
    name: Name
    model: Name
    text: Text | None
    differences: tuple[Drop | Change | Action | SetConstant, ...]
    expectation: Expectation | None
    cites: tuple[String, ...]
    span: Span


@frozen
class Lane:
    """`lane shadow[c: Container] by host`."""

    word: Name
    name: Name
    binders: tuple[Binder, ...]
    actor: Name
    span: Span


@frozen
class End:
    """Where a message begins or ends: `shadow[c]`."""

    lane: Name
    names: tuple[Name, ...]
    span: Span


@frozen
class Message:
    """`message enter(c, v, t): shadow[c] to vcpu[v]`."""

    word: Name
    action: Name
    names: tuple[Name, ...]
    source: End
    target: End | None
    span: Span


@frozen
class Drawing:
    """`link nested g: Page, f: Frame where npt[g] = f`, or `ledger paid c: Container = usage[c]`.

    `whole` is what the values should add up to.
    """

    word: Name
    label: Name
    binders: tuple[Binder, ...]
    form: Literal["where", "="]
    value: Expression | None
    whole: Expression | None
    span: Span


@frozen
class View:
    """What a picture of the module's state shows."""

    name: Name
    text: Text | None
    items: tuple[Lane | Message | Drawing, ...]
    span: Span


Declaration = (
    Import
    | SortDeclaration
    | EnumDeclaration
    | StateDeclaration
    | CounterDeclaration
    | Definition
    | Init
    | Assume
    | Final
    | Part
    | Action
    | Extension
    | Property
    | Progress
    | Refinement
    | Variant
    | View
)


@frozen
class Module:
    source: Source
    name: Name
    text: Text | None
    declarations: tuple[Declaration, ...]
    span: Span
