"""The surface tree: one frozen record per production, each with its span.

Nothing is resolved here: names are dotted tuples as they were written.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from splitspec.model.source import Source, Span


@dataclass(frozen=True, slots=True)
class Name:
    """`exit` or `lifecycle.exit`."""

    parts: tuple[str, ...]
    span: Span

    def __str__(self) -> str:
        return ".".join(self.parts)


# Types ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class NamedType:
    """A sort, an enum, `bool` or `nat`."""

    name: Name
    span: Span


@dataclass(frozen=True, slots=True)
class RangeType:
    """`0..3` or `0..K`."""

    low: int
    high: int | Name
    span: Span


@dataclass(frozen=True, slots=True)
class OptionType:
    """`T?`."""

    of: NamedType | RangeType
    span: Span


TypeExpression = NamedType | RangeType | OptionType


@dataclass(frozen=True, slots=True)
class Binder:
    """One name of `all x, y: S`; the parser gives each name a binder of its own."""

    name: Name
    type: TypeExpression
    span: Span


# Expressions ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Index:
    """`f[a, b]`."""

    name: Name
    arguments: tuple[Expression, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Call:
    """`d(a, b)`."""

    name: Name
    arguments: tuple[Expression, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Number:
    value: int
    span: Span


@dataclass(frozen=True, slots=True)
class Truth:
    value: bool
    span: Span


@dataclass(frozen=True, slots=True)
class NoneLiteral:
    span: Span


@dataclass(frozen=True, slots=True)
class ActorWord:
    """The keyword `actor` of step properties."""

    span: Span


@dataclass(frozen=True, slots=True)
class Negation:
    operand: Expression
    span: Span


Operator = Literal["implies", "or", "and", "=", "!=", "<", "<=", ">", ">=", "+", "-"]


@dataclass(frozen=True, slots=True)
class Binary:
    operator: Operator
    left: Expression
    right: Expression
    span: Span


@dataclass(frozen=True, slots=True)
class Quantified:
    quantifier: Literal["all", "some", "no"]
    binders: tuple[Binder, ...]
    body: Expression
    span: Span


@dataclass(frozen=True, slots=True)
class CountOf:
    binders: tuple[Binder, ...]
    condition: Expression
    span: Span


@dataclass(frozen=True, slots=True)
class IfElse:
    condition: Expression
    positive: Expression
    negative: Expression
    span: Span


@dataclass(frozen=True, slots=True)
class NextOf:
    operand: Expression
    span: Span


@dataclass(frozen=True, slots=True)
class UnchangedOf:
    operand: Expression
    span: Span


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a block: a conjunct, perhaps labelled."""

    label: Name | None
    expression: Expression
    span: Span


@dataclass(frozen=True, slots=True)
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


@dataclass(frozen=True, slots=True)
class Guard:
    """`when label: lines @kind`."""

    label: Name
    block: Block
    kind: Name | None
    span: Span


@dataclass(frozen=True, slots=True)
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


@dataclass(frozen=True, slots=True)
class Do:
    """`do tables.share(z, d)`."""

    part: Name
    arguments: tuple[Expression, ...]
    span: Span


Item = Guard | Update | Do


# Declarations --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Text:
    """A `\"\"\"…\"\"\"` text, dedented, without the quotes."""

    value: str
    span: Span


@dataclass(frozen=True, slots=True)
class String:
    value: str
    span: Span


@dataclass(frozen=True, slots=True)
class Import:
    module: Name
    comment: str
    span: Span


@dataclass(frozen=True, slots=True)
class SortDeclaration:
    name: Name
    comment: str
    span: Span


@dataclass(frozen=True, slots=True)
class EnumDeclaration:
    name: Name
    members: tuple[Name, ...]
    comment: str
    span: Span


@dataclass(frozen=True, slots=True)
class StateDeclaration:
    """`const`, `var` or `ghost var`."""

    kind: Literal["const", "var", "ghost"]
    name: Name
    indices: tuple[TypeExpression, ...]
    type: TypeExpression
    comment: str
    span: Span


@dataclass(frozen=True, slots=True)
class CounterDeclaration:
    name: Name
    keys: tuple[Binder, ...]
    binders: tuple[Binder, ...]
    condition: Expression
    given: tuple[Name, ...]
    comment: str
    span: Span


