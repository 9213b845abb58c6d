"""The machine is held to `attestation`: code, measurements, evidence, and secrets, with real
signatures."""

from __future__ import annotations

import pytest
from tests.refinement.holding import hold, walk_of

from splitspec.impl.machine import PlatformKind
from splitspec.impl.refusal import Refusal
from splitspec.refinement.machine.models import attestation
from splitspec.refinement.machine.shipped import SIBLINGS, TWO_CHALLENGES
from splitspec.refinement.report import conformance_text

SNP = PlatformKind.SNP
KINDS = pytest.mark.parametrize("kind", list(PlatformKind), ids=lambda kind: kind.value)
TWO_QUOTES = {"Container": 1, "Code": 1, "Nonce": 2, "Evidence": 2}
TWO_OF_EACH = {"Container": 2, "Code": 2, "Nonce": 1, "Evidence": 1}


@KINDS
def test_a_secret_is_released_to_what_was_measured(kind: PlatformKind) -> None:
    hold(attestation(kind))


def test_no_secret_is_released_on_another_runtime() -> None:
    found = hold(attestation(SNP, runtime="cod2"))
    assert "attestation.release_secret" not in found.tried.performed
    assert found.tried.refused["attestation.release_secret.founded"] > 0


@pytest.mark.nightly
@KINDS
@pytest.mark.parametrize("sizes", [SIBLINGS, TWO_CHALLENGES, TWO_QUOTES, TWO_OF_EACH], ids=str)
def test_siblings_second_challenges_and_second_quotes(
    kind: PlatformKind, sizes: dict[str, int]
) -> None:
    hold(attestation(kind, honest=sizes is TWO_OF_EACH, sizes=sizes))


def test_random_programs_of_two_containers_conform() -> None:
    found = walk_of(attestation(SNP, sizes=TWO_OF_EACH), programs=6, steps=50)
    assert not found.divergences, conformance_text(found)
    assert found.transitions > 100


def test_a_function_that_was_unmapped_is_still_the_one_that_was_measured() -> None:
    mapping = attestation(SNP)
    testbed = mapping.create()
    kernel, actions = testbed.machine.kernel, mapping.actions
    for name in ("create", "start"):
        actions[name](testbed, 0)
    actions["stage_code"](testbed, 0, mapping.elements["Code"][0])
    for name in ("load_code", "measure_code", "execute"):
        actions[name](testbed, 0)
    code = kernel.state.code[0]
    kernel.spaces.unmap_page(0, code.address, vcpu=testbed.handle(0).vcpu)
    with pytest.raises(Refusal, match="free"):
        kernel.pools.scrub(code.page)
