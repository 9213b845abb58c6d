"""What a hostile host can do to memory and vCPUs, and what it gains: at most it denies service."""

from __future__ import annotations

from functools import partial

import pytest
from tests.impl.scenes import (
    KINDS,
    SIZES,
    back_in,
    frame,
    join,
    machine,
    out_of_guest,
    page,
    refuse,
    run,
    secret,
    two_tenants,
    zygote_and_clone,
)

from splitspec.impl.attestation.certificate import Manufacturer
from splitspec.impl.attestation.measurement import expected
from splitspec.impl.attestation.verifier import Policy, Verifier
from splitspec.impl.hardware.tdx import Tdx
from splitspec.impl.host.shadow import Handle
from splitspec.impl.machine import Machine, PlatformKind
from splitspec.impl.refusal import (
    HardwareRefusal,
    HostRefusal,
    MachineCheck,
    NestedPageFault,
    NotValidated,
    Refusal,
    VerifierRefusal,
)

SNP, TDX = PlatformKind.SNP, PlatformKind.TDX


def reads(scene: Machine, handle: Handle) -> bytes:
    """What the container on the vCPU reads in its first page."""
    return scene.processor.read(handle.vcpu, 0, 64).rstrip(b"\0")


@pytest.mark.parametrize("kind", KINDS)
def test_reading_frames_gives_no_plaintext(kind: PlatformKind) -> None:
    scene, first, second = two_tenants(kind)
    for number in range(len(scene.memory.frames)):
        seen = scene.hostile.peek(number)
        assert secret(1) not in seen
        assert secret(2) not in seen
    assert (reads(scene, first), reads(scene, second)) == (secret(1), secret(2))


def test_pointing_a_page_at_the_frame_of_another_container_faults() -> None:
    """SEVered: the frame is assigned to the other page, so the access exits; the way back heals."""
    scene, first, _ = two_tenants(SNP)
    scene.hostile.remap(page(scene, 0), frame(scene, 2))
    scene.processor.tlb.flush_core(first.vcpu)
    with pytest.raises(NestedPageFault, match="assigned"):
        reads(scene, first)
    scene.hostile.remap(page(scene, 0), frame(scene, 0))
    assert reads(scene, first) == secret(1)


def test_the_hosts_own_table_does_not_map_private_pages_of_a_td() -> None:
    scene, first, _ = two_tenants(TDX)
    scene.hostile.remap(page(scene, 0), frame(scene, 2))
    scene.processor.tlb.flush_core(first.vcpu)
    assert reads(scene, first) == secret(1)


def test_a_second_frame_for_a_live_page_is_never_accepted() -> None:
    scene, first, _ = two_tenants(SNP)
    scene.hostile.offer(page(scene, 0), frame(scene, 6))
    scene.processor.tlb.flush_core(first.vcpu)
    with pytest.raises(NotValidated):
        reads(scene, first)
    refuse(scene, "once", lambda: scene.kernel.pools.accept(0, page(scene, 0)))
    td, _, _ = two_tenants(TDX)
    refuse(td, "free_entry", lambda: td.hostile.offer(page(td, 0), frame(td, 6)))


def test_old_ciphertext_cannot_be_played_back_on_snp() -> None:
    scene, first, _ = two_tenants(SNP)
    old = scene.hostile.peek(frame(scene, 0))
    scene.processor.write(first.vcpu, 0, b"newer than the secret")
    caught = refuse(scene, "unassigned", lambda: scene.hostile.tamper(frame(scene, 0), 0, old))
    assert isinstance(caught, HardwareRefusal)
    assert reads(scene, first) == b"newer than the secret"


def test_a_td_notices_that_its_memory_was_written() -> None:
    scene, first, _ = two_tenants(TDX)
    scene.hostile.tamper(frame(scene, 0), 0, b"poison")
    scene.processor.tlb.flush_core(first.vcpu)
    with pytest.raises(MachineCheck, match="intact"):
        reads(scene, first)