@dataclass(frozen=True, slots=True)
class Definition:
    name: Name
    parameters: tuple[Binder, ...]
    body: Expression
    comment: str
    span: Span


@dataclass(frozen=True, slots=True)
class Init:
    updates: tuple[Update, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Assume:
    name: Name
    text: Text | None
    block: Block
    span: Span


@dataclass(frozen=True, slots=True)
class Final:
    block: Block
    span: Span


@dataclass(frozen=True, slots=True)
class Part:
    name: Name
    parameters: tuple[Binder, ...]
    text: Text | None
    items: tuple[Item, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class ActorClause:
    """`by kernel`, `by kernel for c`, `by container[c]`."""

    kind: Name
    subject: Name | None
    form: Literal["plain", "for", "index"]
    span: Span


@dataclass(frozen=True, slots=True)
class FairClause:
    strong: bool
    names: tuple[Name, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Action:
    name: Name
    parameters: tuple[Binder, ...]
    actor: ActorClause
    hostile: bool
    fairness: tuple[FairClause, ...]
    text: Text | None
    items: tuple[Item, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Extension:
    """`extend lifecycle.exit(c) with g: Page`."""

    action: Name
    names: tuple[Name, ...]
    parameters: tuple[Binder, ...]
    text: Text | None
    items: tuple[Item, ...]
    span: Span


PropertyKind = Literal["invariant", "lemma", "step", "witness", "recoverable"]


@dataclass(frozen=True, slots=True)
class Property:
    kind: PropertyKind
    name: Name
    given: tuple[Name, ...]  # the honest actors: `given honest host` gives (host,)
    text: Text | None
    asked_by: tuple[String, ...]
    block: Block
    span: Span


@dataclass(frozen=True, slots=True)
class Progress:
    name: Name
    parameters: tuple[Binder, ...]
    given: tuple[Name, ...]
    text: Text | None
    asked_by: tuple[String, ...]
    premise: Expression
    conclusion: Expression
    span: Span


@dataclass(frozen=True, slots=True)
class Let:
    """`let holder[f] = …`: the abstract variable, its index names, its value."""

    target: Name
    indices: tuple[Name, ...]
    value: Expression
    span: Span


@dataclass(frozen=True, slots=True)
class ActionMap:
    """`pvalidate(c, g) is accept(c, g)`, or `is stutter` (then `abstract` is None)."""

    concrete: Name
    names: tuple[Name, ...]
    abstract: Name | None
    arguments: tuple[Expression, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Refinement:
    name: Name
    abstract: Name
    text: Text | None
    lets: tuple[Let, ...]
    maps: tuple[ActionMap, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Drop:
    path: Name
    span: Span


@dataclass(frozen=True, slots=True)
class Change:
    action: Name
    names: tuple[Name, ...]
    items: tuple[Item, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class SetConstant:
    name: Name
    value: Expression
    span: Span


@dataclass(frozen=True, slots=True)
class Expectation:
    """`expect violated p within 5 steps`, or `expect redundant` (then `path` is None)."""

    outcome: Literal["violated", "redundant"]
    path: Name | None
    steps: int | None
    span: Span


@dataclass(frozen=True, slots=True)
class Variant:
    name: Name
    model: Name
    text: Text | None
    differences: tuple[Drop | Change | Action | SetConstant, ...]
    expectation: Expectation | None
    cites: tuple[String, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Lane:
    """`lane shadow[c: Container] by host`."""

    word: Name
    name: Name
    binders: tuple[Binder, ...]
    actor: Name
    span: Span


@dataclass(frozen=True, slots=True)
class End:
    """Where a message begins or ends: `shadow[c]`."""

    lane: Name
    names: tuple[Name, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Message:
    """`message enter(c, v, t): shadow[c] to vcpu[v]`."""

    word: Name
    action: Name
    names: tuple[Name, ...]
    source: End
    target: End | None
    span: Span


@dataclass(frozen=True, slots=True)
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


@dataclass(frozen=True, slots=True)
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


@dataclass(frozen=True, slots=True)
class Module:
    source: Source
    name: Name
    text: Text | None
    declarations: tuple[Declaration, ...]
    span: Span
