"""The whole machine is held to the whole of `cofunc`, by random calls: one run, and programs."""

from __future__ import annotations

import pytest
from tests.refinement.holding import evaluator_for, walk_of
from tests.refinement.seeding import Bug, seeded

from splitspec.impl.kernel.fork import Forks
from splitspec.model.tier import Tier
from splitspec.refinement.divergence import Conformance, DivergenceKind
from splitspec.refinement.machine.shipped import SHIPPED, due
from splitspec.refinement.report import conformance_text
from splitspec.refinement.walking import run

NAMES = due(Tier.COMMIT, sampled=True)
UNMEASURED = Bug(
    "the measurement of an image leaves out its pages",
    Forks,
    "_digest",
    "self._memory.read(entry.page))",
    'b"")',
    "cofunc-sev",
    DivergenceKind.REFUSED,
    "zygote",
)
FORKING = {"fork.seal", "fork.begin_fork", "fork.copy_space", "fork.activate"}


def held(name: str, calls: int, seed: int = 0) -> Conformance:
    mapping = SHIPPED[name]()
    return run(mapping, evaluator_for(mapping), steps=calls, seed=seed)


@pytest.mark.parametrize("name", ["cofunc-sev", "cofunc-tdx-hostile"])
def test_a_run_of_the_whole_machine_conforms_and_forks(name: str) -> None:
    found = held(name, calls=150)
    assert found.complete, conformance_text(found)
    assert found.tried.performed.keys() >= FORKING
    assert sum(found.tried.refused.values()) > 0


@pytest.mark.parametrize("name", ["cofunc-sev-hostile", "cofunc-tdx", "cofunc_sev", "cofunc_tdx"])
def test_a_clone_of_a_published_zygote_gets_the_secret(name: str) -> None:
    found = held(name, calls=60)
    assert found.complete, conformance_text(found)
    assert found.tried.performed["attestation.install_secret"] > 0


def test_a_zygote_that_is_measured_without_its_pages_is_not_the_published_one() -> None:
    """The tenant has measured the image itself, so the kernel's word for it is no use."""
    with seeded(UNMEASURED):
        found = held("cofunc-sev", calls=60)
    (divergence,) = found.divergences
    assert divergence.kind is DivergenceKind.REFUSED
    assert "another zygote" in " ".join(divergence.facts)


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
    found = walk_of(SHIPPED[name](), programs=200, steps=50)
    assert not found.divergences, conformance_text(found)
