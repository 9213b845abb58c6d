"""The passes keep the meaning of programs that nobody chose."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import HealthCheck, given, settings
from tests.agreement.random_systems import RandomSystem, random_systems
from tests.model.flat_programs import explore, kept_places, sorted_edges, unflatten

from splitspec.model.ir import ActorKind, Program, System
from splitspec.model.loader import load
from splitspec.model.passes.oblige import obligations
from splitspec.model.pipeline import flatten, prepare
from splitspec.model.scope import Scope
from splitspec.model.setting import adversaries


def _read(system: RandomSystem) -> tuple[Program, Scope]:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "random.split"
        path.write_text(system.text)
        program = load(path).program
    assert program is not None, system.text
    sizes = {f"random.{sort}": min(size, 2) for sort, size in system.sizes.items()}
    return program, Scope(sizes, {}, {})


@settings(max_examples=50, suppress_health_check=[HealthCheck.too_slow])
@given(random_systems(naturals=False))
def test_flat_and_sliced_systems_have_the_steps_of_their_program(system: RandomSystem) -> None:
    program, scope = _read(system)
    for honest in adversaries(program):
        _check_steps(program, scope, honest)


def _beyond_all_there_is(system: System) -> set[str]:
    """Return the range of each action that adds to a counter.

    That a counter does not exceed all that there is to count is no obligation of its own, since
    an exact one never does: a step that would break it is reported where it happens.
    """
    return {
        f"{action.path}.range"
        for action in system.actions
        for update in action.updates
        if update.operator == "+=" and system.variables[update.variable].counted is not None
    }


def _check_steps(program: Program, scope: Scope, honest: frozenset[ActorKind]) -> None:
    """The whole system has the same steps, the slice their projections, and faults are foreseen.

    There are no naturals: a slice without one takes the steps that its bound would have cut.
    """
    _, states, edges = explore(program, scope, honest)
    whole = flatten(program, honest)
    _, flat_states, flat_edges = explore(unflatten(whole, program), scope, honest)
    assert flat_states == states
    assert sorted_edges(flat_edges) == sorted_edges(edges)

    faults = {outcome for _, _, outcome in edges if isinstance(outcome, str)}
    assert faults <= {claim.path for claim in obligations(whole)} | _beyond_all_there_is(whole)

    sliced = prepare(program, honest)
    assert obligations(sliced) == obligations(whole)
    kept = kept_places(program, sliced, scope)
    _, fewer, sliced_edges = explore(unflatten(sliced, program), scope, honest)

    def project(state: object) -> object:
        return tuple(state[n] for n in kept) if isinstance(state, tuple) else state

    assert fewer == {project(state) for state in states}
    assert set(sliced_edges) == {(project(a), name, project(b)) for a, name, b in edges}
