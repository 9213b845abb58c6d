"""All mechanisms can be put together: the system of everything has no state that breaks a claim.

It is too large to be explored, so it is walked at random; the models of `models.toml` are its
slices.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from splitspec.checker.explicit.simulation import simulate
from splitspec.checker.result import Limits
from splitspec.model.ir import ActorKind
from splitspec.model.loader import load
from splitspec.model.scope import Scope
from splitspec.model.setting import Setting, properties_under
from splitspec.model.verdict import Outcome

SPEC = Path(__file__).parents[2] / "spec"

SIZES = {"Container": 2, "Page": 2, "Frame": 2, "Slot": 2}
"""All other sorts have one element: the fewer steps there are to choose from, the further a walk
gets. Even so a hostile host seldom lets a container live long enough to be forked."""

WALKS, STEPS = 1000, 300


def _setting(given: frozenset[ActorKind]) -> Setting:
    loaded = load(SPEC / "system.split")
    assert loaded.program is not None, [d.message for d in loaded.diagnostics]
    program = loaded.program
    sizes = {path: SIZES.get(path.rpartition(".")[2], 1) for path in program.sorts}
    numbers = {"granting.limit": 2, "accounting.quota": 1}
    pins = {**numbers, "fork.zygote": 0, "threads.synchronous": 0}
    scope = Scope(sizes, numbers, pins)
    return Setting("system", program, scope, given, None, properties_under(program, given))


@pytest.mark.parametrize("given", [frozenset[ActorKind](), frozenset({ActorKind.HOST})])
def test_no_walk_of_the_whole_system_breaks_a_claim(given: frozenset[ActorKind]) -> None:
    setting = _setting(given)
    result = simulate(setting, runs=WALKS, limits=Limits(depth=STEPS), seed=7, workers=1)
    broken = [v.property for v in result.verdicts if v.outcome is Outcome.VIOLATED]
    assert broken == []
    assert result.run.states > WALKS * 50
