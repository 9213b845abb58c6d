"""Every seeded bug is found, by exhaustive conformance or by random programs, and named."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest
from tests.refinement.seeded import BUGS, Bug, seeded

from splitspec.impl.machine import PlatformKind
from splitspec.model.evaluator import Evaluator
from splitspec.refinement.conformance import Bounds, conform
from splitspec.refinement.divergence import Conformance
from splitspec.refinement.machine.models import granting
from splitspec.refinement.machine.shipped import SHIPPED
from splitspec.refinement.mapping import Implementation
from splitspec.refinement.report import conformance_text
from splitspec.refinement.target import evaluator_of

TWO = {"Container": 1, "Page": 2, "Frame": 2}


def mapping_of(name: str) -> Implementation[Any]:
    if name == "granting-sev-hostile-two":
        return granting(PlatformKind.SNP, honest=False, sizes=TWO)
    if name == "granting-sev-limit-two":
        sizes = {"Container": 1, "Page": 1, "Frame": 2}
        return granting(PlatformKind.SNP, honest=True, sizes=sizes, limit=2)
    if name == "granting-tdx-hostile-two":
        return granting(PlatformKind.TDX, honest=False, sizes=TWO)
    return SHIPPED[name]()


@cache
def evaluator_for(name: str) -> Evaluator:
    mapping = mapping_of(name)
    return evaluator_of(mapping.model, sizes=mapping.sizes, pins=mapping.pins, given=mapping.given)


def found(bug: Bug) -> Conformance:
    evaluator = evaluator_for(bug.found_by)
    with seeded(bug):
        return conform(mapping_of(bug.found_by), evaluator, Bounds(states=1_500))


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.name)
def test_the_bug_is_found_and_named(bug: Bug) -> None:
    result = found(bug)
    assert result.divergences, f"{bug.name} was not found in {result.states} states"
    (divergence,) = result.divergences
    assert divergence.kind is bug.kind, conformance_text(result)
    named = " ".join((*divergence.guards, *divergence.facts))
    assert bug.named in named, conformance_text(result)
    assert len(divergence.program) <= 12


def test_the_bugs_are_of_one_name_each() -> None:
    assert len({bug.name for bug in BUGS}) == len(BUGS)


def test_a_bug_is_gone_when_its_test_is_over() -> None:
    """Else every test after it would be about a wrong machine."""
    bug = BUGS[0]
    original = vars(bug.owner)[bug.method]
    with seeded(bug):
        assert vars(bug.owner)[bug.method] is not original
    assert vars(bug.owner)[bug.method] is original
