"""The typed core: what the type checker makes of a model's modules, and what every pass and
engine reads.

Two altitudes share the expressions. A `Program` is the model as it was written: definitions are
called, parts are done, extensions stand beside the actions they extend. The evaluator gives it its
meaning. A `System` is what the passes make of a program for one run: flat actions without calls.
The engines read systems.

Names are qualified paths (`granting.npt`). Values of scalarset elements and enum members are
numbers from 0, so that a value is `int | bool | None`; its type says how it is written.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from enum import Enum
from typing import Literal as Choice

from splitspec.model.frozen import frozen
from splitspec.model.source import Span
from splitspec.model.types import IndexType, Type

Value = int | bool | None


class ActorKind(Enum):
    """Who acts, and what kind of promise a guard is (docs/language.md, section 6)."""

    HOST = "host"
    CONTAINER = "container"
    KERNEL = "kernel"
    HARDWARE = "hardware"
    VERIFIER = "verifier"
    ASSUMPTION = "assumption"

    @property
    def is_untrusted(self) -> bool:
        """Whether guards of this kind are promises, absent unless the actor is honest."""
        return self in (ActorKind.HOST, ActorKind.CONTAINER)


# Expressions ---------------------------------------------------------------------------
# Every node has a type and a span; spans do not take part in equality.


@frozen
class Literal:
    """A number, truth value, enum member (its index) or `none` (None)."""

    value: Value
    type: Type
    span: Span = field(compare=False, repr=False)


@frozen
class Local:
    """A parameter or a bound variable."""

    name: str
    type: Type
    span: Span = field(compare=False, repr=False)


@frozen
class Read:
    """The value of a variable (constants and counters too) at a place."""

    variable: str
    indices: tuple[Expression, ...]
    type: Type
    span: Span = field(compare=False, repr=False)


@frozen
class Call:
    """The value of a definition; only in programs, inlined in systems."""

    definition: str
    arguments: tuple[Expression, ...]
    type: Type
    span: Span = field(compare=False, repr=False)


@frozen
class Not:
    operand: Expression
    type: Type
    span: Span = field(compare=False, repr=False)


@frozen
class And:
    operands: tuple[Expression, ...]
    type: Type
    span: Span = field(compare=False, repr=False)


@frozen
class Or:
    operands: tuple[Expression, ...]
    type: Type
    span: Span = field(compare=False, repr=False)


@frozen
class Implies:
    premise: Expression
    conclusion: Expression
    type: Type
    span: Span = field(compare=False, repr=False)


@frozen
class Equal:
    """Equality of two values; of an option and a value (present and equal); of an option and
    `none`.

    An option, if any, is the left operand. `!=` is `Not(Equal(...))`.
    """

    left: Expression
    right: Expression
    type: Type
    span: Span = field(compare=False, repr=False)


@frozen
class Compare:
    """Order of integers; `>` and `>=` are turned around by the type checker."""

    operator: Choice["<", "<="]
    left: Expression
    right: Expression
    type: Type
    span: Span = field(compare=False, repr=False)


@frozen
class Arithmetic:
    operator: Choice["+", "-"]
    left: Expression
    right: Expression
    type: Type
    span: Span = field(compare=False, repr=False)


@frozen
class Conditional:
    condition: Expression
    positive: Expression
    negative: Expression
    type: Type
    span: Span = field(compare=False, repr=False)


@frozen
class Parameter:
    """A parameter of an action, part or definition, or a variable that a quantifier or an
    update binds."""

    name: str
    type: IndexType
    span: Span = field(compare=False, repr=False)


@frozen
class Quantifier:
    """`all` or `some`; `no` is `Not` of `some`."""

    kind: Choice["all", "some"]
    binders: tuple[Parameter, ...]
    body: Expression
    type: Type
    span: Span = field(compare=False, repr=False)


@frozen
class Count:
    """The number of bindings that make the condition true."""

    binders: tuple[Parameter, ...]
    condition: Expression
    type: Type
    span: Span = field(compare=False, repr=False)


@frozen
class Next:
    """The operand in the state after the step; in step properties only."""

    operand: Expression
    type: Type
    span: Span = field(compare=False, repr=False)


@frozen
class Unchanged:
    """Whether the operand is the same (`none` too) before and after the step."""

    operand: Expression
    type: Type
    span: Span = field(compare=False, repr=False)


@frozen
class ActorIs:
    """Whether the actor of the step is of this kind."""

    kind: ActorKind
    type: Type
    span: Span = field(compare=False, repr=False)


Expression = (
    Literal
    | Local
    | Read
    | Call
    | Not
    | And
    | Or
    | Implies
    | Equal
    | Compare
    | Arithmetic
    | Conditional
    | Quantifier
    | Count
    | Next
    | Unchanged
    | ActorIs
)


@frozen
class Line:
    """A conjunct with the label that traces and proofs name, or ""."""

    label: str
    expression: Expression
    span: Span = field(compare=False, repr=False)


# Declarations --------------------------------------------------------------------------


class VariableKind(Enum):
    STATE = "var"
    GHOST = "ghost var"  # Read by properties and ghost updates alone.
    CONSTANT = "const"  # Rigid: part of the state, never written.
    COUNTER = "counter"  # Maintained: an obligation ties it to what it counts.


@frozen
class Counted:
    """What a counter counts: for each key, the bindings of `binders` that satisfy `condition`."""

    keys: tuple[Parameter, ...]
    binders: tuple[Parameter, ...]
    condition: Expression
    given: frozenset[ActorKind]


@frozen
class Variable:
    """State function `path[indices]: type`. A counter has type nat and says what it counts."""

    path: str
    kind: VariableKind
    indices: tuple[IndexType, ...]
    type: Type
    counted: Counted | None
    comment: str
    span: Span = field(compare=False, repr=False)


@frozen
class Definition:
    path: str
    parameters: tuple[Parameter, ...]
    body: Expression
    span: Span = field(compare=False, repr=False)


@frozen
class Guard:
    """`when label: lines @kind`. Without a kind of its own it has its action's actor's."""

    label: str
    lines: tuple[Line, ...]
    kind: ActorKind | None
    span: Span = field(compare=False, repr=False)


@frozen
class Update:
    """`label: variable[indices] operator value for binders where condition`.

    Each binder stands in `indices` exactly once, as a `Local` by itself. Without binders and
    condition it writes one place.
    """

    label: str
    variable: str
    indices: tuple[Expression, ...]
    operator: Choice[":=", "+=", "-="]
    value: Expression
    binders: tuple[Parameter, ...]
    condition: Expression | None
    span: Span = field(compare=False, repr=False)


@frozen
class Do:
    part: str
    arguments: tuple[Expression, ...]
    span: Span = field(compare=False, repr=False)


Item = Guard | Update | Do


@frozen
class Part:
    path: str
    parameters: tuple[Parameter, ...]
    items: tuple[Item, ...]
    text: str
    span: Span = field(compare=False, repr=False)


@frozen
class Actor:
    """Who acts; `subject` is the parameter that names the instance (`container[c]`) or the
    beneficiary (`kernel for c`)."""

    kind: ActorKind
    subject: str | None


@frozen
class Fairness:
    strong: bool
    parameters: tuple[str, ...]


@frozen
class Action:
    path: str
    parameters: tuple[Parameter, ...]
    actor: Actor
    hostile: bool
    fairness: tuple[Fairness, ...]
    items: tuple[Item, ...]
    text: str
    span: Span = field(compare=False, repr=False)


@frozen
class Extension:
    """Items that module `module` adds to `action`.

    `parameters` begin with the action's own, under the names that the extension gives them; further
    ones are added by `with`.
    """

    module: str
    action: str
    parameters: tuple[Parameter, ...]
    items: tuple[Item, ...]
    text: str
    span: Span = field(compare=False, repr=False)


class PropertyKind(Enum):
    INVARIANT = "invariant"
    LEMMA = "lemma"
    STEP = "step"
    WITNESS = "witness"
    RECOVERABLE = "recoverable"
    PROGRESS = "progress"
    # The obligations that every run has without a declaration:
    DEADLOCK = "deadlock"
    EXACT = "exact"
    OVERLAP = "overlap"
    RANGE = "range"


@frozen
class Property:
    """A claim; its lines are conjoined.

    `progress` has two lines, premise and conclusion, over `parameters`.
    """

    path: str
    kind: PropertyKind
    given: frozenset[ActorKind]
    parameters: tuple[Parameter, ...]
    lines: tuple[Line, ...]
    text: str
    asked_by: tuple[str, ...]
    span: Span = field(compare=False, repr=False)


@frozen
class Assumption:
    path: str
    lines: tuple[Line, ...]
    text: str
    span: Span = field(compare=False, repr=False)


@frozen
class Abstraction:
    """`let`: the abstract variable's value at `parameters`, over the concrete state."""

    variable: str
    parameters: tuple[Parameter, ...]
    value: Expression
    span: Span = field(compare=False, repr=False)