@pytest.mark.parametrize("kind", KINDS)
def test_a_frame_that_is_taken_and_given_back_is_not_trusted_again(kind: PlatformKind) -> None:
    scene, first, second = two_tenants(kind)
    out_of_guest(scene, first, second)
    scene.hostile.steal(page(scene, 0), frame(scene, 0))
    back_in(scene, first, second)
    with pytest.raises(NestedPageFault):
        reads(scene, first)
    scene.hostile.offer(page(scene, 0), frame(scene, 0))
    with pytest.raises(HardwareRefusal):
        reads(scene, first)
    refuse(scene, "once", lambda: scene.kernel.pools.accept(0, page(scene, 0)))
    assert reads(scene, second) == secret(2)


@pytest.mark.parametrize("kind", KINDS)
def test_a_frame_moved_between_pools_holds_zeros_when_it_is_used(kind: PlatformKind) -> None:
    """One key serves both containers: without the scrub, the second would read the first."""
    scene, first, second = two_tenants(kind)
    out_of_guest(scene, first, second)
    scene.hostile.steal(page(scene, 0), frame(scene, 0))
    back_in(scene, first, second)
    scene.kernel.pools.admit(1, page(scene, 5))
    scene.hostile.offer(page(scene, 5), frame(scene, 0))
    assert scene.memory.load(frame(scene, 0), private=True).startswith(secret(1))
    scene.kernel.pools.accept(1, page(scene, 5))
    scene.kernel.threads.trap(second.vcpu)
    scene.kernel.spaces.map_page(1, 1, page(scene, 5))
    scene.kernel.threads.dispatch(2)
    assert scene.processor.read(second.vcpu, 4096, 4096) == bytes(4096)


def test_a_validated_page_is_not_mapped_before_it_is_scrubbed() -> None:
    """The two steps on SNP: in between, the page still holds what its frame held."""
    scene, _, _ = two_tenants(SNP)
    scene.hostile.steal(page(scene, 0), frame(scene, 0))
    scene.kernel.pools.admit(1, page(scene, 5))
    scene.hostile.offer(page(scene, 5), frame(scene, 0))
    scene.kernel.pools.validate(1, page(scene, 5))
    refuse(scene, "free", lambda: scene.kernel.spaces.map_page(1, 1, page(scene, 5)))
    scene.kernel.pools.scrub(page(scene, 5))
    scene.kernel.spaces.map_page(1, 1, page(scene, 5))


@pytest.mark.parametrize("kind", KINDS)
def test_pools_that_the_host_names_never_overlap(kind: PlatformKind) -> None:
    scene, _, _ = two_tenants(kind)
    refuse(scene, "disjoint", lambda: scene.kernel.pools.admit(1, page(scene, 0)))
    refuse(scene, "disjoint", lambda: scene.kernel.pools.admit(1, page(scene, 3), 2))
    for kernels in range(scene.geometry.base_pages):
        refuse(scene, "inside", partial(scene.kernel.pools.admit, 1, kernels))
    refuse(scene, "inside", lambda: scene.kernel.pools.admit(1, page(scene, 5), 2))
    refuse(scene, "inside", lambda: scene.kernel.pools.admit(1, page(scene, 5), 0))


@pytest.mark.parametrize("kind", KINDS)
def test_taking_the_kernels_page_tables_stops_the_container_and_nothing_else(
    kind: PlatformKind,
) -> None:
    scene, first, second = two_tenants(kind)
    table = scene.geometry.leaf(0, 0)
    out_of_guest(scene, first, second)
    scene.hostile.steal(table, table)
    back_in(scene, first, second)
    scene.processor.tlb.flush_core(first.vcpu)
    with pytest.raises(NestedPageFault):
        reads(scene, first)
    refuse(scene, "backed", lambda: scene.kernel.spaces.map_page(0, 1, page(scene, 1)))
    assert reads(scene, second) == secret(2)


