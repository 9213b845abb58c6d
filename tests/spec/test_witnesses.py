"""Every action is seen to matter: a state that must be reachable depends on its having happened.

That an action happens at all is found in every run, which fails if one is never enabled. An action
that changes ghosts only, such as a load that learns nothing, leaves nothing to be seen in a correct
design.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

from splitspec.model import ir
from splitspec.model.expressions import subterms
from splitspec.model.loader import load
from splitspec.model.passes.compose import compose
from splitspec.model.passes.inline import inline

SPEC = Path(__file__).parents[2] / "spec"
MODULES = sorted([*SPEC.glob("*.split"), *SPEC.glob("attacks/*.split")])


def _read(program: ir.Program, terms: Iterable[ir.Expression]) -> frozenset[str]:
    """Return the variables that expressions read, definitions looked through."""
    found: frozenset[str] = frozenset()
    for term in (part for whole in terms for part in subterms(whole)):
        if isinstance(term, ir.Read):
            found |= {term.variable}
        elif isinstance(term, ir.Call):
            found |= _read(program, [program.definitions[term.definition].body])
    return found


def _actions(path: Path) -> Iterator[tuple[str, bool]]:
    """Iterate over the actions of a model that change more than ghosts, and whether a witness
    depends on each: on what it writes, or on what that enables."""
    program = load(path).program
    assert program is not None
    needed: frozenset[str] = frozenset()
    for claim in program.properties.values():
        if claim.kind is ir.PropertyKind.WITNESS:
            needed |= _read(program, (line.expression for line in claim.lines))
    actions = compose(inline(program)).actions
    written = {a.path: frozenset(u.variable for u in a.updates) for a in actions}
    known: frozenset[str] = frozenset()
    while needed != known:
        known = needed
        for action in actions:
            if written[action.path] & needed:
                guards = (line.expression for guard in action.guards for line in guard.lines)
                needed |= _read(program, guards)
    for action in actions:
        kinds = {program.variables[path].kind for path in written[action.path]}
        if kinds != {ir.VariableKind.GHOST}:
            yield action.path, bool(written[action.path] & needed)


@cache
def _witnessed() -> tuple[frozenset[str], frozenset[str]]:
    """Return all actions, and those that a witness of some model with them depends on."""
    found = [pair for path in MODULES for pair in _actions(path)]
    return frozenset(a for a, _ in found), frozenset(a for a, seen in found if seen)


def test_every_action_has_a_witness() -> None:
    actions, seen = _witnessed()
    assert len(actions) > 200
    assert sorted(actions - seen) == []


def test_every_module_with_actions_has_witnesses() -> None:
    for path in MODULES:
        program = load(path).program
        assert program is not None
        kinds = [claim.kind for claim in program.properties.values()]
        assert not program.actions or ir.PropertyKind.WITNESS in kinds, path.name


# `push` is needed by way of the guard of `ring`; nothing that a witness reads comes from `paint`.
BELL = '''\
module bell
  """A bell that is pushed, rings, and is painted."""

var pushed: bool                             # somebody pushed it
var rang: bool                               # it rang
var painted: bool                            # it has another colour

action push() by host
  pushed := true

action ring() by hardware
  when pushed: pushed
  rang := true

action paint() by host
  painted := true

witness it_rings
  rang
'''


def test_the_audit_tells_what_a_witness_needs_from_what_it_does_not(tmp_path: Path) -> None:
    (tmp_path / "bell.split").write_text(BELL)
    found = dict(_actions(tmp_path / "bell.split"))
    assert found == {"bell.push": True, "bell.ring": True, "bell.paint": False}
