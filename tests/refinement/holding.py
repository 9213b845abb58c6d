"""Hold a mapping to its model, as a test: everything is tried, or has a reason not to be."""

from __future__ import annotations

from typing import Any

from splitspec.model.evaluator import Evaluator
from splitspec.refinement.conformance import Bounds, conform
from splitspec.refinement.divergence import Conformance
from splitspec.refinement.mapping import Implementation
from splitspec.refinement.report import conformance_text
from splitspec.refinement.stateful import walk
from splitspec.refinement.target import evaluator_of
from splitspec.refinement.walking import run


def evaluator_for(mapping: Implementation[Any]) -> Evaluator:
    return evaluator_of(mapping.model, sizes=mapping.sizes, pins=mapping.pins, given=mapping.given)


def hold(mapping: Implementation[Any]) -> Conformance:
    """Try everything; fail on a difference, and on what was never tried for no reason."""
    found = conform(mapping, evaluator_for(mapping), Bounds())
    assert found.complete, conformance_text(found)
    assert found.transitions > 0
    assert [name for name, reason in found.untried.items() if not reason] == []
    return found


def walk_of(mapping: Implementation[Any], *, programs: int, steps: int) -> Conformance:
    return walk(mapping, evaluator_for(mapping), programs=programs, steps=steps)


def run_of(mapping: Implementation[Any], *, calls: int) -> Conformance:
    """Make one long run, which tries most what was done least; fail on a difference, and on an
    action that was never done."""
    found = run(mapping, evaluator_for(mapping), steps=calls)
    assert found.complete, conformance_text(found)
    done = {path.rpartition(".")[2] for path in found.tried.performed}
    assert set(mapping.actions) - done == set()
    return found
