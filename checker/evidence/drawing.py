"""From an execution to the diagrams that its program's views declare: the evaluator says of every
line what it is worth in each state.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from splitspec.checker.evidence.default_view import default_view, principals_of
from splitspec.checker.evidence.facts import Facts
from splitspec.model.evaluator import Evaluator
from splitspec.model.frozen import frozen
from splitspec.model.ir import Drawing, DrawingKind, Parameter, Program, Value, View
from splitspec.model.picture import Cell, Column, Diagram, Ink, Ledger, Track
from splitspec.model.scope import State
from splitspec.model.types import Sort
from splitspec.model.valuation import Environment, Moment

CELLS_MAX = 12
"""A column with more cells, or with cells of several elements, shows those that something is drawn
at."""

CLAIM_TEXT = "What the claim names: no view of the specification draws it."

Kinds = tuple[str, ...]
"""The types of a column's cells, as written: what tells columns apart."""

_OF_CELLS = (DrawingKind.COLUMN, DrawingKind.OWNER, DrawingKind.CLAIM, DrawingKind.LINK,
             DrawingKind.MARK)  # fmt: skip


def diagrams_of(
    evaluator: Evaluator, states: Sequence[State], claimed: frozenset[int] = frozenset()
) -> tuple[Diagram, ...]:
    """Return the diagrams of the views in which something is drawn. If none of the places that a
    claim names is drawn in them, one more is made of their variables."""
    views = _views(evaluator.program)
    found = [_diagram(evaluator, name, text, items, states) for name, text, items in views]
    found = [d for d in found if d.inks or d.ledgers or d.tracks]
    if claimed and not any(claimed & set(places_of(diagram)) for diagram in found):
        variables = [variable.path for variable, _ in evaluator.places]
        named = frozenset(variables[number] for number in claimed)
        items = default_view(evaluator.program, named).items
        drawings = tuple(item for item in items if isinstance(item, Drawing))
        own = _diagram(evaluator, "claim", CLAIM_TEXT, drawings, states)
        found += [own] if own.inks or own.ledgers else []
    return tuple(found)


def places_of(diagram: Diagram) -> Iterator[int]:
    """Iterate over the places that a diagram shows something of."""
    for ink in diagram.inks:
        yield from ink.places
    for ledger in diagram.ledgers:
        yield from ledger.places


def _views(program: Program) -> Iterator[tuple[str, str, tuple[Drawing, ...]]]:
    """Iterate over the pictures: views of one name together."""
    views: dict[str, list[View]] = {}
    declared = [v for v in program.views if any(isinstance(i, Drawing) for i in v.items)]
    for view in declared or [default_view(program)]:
        views.setdefault(view.name, []).append(view)
    for name, parts in views.items():
        drawings = (item for part in parts for item in part.items if isinstance(item, Drawing))
        yield name, next((part.text for part in parts if part.text), ""), tuple(drawings)


@frozen
class _Sheet:
    """The columns of a diagram and where each cell stands in them."""

    kinds: tuple[Kinds, ...]
    cells: tuple[dict[tuple[Value, ...], int], ...]
    columns: tuple[Column, ...]

    def place(self, binders: Sequence[Parameter], values: tuple[Value, ...]) -> tuple[int, int]:
        column = self.kinds.index(_kinds(binders))
        return column, self.cells[column][values]


def _diagram(
    evaluator: Evaluator,
    name: str,
    text: str,
    items: tuple[Drawing, ...],
    states: Sequence[State],
) -> Diagram:
    sheet = _sheet(evaluator, [item for item in items if item.kind in _OF_CELLS])
    inks = tuple(
        ink
        for item in items
        if item.kind in _OF_CELLS and item.value is not None
        for ink in _inks(evaluator, sheet, item, states)
    )
    owners = [item for item in items if item.kind is DrawingKind.OWNER]
    return _trimmed(
        Diagram(
            name,
            text,
            sheet.columns,
            inks,
            tuple(
                _ledger(evaluator, item, states)
                for item in items
                if item.kind is DrawingKind.LEDGER
            ),
            tuple(
                _track(evaluator, item, owners, states)
                for item in items
                if item.kind is DrawingKind.TRACK
            ),
        )
    )


# Columns -------------------------------------------------------------------------------


def _kinds(binders: Sequence[Parameter]) -> Kinds:
    return tuple(str(binder.type) for binder in binders)


