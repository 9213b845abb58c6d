"""Whether a run that somebody saved shows that something need never happen."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from splitspec.checker.evidence.execution import Execution
from splitspec.checker.evidence.lasso import refutes_progress
from splitspec.checker.evidence.replay import perform
from splitspec.checker.explicit.liveness import refute
from splitspec.model.evaluator import Evaluator
from splitspec.model.setting import Setting

# The clock goes on for ever, and so what waits for its third tick comes; `wait` may go round.
CLOCK = """
    var tick: nat
    var turned: bool
    action go_on() by kernel fair
      tick += 1
    action wait() by kernel
      turned := not turned
    progress late
      tick = 0 leads to tick > 2
"""


@pytest.mark.parametrize("calls", [["go_on"], ["go_on", "wait", "wait"]], ids=["stops", "goes on"])
def test_a_fair_action_that_a_bound_of_the_model_cuts_is_not_out_of_the_way(
    calls: list[str], setting: Callable[..., Setting]
) -> None:
    """The search leaves such states alone, and so must whoever looks at a run that was saved."""
    short = setting(CLOCK, bounds={"m.tick": 1})
    evaluator, claim = Evaluator(short), short.program.properties["m.late"]
    (first,) = evaluator.initial_states()
    execution = perform(evaluator, [(f"m.{name}", {}) for name in calls], first)
    assert isinstance(execution, Execution)
    assert not refutes_progress(evaluator, claim, execution)
    assert refute(short, "m.late").trace is None


def test_a_run_that_leaves_a_fair_action_alone_refutes_nothing_and_an_unfair_one_does(
    setting: Callable[..., Setting],
) -> None:
    for text, refuted in ((CLOCK, False), (CLOCK.replace(" fair", ""), True)):
        long = setting(text, bounds={"m.tick": 3})
        evaluator, claim = Evaluator(long), long.program.properties["m.late"]
        (first,) = evaluator.initial_states()
        execution = perform(evaluator, [("m.wait", {}), ("m.wait", {})], first)
        assert isinstance(execution, Execution)
        assert refutes_progress(evaluator, claim, execution) is refuted
