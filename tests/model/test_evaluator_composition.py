"""Parts, extensions and variants: what an action consists of."""

from __future__ import annotations

from collections.abc import Callable

from splitspec.model.evaluator import Evaluator
from splitspec.model.scope import State
from splitspec.model.transition import Fault

Build = Callable[..., Evaluator]


def outcomes(evaluator: Evaluator, state: State) -> list[object]:
    return [step.outcome for step in evaluator.steps(state)]


LOWER = """
    sort S
    enum Phase = absent | live
    var phase[S]: Phase
    part enter(s: S)
      when fresh: phase[s] = absent
      phase[s] := live
    action start(s: S) by kernel
      do enter(s)
    action leave(s: S) by kernel
      when live: phase[s] = live
      gone: phase[s] := absent
    """
UPPER = """
    import lower
    var twin[S]: S?
    part pair(a: S, b: S)
      when distinct: a != b
      do lower.enter(a)
      do lower.enter(b)
      twin[a] := b
    action start_pair(x: S, y: S) by kernel
      do pair(x, y)
    extend lower.leave(c) with d: S
      when twinned: twin[c] = d
      twin[c] := none
    variant unchecked of m
      drop lower.enter.fresh
      expect redundant
    variant unchecked_once of m
      drop start_pair.fresh
      expect redundant
    variant kept of m
      drop lower.leave.gone
      expect redundant
    variant untwinned of m
      drop lower.leave.twinned
      expect redundant
    variant left_otherwise of m
      change lower.leave(q)
        when dead: phase[q] = absent
        phase[q] := live
      expect redundant
      cites "a test"
    variant more of m
      action reset(s: S) by kernel
        phase[s] := absent
      expect redundant
      cites "a test"
    """


def upper(build: Build, variant: str | None = None) -> Evaluator:
    return build(UPPER, others={"lower": LOWER}, variant=variant)


def enabled(evaluator: Evaluator, state: State) -> list[tuple[object, ...]]:
    return [(step.action, *(value for _, value in step.binding)) for step in evaluator.steps(state)]


BLANK: State = (0, 0, None, None)  # phase[s1], phase[s2], twin[s1], twin[s2]
TWINS: State = (1, 1, 1, None)


def test_a_part_is_done_with_the_arguments_of_its_caller(build: Build) -> None:
    evaluator = upper(build)
    assert enabled(evaluator, BLANK) == [
        ("lower.start", 0),
        ("lower.start", 1),
        ("m.start_pair", 0, 1),
        ("m.start_pair", 1, 0),
    ]
    step = evaluator.step(BLANK, "m.start_pair", {"x": 1, "y": 0})
    assert step is not None
    assert step.outcome == (1, 1, None, 0)


def test_an_extension_is_the_same_step_with_a_parameter_more(build: Build) -> None:
    evaluator = upper(build)
    assert enabled(evaluator, TWINS) == [("lower.leave", 0, 1)]
    (step,) = evaluator.steps(TWINS)
    assert step.binding == (("s", 0), ("d", 1))
    assert step.outcome == (0, 1, None, None)


def test_a_refusal_names_the_guard_in_the_whole_action(build: Build) -> None:
    evaluator = upper(build)
    refuse = evaluator.refusals
    assert refuse(TWINS, "m.start_pair", {"x": 0, "y": 0}) == ("distinct", "fresh", "fresh_2")
    assert refuse(TWINS, "lower.leave", {"s": 1, "d": 0}) == ("twinned",)
    assert refuse(TWINS, "lower.leave", {"s": 0, "d": 1}) == ()


def test_a_guard_refuses_alone_iff_the_others_hold(build: Build) -> None:
    evaluator = upper(build)
    # leave(s2, _) is live and not twinned; nothing in TWINS is twinned and not live.
    assert evaluator.refuses_alone(TWINS, "lower.leave", "twinned")
    assert not evaluator.refuses_alone(TWINS, "lower.leave", "live")


# Variants


def test_a_guard_dropped_from_a_part_is_gone_wherever_it_is_done(build: Build) -> None:
    evaluator = upper(build, "unchecked")
    assert [call[0] for call in enabled(evaluator, TWINS)] == [
        "lower.start",
        "lower.start",
        "lower.leave",
        "m.start_pair",
        "m.start_pair",
    ]


def test_a_guard_dropped_from_an_action_is_gone_there_alone(build: Build) -> None:
    evaluator = upper(build, "unchecked_once")
    # Only y must be fresh now, so x may be s1, which is live.
    assert enabled(evaluator, (1, 0, None, None)) == [("lower.start", 1), ("m.start_pair", 0, 1)]


def test_a_dropped_update_leaves_its_place_alone(build: Build) -> None:
    assert outcomes(upper(build, "kept"), TWINS) == [(1, 1, None, None)]


def test_a_guard_of_an_extension_is_dropped_by_the_name_of_the_action(build: Build) -> None:
    calls = enabled(upper(build, "untwinned"), TWINS)
    assert calls == [("lower.leave", s, d) for s in (0, 1) for d in (0, 1)]


def test_a_changed_action_keeps_its_extensions(build: Build) -> None:
    evaluator = upper(build, "left_otherwise")
    (step,) = evaluator.steps_of("lower.leave", (0, 1, 1, None))
    assert step.binding == (("s", 0), ("d", 1))
    assert step.outcome == (1, 1, None, None)


def test_a_variant_may_add_an_action(build: Build) -> None:
    evaluator = upper(build, "more")
    assert enabled(evaluator, TWINS) == [("lower.leave", 0, 1), ("m.reset", 0), ("m.reset", 1)]


def test_a_variant_may_set_a_constant_that_ends_a_range(build: Build) -> None:
    evaluator = build(
        """
        const limit: nat
        var level: 0..limit
        action rise() by kernel
          level += 1
        variant roomy of m
          set limit = 2
          expect redundant
        """,
        pins={"m.limit": 1},
        variant="roomy",
    )
    assert list(evaluator.initial_states()) == [(2, 0)]
    assert outcomes(evaluator, (2, 1)) == [(2, 2)]
    (fault,) = outcomes(evaluator, (2, 2))
    assert isinstance(fault, Fault)