def _ends(item: Drawing) -> tuple[tuple[Parameter, ...], ...]:
    """Return the binders of the cells that a drawing touches."""
    match item.kind:
        case DrawingKind.LINK:
            return item.binders[:-1], item.binders[-1:]
        case DrawingKind.OWNER | DrawingKind.CLAIM:
            return (item.binders[:-1],)
        case _:
            return (item.binders,)


def _sheet(evaluator: Evaluator, items: Sequence[Drawing]) -> _Sheet:
    binders: dict[Kinds, tuple[Parameter, ...]] = {}
    headings: dict[Kinds, str] = {}
    for item in items:
        for end in _ends(item):
            binders.setdefault(_kinds(end), end)
        if item.kind is DrawingKind.COLUMN:
            headings[_kinds(item.binders)] = item.label
    order = _order([*binders], [i for i in items if i.kind is DrawingKind.LINK])
    cells, columns = [], []
    for kinds in order:
        values = [
            tuple(env[binder.name] for binder in binders[kinds])
            for env in map(dict, evaluator.universe.bindings(binders[kinds], {}))
        ]
        cells.append({value: number for number, value in enumerate(values)})
        shown = tuple(_cell(evaluator, binders[kinds], value) for value in values)
        heading = headings.get(kinds, " × ".join(kinds))
        columns.append(Column(heading.replace("_", " "), ", ".join(kinds), shown))
    return _Sheet(tuple(order), tuple(cells), tuple(columns))


def _order(columns: list[Kinds], links: Sequence[Drawing]) -> list[Kinds]:
    """Return the columns so that links go to the right: of two that lead back and forth, the one
    that is declared first decides."""
    before: set[tuple[Kinds, Kinds]] = set()
    for link in links:
        source, target = map(_kinds, _ends(link))
        if source != target and not _leads(before, target, source):
            before.add((source, target))
    order: list[Kinds] = []
    rest = list(columns)
    while rest:
        free = [c for c in rest if not any(b in rest for b, after in before if after == c)]
        order.append(free[0])
        rest.remove(free[0])
    return order


def _leads(before: set[tuple[Kinds, Kinds]], start: Kinds, end: Kinds) -> bool:
    return start == end or any(_leads(before, after, end) for b, after in before if b == start)


def _cell(evaluator: Evaluator, binders: Sequence[Parameter], values: tuple[Value, ...]) -> Cell:
    scope = evaluator.places.scope
    shown = [scope.show(value, binder.type) for binder, value in zip(binders, values, strict=True)]
    principals = principals_of(evaluator.program)
    owners = [
        text
        for binder, text in zip(binders, shown, strict=True)
        if isinstance(binder.type, Sort) and binder.type.path in principals
    ]
    return Cell(", ".join(shown), owners[0] if owners else "")


def _is_trimmed(column: Column) -> bool:
    return len(column.cells) > CELLS_MAX or "," in column.kinds


def _trimmed(diagram: Diagram) -> Diagram:
    """Leave out cells of long columns at which nothing is ever drawn."""
    used = {end for ink in diagram.inks for end in (ink.source, ink.target) if end is not None}
    kept = [
        [
            number
            for number in range(len(column.cells))
            if (position, number) in used or not _is_trimmed(column)
        ]
        for position, column in enumerate(diagram.columns)
    ]
    moved = {
        (position, old): (position, new)
        for position, numbers in enumerate(kept)
        for new, old in enumerate(numbers)
    }
    columns = tuple(
        Column(c.heading, c.kinds, tuple(c.cells[number] for number in numbers))
        for c, numbers in zip(diagram.columns, kept, strict=True)
    )
    inks = tuple(
        Ink(
            ink.kind,
            ink.label,
            moved[ink.source],
            None if ink.target is None else moved[ink.target],
            ink.principal,
            ink.values,
            ink.places,
        )
        for ink in diagram.inks
    )
    return Diagram(diagram.name, diagram.text, columns, inks, diagram.ledgers, diagram.tracks)


# What is drawn -------------------------------------------------------------------------


