"""Write flat actions, and whole systems, as text with the place where each line was written.

`explain MODEL.action` shows the first; the dump between passes the second.
"""

from __future__ import annotations

from collections.abc import Iterator
from textwrap import indent

from splitspec.model.ir import (
    FlatAction,
    FlatGuard,
    FlatUpdate,
    Line,
    System,
    Variable,
    VariableKind,
)
from splitspec.model.ir_text import Writer, writer_for

PROVENANCE_COLUMN = 60


def action_text(action: FlatAction, writer: Writer) -> str:
    """Return the action as it happens: guards with their kind, and the source of each line."""
    lines = [_header(action, writer)]
    if action.text:
        lines += indent(f'"""{action.text}"""', "  ").splitlines()
    for guard in action.guards:
        lines.extend(_guard_lines(guard, action, writer))
    for update in action.updates:
        label = f"{update.name}: " if update.name else ""
        body = f"  {label}{writer.update(update)}"
        lines.append(_annotated(body, _provenance(update)))
    return "\n".join(lines)


def system_text(system: System) -> str:
    """Return a whole system as text, the same bytes for the same system."""
    return "\n".join(_system_lines(system)) + "\n"


def variable_text(variable: Variable, writer: Writer) -> str:
    """Return the declaration of a variable, and of a counter what it counts."""
    indices = ", ".join(writer.type(index) for index in variable.indices)
    place = f"{variable.path}[{indices}]" if indices else variable.path
    line = f"{variable.kind.value} {place}: {writer.type(variable.type)}"
    if variable.kind is VariableKind.COUNTER and variable.counted is not None:
        keys, binders = variable.counted.keys, variable.counted.binders
        condition = writer.expression(variable.counted.condition)
        line += f" of {writer.parameters(keys)} counts {writer.parameters(binders)}"
        line += f" where {condition}"
    return line


def _header(action: FlatAction, writer: Writer) -> str:
    hostile = " hostile" if action.hostile else ""
    parameters = writer.parameters(action.parameters)
    header = f"action {action.path}({parameters}) by {writer.actor(action.actor)}{hostile}"
    for fairness in action.fairness:
        strength = "strongly fair" if fairness.strong else "fair"
        header += f"  {strength}"
        if fairness.parameters:
            header += f" for {', '.join(fairness.parameters)}"
    if action.only_for is not None:
        header += f"  # only in {', '.join(sorted(action.only_for))}"
    if action.absent_for:
        header += f"  # not in {', '.join(sorted(action.absent_for))}"
    return header


def _guard_lines(guard: FlatGuard, action: FlatAction, writer: Writer) -> Iterator[str]:
    promise = "promise of the " if guard.kind.is_untrusted else ""
    note = f"{promise}{guard.kind.value}; {_provenance(guard)}"
    kind = "" if guard.kind is action.actor.kind else f"  @{guard.kind.value}"
    head = f"  when {guard.name}: "
    if len(guard.lines) == 1 and not guard.lines[0].label:
        yield _annotated(f"{head}{writer.expression(guard.lines[0].expression)}{kind}", note)
        return
    yield _annotated(f"{head.rstrip()}{kind}", note)
    for line in guard.lines:
        yield f"    {_labelled(line, writer)}"


def _provenance(item: FlatGuard | FlatUpdate) -> str:
    dropped = f"; dropped by {', '.join(sorted(item.dropped_by))}" if item.dropped_by else ""
    return f"{item.origin}, line {item.span.line}{dropped}"


def _annotated(body: str, note: str) -> str:
    return f"{body.ljust(PROVENANCE_COLUMN)}  # {note}"


def _labelled(line: Line, writer: Writer) -> str:
    label = f"{line.label}: " if line.label else ""
    return f"{label}{writer.expression(line.expression)}"


def _system_lines(system: System) -> Iterator[str]:
    writer = writer_for(system)
    given = ", ".join(sorted(kind.value for kind in system.given)) or "nobody"
    yield f"system {system.name} given honest {given}"
    if system.sliced:
        yield f"# left out: {', '.join(system.sliced)}"
    for sort in system.sorts:
        yield f"sort {sort}"
    for enum, members in system.enums.items():
        yield f"enum {enum} = {' | '.join(members)}"
    yield from (variable_text(variable, writer) for variable in system.variables.values())
    for update in system.initial:
        yield f"init {writer.update(update)}"
    for assumption in system.assumptions:
        yield f"assume {assumption.path}"
        yield from (f"  {_labelled(line, writer)}" for line in assumption.lines)
    for action in system.actions:
        yield action_text(action, writer)
    yield from (f"final {_labelled(line, writer)}" for line in system.finals)
    for claim in system.properties.values():
        yield f"{claim.kind.value} {claim.path}"
        yield from (f"  {_labelled(line, writer)}" for line in claim.lines)
