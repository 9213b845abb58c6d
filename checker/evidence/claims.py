"""From the path that a saved trace names to the claim that it is about."""

from __future__ import annotations

from splitspec.model.evaluator import Evaluator
from splitspec.model.ir import Property, PropertyKind

_OBLIGATIONS = (PropertyKind.EXACT, PropertyKind.OVERLAP, PropertyKind.RANGE)


def claim_named(evaluator: Evaluator, path: str) -> Property | None:
    """Return the declared property or the obligation of a path, None if the run has none."""
    program = evaluator.program
    if path in program.properties:
        return program.properties[path]
    first = next(iter(evaluator.actions.values()), None)
    if path == PropertyKind.DEADLOCK.value and first is not None:
        return _obligation(path, PropertyKind.DEADLOCK, evaluator)
    owner, _, word = path.rpartition(".")
    for kind in _OBLIGATIONS:
        known = evaluator.claimed if kind is PropertyKind.EXACT else evaluator.actions
        if word == kind.value and owner in known:
            return _obligation(path, kind, evaluator)
    return None


def _obligation(path: str, kind: PropertyKind, evaluator: Evaluator) -> Property:
    span = next(iter(evaluator.actions.values())).span
    given = evaluator.setting.given
    return Property(path, kind, given, (), (), _SENTENCES[kind], (), span)


_SENTENCES = {
    PropertyKind.DEADLOCK: "From every state that is not final, something can go on.",
    PropertyKind.EXACT: "The counter is the number of what it counts.",
    PropertyKind.OVERLAP: "No two updates of the step write one place.",
    PropertyKind.RANGE: "What the step writes lies in its range.",
}
