"""The native engine says what the evaluator says, on systems that nobody chose.

For every random system, every adversary and every way to run the native engine:
states, transitions, depth, verdicts, vacuity and the lengths of counterexamples are those of the
evaluator. Under symmetry, states are the orbits, counted here by brute force.
"""

from __future__ import annotations

from hypothesis import HealthCheck, given, note, settings
from tests.agreement.comparison import assert_agreement, settings_of
from tests.agreement.random_systems import RandomSystem, random_systems

EXAMPLES = settings().max_examples // 6
"""Each example compiles several kernels."""


@settings(suppress_health_check=list(HealthCheck), deadline=None, max_examples=EXAMPLES)
@given(random_systems())
def test_native_and_evaluator_agree_on_random_systems(system: RandomSystem) -> None:
    note(f"{system.sizes} {system.bounds}\n{system.text}")
    for setting, family in settings_of(system.text, system.sizes, system.bounds):
        assert_agreement(setting, family)
