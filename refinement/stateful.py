"""Random programs on an implementation, each call held to the model, shrunk to a minimal one.

For every action there is a rule that makes calls which the model allows, and one more rule makes
any call of any action; most of those are refusals. The rules are generated from the mapping;
hypothesis draws them, and shrinks what it finds: fewer calls, earlier elements.

Unlike the exhaustive walk, a program goes on from the state of the implementation in which it is,
however it came there, and never back: what a mapping does not show comes to light here.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, Phase, Verbosity, seed, settings
from hypothesis import strategies as st
from hypothesis.errors import Flaky
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)

from splitspec.model.evaluator import Evaluator
from splitspec.refinement.conformance import concluded
from splitspec.refinement.divergence import Call, Conformance, Divergence
from splitspec.refinement.driver import Binding, Driver, Found
from splitspec.refinement.fitting import Performer
from splitspec.refinement.mapping import Implementation
from splitspec.refinement.reproduction import shortest

MANY = 10**6
"""Calls are drawn by number; a smaller one is a simpler one."""


class DivergedError(AssertionError):
    """Ends a program whose last call diverges, so that hypothesis shrinks it."""


def walk(
    mapping: Implementation[Any],
    evaluator: Evaluator,
    *,
    programs: int = 200,
    steps: int = 50,
    seed_: int = 0,
) -> Conformance:
    """Return what random programs of up to `steps` calls find; the seed repeats them."""
    driver = Driver(mapping, evaluator)
    session = _Session(driver)
    started = time.perf_counter()
    machine = state_machine(mapping, evaluator, session)
    try:
        run_state_machine_as_test(
            seed(seed_)(machine),
            settings=settings(
                max_examples=programs,
                stateful_step_count=steps,
                database=None,
                deadline=None,
                phases=(Phase.generate, Phase.shrink),
                verbosity=Verbosity.quiet,
                report_multiple_bugs=False,
                print_blob=False,
                suppress_health_check=list(HealthCheck),
            ),
        )
    except DivergedError:
        pass
    except Flaky:  # What diverges once, and not when the program is made again, has diverged.
        if session.found is None:
            raise
    found = () if session.found is None else (shortest(mapping, evaluator, session.found),)
    return concluded(
        driver,
        method="stateful",
        complete=not found,
        reason=f"{programs:,} random programs of up to {steps} calls",
        states=len(session.states),
        transitions=sum(driver.tried.performed.values()),
        started=started,
        divergences=found,
        seed=seed_,
    )


class _Session:
    """What all programs of a walk share: the driver, the states that were reached, and the last
    divergence, which after shrinking is the smallest."""

    def __init__(self, driver: Driver) -> None:
        self.driver = driver
        self.states: set[Any] = set()
        self.found: Divergence | None = None


def state_machine(
    mapping: Implementation[Any], evaluator: Evaluator, session: _Session | None = None
) -> type[RuleBasedStateMachine]:
    """Return the state machine of a mapping, for hypothesis or for a test of one's own:
    `TestKernel = state_machine(MAPPING, evaluator).TestCase`."""
    shared = session or _Session(Driver(mapping, evaluator))
    members: dict[str, Any] = {"session": shared, "evaluator": evaluator}
    for performer in shared.driver.performers:
        name = performer.path.replace(".", "_")
        members[f"do_{name}"] = _allowed_rule(performer)
    members["try_any"] = _any_rule(shared.driver.performers)
    return type("ConformingMachine", (_Machine,), members)


class _Machine(RuleBasedStateMachine):
    """One program under way."""

    session: _Session
    evaluator: Evaluator

    @initialize()
    def begin(self) -> None:
        self.subject = self.session.driver.create()
        self.program: list[Call] = []
        first = self.session.driver.begin(self.subject)
        if isinstance(first, Found):
            self._fail(first)
        else:
            self.state = first
            self._allow()

    def _allow(self) -> None:
        self.session.states.add(self.evaluator.kept(self.state))
        self.calls = {p.path: calls for p, calls in self.session.driver.allowed(self.state)}

    def perform(self, performer: Performer, values: Binding) -> None:
        driver = self.session.driver
        enabled = self.calls[performer.path]
        if values not in enabled:
            self.refuse(performer, values)
            return
        self.program.append(driver.call(performer, values))
        outcome = driver.perform(self.subject, performer, values, enabled[values])
        if isinstance(outcome, Found):
            self._fail(outcome)
        elif outcome is None:
            self.program.pop()  # Nothing was done.
        else:
            self.state = outcome
            self._allow()

    def refuse(self, performer: Performer, values: Binding) -> None:
        driver = self.session.driver
        guards = driver.refusing(self.state, performer, values)
        if not guards or driver.is_skipped(performer, guards):
            return
        self.program.append(driver.call(performer, values))
        found = driver.refuse(self.subject, performer, values, guards)
        if found is not None:
            self._fail(found)

    def _fail(self, found: Found) -> None:
        program = tuple(self.program)
        self.session.found = Divergence(found.kind, program, found.guards, found.facts)
        raise DivergedError(found.kind.value)


def _allowed_rule(performer: Performer) -> Callable[..., Any]:
    def body(self: _Machine, number: int) -> None:
        calls = list(self.calls[performer.path])
        self.perform(performer, calls[number % len(calls)])

    def is_enabled(self: _Machine) -> bool:
        return bool(self.calls[performer.path])

    body.__name__ = f"do_{performer.path.replace('.', '_')}"
    return precondition(is_enabled)(rule(number=st.integers(0, MANY))(body))


def _any_rule(performers: tuple[Performer, ...]) -> Callable[..., Any]:
    def try_any(self: _Machine, action: int, number: int) -> None:
        performer = performers[action]
        domain = self.session.driver.domain(performer)
        self.perform(performer, domain[number % len(domain)])

    action = st.integers(0, len(performers) - 1)
    return rule(action=action, number=st.integers(0, MANY))(try_any)
