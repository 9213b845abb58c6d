"""The machine is held to `chain` and `chain_memory`: memory that the functions of a chain share."""

from __future__ import annotations

import pytest
from tests.refinement.holding import evaluator_for, hold, run_of

from splitspec.impl.machine import PlatformKind
from splitspec.model.tier import Tier
from splitspec.refinement.conformance import Bounds, conform
from splitspec.refinement.machine.models import chain, chain_memory
from splitspec.refinement.machine.shipped import SHIPPED, TENANTS, due
from splitspec.refinement.report import conformance_text

SNP, TDX = PlatformKind.SNP, PlatformKind.TDX
KINDS = pytest.mark.parametrize("kind", list(PlatformKind), ids=lambda kind: kind.value)
ALONE = {"Container": 1, "Page": 1, "Frame": 1, "Addr": 1, "Channel": 1, "Tenant": 1}


def test_no_function_of_another_tenant_is_let_in() -> None:
    found = hold(chain(SNP, sizes=TENANTS))
    assert "chain.grant" not in found.tried.performed
    assert found.tried.refused["chain.grant.related"] > 0


@KINDS
def test_a_channel_of_one_container_takes_its_page_and_gives_it_back(kind: PlatformKind) -> None:
    found = hold_alone(kind, honest=True)
    assert found >= {"chain.create_channel", "chain.send", "chain.freeze", "chain.destroy_channel"}


def test_a_host_that_takes_the_page_of_a_channel_shows_nothing_of_it() -> None:
    assert "granting.reclaim_frame" in hold_alone(TDX, honest=False)


def hold_alone(kind: PlatformKind, *, honest: bool) -> set[str]:
    """Hold one container; what it takes a second for is tried at the shipped sizes."""
    mapping = chain_memory(kind, honest=honest, sizes=ALONE)
    found = conform(mapping, evaluator_for(mapping), Bounds())
    assert found.complete, conformance_text(found)
    return set(found.tried.performed)


@pytest.mark.nightly
@pytest.mark.parametrize("name", [name for name in due(Tier.NIGHTLY) if name.startswith("chain")])
def test_the_machine_does_what_chains_need_at_every_shipped_size(name: str) -> None:
    hold(SHIPPED[name]())


def test_a_run_of_three_functions_with_two_channels_conforms() -> None:
    sizes = {"Container": 3, "Page": 3, "Addr": 1, "Channel": 2, "Tenant": 2}
    run_of(chain(TDX, sizes=sizes), calls=1500)
