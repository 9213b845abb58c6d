"""The passes keep the meaning of a program: the evaluator, which shares no pass, is the judge."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from tests.model.flat_programs import explore, kept_places, sorted_edges, unflatten

from splitspec.model import ir
from splitspec.model.expressions import subterms
from splitspec.model.flat_text import system_text
from splitspec.model.ir import ActorKind, Program, PropertyKind, System, Variant
from splitspec.model.loader import load, load_variants
from splitspec.model.passes.oblige import obligations, overflows, overlaps
from splitspec.model.passes.slice import slice_unread
from splitspec.model.pipeline import Fact, Work, flatten, passes, prepare, stages
from splitspec.model.scope import Scope
from splitspec.model.setting import properties_under

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


def _as_of(system: System, variant: str) -> System:
    """Return what a variant makes of a system: marks read as the engines read them."""
    return replace(
        system,
        actions=tuple(
            replace(
                action,
                guards=tuple(g for g in action.guards if variant not in g.dropped_by),
                updates=tuple(u for u in action.updates if variant not in u.dropped_by),
            )
            for action in system.actions
            if variant not in action.absent_for
            and (action.only_for is None or variant in action.only_for)
        ),
    )


def _scope(program: Program, size: int = 2) -> Scope:
    return Scope(dict.fromkeys(program.sorts, size), {}, {})


# The order of the passes -------------------------------------------------------------------


def test_every_pass_finds_the_facts_that_it_needs() -> None:
    known = {Fact.TYPED}
    for step in passes():
        assert step.needs <= known, step.name
        known |= step.gives
    assert known == set(Fact)


def test_every_stage_can_be_written_as_text(program: Program) -> None:
    texts = [
        system_text(work.system)
        for _, work in stages(Work(program, NOBODY, ()))
        if work.system is not None
    ]
    assert len(texts) == 5
    # The hostile run keeps neither the promise nor, once sliced, the host's noise.
    assert "when polite" in texts[0]
    assert "when polite" not in texts[1]
    assert "noise" in texts[2]
    assert "noise[x] :=" not in texts[4]


# Meaning -----------------------------------------------------------------------------------


@pytest.mark.parametrize("given", [NOBODY, HOST], ids=["hostile", "honest"])
def test_flattening_keeps_every_transition(program: Program, given: frozenset[ActorKind]) -> None:
    flat = unflatten(flatten(program, given), program)
    scope = _scope(program)
    _, states, edges = explore(program, scope, given)
    _, flat_states, flat_edges = explore(flat, scope, given)
    assert flat_states == states
    assert sorted_edges(flat_edges) == sorted_edges(edges)
    assert len(states) > 10


@pytest.mark.parametrize("name", ["reused", "impolite"])
def test_the_marks_of_a_variant_say_what_the_variant_does(
    program: Program, variants: tuple[Variant, ...], name: str
) -> None:
    (variant,) = (v for v in variants if v.name == name)
    system = _as_of(flatten(program, NOBODY, variants), name)
    flat = unflatten(system, program)
    scope = _scope(program)
    _, states, edges = explore(program, scope, NOBODY, variant)
    _, flat_states, flat_edges = explore(flat, scope, NOBODY)
    assert flat_states == states
    assert sorted_edges(flat_edges) == sorted_edges(edges)
    assert sorted_edges(edges) != sorted_edges(explore(program, scope, NOBODY)[2])


def test_variants_change_nothing_for_who_does_not_choose_them(
    program: Program, variants: tuple[Variant, ...]
) -> None:
    alone, shared = flatten(program, NOBODY), flatten(program, NOBODY, variants)
    nobody = _as_of(shared, "nobody")
    cleaned = replace(
        nobody,
        variants=(),
        actions=tuple(
            replace(
                action,
                absent_for=frozenset(),
                guards=tuple(replace(g, dropped_by=frozenset()) for g in action.guards),
                updates=tuple(replace(u, dropped_by=frozenset()) for u in action.updates),
            )
            for action in nobody.actions
        ),
    )
    assert cleaned == alone


@pytest.mark.parametrize("given", [NOBODY, HOST], ids=["hostile", "honest"])
def test_the_states_of_a_slice_are_the_projected_states(
    program: Program, given: frozenset[ActorKind]
) -> None:
    sliced = prepare(program, given)
    scope = _scope(program)
    kept = kept_places(program, sliced, scope)
    _, states, edges = explore(program, scope, given)
    _, fewer, sliced_edges = explore(unflatten(sliced, program), scope, given)

    def project(state: object) -> object:
        return tuple(state[n] for n in kept) if isinstance(state, tuple) else state

    assert sliced.sliced
    assert len(fewer) < len(states)
    assert fewer == {project(state) for state in states}
    assert set(sliced_edges) == {(project(a), name, project(b)) for a, name, b in edges}


@pytest.mark.parametrize("given", [NOBODY, HOST], ids=["hostile", "honest"])
def test_a_slice_keeps_the_truth_of_every_property(
    program: Program, given: frozenset[ActorKind]
) -> None:
    scope = _scope(program)
    whole, states, _ = explore(program, scope, given)
    for claim in properties_under(program, given):
        sliced = prepare(program, given, selected=(claim,))
        assert list(sliced.properties) == [claim]
        part, fewer, _ = explore(unflatten(sliced, program), scope, given)
        truth = all(whole.holds(claim, state) for state in states)
        assert truth == all(part.holds(claim, state) for state in fewer)


@pytest.mark.parametrize(
    ("module", "substitutions"),
    [("lifecycle", {}), ("threads", {}), ("pages", {}), ("pages", {"platform": "sev"})],
)
def test_a_slice_of_a_shipped_model_has_the_projected_states(
    module: str, substitutions: dict[str, str]
) -> None:
    program = load(ROOT / "spec" / f"{module}.split", substitutions).program
    assert program is not None
    scope = _scope(program, 1)
    for given in (NOBODY, HOST):
        sliced = prepare(program, given)
        kept = kept_places(program, sliced, scope)
        _, states, _ = explore(program, scope, given)
        _, fewer, _ = explore(unflatten(sliced, program), scope, given)
        assert fewer == {tuple(state[n] for n in kept) for state in states}


# Slicing and obligations -------------------------------------------------------------------


def test_a_hostile_host_keeps_no_ledger(program: Program) -> None:
    """Nothing reads the counter but its own exactness, which is claimed of an honest host."""
    assert "lower.full_cells" in prepare(program, NOBODY).sliced
    assert "lower.full_cells" in prepare(program, HOST).variables


def test_slicing_twice_is_slicing_once(program: Program) -> None:
    once = prepare(program, NOBODY)
    assert slice_unread(once) == once


def test_a_slice_reads_only_what_it_keeps(program: Program) -> None:
    for given in (NOBODY, HOST):
        sliced = prepare(program, given)
        flat = unflatten(sliced, program)
        terms = [line.expression for claim in flat.properties.values() for line in claim.lines]
        for action in sliced.actions:
            terms += [line.expression for guard in action.guards for line in guard.lines]
            terms += [update.value for update in action.updates]
        read = {t.variable for term in terms for t in subterms(term) if isinstance(t, ir.Read)}
        assert read <= set(sliced.variables)


def test_obligations_are_those_that_could_fail(program: Program) -> None:
    """swap seals two cells that `two` keeps apart; drain's counter could fall below 0."""
    found = {p.path for p in obligations(flatten(program, HOST))}
    assert found == {"lower.full_cells.exact", "lower.drain.range", "deadlock"}
    assert {p.path for p in obligations(flatten(program, NOBODY))} == {"deadlock"}