def _inks(
    evaluator: Evaluator, sheet: _Sheet, item: Drawing, states: Sequence[State]
) -> Iterable[Ink]:
    """Iterate over what one line draws in some state."""
    assert item.value is not None
    scope = evaluator.places.scope
    moments = [evaluator.moment(state) for state in states]
    is_condition = str(item.value.type) == "bool"
    for env in map(dict, evaluator.universe.bindings(item.binders, {})):
        found = [moment.value(item.value, env) for moment in moments]
        if is_condition:
            values = tuple("1" if value is True else "" for value in found)
        else:
            type_ = item.value.type
            values = tuple("" if v is None else scope.show(v, type_) for v in found)
        if not any(values):
            continue
        ends = [sheet.place(end, tuple(env[binder.name] for binder in end)) for end in _ends(item)]
        owner = ""
        if item.kind in (DrawingKind.OWNER, DrawingKind.CLAIM):
            last = item.binders[-1]
            owner = scope.show(env[last.name], last.type)
        shown = next(m for m, value in zip(moments, values, strict=True) if value)
        yield Ink(
            item.kind.value,
            item.label.replace("_", " "),
            ends[0],
            ends[1] if len(ends) > 1 else None,
            owner,
            values,
            _places(evaluator, item, env, shown),
        )


def _places(
    evaluator: Evaluator, item: Drawing, env: Environment, moment: Moment
) -> tuple[int, ...]:
    assert item.value is not None
    facts = Facts(evaluator.places)
    facts.collect(item.value, env, moment)
    return _numbers(evaluator, facts)


def _numbers(evaluator: Evaluator, facts: Facts) -> tuple[int, ...]:
    numbers = {name: number for number, name in enumerate(evaluator.places.names)}
    return tuple(sorted(numbers[name] for name, _ in facts.found))


def _ledger(evaluator: Evaluator, item: Drawing, states: Sequence[State]) -> Ledger:
    assert item.value is not None
    scope = evaluator.places.scope
    moments = [evaluator.moment(state) for state in states]
    bars = []
    for env in map(dict, evaluator.universe.bindings(item.binders, {})):
        name = ", ".join(scope.show(env[b.name], b.type) for b in item.binders)
        bars.append((name, tuple(_number(m.value(item.value, env)) for m in moments)))
    whole = None
    if item.whole is not None:
        whole = tuple(_number(moment.value(item.whole, {})) for moment in moments)
    text = "" if item.whole is None else item.whole.span.text
    facts = Facts(evaluator.places)
    for env in map(dict, evaluator.universe.bindings(item.binders, {})):
        facts.collect(item.value, env, moments[-1])
    places = _numbers(evaluator, facts)
    return Ledger(item.label.replace("_", " "), tuple(bars), whole, text, places)


def _number(value: Value) -> int:
    return int(value) if value is not None else 0


def _track(
    evaluator: Evaluator, item: Drawing, owners: Sequence[Drawing], states: Sequence[State]
) -> Track:
    assert item.value is not None
    scope = evaluator.places.scope
    moments = [evaluator.moment(state) for state in states]
    *keys, last = item.binders
    rows = []
    for env in map(dict, evaluator.universe.bindings(tuple(keys), {})):
        shown: list[str] = []
        whose: list[str] = []
        for moment in moments:
            inner = [dict(e) for e in evaluator.universe.bindings((last,), env)]
            values = [e[last.name] for e in inner if moment.holds(item.value, e)]
            shown.append(", ".join(scope.show(value, last.type) for value in values))
            whose.append(_owner(evaluator, last, values[0], owners, moment) if values else "")
        name = ", ".join(scope.show(env[key.name], key.type) for key in keys)
        rows.append((name, tuple(shown), tuple(whose)))
    return Track(item.label.replace("_", " "), tuple(rows))


def _owner(
    evaluator: Evaluator,
    binder: Parameter,
    value: Value,
    owners: Sequence[Drawing],
    moment: Moment,
) -> str:
    """Return whose an element is: itself if it is a principal, else its owner in the view."""
    scope = evaluator.places.scope
    type_ = binder.type
    if isinstance(type_, Sort) and type_.path in principals_of(evaluator.program):
        return scope.show(value, type_)
    for item in owners:
        if item.value is None or _kinds(item.binders[:-1]) != (str(binder.type),):
            continue
        last = item.binders[-1]
        for env in evaluator.universe.bindings((last,), {item.binders[0].name: value}):
            if moment.holds(item.value, env):
                return scope.show(env[last.name], last.type)
    return ""
