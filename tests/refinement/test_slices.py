"""The machine does what each small slice says, of lives, memory, pools, snapshots and page
machines."""

from __future__ import annotations

import pytest
from _pytest.mark import ParameterSet
from tests.refinement.holding import hold

from splitspec.impl.machine import PlatformKind
from splitspec.refinement.machine.models import paged, pools, sev_alone, tdx_alone
from splitspec.refinement.machine.shipped import SHIPPED

SLICES = (
    *("lifecycle", "tables", "fork", "snapshot", "regions", "randomness"),
    *("shootdown", "paging", "platform", "sev", "tdx", "pools", "objects", "object_memory"),
)
FAMILY = {"Container": 2, "Page": 2, "Frame": 2}
NAMES = [name for name in SHIPPED if name.partition("-")[0] in SLICES]


LARGE = ("fork", "snapshot", "regions", "shootdown", "paging", "pools", "objects", "object_memory")
"""Slices whose hostile host takes seconds; the gate makes all these walks before every merge."""


def small(name: str) -> ParameterSet:
    is_large = name.partition("-")[0] in LARGE and ("hostile" in name or "tenants" in name)
    return pytest.param(name, marks=[pytest.mark.nightly] if is_large else [])


@pytest.mark.parametrize("name", [small(name) for name in NAMES if not name.endswith("-wide")])
def test_every_step_and_every_refusal_of_the_slice(name: str) -> None:
    hold(SHIPPED[name]())


@pytest.mark.nightly
@pytest.mark.parametrize("name", [name for name in NAMES if name.endswith("-wide")])
def test_the_slice_at_larger_sizes(name: str) -> None:
    hold(SHIPPED[name]())


@pytest.mark.nightly
def test_a_process_waits_for_a_vcpu_that_another_one_has() -> None:
    """There are three containers and two vCPUs; a pool is nothing but its metadata."""
    sizes = {"Container": 3, "Page": 2, "Slot": 2, "Buffer": 1}
    found = hold(pools(PlatformKind.TDX, honest=True, sizes=sizes, shared=0))
    assert found.tried.refused["pools.take_vcpu.idle"] > 0


def test_a_write_to_the_image_is_copied_to_a_page_that_comes_with_it() -> None:
    found = hold(paged(PlatformKind.TDX, honest=True, sizes={**FAMILY, "Addr": 1}))
    assert {"fork.cow_fault", "fork.copy_space"} <= found.tried.performed.keys()


def test_the_report_leaves_out_what_this_model_has_and_nothing_of_another() -> None:
    """A fragment gives reasons for guards of each page machine; `valid` is SEV-SNP's."""
    left_out = hold(SHIPPED["tdx"]()).left_out
    assert "give_back_page.usable" in left_out
    assert "give_back_page.valid" not in left_out


def test_the_host_plays_back_what_it_saw_on_the_memory_bus() -> None:
    """Frames that no page holds are the host's to write, on either platform."""
    sizes = {"Container": 1, "Page": 1, "Frame": 1}
    for mapping in (sev_alone(honest=False, sizes=sizes), tdx_alone(honest=False, sizes=sizes)):
        assert hold(mapping).tried.performed["pages.replay"] > 0
