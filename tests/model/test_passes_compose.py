"""What becomes of calls, parts, extensions, variants and promises in a flat action."""

from __future__ import annotations

from pathlib import Path

import pytest

from splitspec.model import ir
from splitspec.model.flat_text import action_text, system_text
from splitspec.model.ir import ActorKind, Program, System, Variant
from splitspec.model.ir_text import writer_for
from splitspec.model.loader import load, load_variants
from splitspec.model.pipeline import flatten

ROOT = Path(__file__).parents[2]
LAYERS = Path(__file__).with_name("layers")
NOBODY: frozenset[ActorKind] = frozenset()
HOST = frozenset({ActorKind.HOST})


@pytest.fixture(scope="module")
def program() -> Program:
    return _load()[0]


@pytest.fixture(scope="module")
def variants() -> tuple[Variant, ...]:
    return _load()[1]


def _load() -> tuple[Program, tuple[Variant, ...]]:
    loaded = load(LAYERS / "upper.split")
    assert loaded.program is not None, [d.message for d in loaded.diagnostics]
    variants, diagnostics = load_variants(loaded, "upper", ())
    assert diagnostics == ()
    return loaded.program, variants


# Calls, parts, extensions ------------------------------------------------------------------


def test_a_flat_system_calls_nothing(program: Program, variants: tuple[Variant, ...]) -> None:
    text = system_text(flatten(program, NOBODY, variants))
    assert "has(" not in text
    assert "is_alone(" not in text


def test_a_program_without_parts_and_extensions_has_the_same_actions() -> None:
    program = load(ROOT / "tests" / "systems" / "transaction_commit.split").program
    assert program is not None
    system = flatten(program, NOBODY)
    assert [action.path for action in system.actions] == list(program.actions)
    for flat, action in zip(system.actions, program.actions.values(), strict=True):
        guards = [item for item in action.items if isinstance(item, ir.Guard)]
        assert [(g.name, g.lines) for g in flat.guards] == [(g.label, g.lines) for g in guards]
        updates = [item for item in action.items if isinstance(item, ir.Update)]
        assert [(u.variable, u.value) for u in flat.updates] == [
            (u.variable, u.value) for u in updates
        ]


def test_an_extension_adds_parameters_and_keeps_the_names_of_the_action(program: Program) -> None:
    """`extend drain(y) with x` meets an action whose parameter is `x`: its own x becomes x_2."""
    drain = _action(flatten(program, NOBODY), "lower.drain")
    assert [p.name for p in drain.parameters] == ["x", "x_2"]
    text = action_text(drain, writer_for(program))
    assert "when other: x_2 != x " in text
    assert "owner[x_2] := x " in text


def test_a_part_done_twice_numbers_its_labels(program: Program) -> None:
    swap = _action(flatten(program, NOBODY), "upper.swap")
    assert [guard.name for guard in swap.guards] == ["two", "one", "new", "new_2"]


def test_a_dropped_line_of_a_part_is_dropped_wherever_the_part_is_done(
    program: Program, variants: tuple[Variant, ...]
) -> None:
    system = flatten(program, HOST, variants)
    for path, names in {"upper.swap": ["new", "new_2"], "lower.fill": ["new"]}.items():
        guards = _action(system, path).guards
        assert [g.name for g in guards if "reused" in g.dropped_by] == names


def test_a_changed_action_stands_beside_the_original(
    program: Program, variants: tuple[Variant, ...]
) -> None:
    system = flatten(program, NOBODY, variants)
    original, changed = (a for a in system.actions if a.path == "lower.fill")
    impolite = frozenset({"impolite"})
    assert (original.absent_for, original.only_for) == (impolite, None)
    assert (changed.absent_for, changed.only_for) == (frozenset(), impolite)
    assert _action(system, "upper.burst").only_for == impolite


def test_the_text_of_an_action_says_where_each_line_comes_from(program: Program) -> None:
    system = flatten(program, HOST)
    text = action_text(_action(system, "lower.drain"), writer_for(program))
    lines = {line.split("  #")[0].strip(): line for line in text.splitlines()}
    assert "kernel; lower, line" in lines["when full: phase[x] = full"]
    assert "kernel; upper, extension, line" in lines["when mine: owner[x_2] = none"]
    fill = action_text(_action(system, "lower.fill"), writer_for(program))
    assert "promise of the host; lower, line" in fill
    assert "lower, part lower.mark" in fill
    assert "@hardware" in fill


def _action(system: System, path: str) -> ir.FlatAction:
    return next(action for action in system.actions if action.path == path)


# The adversary -----------------------------------------------------------------------------


def test_promises_hold_only_for_the_honest(program: Program) -> None:
    hostile = {g.name for g in _action(flatten(program, NOBODY), "lower.fill").guards}
    honest = {g.name for g in _action(flatten(program, HOST), "lower.fill").guards}
    # `new` is the part's guard, and takes the kind of the host's action that does it.
    assert honest - hostile == {"empty", "polite", "new"}
    assert hostile == {"sound"}


def test_hostile_actions_are_not_those_of_the_honest(program: Program) -> None:
    def paths(given: frozenset[ActorKind]) -> set[str]:
        return {action.path for action in flatten(program, given).actions}

    assert paths(NOBODY) - paths(HOST) == {"lower.shout"}


def test_a_system_has_the_properties_of_its_adversary(program: Program) -> None:
    assert list(flatten(program, HOST).properties) == ["lower.alone"]
    assert list(flatten(program, NOBODY).properties) == ["lower.known", "upper.lenders"]