@pytest.mark.parametrize("kind", KINDS)
def test_a_dropped_interrupt_only_keeps_pages_waiting(kind: PlatformKind) -> None:
    """Container 0 runs on two vCPUs; the second never flushes what the first unmapped."""
    scene = machine(kind)
    first = join(scene, 0, range(2))
    scene.kernel.spaces.map_page(0, 0, page(scene, 0))
    run(scene, 0, first.vcpu, 1)
    second = scene.host.shadows.allocate(0)
    scene.host.shadows.enter(second)
    scene.kernel.threads.spawn(0, 2)
    scene.kernel.threads.bind(second.vcpu, 2)
    scene.kernel.threads.dispatch(2)
    scene.processor.write(second.vcpu, 0, secret(1))

    scene.kernel.threads.trap(first.vcpu)
    scene.kernel.spaces.unmap_page(0, 0, vcpu=first.vcpu)
    assert scene.processor.read(second.vcpu, 0, 4) == secret(1)[:4]  # through its TLB, still
    refuse(scene, "flushed", lambda: scene.kernel.pools.scrub(page(scene, 0)))
    refuse(scene, "flushed", lambda: scene.kernel.pools.release(page(scene, 0)))
    refuse(scene, "flushed", lambda: scene.kernel.threads.dispatch(1))

    scene.kernel.shootdown.acknowledge(second.vcpu)
    with pytest.raises(Refusal, match="present"):
        scene.processor.read(second.vcpu, 0, 4)
    scene.kernel.threads.dispatch(1)
    scene.kernel.pools.scrub(page(scene, 0))


@pytest.mark.parametrize("kind", KINDS)
def test_moving_vcpus_between_cores_leaves_no_translation_of_another(kind: PlatformKind) -> None:
    scene, first, second = two_tenants(kind)
    assert reads(scene, first) == secret(1)
    out_of_guest(scene, first, second)
    scene.hostile.enter(second.vcpu, 0, core=first.vcpu)
    cached = [key for key in scene.tlb.entries if key[0] == first.vcpu]
    assert cached == []
    assert reads(scene, second) == secret(2)
    refuse(scene, "core_free", lambda: scene.hostile.enter(first.vcpu, 0))


@pytest.mark.parametrize("kind", KINDS)
def test_a_vcpu_runs_only_the_thread_that_the_kernel_bound_to_it(kind: PlatformKind) -> None:
    """The host names threads that wait for nothing, of others, or of nobody."""
    scene, first, second = two_tenants(kind)
    third = join(scene, 2)
    scene.kernel.lifecycle.start(2)
    scene.kernel.threads.spawn(2, 3)
    bind = scene.kernel.threads.bind
    refuse(scene, "unbound", lambda: bind(third.vcpu, 1))
    refuse(scene, "known", lambda: bind(third.vcpu, 9))
    scene.kernel.threads.trap(first.vcpu)
    refuse(scene, "vcpu_free", lambda: bind(first.vcpu, 3))
    refuse(scene, "in_kernel", lambda: bind(second.vcpu, 3))
    refuse(scene, "outside", lambda: scene.hostile.enter(second.vcpu, 2))
    bind(third.vcpu, 3)
    scene.kernel.lifecycle.stop(2)
    refuse(scene, "running", lambda: scene.kernel.threads.dispatch(3))


@pytest.mark.parametrize("kind", KINDS)
def test_an_old_handle_on_a_vcpu_runs_nothing(kind: PlatformKind) -> None:
    scene = machine(kind)
    old = join(scene, 0)
    scene.kernel.lifecycle.exit(0, vcpu=old.vcpu)
    scene.kernel.lifecycle.retire(0)
    scene.kernel.threads.park(old.vcpu)
    scene.host.shadows.publish(old.vcpu)
    new = join(scene, 1)
    assert new.vcpu == old.vcpu
    scene.host.shadows.preempt(new.vcpu)
    caught = refuse(scene, "current", lambda: scene.host.shadows.enter(old))
    assert isinstance(caught, HostRefusal)


@pytest.mark.parametrize("kind", KINDS)
def test_entering_a_vcpu_whose_container_ended_reaches_the_kernel(kind: PlatformKind) -> None:
    scene, first, _ = two_tenants(kind)
    scene.kernel.threads.trap(first.vcpu)
    scene.kernel.lifecycle.exit(0, vcpu=first.vcpu)
    scene.hostile.interrupt(first.vcpu)
    scene.hostile.enter(first.vcpu, 1)
    refuse(scene, "container_mode", lambda: reads(scene, first))
    refuse(scene, "bound", lambda: scene.kernel.threads.dispatch(1))


