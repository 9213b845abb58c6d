"""The machine is held to `memory`: page tables, pools, the page machine and fork together."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from tests.refinement.holding import evaluator_for

from splitspec.impl.machine import PlatformKind
from splitspec.model.tier import Tier
from splitspec.refinement.conformance import Bounds, conform
from splitspec.refinement.divergence import Conformance
from splitspec.refinement.machine.models import granting, memory, memory_sev, memory_tdx
from splitspec.refinement.machine.shipped import SHIPPED, due
from splitspec.refinement.mapping import Copies, Implementation, UncopiableError
from splitspec.refinement.report import conformance_text

ALONE = {"Container": 1, "Page": 1, "Frame": 1, "Addr": 1}
KINDS = pytest.mark.parametrize("kind", list(PlatformKind), ids=lambda kind: kind.value)


def held(mapping: Implementation[Any], bounds: Bounds | None = None) -> Conformance:
    return conform(mapping, evaluator_for(mapping), bounds or Bounds(states=None))


def unexplained(found: Conformance) -> list[str]:
    return [name for name, reason in found.untried.items() if not reason]


def test_the_machine_does_what_memory_says_under_its_own_host() -> None:
    found = held(SHIPPED["memory-tdx"]())
    assert found.complete, conformance_text(found)
    assert unexplained(found) == []


@KINDS
def test_one_container_is_safe_from_a_hostile_host(kind: PlatformKind) -> None:
    found = held(memory(kind, honest=False, sizes=ALONE))
    assert found.complete, conformance_text(found)
    assert {"memory.read_page", "memory.write_page", "fork.seal"} <= found.tried.performed.keys()


def test_acceptance_has_two_halves_on_sev() -> None:
    found = held(memory_sev(honest=True, sizes=ALONE, limit=1))
    assert found.complete, conformance_text(found)
    assert {"sev.pvalidate", "sev.abandon"} <= found.tried.performed.keys()


@pytest.mark.parametrize("is_honest", [True, False], ids=["own host", "hostile host"])
def test_withdrawal_has_two_halves_on_tdx(is_honest: bool) -> None:
    found = held(memory_tdx(honest=is_honest, sizes=ALONE))
    assert found.complete, conformance_text(found)
    assert {"tdx.block", "tdx.unblock", "granting.reclaim_frame"} <= found.tried.performed.keys()


@pytest.mark.nightly
@pytest.mark.parametrize("name", [name for name in due(Tier.NIGHTLY) if "memory" in name])
def test_the_machine_does_what_memory_says_at_every_shipped_size(name: str) -> None:
    found = held(SHIPPED[name]())
    assert found.complete, conformance_text(found)
    assert unexplained(found) == []


def test_a_machine_without_its_log_is_copied_and_conforms() -> None:
    """back ∘ call = identity, by copies as by the log: the same states and transitions."""
    sizes = {"Container": 1, "Page": 1, "Frame": 1}
    logged = granting(PlatformKind.SNP, honest=False, sizes=sizes)
    copied = replace(logged, undo=Copies(caches=("_decrypted",)))
    one, other = (held(each) for each in (logged, copied))
    assert not other.divergences, conformance_text(other)
    assert (one.states, one.transitions) == (other.states, other.transitions)


def test_what_cannot_be_copied_says_what_to_write() -> None:
    class Locked:
        def __deepcopy__(self, _memo: object) -> object:
            raise TypeError("it holds a socket")

    copies: Copies[Locked] = Copies()
    with pytest.raises(UncopiableError, match=r"it holds a socket.*give the mapping an `undo`"):
        copies.mark(Locked())
