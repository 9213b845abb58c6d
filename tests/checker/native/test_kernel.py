"""Kernels do what the evaluator does, on shipped models and on texts that try one thing each."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.checker.native.judged_kernels import Judge

from splitspec import spec
from splitspec.checker.explicit.native import instances, properties
from splitspec.checker.explicit.native.kernel_calls import expand, violated
from splitspec.model.ir import ActorKind, PropertyKind
from splitspec.model.loader import load, load_variants
from splitspec.model.manifest import load_manifest
from splitspec.model.manifest_scope import scope_of
from splitspec.model.setting import Setting, adversaries, properties_under
from splitspec.model.tier import Tier

Make = Callable[..., Setting]
STATES = 60

# The compositions of everything take long to compile.
MODELS = [
    pytest.param(entry.name, marks=() if entry.tier is Tier.COMMIT else pytest.mark.nightly)
    for entry in load_manifest(spec.folder() / "models.toml").models.values()
]


def shipped(name: str) -> list[Setting]:
    """Return a setting for each adversary of a shipped model."""
    entry = load_manifest(spec.folder() / "models.toml").models[name]
    program = load(spec.folder() / f"{entry.module}.split", entry.substitutions).program
    assert program is not None
    scope = scope_of(entry, program).scope
    assert scope is not None
    return [
        Setting(name, program, scope, given, None, properties_under(program, given))
        for given in adversaries(program)
    ]


@pytest.mark.parametrize("name", MODELS)
def test_every_shipped_model_has_the_kernel_of_its_evaluator(name: str, tmp_path: Path) -> None:
    for setting in shipped(name):
        assert Judge(setting, tmp_path).check(STATES) > 0


@pytest.mark.parametrize("name", ["threads", "granting", "fork"])
def test_loops_do_what_unrolled_instances_do(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # With these limits every parameter and every quantifier becomes a loop.
    monkeypatch.setattr(instances, "INSTANCES_MAX", 1)
    monkeypatch.setattr(properties, "BINDINGS_MAX", 1)
    for setting in shipped(name):
        assert Judge(setting, tmp_path).check(STATES) > 0


def test_a_parameter_is_computed_from_the_guard_that_fixes_it(make: Make, tmp_path: Path) -> None:
    judge = Judge(make(ROUTED, sizes=3), tmp_path)
    assert judge.check(400) > 30
    # `forward` has four parameters of three values, of which only `a` is left to enumerate.
    assert judge.kernel.addresses.fanout <= 3 + 3 * 3 + 3


ROUTED = """
    sort Node
    var next_hop[Node]: Node?
    var owner[Node]: Node
    var seen[Node, Node]: bool
    const root: Node

    init
      owner[n] := root for n: Node

    action link(a: Node, b: Node) by kernel
      when free: next_hop[a] = none
      next_hop[a] := b
    action forward(a: Node, b: Node, c: Node, d: Node) by kernel
      when hop:   next_hop[a] = b
      when again: next_hop[b] = c
      when owned: owner[c] = d
      when new:   not seen[a, c]
      seen[a, c] := true
      owner[a] := c
    action forget(a: Node) by kernel
      next_hop[a] := none

    invariant never_far
      all a, b: Node: seen[a, b] implies a = b or next_hop[a] != none
    witness crossed
      some a, b, c: Node: next_hop[a] = b and next_hop[b] = c and seen[c, a] and a != c
"""


def test_faults_are_counted_and_named(make: Make, tmp_path: Path) -> None:
    judge = Judge(make(FAULTY, sizes=2), tmp_path)
    assert judge.check(500) > 10
    kinds = {bit.kind for bit in judge.kernel.bits}
    assert {PropertyKind.OVERLAP, PropertyKind.RANGE} <= kinds


FAULTY = """
    sort Slot
    var level[Slot]: 0..2
    var mark[Slot]: bool
    var top: 0..2?
    counter marked counts s: Slot where mark[s]

    action raise(s: Slot, t: Slot) by kernel
      level[s] += 1
      level[t] += 1
    action lower(s: Slot) by kernel
      level[s] -= 2
    action copy(s: Slot, t: Slot) by kernel
      level[s] := level[t] + 1
      level[t] := 0
    action both(s: Slot, t: Slot) by kernel
      mark[s] := true
      mark[t] := false
      marked += 1
    action crown(s: Slot) by kernel
      when marked: mark[s]
      top := level[s] + 1
    action dim(s: Slot) by kernel
      top := if mark[s] then top else none
      level[s] := if mark[s] then level[s] + 1 else 0
"""


def test_a_bound_cuts_the_run_and_hides_no_deadlock(make: Make, tmp_path: Path) -> None:
    judge = Judge(make(CLOCK, bounds={"m.tick": 3}), tmp_path)
    # The ticks 0..3 with or without `stopped`.
    assert judge.check(100) == 8
    last = next(s for s in judge.reachable() if s == (3, False))
    expansion = expand(judge.kernel, judge.sliced(last))
    assert {(bit.path, bit.kind) for bit in expansion.marks} == {("m.tick", None)}


CLOCK = """
    var tick: nat
    var stopped: bool
    action advance() by hardware
      when running: not stopped
      tick += 1
    action stop() by hardware
      when late: tick > 2 or not stopped
      stopped := true
    invariant late
      stopped implies tick <= 3
