"""The machine is held to `threads`: who drives a vCPU, what runs there, and who pays."""

from __future__ import annotations

import pytest
from tests.refinement.holding import hold, walk_of

from splitspec.impl.machine import PlatformKind
from splitspec.refinement.machine.models import THREADS, threads
from splitspec.refinement.machine.shipped import SHIPPED
from splitspec.refinement.report import conformance_text

SNP, TDX = PlatformKind.SNP, PlatformKind.TDX
ONE = {"Container": 1, "Vcpu": 2, "Thread": 2}
ONE_VCPU = {"Container": 2, "Vcpu": 1, "Thread": 2}
MODES = pytest.mark.parametrize("synchronous", [False, True], ids=["one to one", "synchronous"])
HOSTS = pytest.mark.parametrize("honest", [True, False], ids=["honest", "hostile"])


@MODES
@HOSTS
def test_one_container_with_two_threads_on_two_vcpus(honest: bool, synchronous: bool) -> None:
    hold(threads(SNP, honest=honest, synchronous=synchronous, sizes=ONE))


@pytest.mark.nightly
def test_two_containers_take_turns_on_one_vcpu_of_a_hostile_host() -> None:
    hold(threads(SNP, honest=False, synchronous=True, sizes=ONE_VCPU))


@pytest.mark.nightly
def test_epochs_of_tdx_make_no_difference_to_threads() -> None:
    hold(threads(TDX, honest=True, synchronous=False, sizes=ONE))


@pytest.mark.nightly
@MODES
@HOSTS
def test_two_of_everything(honest: bool, synchronous: bool) -> None:
    hold(threads(SNP, honest=honest, synchronous=synchronous, sizes=THREADS))


TURNS = [name for name in SHIPPED if name.startswith("turns-")]


@pytest.mark.parametrize("name", [name for name in TURNS if not name.endswith("-wide")])
def test_turns_end_and_who_asked_has_a_vcpu_a_thread(name: str) -> None:
    hold(SHIPPED[name]())


@pytest.mark.nightly
def test_two_tenants_take_turns_on_one_vcpu() -> None:
    hold(SHIPPED["turns-sev-wide"]())


def test_random_programs_conform_whatever_interrupts_leave_behind() -> None:
    """Whether a thread was interrupted or came to the kernel no mapping shows; programs do both."""
    found = walk_of(threads(SNP, honest=True, synchronous=True), programs=8, steps=40)
    assert not found.divergences, conformance_text(found)
    assert found.transitions > 50
