"""Initial states, steps and the adversary mean what docs/language.md says."""

from __future__ import annotations

from collections.abc import Callable, Collection

import pytest

from splitspec.model.evaluator import Evaluator
from splitspec.model.ir import ActorKind, PropertyKind, Value
from splitspec.model.scope import State
from splitspec.model.transition import Cut, Fault, Transition

Build = Callable[..., Evaluator]


def only(evaluator: Evaluator) -> State:
    """The one initial state."""
    (state,) = evaluator.initial_states()
    return state


def calls(steps: Collection[Transition]) -> list[tuple[Value, ...]]:
    return [tuple(value for _, value in step.binding) for step in steps]


def outcomes(evaluator: Evaluator, state: State | None = None) -> list[object]:
    start = only(evaluator) if state is None else state
    return [step.outcome for step in evaluator.steps(start)]


def faults(evaluator: Evaluator, state: State | None = None) -> list[str]:
    found = outcomes(evaluator, state)
    return [fault.obligation for fault in found if isinstance(fault, Fault)]


def steps_of(evaluator: Evaluator) -> list[Transition]:
    return list(evaluator.steps(only(evaluator)))


# Initial states


def test_everything_starts_at_its_first_value(build: Build) -> None:
    evaluator = build(
        """
        sort S
        enum E = red | green
        var flag: bool
        var level: 0..3
        var held[S]: S?
        var hue: E
        """
    )
    assert only(evaluator) == (False, 0, None, None, 0)
    assert evaluator.places.names == ("flag", "level", "held[s1]", "held[s2]", "hue")


def test_every_value_of_a_constant_that_is_assumed_is_a_start(build: Build) -> None:
    evaluator = build(
        """
        sort S
        const root: S
        const safe[S]: bool
        assume root_is_safe
          safe[root]
        """
    )
    # root = s1 and safe = TF, TT; root = s2 and safe = FT, TT; the values in order.
    assert list(evaluator.initial_states()) == [
        (0, True, False),
        (0, True, True),
        (1, False, True),
        (1, True, True),
    ]


def test_a_pinned_constant_has_one_value(build: Build) -> None:
    evaluator = build("sort S\nconst root: S\n", pins={"m.root": 1})
    assert list(evaluator.initial_states()) == [(1,)]


def test_init_reads_constants_and_counters_start_at_what_they_count(build: Build) -> None:
    evaluator = build(
        """
        sort S
        const root: S
        var live[S]: bool
        counter alive counts s: S where live[s]
        init
          live[s] := true for s: S where s != root
        """,
        pins={"m.root": 0},
        sizes=3,
    )
    assert only(evaluator) == (0, False, True, True, 2)


# Steps


def test_updates_read_the_state_before_the_step_and_happen_at_once(build: Build) -> None:
    evaluator = build(
        """
        var a: bool
        var b: bool
        var c: bool
        init
          a := true
        action swap() by kernel
          a := b
          b := a
        """
    )
    assert outcomes(evaluator) == [(False, True, False)]


def test_instances_come_in_the_order_of_the_values(build: Build) -> None:
    evaluator = build(
        """
        sort S
        var held[S]: S?
        action take(s: S, t: S) by kernel
          when other: s != t
          held[s] := t
        """,
        sizes=3,
    )
    steps = list(evaluator.steps(only(evaluator)))
    assert calls(steps) == [(0, 1), (0, 2), (1, 0), (1, 2), (2, 0), (2, 1)]


def test_a_guard_that_fixes_a_parameter_selects_the_same_instances(build: Build) -> None:
    text = """
        sort S
        var held[S]: S?
        init
          held[s] := {init} for s: S
        action give_back(s: S, t: S) by kernel
          when held: {guard}
          held[s] := none
        """
    computed = text.format(init="none", guard="held[s] = t")
    tried = text.format(init="none", guard="not (held[s] != t)")
    state = (1, None, 0)
    for source in (computed, tried):
        evaluator = build(source, sizes=3)
        assert calls(list(evaluator.steps(state))) == [(0, 1), (2, 0)]


def test_a_fixed_parameter_stays_within_its_type(build: Build) -> None:
    """`level = n` computes 3, which `n: 0..2` cannot be."""
    evaluator = build(
        """
        var level: 0..3
        action observe(n: 0..2) by kernel
          when seen: level = n
        """
    )
    assert calls(list(evaluator.steps((2,)))) == [(2,)]
    assert calls(list(evaluator.steps((3,)))) == []


def test_a_comprehension_writes_the_places_of_its_condition(build: Build) -> None:
    evaluator = build(
        """
        sort S
        var held[S, S]: S?
        var kept[S]: bool
        action copy(d: S, z: S) by kernel
          when other: d != z
          held[d, v] := held[z, v] for v: S where kept[v]
        """
    )
    # held is [[s1, s2], [none, none]] and kept is [no, yes]: held[s2, s2] becomes s2.
    state = (0, 1, None, None, False, True)
    (step,) = (s for s in evaluator.steps(state) if dict(s.binding) == {"d": 1, "z": 0})
    assert step.outcome == (0, 1, None, 1, False, True)


