"""Write what a variant does as one line, so that two that do the same have the same text.

What is changed or added stands flat, as the model takes it; what is dropped, and what must come of
it, by name.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import assert_never

from splitspec.model.flat_text import action_text
from splitspec.model.ir import (
    Add,
    Change,
    Drop,
    FlatAction,
    FlatGuard,
    Literal,
    Program,
    SetConstant,
    Variant,
)
from splitspec.model.ir_text import Writer, literal_text, writer_for
from splitspec.model.passes.compose import compose
from splitspec.model.passes.inline import inline, inline_variant


def variation_text(program: Program, variant: Variant) -> str:
    """Return the differences of a variant and what is expected of it."""
    return "; ".join((*_differences(program, variant), _expected(variant)))


def _differences(program: Program, variant: Variant) -> Iterator[str]:
    writer = writer_for(program)
    own = dict(_own_actions(program, variant))
    for difference in variant.differences:
        match difference:
            case Drop(owner=owner, label=label):
                yield f"drop {owner}.{label}"
            case Change(action=path):
                yield f"change {own[path]}"
            case Add(action=action):
                yield f"add {own[action.path]}"
            case SetConstant(variable=path, value=value, span=span):
                literal = Literal(value, program.variables[path].type, span)
                yield f"set {writer.name(path)} = {literal_text(literal)}"
            case _:
                assert_never(difference)


def _own_actions(program: Program, variant: Variant) -> Iterator[tuple[str, str]]:
    """Iterate over the actions that exist for the variant alone."""
    system = compose(inline(program), (inline_variant(variant, program.definitions),))
    writer = writer_for(system)
    for action in system.actions:
        if action.only_for is not None:
            guards = (guard_text(guard, action, writer) for guard in action.guards)
            updates = (writer.update(update) for update in action.updates)
            yield action.path, " | ".join((signature(action, writer), *guards, *updates))


def signature(action: FlatAction, writer: Writer) -> str:
    """Return the first line of an action: its parameters, who takes it, and what it promises."""
    return action_text(action, writer).splitlines()[0]


def guard_text(guard: FlatGuard, action: FlatAction, writer: Writer) -> str:
    """Return a guard as one line, without its label."""
    lines = " and ".join(writer.expression(line.expression) for line in guard.lines)
    kind = "" if guard.kind is action.actor.kind else f"  @{guard.kind.value}"
    return f"{lines}{kind}"


def _expected(variant: Variant) -> str:
    if variant.violated is None:
        return "expect redundant"
    within = "" if variant.steps is None else f" within {variant.steps} steps"
    return f"expect violated {variant.violated}{within}"