"""


def test_a_ledger_that_nobody_vouches_for_stays_within_its_bounds(
    make: Make, tmp_path: Path
) -> None:
    hostile = Judge(make(LEDGER, sizes=2), tmp_path)
    assert hostile.check(200) > 5
    assert not any(bit.path.startswith("m.") and bit.kind for bit in hostile.kernel.bits)
    honest = Judge(make(LEDGER, sizes=2, given=(ActorKind.HOST,)), tmp_path)
    assert honest.check(200) > 1
    assert {bit.path for bit in honest.kernel.bits} > {"m.bill.exact", "m.forge.range"}


LEDGER = """
    sort Page
    var paid[Page]: bool
    counter bill counts p: Page where paid[p] given honest host
    action pay(p: Page) by kernel
      when low: bill < 2
      when new: not paid[p]
      paid[p] := true
    action book(p: Page) by host
      bill += 2
    action forge(p: Page) by host
      when dear: bill > 0
      bill -= 2
"""


def test_step_properties_see_both_states_and_the_actor(make: Make, tmp_path: Path) -> None:
    assert Judge(make(STEPS, sizes=2), tmp_path).check(200) > 5


STEPS = """
    sort Cell
    var value[Cell]: 0..1?
    var turn: Cell?
    action write(c: Cell, d: Cell) by host
      when mine: turn = c
      value[c] := 1
      value[e] := 0 for e: Cell where e != c and value[e] = 1
      turn := d
    action take(c: Cell) by kernel
      when free: turn = none
      turn := c
    action leave(c: Cell) by kernel
      when held: turn = c
      turn := none
    step host_writes_one
      actor = host implies (all c: Cell: unchanged value[c] or turn = c)
    step never_lost
      all c: Cell: value[c] = 1 implies next(value[c]) = 1
    step turn_changes
      not unchanged turn
"""


def test_arrays_over_several_words_are_indexed_by_what_is_computed(
    make: Make, tmp_path: Path
) -> None:
    judge = Judge(make(WIDE, sizes=6), tmp_path)
    # 36 cells of 3 bits (none and six nodes) do not fit into one word.
    assert judge.kernel.layout.words == 2
    assert judge.check(120) == 120


WIDE = """
    sort Node
    var edge[Node, Node]: Node?
    action add(a: Node, b: Node, c: Node) by kernel
      when free: edge[a, b] = none
      edge[a, b] := c
    action follow(a: Node, b: Node, c: Node, d: Node) by kernel
      when first:  edge[a, b] = c
      when second: edge[b, c] = d
      edge[c, d] := a
      edge[a, b] := none
"""


def test_variants_share_a_kernel_behind_a_mask(make: Make, tmp_path: Path) -> None:
    base = make(VARIED, sizes=2)
    family = tuple(
        made.variant
        for name in ("unguarded", "silent", "other")
        if (made := make(VARIED, sizes=2, variant=name)).variant is not None
    )
    assert len(family) == 3
    assert Judge(base, tmp_path, family=family).check(100) > 3
    for variant in family:
        setting = make(VARIED, sizes=2, variant=variant.name)
        assert Judge(setting, tmp_path, family=family).check(100) > 3


VARIED = """
    sort Door
    var open[Door]: bool
    var log: 0..2
    action pass(d: Door) by kernel
      when shut: not open[d]
      when room: log < 2
      open[d] := true
      note: log += 1
    action close(d: Door) by kernel
      open[d] := false
    invariant logged
      log <= 1

    variant unguarded of m
      drop pass.room
      expect violated pass.range within 3 steps
    variant silent of m
      drop pass.note
      expect redundant
    variant other of m
      change close(d)
        when open_one: open[d]
        open[d] := false
        log := 0
      expect redundant
      cites "a test of changed actions"
"""


def test_hostile_steps_hide_no_deadlock(make: Make, tmp_path: Path) -> None:
    text = """
        var stuck: bool
        var noise: bool
        action stop() by kernel
          stuck := true
        action shake() by host hostile
          noise := true
        invariant quiet
          not (stuck and noise)
        """
    judge = Judge(make(text), tmp_path)
    assert judge.check(10) == 4
    given = make(text, given=(ActorKind.HOST,))
    assert Judge(given, tmp_path).check(10) == 2


def test_a_property_is_evaluated_only_if_the_action_writes_what_it_reads(
    make: Make, tmp_path: Path
) -> None:
    judge = Judge(make(FAULTY_AND_NOT, sizes=2), tmp_path)
    state = judge.sliced(next(s for s in judge.reachable() if s == (True, True)))
    kernel = judge.kernel
    assert {bit.path for bit in violated(kernel, state)} == {"m.left_down", "m.right_down"}
    for number, action in enumerate(kernel.actions):
        side = action.removeprefix("m.raise_")
        assert {bit.path for bit in violated(kernel, state, number)} == {f"m.{side}_down"}
    nothing = violated(kernel, state, pending=frozenset())
    assert nothing == frozenset()


FAULTY_AND_NOT = """
    var left: bool
    var right: bool
    action raise_left() by kernel
      left := true
    action raise_right() by kernel
      right := true
    invariant left_down
      not left
    invariant right_down
      not right
"""


def test_shipped_variants_have_the_kernel_of_their_evaluator(tmp_path: Path) -> None:
    folder = spec.folder()
    entry = load_manifest(folder / "models.toml").models["granting"]
    loaded = load(folder / "granting.split")
    assert loaded.program is not None
    beside = sorted((folder / "variants").rglob("*.split"))
    variants, _ = load_variants(loaded, "granting", beside)
    assert variants
    for variant in variants:
        scope = scope_of(entry, loaded.program, entry.variants.get(variant.name)).scope
        assert scope is not None
        claims = properties_under(loaded.program, frozenset())
        setting = Setting("granting", loaded.program, scope, frozenset(), variant, claims)
        assert Judge(setting, tmp_path, family=variants).check(15) > 0


@pytest.fixture
def make(setting: Make) -> Make:
    """Return a function that makes a setting of a text."""
    return setting