def test_increments_of_one_place_add_up(build: Build) -> None:
    evaluator = build(
        """
        var level: 0..9
        action rise() by kernel
          level += 2
          level += 3
          level -= 1
        """
    )
    assert outcomes(evaluator) == [(4,)]


@pytest.mark.parametrize(
    "updates",
    ["level := 1\n          level := 1", "level := 1\n          level += 1"],
    ids=["equal values", "an increment"],
)
def test_two_updates_of_one_place_have_no_successor(build: Build, updates: str) -> None:
    evaluator = build(
        f"""
        var level: 0..9
        action write() by kernel
          {updates}
        """
    )
    assert faults(evaluator) == ["m.write.overlap"]


def test_an_overlap_is_of_places_and_not_of_variables(build: Build) -> None:
    evaluator = build(
        """
        sort S
        var live[S]: bool
        action both(s: S, t: S) by kernel
          live[s] := true
          live[t] := false
        """
    )
    kinds = {dict(s.binding)["s"] == dict(s.binding)["t"]: s.outcome for s in steps_of(evaluator)}
    assert isinstance(kinds[True], Fault)
    assert not isinstance(kinds[False], Fault)


@pytest.mark.parametrize(
    ("update", "state"),
    [("level += 1", (3,)), ("level -= 1", (0,)), ("level := level + 2", (2,))],
)
def test_leaving_a_range_has_no_successor(build: Build, update: str, state: State) -> None:
    evaluator = build(f"var level: 0..3\naction move() by kernel\n  {update}\n")
    (step,) = evaluator.steps(state)
    assert isinstance(step.outcome, Fault)
    assert step.outcome.kind is PropertyKind.RANGE


def test_an_overlap_goes_before_a_range(build: Build) -> None:
    evaluator = build(
        """
        var level: 0..3
        var other: 0..3
        action move() by kernel
          other -= 1
          level := 1
          level := 2
        """
    )
    assert faults(evaluator) == ["m.move.overlap"]


COUNTED = """
    sort S
    var live[S]: bool
    counter alive counts s: S where live[s] given honest host
    action forget() by host
      alive -= 1
    """


def test_a_claimed_counter_does_not_fall_below_zero(build: Build) -> None:
    assert faults(build(COUNTED, given={ActorKind.HOST})) == ["m.forget.range"]


def test_a_ledger_that_nobody_claims_carries_no_obligation(build: Build) -> None:
    assert outcomes(build(COUNTED)) == [(False, False, 0)]


def test_a_bound_of_nat_cuts_the_run_and_zero_does_not(build: Build) -> None:
    evaluator = build(
        """
        var tick: nat
        action up() by kernel
          tick += 1
        action down() by kernel
          tick -= 1
        """,
        bounds={"m.tick": 2},
    )
    up, down = outcomes(evaluator, (2,))
    assert up == Cut(("m.tick",))
    assert down == (1,)
    assert faults(evaluator, (0,)) == ["m.down.range"]


def test_what_the_run_does_not_read_neither_cuts_nor_fails(build: Build) -> None:
    evaluator = build(
        """
        var tick: nat
        action up() by kernel
          tick += 1
        """,
        bounds={"m.tick": 2},
        sliced={"m.tick"},
    )
    assert outcomes(evaluator, (2,)) == [(2,)]
    assert evaluator.kept((2,)) == ()


# The adversary

PROMISES = """
    sort S
    var free: bool
    action host_step() by host
      when promised: free
    action enforced_step() by host
      when enforced: free @hardware
    action container_step(c: S) by container[c]
      when promised: free
    action kernel_step() by kernel
      when checked: free
    action kernel_asks() by kernel
      when promised: free @host
    action attack() by host hostile
      free := true
    """


@pytest.mark.parametrize(
    ("given", "enabled"),
    [
        ((), {"host_step", "container_step", "kernel_asks", "attack"}),
        ((ActorKind.HOST,), {"container_step"}),
        ((ActorKind.CONTAINER,), {"host_step", "kernel_asks", "attack"}),
        ((ActorKind.HOST, ActorKind.CONTAINER), set()),
    ],
)
def test_promises_bind_the_honest_alone(
    build: Build, given: tuple[ActorKind, ...], enabled: set[str]
) -> None:
    """`free` is false, so what is enabled has no guard in force."""
    evaluator = build(PROMISES, given=given)
    assert {step.action.removeprefix("m.") for step in steps_of(evaluator)} == enabled


def test_a_guard_of_a_part_is_of_the_kind_of_the_action_that_does_it(build: Build) -> None:
    evaluator = build(
        """
        var free: bool
        part check()
          when checked: free
        action host_step() by host
          do check()
        action kernel_step() by kernel
          do check()
        """
    )
    assert [step.action for step in steps_of(evaluator)] == ["m.host_step"]
