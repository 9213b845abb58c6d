"""The machine is held to `launch`: what is booted and measured, and who vouches for whom."""

from __future__ import annotations

import pytest
from tests.refinement.holding import hold, run_of

from splitspec.impl.machine import PlatformKind
from splitspec.model.tier import Tier
from splitspec.refinement.machine.launch import launch
from splitspec.refinement.machine.shipped import ONE_BOOT, ROGUE_BOOT, SHIPPED, TWO_BOOTS, due

KINDS = pytest.mark.parametrize("kind", list(PlatformKind), ids=lambda kind: kind.value)
TWO_OF_EACH = {**ROGUE_BOOT, "Container": 2, "Report": 2, "Evidence": 2}


@KINDS
def test_a_secret_goes_to_what_was_launched_forked_and_loaded(kind: PlatformKind) -> None:
    found = hold(launch(kind, sizes=ONE_BOOT))
    assert "launch.release_secret" in found.tried.performed
    assert ("launch.boot.measured" in found.tried.refused) == (kind is PlatformKind.SNP)


def test_the_microkernel_vouches_for_no_other_boot() -> None:
    found = hold(launch(PlatformKind.TDX, sizes=TWO_BOOTS))
    assert found.tried.refused["launch.report.own_key"] > 0
    assert found.tried.refused["launch.release_secret.linked"] > 0


@KINDS
def test_a_run_with_a_kernel_of_the_hosts_beside_the_right_one_conforms(kind: PlatformKind) -> None:
    run_of(launch(kind, sizes=TWO_OF_EACH), calls=400)


@pytest.mark.nightly
@pytest.mark.parametrize("name", [name for name in due(Tier.NIGHTLY) if name.startswith("launch")])
def test_the_machine_is_launched_as_specified_at_every_shipped_size(name: str) -> None:
    hold(SHIPPED[name]())
