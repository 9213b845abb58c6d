"""Claims on states and steps, exact counters and deadlocks."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from splitspec.model.evaluator import Evaluator
from splitspec.model.ir import ActorKind
from splitspec.model.scope import State
from splitspec.model.transition import Transition

Build = Callable[..., Evaluator]


def only(evaluator: Evaluator) -> State:
    """The one initial state."""
    (state,) = evaluator.initial_states()
    return state


def steps_of(evaluator: Evaluator) -> list[Transition]:
    return list(evaluator.steps(only(evaluator)))


CLAIMS = """
    sort S
    var held[S]: S?
    var level: 0..3
    ghost var seen: bool
    def pair(a: S, b: S) = held[a] = b and held[b] = a
    action rise() by host
      level += 1
    action lower_it() by kernel
      level -= 1
    counter holders counts s: S where held[s] != none
    invariant definitions_see_their_own_names
      all b, a: S: pair(b, a) implies held[a] = b
    invariant nested
      all s: S:
        first: held[s] != none implies level > 0
        level <= 3
    invariant counted
      (count s, t: S where held[s] = t) = holders
    invariant chosen
      (if held[s1] = none then 0 else 1) <= level
    step grows_by_the_host
      next(level) > level implies actor = host
    step falls_alone
      actor = kernel implies (all s: S: unchanged held[s]) and next(level + 1) = level
    final
      level = 3
    """


@pytest.fixture
def claims(build: Build) -> Evaluator:
    return build(CLAIMS.replace("held[s1] = none", "(all s: S: held[s] = none)"))


@pytest.mark.parametrize(
    ("claim", "state", "truth"),
    [
        # State: held[s1], held[s2], level, seen, holders.
        ("definitions_see_their_own_names", (1, 0, 0, False, 2), True),
        ("nested", (1, None, 3, False, 1), True),
        ("nested", (None, 1, 0, False, 1), False),
        ("counted", (1, 0, 0, False, 2), True),
        ("counted", (1, None, 0, False, 2), False),
        ("chosen", (None, None, 0, False, 0), True),
        ("chosen", (None, 0, 0, False, 1), False),
    ],
)
def test_a_claim_on_states(claims: Evaluator, claim: str, state: State, truth: bool) -> None:
    assert claims.holds(f"m.{claim}", state) is truth


def test_a_claim_on_steps_sees_both_states_and_the_actor(claims: Evaluator) -> None:
    state = (None, None, 1, False, 0)
    by_host, by_kernel = claims.steps(state)
    for step in (by_host, by_kernel):
        assert claims.step_holds("m.grows_by_the_host", state, step)
        assert claims.step_holds("m.falls_alone", state, step)
    wrong = Transition("m.lower_it", ActorKind.KERNEL, False, (), by_host.outcome)
    assert not claims.step_holds("m.grows_by_the_host", state, wrong)
    assert not claims.step_holds("m.falls_alone", state, wrong)


def test_a_counter_is_exact_iff_it_is_what_it_counts(claims: Evaluator) -> None:
    assert claims.counter_is_exact("m.holders", (1, None, 0, False, 1))
    assert not claims.counter_is_exact("m.holders", (1, 1, 0, False, 1))


LAST = """
    var level: 0..3
    var noise: bool
    action rise() by kernel
      when low: level != 2
      level += 1
    action attack() by host hostile
      noise := not noise
    {final}
    """


@pytest.mark.parametrize(
    ("final", "state", "dead"),
    [
        ("", (0, False), False),
        ("", (2, False), True),  # The hostile step changes something, and does not count.
        ("", (3, False), True),  # The step that is left would leave the range.
        ("final\n      level = 2\n", (2, False), False),
        ("final\n      level = 3\n", (2, False), True),
    ],
)
def test_a_deadlock_is_neither_final_nor_left(
    build: Build, final: str, state: State, dead: bool
) -> None:
    evaluator = build(LAST.format(final=final))
    assert evaluator.is_deadlocked(state) is dead


def test_a_step_that_changes_nothing_does_not_leave_a_deadlock(build: Build) -> None:
    evaluator = build("var on: bool\naction stay() by kernel\n  on := on\n")
    assert len(steps_of(evaluator)) == 1
    assert evaluator.is_deadlocked(only(evaluator))


def test_a_step_cut_at_a_bound_leaves_a_deadlock(build: Build) -> None:
    source = "var tick: nat\naction up() by kernel\n  tick += 1\n"
    assert not build(source, bounds={"m.tick": 0}).is_deadlocked((0,))