def test_a_guard_that_some_variant_drops_excludes_no_overlap(
    program: Program, variants: tuple[Variant, ...]
) -> None:
    assert overlaps(_action(flatten(program, NOBODY), "upper.swap")) == ()
    assert overlaps(_action(flatten(program, NOBODY, variants), "upper.swap"))


OVERLAPS = """module overlaps
sort S
enum E = one | two
var f[S]: E
var g[S, S]: bool
var low: 0..3
var h[S]: bool
part fill()
  h[z] := true for z: S
action hide(z: S, w: S) by kernel
  when unset: f[z] = one
  when fixed: f[w] = two
  h[w] := false
  do fill()
action apart(x: S, y: S) by kernel
  when first:  f[x] = one
  when second: f[y] = two
  f[x] := two
  f[y] := one
action together(x: S, y: S) by kernel
  f[x] := two
  f[y] := one
action row(x: S) by kernel
  g[x, y] := true for y: S where f[y] = one
  g[x, y] := false for y: S where f[y] = two
action cross(x: S, y: S) by kernel
  g[x, z] := true for z: S
  g[z, y] := false for z: S
action sum() by kernel
  when small: low < 3
  low += 1
action reset() by kernel
  low := 2
"""


def test_overlaps_and_overflows_are_told_from_the_text(tmp_path: Path) -> None:
    """`apart`: one place cannot be `one` and `two`; `row`: the conditions exclude each other.
    `hide`: the `z` of the part is not the one of the action.
    """
    path = tmp_path / "overlaps.split"
    path.write_text(OVERLAPS)
    program = load(path).program
    assert program is not None
    system = flatten(program, NOBODY)
    overlapping = {a.path for a in system.actions if overlaps(a)}
    assert overlapping == {"overlaps.together", "overlaps.cross", "overlaps.hide"}
    # That `low < 3` keeps the sum in range is for an engine to find, not for the text.
    assert {a.path for a in system.actions if overflows(system, a)} == {"overlaps.sum"}
    _, _, edges = explore(program, _scope(program), NOBODY)
    faults = {outcome for _, _, outcome in edges if isinstance(outcome, str)}
    claims = {p.path for p in obligations(system) if p.kind is not PropertyKind.DEADLOCK}
    assert faults <= claims


def _action(system: System, path: str) -> ir.FlatAction:
    return next(action for action in system.actions if action.path == path)