@frozen
class Realisation:
    """`concrete(parameters) is abstract(arguments)`; `abstract` None is stuttering."""

    concrete: str
    parameters: tuple[Parameter, ...]
    abstract: str | None
    arguments: tuple[Expression, ...]
    span: Span = field(compare=False, repr=False)


@frozen
class Refinement:
    path: str
    abstract: str
    abstractions: tuple[Abstraction, ...]
    realisations: tuple[Realisation, ...]
    text: str
    span: Span = field(compare=False, repr=False)


@frozen
class Drop:
    """Leave out the guard or update `label` of action or part `owner`."""

    owner: str
    label: str
    span: Span = field(compare=False, repr=False)


@frozen
class Change:
    """Replace the items of an action (its extensions stay)."""

    action: str
    parameters: tuple[Parameter, ...]
    items: tuple[Item, ...]
    span: Span = field(compare=False, repr=False)


@frozen
class Add:
    action: Action


@frozen
class SetConstant:
    variable: str
    value: Value
    span: Span = field(compare=False, repr=False)


@frozen
class Variant:
    """A difference of a model.

    `violated` is the path of the property that must break; None expects that none does.
    """

    name: str
    model: str
    differences: tuple[Drop | Change | Add | SetConstant, ...]
    violated: str | None
    steps: int | None
    cites: tuple[str, ...]
    text: str
    span: Span = field(compare=False, repr=False)


