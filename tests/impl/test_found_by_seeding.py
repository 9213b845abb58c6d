"""What seeded bugs broke, and no test, no walk and no mapping saw."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.impl.refusal_attestation import fetched, shared
from tests.impl.scenes import (
    KINDS,
    chain,
    clone,
    join,
    machine,
    page,
    refuse,
    run,
    seal,
    two_tenants,
)

from splitspec.impl.attestation.measurement import loaded
from splitspec.impl.geometry import PAGE
from splitspec.impl.kernel.capabilities import Right
from splitspec.impl.machine import PlatformKind
from splitspec.impl.refusal import GuestPageFault

RW = Right.READ | Right.WRITE


@pytest.mark.parametrize("kind", KINDS)
def test_a_vcpu_that_was_interrupted_is_not_one_that_was_parked(kind: PlatformKind) -> None:
    """S4: it is on the idle list iff the guest gave it back."""
    scene, first, _ = two_tenants(kind)
    scene.host.shadows.preempt(first.vcpu)
    refuse(scene, "parked", lambda: scene.host.shadows.publish(first.vcpu))


@pytest.mark.parametrize("kind", KINDS)
def test_who_leaves_takes_along_what_others_have_from_it(kind: PlatformKind) -> None:
    """chain: a capability that was handed on is worth no more than the one it came from."""
    scene = chain(kind)
    channels = scene.kernel.channels
    channel = channels.create(0, [page(scene, 1)])
    channels.grant(0, channel, 1, RW | Right.GRANT)
    channels.grant(1, channel, 2, Right.READ)
    channels.leave(1)
    assert [holder for holder, _ in channels.capabilities.table] == [0]


@pytest.mark.parametrize("kind", KINDS)
def test_a_channel_belongs_to_whoever_made_it(kind: PlatformKind) -> None:
    """chain: a channel has an owner, who closes it; here it is not the first container."""
    scene = chain(kind)
    channels = scene.kernel.channels
    channel = channels.create(1, [page(scene, 3)])
    refuse(scene, "creator", lambda: channels.shut(0, channel))
    channels.shut(1, channel)
    channels.destroy(channel)
    assert channels.created_by(1) == []


@pytest.mark.parametrize("kind", KINDS)
def test_a_copy_is_of_the_whole_page(kind: PlatformKind) -> None:
    """C12: nobody ever uses a copy that is not complete."""
    scene = machine(kind)
    first, second = join(scene, 0, range(1)), join(scene, 1, range(1, 2))
    scene.kernel.spaces.map_page(0, 0, page(scene, 0))
    run(scene, 0, first.vcpu, 1)
    filled = bytes(range(1, 251)) * 16 + bytes(range(1, 97))  # each byte differs from the next one
    scene.processor.write(first.vcpu, 0, filled)
    scene.kernel.threads.trap(first.vcpu)
    seal(scene, 0, first.vcpu, 1)
    clone(scene, 1)
    run(scene, 1, second.vcpu, 2)
    scene.kernel.threads.trap(second.vcpu)
    scene.kernel.forks.copy_on_write(1, 0, page(scene, 1), vcpu=second.vcpu)
    scene.kernel.threads.dispatch(2)
    assert scene.processor.read(second.vcpu, 0, PAGE) == filled
    scene.processor.write(second.vcpu, PAGE // 2, b"its own")
    expected = filled[: PAGE // 2] + b"its own" + filled[PAGE // 2 + 7 :]
    assert scene.processor.read(second.vcpu, 0, PAGE) == expected


@pytest.mark.parametrize("kind", KINDS)
def test_a_function_is_measured_on_top_of_what_was_loaded_before_it(kind: PlatformKind) -> None:
    """A05: evidence on a function alone says nothing of the runtime that runs it."""
    scene = fetched(shared(kind))
    kernel = scene.machine.kernel
    runtime = loaded(b"", 0, [b"a runtime".ljust(PAGE, b"\0")])
    kernel.state.containers[0] = replace(kernel.state.containers[0], measurement=runtime)
    kernel.loading.measure(0)
    function = b"code".ljust(PAGE, b"\0")
    assert kernel.state.digests[0] == loaded(runtime, 9, [function])


@pytest.mark.parametrize("kind", KINDS)
def test_a_function_that_runs_is_never_written(kind: PlatformKind) -> None:
    """A08: what is executed is what was measured, also later."""
    scene = fetched(shared(kind))
    kernel = scene.machine.kernel
    kernel.loading.measure(0)
    kernel.loading.execute(0)
    with pytest.raises(GuestPageFault):
        scene.machine.processor.write(scene.first.vcpu, 9 * PAGE, b"late code")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("is_signalled", [False, True])
def test_no_thread_begins_to_wait_when_its_container_leaves(
    kind: PlatformKind, is_signalled: bool
) -> None:
    """exit: the recycler loops until all threads have left, and no event comes any more for one
    that waits. So it comes to the kernel, and holds up nobody."""
    scene, first, _ = two_tenants(kind)
    threads, recycler = scene.kernel.threads, scene.kernel.recycler
    scene.kernel.lifecycle.stop(0)
    if is_signalled:
        recycler.signal_threads(0)
    refuse(scene, "running", lambda: threads.wait(first.vcpu))
    refuse(scene, "running", lambda: threads.wait(first.vcpu, 10))
    threads.trap(first.vcpu)
    if not is_signalled:
        recycler.signal_threads(0)
    recycler.end_threads(0)
    assert scene.kernel.state.threads_of(0) == []


@pytest.mark.parametrize("kind", KINDS)
def test_the_kernel_writes_nowhere_that_the_container_may_not(kind: PlatformKind) -> None:
    """W16: the page is the container's own, but it has asked that nobody writes it."""
    scene, first, _ = two_tenants(kind)
    scene.kernel.threads.trap(first.vcpu)
    scene.kernel.spaces.protect(0, 0, vcpu=first.vcpu)
    refuse(scene, "private", lambda: scene.kernel.pointers.register(0, 100, 4))


@pytest.mark.parametrize("kind", KINDS)
def test_a_page_of_a_table_waits_for_who_may_still_walk_it(kind: PlatformKind) -> None:
    """T05: it is reused when every vCPU has flushed, as a page that was mapped is."""
    scene, first, _ = two_tenants(kind)
    kernel, table = scene.kernel, page(scene, 1)
    kernel.threads.trap(first.vcpu)
    kernel.spaces.add_table(0, table)
    kernel.lifecycle.stop(0)
    kernel.spaces.unmap_page(0, 0, vcpu=first.vcpu)
    kernel.spaces.remove_table(0, table)
    refuse(scene, "flushed", lambda: kernel.pools.scrub(table))
    kernel.shootdown.acknowledge(first.vcpu)
    kernel.pools.scrub(table)
