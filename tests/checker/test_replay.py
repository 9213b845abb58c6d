"""A run is what the evaluator can do again, from whatever record of it there is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from splitspec.checker.evidence.execution import Execution, trace
from splitspec.checker.evidence.replay import (
    Link,
    Refusal,
    ReplayError,
    counterexample,
    follow,
    perform,
    retrace,
)
from splitspec.checker.explicit.oracle import explore
from splitspec.model.evaluator import Evaluator
from splitspec.model.ir import Property, PropertyKind
from splitspec.model.scope import State
from splitspec.model.setting import Setting
from splitspec.model.trace import Trace

Make = Callable[..., Setting]

LOANS = """
    sort Book
    enum Stamp = never | once | often
    const reserved: Book
    var out[Book]: bool
    var stamp[Book]: Stamp
    action lend(b: Book) by kernel
      when there: not out[b]
      when open:  b != reserved
      out[b] := true
      stamp[b] := once
    action give_back(b: Book) by kernel
      when gone: out[b]
      out[b] := false
    action stamp_again(b: Book, s: Stamp) by kernel
      when known: stamp[b] = s
      when gone:  out[b]
      stamp[b] := often
    invariant never_often
      all b: Book: stamp[b] != often
    step stamps_stay
      all b: Book: stamp[b] = once implies next(stamp[b]) != often
    """


@pytest.fixture
def loans(setting: Make) -> Evaluator:
    return Evaluator(setting(LOANS))


# Places: reserved, out[b1], out[b2], stamp[b1], stamp[b2]; b1 is reserved in the first state.
START: State = (0, False, False, 0, 0)
LENT: State = (0, False, True, 0, 1)
BACK: State = (0, False, False, 0, 1)
AGAIN: State = (0, False, True, 0, 2)


def claim(evaluator: Evaluator, name: str) -> Property:
    return evaluator.program.properties[f"m.{name}"]


def exactly(state: State) -> Callable[[State], bool]:
    return lambda other: other == state


def test_stored_links_are_followed_to_the_states_that_they_lead_to(loans: Evaluator) -> None:
    links = [Link("m.lend", exactly(LENT)), Link("m.stamp_again", exactly(AGAIN))]
    execution = follow(loans, claim(loans, "never_often"), exactly(START), links)
    assert execution.states == (START, LENT, AGAIN)
    assert [step.binding for step in execution.steps] == [(("b", 1),), (("b", 1), ("s", 1))]


def test_links_may_stand_for_orbits(loans: Evaluator) -> None:
    """The link names another book's loan: any state with one book out is accepted."""

    def one_out(state: State) -> bool:
        return state[1] + (state[2] or 0) == 1 if isinstance(state[1], bool) else False

    execution = follow(
        loans, claim(loans, "never_often"), lambda _: True, [Link("m.lend", one_out)]
    )
    assert execution.last == LENT


def test_a_violated_step_is_sought_after_the_last_link(loans: Evaluator) -> None:
    links = [Link("m.lend", exactly(LENT))]
    execution = follow(loans, claim(loans, "stamps_stay"), exactly(START), links)
    assert [step.action for step in execution.steps] == ["m.lend", "m.stamp_again"]


@pytest.mark.parametrize(
    ("starts", "links"),
    [
        (LENT, []),
        (START, [Link("m.lend", exactly(AGAIN))]),
        (START, [Link("m.give_back", exactly(BACK))]),
    ],
    ids=["no initial state", "no such successor", "not enabled"],
)
def test_what_the_evaluator_cannot_do_is_an_error_of_an_engine(
    loans: Evaluator, starts: State, links: list[Link]
) -> None:
    with pytest.raises(ReplayError):
        follow(loans, claim(loans, "never_often"), exactly(starts), links)


def test_a_counterexample_must_refute_its_claim(loans: Evaluator) -> None:
    execution = perform(loans, [("m.lend", {"b": 1})], START)
    assert isinstance(execution, Execution)
    with pytest.raises(ReplayError):
        counterexample(loans, claim(loans, "never_often"), execution)
    with pytest.raises(ReplayError):
        counterexample(loans, claim(loans, "stamps_stay"), execution)


def test_calls_are_performed_until_a_guard_refuses(loans: Evaluator) -> None:
    lend, stamp = ("m.lend", {"b": 1}), ("m.stamp_again", {"b": 1, "s": 1})
    done = perform(loans, [lend, stamp], START)
    assert isinstance(done, Execution)
    assert done.last == AGAIN
    assert perform(loans, [lend, lend], START) == Refusal(2, "m.lend is not enabled", ("there",))
    refused = perform(loans, [("m.lend", {"b": 0})], START)
    assert refused == Refusal(1, "m.lend is not enabled", ("open",))
    unknown = perform(loans, [("m.burn", {})], START)
    assert isinstance(unknown, Refusal)
    assert "m.burn" in unknown.reason


def shown(evaluator: Evaluator) -> Trace:
    result = explore(evaluator.setting)
    found = next(v.trace for v in result.verdicts if v.property == "m.never_often")
    assert found is not None
    return found


def test_a_trace_is_written_in_names_and_reads_back_as_the_same_run(loans: Evaluator) -> None:
    saved = shown(loans)
    assert saved.places == ("reserved", "out[b1]", "out[b2]", "stamp[b1]", "stamp[b2]")
    assert saved.states[0] == ("b1", "false", "false", "never", "never")
    assert [str(step) for step in saved.steps] == ["lend(b2)", "stamp_again(b2, once)"]
    assert saved.changes(1) == (("stamp[b2]", "once", "often"),)
    execution = retrace(loans, saved)
    assert isinstance(execution, Execution)
    again = trace(loans, claim(loans, "never_often"), execution, saved.explanation)
    assert again == saved


def test_a_trace_that_was_tampered_with_does_not_read_back(loans: Evaluator) -> None:
    saved = shown(loans)
    first, second, third = saved.states
    skipped = replace(saved, states=(first, third), steps=saved.steps[1:])
    other_start = replace(saved, states=(second, third), steps=saved.steps[1:])
    other_end = replace(saved, states=(first, second, second))
    misspelt = replace(saved, steps=(replace(saved.steps[0], action="m.burn"), saved.steps[1]))
    too_long = replace(saved, states=(*saved.states, third))
    other_places = replace(saved, places=("x", *saved.places[1:]))
    for wrong in (skipped, other_start, other_end, misspelt, too_long, other_places):
        assert isinstance(retrace(loans, wrong), Refusal)


def test_a_trace_of_a_fault_reads_back(setting: Make) -> None:
    faulty = setting("var level: 0..1\naction rise() by kernel\n  level += 1\n")
    result = explore(faulty)
    saved = next(v.trace for v in result.verdicts if v.kind is PropertyKind.RANGE)
    assert saved is not None
    execution = retrace(Evaluator(faulty), saved)
    assert isinstance(execution, Execution)
    assert execution.fault is not None
    rise = saved.steps[0]
    beyond = replace(saved, steps=(*saved.steps, rise))
    assert retrace(Evaluator(faulty), beyond) == Refusal(3, "the step before it has no successor")