class DrawingKind(Enum):
    """What a line of a view draws; the bound names say of which elements."""

    COLUMN = "column"  # The elements stand in a column of their own, under this heading.
    OWNER = "owner"  # All but the last name: whose it really is, the last one. Fills the cell.
    CLAIM = "claim"  # The same, as some table has it. Borders the cell.
    LINK = "link"  # An arrow from the cell of all but the last name to that of the last.
    MARK = "mark"  # A word in the cell, or a value.
    LEDGER = "ledger"  # A bar as long as the value; all bars together should be `whole`.
    TRACK = "track"  # Over time: which last element all the others have.


@frozen
class Lane:
    """A line of life in the sequence of steps, on the actor's side of the trust boundary."""

    name: str
    binders: tuple[Parameter, ...]
    actor: ActorKind
    span: Span = field(compare=False, repr=False)


@frozen
class Message:
    """Where the steps of an action begin and end: lanes, with the parameters that index them."""

    action: str
    parameters: tuple[Parameter, ...]
    source: tuple[str, tuple[str, ...]]
    target: tuple[str, tuple[str, ...]] | None
    span: Span = field(compare=False, repr=False)


@frozen
class Drawing:
    """`value` is a condition, an integer for a ledger, and anything for a mark."""

    kind: DrawingKind
    label: str
    binders: tuple[Parameter, ...]
    value: Expression | None
    whole: Expression | None
    span: Span = field(compare=False, repr=False)


@frozen
class View:
    """What a picture shows. Views of one name, in whichever modules, make one picture."""

    name: str
    module: str
    items: tuple[Lane | Message | Drawing, ...]
    text: str
    span: Span = field(compare=False, repr=False)


@frozen
class Program:
    """A module with its import closure, typed.

    Declarations stand in import order, then as written.
    """

    name: str
    modules: tuple[str, ...]
    sorts: tuple[str, ...]
    enums: Mapping[str, tuple[str, ...]]
    ends: frozenset[str]  # the constants that end a range; only a run that pins them has types
    variables: Mapping[str, Variable]
    definitions: Mapping[str, Definition]
    parts: Mapping[str, Part]
    actions: Mapping[str, Action]
    extensions: tuple[Extension, ...]
    initial: tuple[Update, ...]
    assumptions: tuple[Assumption, ...]
    finals: tuple[Line, ...]
    properties: Mapping[str, Property]
    refinements: tuple[Refinement, ...]
    views: tuple[View, ...] = ()


# Systems: what the passes make of a program --------------------------------------------


@frozen
class Forgotten:
    """Places whose values a run does not keep: those of the variable, at parameters for which the
    condition holds."""

    variable: str
    parameters: tuple[Parameter, ...]
    condition: Expression


@frozen
class FlatGuard:
    """A guard of a flat action.

    `name` is unique in it; the variants in `dropped_by` leave it out.
    """

    name: str
    lines: tuple[Line, ...]
    kind: ActorKind
    dropped_by: frozenset[str]
    origin: str  # "granting", or "granting, part tables.share", or "fork, extension"
    span: Span = field(compare=False, repr=False)


@frozen
class FlatUpdate:
    """An update of a flat action; `name` is its label, unique in the action, or ""."""

    name: str
    variable: str
    indices: tuple[Expression, ...]
    operator: Choice[":=", "+=", "-="]
    value: Expression
    binders: tuple[Parameter, ...]
    condition: Expression | None
    dropped_by: frozenset[str]
    origin: str
    span: Span = field(compare=False, repr=False)


@frozen
class FlatAction:
    """One atomic step, without calls.

    It exists for every variant not in `absent_for` and, if `only_for` is not None, for those alone.
    """

    path: str
    parameters: tuple[Parameter, ...]
    actor: Actor
    hostile: bool
    fairness: tuple[Fairness, ...]
    guards: tuple[FlatGuard, ...]
    updates: tuple[FlatUpdate, ...]
    absent_for: frozenset[str]
    only_for: frozenset[str] | None
    text: str
    span: Span = field(compare=False, repr=False)
    lost: tuple[Expression, ...] = ()  # step conditions: a value was needed that is forgotten


@frozen
class System:
    """The transition system of one run: a program under one adversary, flat, with the variants
    that share its kernel."""

    name: str
    given: frozenset[ActorKind]
    variants: tuple[Variant, ...]
    sorts: tuple[str, ...]
    enums: Mapping[str, tuple[str, ...]]
    variables: Mapping[str, Variable]
    initial: tuple[FlatUpdate, ...]
    assumptions: tuple[Assumption, ...]
    actions: tuple[FlatAction, ...]
    finals: tuple[Line, ...]
    properties: Mapping[str, Property]
    sliced: tuple[str, ...]  # paths of variables that were left out
    forgotten: tuple[Forgotten, ...] = ()
