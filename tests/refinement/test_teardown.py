"""The machine boots and leaves as `teardown` says: every state of the model, and each refusal."""

from __future__ import annotations

import pytest
from tests.refinement.holding import evaluator_for, hold

from splitspec.refinement.driver import Driver
from splitspec.refinement.machine.shipped import SHIPPED

NAMES = [name for name in SHIPPED if name.startswith("teardown")]
EXIT = ("signal_threads", "end_threads", "free_capabilities", "dismantle_pool", "finish_exit")
BEGUN = ("boot", "park_vcpus", "create", "start", "begin_fault")


@pytest.mark.parametrize("name", NAMES)
def test_every_step_and_every_refusal_of_the_exit(name: str) -> None:
    found = hold(SHIPPED[name]())
    assert found.tried.stricter == {}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("at", range(len(EXIT)))
def test_a_kill_between_any_two_steps_holds_up_none_of_the_next(name: str, at: int) -> None:
    """The walk kills in each state, but goes on from the first way to it; this goes on from the
    kill, with a page fault under way when the container leaves."""
    mapping = SHIPPED[name]()
    driver, subject = Driver(mapping, evaluator_for(mapping)), mapping.create()
    state = driver.begin(subject)
    assert isinstance(state, tuple)
    program = [*BEGUN, "begin_exit", "serve_fault", *EXIT]
    program.insert(program.index(EXIT[at]), "kill")
    for name_of_step in (*program, "reap"):
        performer, calls = next(
            (p, calls) for p, calls in driver.allowed(state) if p.path.endswith(f".{name_of_step}")
        )
        values = next(iter(calls))
        reached = driver.perform(subject, performer, values, calls[values])
        assert isinstance(reached, tuple), (name_of_step, reached)
        state = reached
    assert not subject.machine.kernel.state.containers
    assert len(subject.machine.host.shadows.idle) == len(subject.machine.processor.vcpus)
