"""The prover says what the evaluator says, on systems that nobody chose.

* All runs of K steps, unrolled, find what an exhaustive search finds within K steps, at the same
  length: `bmc K = reach within K`.
* What is proved, for any size or at the scope, is violated by no run: `proved ⊆ holds`. Of two
  modules with constants, whatever values these are pinned to.
* An action that no state of the facts enables is enabled in no run: `dead ⊆ never enabled`.
* A guard that is called redundant refuses nothing that what is proved needs: without it, no run
  violates that.
* A counterexample to induction at the scope is a step that the evaluator takes; the prover replays
  it, and raises if it cannot.
"""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, note, settings
from tests.agreement.comparison import settings_of
from tests.agreement.random_compositions import RandomComposition, random_compositions
from tests.agreement.random_systems import RandomSystem, random_systems

from splitspec.checker.explicit import oracle
from splitspec.checker.proof import ProofLimits, ProofResult
from splitspec.checker.result import Limits, RunResult
from splitspec.checker.symbolic.bounded import explore_bounded
from splitspec.checker.symbolic.journal import Journal
from splitspec.checker.symbolic.mutation import mutants
from splitspec.checker.symbolic.proving import opened, prove, settled
from splitspec.cli.mutate import without_guard
from splitspec.model.ir import PropertyKind
from splitspec.model.scope import Scope
from splitspec.model.setting import Setting
from splitspec.model.verdict import AssuranceKind, Outcome

EXAMPLES = max(settings().max_examples // 6, 1)
COMPOSITIONS = max(settings().max_examples // 30, 1)

STATES_MAX = 400
DEPTH = 3
STEPS = 200_000
"""Random systems need not be in the fragment where solvers are quick; an unknown is no failure."""

BAD = (Outcome.VIOLATED, Outcome.REACHED)


def found_within(result: RunResult, depth: int) -> dict[str, int]:
    """Return the properties that a trace of at most so many steps decides, with its length."""
    return {
        v.property: v.trace.length
        for v in result.verdicts
        if v.trace is not None
        and v.trace.length <= depth
        and v.kind not in (PropertyKind.RECOVERABLE, PropertyKind.DEADLOCK)
    }


@settings(suppress_health_check=list(HealthCheck), deadline=None, max_examples=EXAMPLES)
@given(random_systems())
def test_bounded_runs_are_the_runs_of_the_evaluator(system: RandomSystem) -> None:
    note(f"{system.sizes} {system.bounds}\n{system.text}")
    for setting, _ in settings_of(system.text, system.sizes, system.bounds):
        judge = oracle.explore(setting, Limits(states=STATES_MAX))
        if not judge.run.complete:
            continue
        bounded = explore_bounded(setting, DEPTH, apart=False)
        lengths = {v.property: v.trace.length for v in bounded.verdicts if v.trace is not None}
        # A counter beyond what it could count is a fault that only the evaluator lists by itself;
        # it follows a state in which the counter is not exact.
        asked = {v.property for v in bounded.verdicts}
        found = found_within(judge, DEPTH)
        assert lengths == {path: length for path, length in found.items() if path in asked}


@settings(suppress_health_check=list(HealthCheck), deadline=None, max_examples=EXAMPLES)
@given(random_systems())
def test_what_is_proved_is_violated_by_no_run(system: RandomSystem) -> None:
    note(f"{system.sizes} {system.bounds}\n{system.text}")
    for setting, _ in settings_of(system.text, system.sizes, system.bounds):
        proof, proof_here = proof_of(setting, finite=False), proof_of(setting, finite=True)
        proved = proved_for_any_size(proof)
        explored = oracle.explore(setting, Limits(states=STATES_MAX))
        assert violated(explored) & (proved | holding(proof_here)) == set()
        assert_dead_is_dead(proof, explored)
        assert_dead_is_dead(proof_here, explored)
        for size in (1, 2):
            other = resized(setting, size)
            assert violated(oracle.explore(other, Limits(states=STATES_MAX))) & proved == set()


@settings(suppress_health_check=list(HealthCheck), deadline=None, max_examples=COMPOSITIONS)
@given(random_compositions())
def test_what_is_proved_of_two_modules_is_violated_by_no_run(system: RandomComposition) -> None:
    note(f"{system.sizes} {system.bounds} {system.pins}\n{system.low}\n{system.text}")
    own = (system.text, system.sizes, system.bounds, system.pins, {"low": system.low})
    for setting, _ in settings_of(*own):
        proof = proof_of(setting, finite=False)
        proved = proved_for_any_size(proof)
        explored = oracle.explore(setting, Limits(states=STATES_MAX))
        assert violated(explored) & proved == set()
        assert_dead_is_dead(proof, explored)
        for size in (1, 2):
            other = resized(setting, size, size - 1)
            assert violated(oracle.explore(other, Limits(states=STATES_MAX))) & proved == set()


@pytest.mark.nightly
@settings(suppress_health_check=list(HealthCheck), deadline=None, max_examples=COMPOSITIONS)
@given(random_compositions())
def test_no_run_needs_a_guard_that_is_called_redundant(system: RandomComposition) -> None:
    note(f"{system.sizes} {system.bounds} {system.pins}\n{system.low}\n{system.text}")
    own = (system.text, system.sizes, system.bounds, system.pins, {"low": system.low})
    for setting, _ in settings_of(*own):
        if setting.variant is None:
            proof = opened(setting, ProofLimits(steps=STEPS, scope_max=2), 0, Journal())
            proved = proved_for_any_size(settled(proof, 0))
            for mutant in mutants(proof):
                if mutant.is_redundant:
                    variant = without_guard(setting, mutant.action, mutant.guard, 0)
                    loose = resized(replace(setting, variant=variant), 2)
                    explored = oracle.explore(loose, Limits(states=STATES_MAX))
                    assert violated(explored) & proved == set()


def proof_of(setting: Setting, *, finite: bool) -> ProofResult:
    limits = ProofLimits(steps=STEPS, scope_max=2)
    return prove(setting, finite=finite, limits=limits, apart=False)


def holding(result: ProofResult | RunResult) -> set[str]:
    return {v.property for v in result.verdicts if v.outcome is Outcome.HOLDS}


def proved_for_any_size(proof: ProofResult) -> set[str]:
    """Return what is proved; an obligation may have been met at the scope alone, which the verdict
    says."""
    here = {v.property for v in proof.verdicts if v.assurance.kind is not AssuranceKind.PROVED}
    return holding(proof) - here


def violated(explored: RunResult) -> set[str]:
    return {v.property for v in explored.verdicts if v.outcome is Outcome.VIOLATED}


def assert_dead_is_dead(proof: ProofResult, explored: RunResult) -> None:
    """Say that no run enables what no state of the facts is said to enable."""
    run = explored.run
    if run.complete and run.states:
        assert run.coverage is not None
        assert set(proof.run.never_enabled) <= set(run.coverage.never_enabled)


def resized(setting: Setting, size: int, pin: int | None = None) -> Setting:
    """Return the setting with so many elements a sort, and constants pinned to another value."""
    scope = setting.scope
    pins = scope.pins if pin is None else dict.fromkeys(scope.pins, pin)
    return replace(setting, scope=Scope(dict.fromkeys(scope.sizes, size), scope.bounds, pins))