@pytest.mark.parametrize("kind", KINDS)
def test_a_sealed_zygote_changes_nothing_whatever_the_host_resumes(kind: PlatformKind) -> None:
    scene, first, second = zygote_and_clone(kind)
    scene.hostile.interrupt(first.vcpu)
    scene.hostile.enter(first.vcpu, 1)
    scene.kernel.threads.dispatch(1)
    assert reads(scene, first) == secret(1)
    refuse(scene, "writable", lambda: scene.processor.write(first.vcpu, 0, b"new"))
    refuse(scene, "running", lambda: scene.kernel.threads.spawn(0, 7))
    refuse(scene, "unsealed", lambda: scene.kernel.lifecycle.stop(0, asked=True))
    refuse(scene, "alive", lambda: scene.kernel.spaces.unprotect(0, 0))
    refuse(scene, "alive", lambda: scene.kernel.spaces.unmap_page(0, 0))
    refuse(scene, "unsealed", lambda: scene.kernel.pools.admit(0, page(scene, 5)))
    assert reads(scene, second) == secret(1)


@pytest.mark.parametrize("kind", KINDS)
def test_killing_a_shadow_denies_service_and_everything_comes_back(kind: PlatformKind) -> None:
    scene, first, second = two_tenants(kind)
    shadows, kernel = scene.host.shadows, scene.kernel
    shadows.kill(0)
    shadows.reap_vcpu(first.vcpu, 0)
    kernel.threads.trap(first.vcpu)
    kernel.lifecycle.exit(0, vcpu=first.vcpu)
    kernel.shootdown.acknowledge(first.vcpu)
    for number in (page(scene, 0), page(scene, 1)):
        if not kernel.state.pages[number].is_clean:
            kernel.pools.scrub(number)
        kernel.pools.release(number)
    kernel.lifecycle.retire(0)
    kernel.threads.park(first.vcpu)
    scene.hostile.interrupt(second.vcpu)
    for number in (page(scene, 0), page(scene, 1)):
        scene.host.backing.reclaim_page(number)
        scene.host.backing.remove_slot(0, number)
    shadows.publish(first.vcpu)
    shadows.finish(0)
    assert set(scene.host.cgroups.charged.values()) == {"sc-1"}
    scene.hostile.enter(second.vcpu, 0)
    assert reads(scene, second) == secret(2)


def test_launching_another_kernel_shows_in_the_measurement() -> None:
    manufacturer = Manufacturer()
    scene = Machine(SIZES, image=b"another kernel", chip=manufacturer.make_chip())
    scene.checkpoint()
    handle = join(scene, 0, range(1))
    scene.kernel.lifecycle.load(0, 8, [page(scene, 0)], b"code")
    run(scene, 0, handle.vcpu, 1)
    verifier = Verifier(Policy(manufacturer.root, expected(SIZES, b"microkernel"), b""), b"")
    with pytest.raises(VerifierRefusal, match="measurement"):
        verifier.release(scene.kernel.attestation.quote(0, verifier.challenge()))
    refuse(scene, "launching", lambda: scene.platform.launch(9, 20, bytes(4096)))


def test_a_td_page_is_removed_only_after_every_vcpu_has_flushed() -> None:
    """BLOCK, TRACK, exits, REMOVE: no step may be left out, and an old epoch cannot be skipped."""
    scene, first, second = two_tenants(TDX)
    td, target = scene.platform, page(scene, 0)
    assert reads(scene, first) == secret(1)
    assert isinstance(td, Tdx)
    refuse(scene, "blocked", lambda: td.remove(target))
    td.block(target)
    refuse(scene, "present", lambda: td.block(target))
    assert reads(scene, first) == secret(1)  # the translation is still cached
    refuse(scene, "tracked", lambda: td.remove(target))
    td.track()
    refuse(scene, "tracked", lambda: td.remove(target))
    refuse(scene, "previous_epoch_left", td.track)
    scene.hostile.interrupt(second.vcpu)
    refuse(scene, "tracked", lambda: td.remove(target))
    scene.hostile.interrupt(first.vcpu)
    td.remove(target)
    scene.hostile.enter(first.vcpu, 0)
    with pytest.raises(NestedPageFault):
        reads(scene, first)


def test_a_blocked_td_page_can_come_back_as_it_was() -> None:
    scene, first, second = two_tenants(TDX)
    td, target = scene.platform, page(scene, 0)
    assert isinstance(td, Tdx)
    refuse(scene, "blocked", lambda: td.unblock(target))
    td.block(target)
    refuse(scene, "tracked", lambda: td.unblock(target))
    td.track()
    out_of_guest(scene, first, second)
    td.unblock(target)
    back_in(scene, first, second)
    assert reads(scene, first) == secret(1)
