"""The whole machine is held to the whole of `cofunc`, by random calls: one run, and programs."""

from __future__ import annotations

import pytest

from splitspec.model.tier import Tier
from splitspec.refinement.divergence import Conformance
from splitspec.refinement.machine.shipped import SHIPPED, due
from splitspec.refinement.report import conformance_text
from splitspec.refinement.stateful import walk
from splitspec.refinement.target import evaluator_of
from splitspec.refinement.walking import run

NAMES = due(Tier.COMMIT, sampled=True)
FORKING = {"fork.seal", "fork.begin_fork", "fork.copy_space", "fork.activate"}


def held(name: str, calls: int, seed: int = 0) -> Conformance:
    mapping = SHIPPED[name]()
    evaluator = evaluator_of(
        mapping.model, sizes=mapping.sizes, pins=mapping.pins, given=mapping.given
    )
    return run(mapping, evaluator, steps=calls, seed=seed)


@pytest.mark.parametrize("name", ["cofunc-sev", "cofunc-tdx-hostile"])
def test_a_run_of_the_whole_machine_conforms_and_forks(name: str) -> None:
    found = held(name, calls=150)
    assert found.complete, conformance_text(found)
    assert found.tried.performed.keys() >= FORKING
    assert sum(found.tried.refused.values()) > 0


@pytest.mark.nightly
@pytest.mark.parametrize("name", NAMES)
def test_ten_thousand_calls_of_the_whole_machine_conform(name: str) -> None:
    """Of the actions of cofunc, all are done but those that have a reason."""
    found = held(name, calls=10_000)
    assert found.complete, conformance_text(found)
    done = found.tried.performed.keys()
    assert done >= FORKING | {"memory.read_page", "attestation.install_secret"}
    actions = {name for name in found.untried if name.count(".") == 1}
    assert {name for name in actions if not found.untried[name]} == set()


@pytest.mark.nightly
@pytest.mark.parametrize("name", NAMES)
def test_programs_of_the_whole_machine_conform(name: str) -> None:
    mapping = SHIPPED[name]()
    evaluator = evaluator_of(
        mapping.model, sizes=mapping.sizes, pins=mapping.pins, given=mapping.given
    )
    found = walk(mapping, evaluator, programs=200, steps=50)
    assert not found.divergences, conformance_text(found)
