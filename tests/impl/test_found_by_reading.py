"""Errors of the implementation that a reader of it found, each as the steps that showed it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.impl.deployments import chained, deployment, keyed, refuses
from tests.impl.scenes import (
    KINDS,
    clone,
    frame,
    join,
    machine,
    page,
    refuse,
    run,
    seal,
    two_tenants,
)

from splitspec.impl.delegation.mailbox import Message, Operation
from splitspec.impl.delegation.rootfs import ImageError, build
from splitspec.impl.deployment import CapacityError, Function
from splitspec.impl.geometry import PAGE
from splitspec.impl.hardware.tdx import Tdx
from splitspec.impl.host.shadow import Handle
from splitspec.impl.kernel.records import Phase, Use
from splitspec.impl.libos.process import Process
from splitspec.impl.machine import Machine, PlatformKind
from splitspec.impl.refusal import GuestPageFault, Refusal

every_platform = pytest.mark.parametrize("kind", KINDS)


def give_back_shared(scene: Machine, container: int) -> int:
    """Share the container's first page with the host, and give its frame back as private."""
    kernel, backing, number = scene.kernel, scene.host.backing, page(scene, 0)
    kernel.pools.share(container, number)
    with scene.host.kicked():
        backing.convert_to_shared(number)
    kernel.pools.unshare(number)
    backing.assign_frame(number)
    kernel.pools.accept(container, number)
    kernel.pools.release(number)
    with scene.host.kicked():
        backing.reclaim_page(number)
    return number


@every_platform
def test_no_shared_entry_leads_to_a_frame_that_was_taken(kind: PlatformKind) -> None:
    scene = machine(kind)
    join(scene, 0, range(1))
    number = give_back_shared(scene, 0)
    with pytest.raises(Refusal, match="backed"):
        scene.platform.resolve(number, private=False)


def shared_writer(kind: PlatformKind) -> tuple[Machine, Handle]:
    """Container 0 has written through a page that it shares with the host, at address 0."""
    scene = machine(kind)
    first = join(scene, 0, range(1))
    number = page(scene, 0)
    scene.kernel.pools.share(0, number)
    with scene.host.kicked():
        scene.host.backing.convert_to_shared(number)
    scene.kernel.spaces.map_shared(0, 0, number)
    run(scene, 0, first.vcpu, 1)
    scene.processor.write(first.vcpu, 0, b"a request")
    return scene, first


@every_platform
def test_an_honest_host_flushes_before_it_uses_a_shared_frame_anew(kind: PlatformKind) -> None:
    scene, first = shared_writer(kind)
    with scene.host.kicked():
        scene.host.backing.reclaim_page(page(scene, 0))
    with pytest.raises(Refusal, match="backed"):
        scene.processor.write(first.vcpu, 0, b"to whom?")


def test_a_stale_shared_write_to_a_private_frame_of_tdx_is_noticed() -> None:
    scene, first = shared_writer(PlatformKind.TDX)
    number, victim = page(scene, 0), page(scene, 1)
    scene.hostile.remap(number, None)
    second = join(scene, 1)
    scene.host.backing.add_slot(1, victim)
    scene.kernel.pools.admit(1, victim)
    assert isinstance(scene.platform, Tdx)
    scene.hostile.offer(victim, frame(scene, 0))
    scene.kernel.pools.accept(1, victim)
    scene.kernel.spaces.map_page(1, 0, victim)
    run(scene, 1, second.vcpu, 2)
    scene.processor.write(second.vcpu, 0, b"a secret")
    assert scene.processor.read(first.vcpu, 0, 8) == bytes(8), "a fixed pattern, no ciphertext"
    scene.processor.write(first.vcpu, 0, b"over")
    with pytest.raises(Refusal, match="intact"):
        scene.processor.read(second.vcpu, 0, 8)


@every_platform
def test_what_a_zygote_protected_stays_protected_in_its_clones(kind: PlatformKind) -> None:
    scene = machine(kind)
    first, second = join(scene, 0, range(2)), join(scene, 1, range(2, 4))
    for address in (0, 1):
        scene.kernel.spaces.map_page(0, address, page(scene, address))
    scene.kernel.spaces.protect(0, 1)
    run(scene, 0, first.vcpu, 1)
    scene.kernel.threads.trap(first.vcpu)
    seal(scene, 0, first.vcpu, 1)
    clone(scene, 1)
    scene.kernel.forks.copy_on_write(1, 0, page(scene, 2))
    refuse(scene, "shared_copy", lambda: scene.kernel.forks.copy_on_write(1, 1, page(scene, 3)))
    run(scene, 1, second.vcpu, 2)
    with pytest.raises(GuestPageFault, match="writable"):
        scene.processor.write(second.vcpu, PAGE, b"not mine")


@every_platform
def test_who_permits_writing_again_writes_into_a_copy(kind: PlatformKind) -> None:
    """In a clone, and in a container that has the page for itself: what is served is one fault."""
    scene = machine(kind)
    first, second = join(scene, 0, range(2)), join(scene, 1, range(2, 4))
    scene.kernel.spaces.map_page(0, 0, page(scene, 0))
    scene.kernel.spaces.protect(0, 0)
    scene.kernel.spaces.unprotect(0, 0)
    scene.kernel.forks.copy_on_write(0, 0, page(scene, 1))
    assert scene.kernel.state.pages[page(scene, 0)].use is Use.FREE
    scene.kernel.spaces.protect(0, 0)
    run(scene, 0, first.vcpu, 1)
    scene.kernel.threads.trap(first.vcpu)
    seal(scene, 0, first.vcpu, 1)
    clone(scene, 1)
    run(scene, 1, second.vcpu, 2)
    scene.kernel.threads.trap(second.vcpu)
    refuse(scene, "shared_copy", lambda: scene.kernel.forks.copy_on_write(1, 0, page(scene, 2)))
    scene.kernel.spaces.unprotect(1, 0)
    scene.kernel.forks.copy_on_write(1, 0, page(scene, 2), vcpu=second.vcpu)
    scene.kernel.threads.dispatch(2)
    scene.processor.write(second.vcpu, 0, b"its own")
    assert scene.kernel.memory.read(page(scene, 1)) == bytes(PAGE)


def test_who_lost_a_channel_reads_nothing_that_was_written_later() -> None:
    work, owner, member, channel = chained()
    kernel = work.machine.kernel
    owner.trap()
    kernel.channels.revoke(owner.container, channel, member.container, vcpu=owner.vcpu)
    refuse(work.machine, "flushed", lambda: kernel.threads.dispatch(owner.thread))
    owner.resume()
    owner.store(2 * PAGE, b"after revocation")
    refuses("reserved", lambda: member.load(2 * PAGE, 4))


@pytest.mark.parametrize("is_outside", [False, True])
def test_the_creator_of_a_channel_ends_while_a_member_has_it_open(is_outside: bool) -> None:
    work, owner, member, _ = chained()
    if is_outside:
        work.machine.host.shadows.preempt(member.vcpu)
    work.finish(owner)
    assert owner.container not in work.machine.kernel.state.containers
    work.finish(member)
    assert dict(work.machine.host.cgroups.charged) == {}


def test_the_private_key_of_evidence_goes_when_the_secret_comes() -> None:
    instance, _ = keyed()
    state = instance.machine.kernel.state
    assert instance.container in state.secrets
    assert not any(container == instance.container for container, _ in state.keys)


class Exaggerating:
    """A host that names a socket by a number that no kernel gives."""

    directory = None

    def serve(self, request: Message) -> Message:
        is_connect = request.operation == Operation.CONNECT
        return Message(request.operation, 2**40 if is_connect else len(request.data))

    def close(self) -> None:
        """Nothing is open."""


def test_a_socket_number_of_the_host_is_bounded() -> None:
    instance, _ = keyed()
    host: Any = Exaggerating()
    instance.delegate = host
    refuses("number", lambda: instance.process.connect("service"))


def nothing(process: Process, event: bytes) -> bytes:
    return b""


def touch(process: Process, event: bytes) -> bytes:
    process.store(process.mmap(PAGE * 3), b"x" * PAGE * 3)
    return b""


@pytest.mark.parametrize("limit", [1, 2, 3])
def test_a_container_at_its_processor_limit_waits_and_goes_on(limit: int) -> None:
    instance = deployment(pool=12).boot(b"x", pool=12, cpu_max=limit)
    instance.run(touch, b"")
    assert instance.machine.host.cgroups.groups["sc-0"].cpu_usage > limit


def test_a_container_at_its_processor_limit_does_not_keep_others_from_booting() -> None:
    work = deployment()
    first = work.boot(b"x", pool=6, cpu_max=3)
    while work.machine.host.cgroups.may_run("sc-0"):
        first.run(nothing, b"")
    work.boot(b"y", pool=6)
    assert work.machine.processor.vcpus[first.vcpu].inside


def test_a_thread_that_raises_gives_its_vcpu_back() -> None:
    work = deployment()
    instance = work.boot(b"x", pool=6)

    def fail() -> None:
        raise ZeroDivisionError

    instance.process.clone(fail)
    with pytest.raises(ZeroDivisionError):
        instance.wait_for_threads()
    instance.run(nothing, b"")
    work.finish(instance)
    assert len(work.machine.host.shadows.idle) == 3


def test_a_thread_without_a_vcpu_is_not_lost() -> None:
    work = deployment(vcpus=1)
    instance = work.boot(b"x", pool=6)
    ran: list[str] = []
    instance.process.clone(lambda: ran.append("second"))
    with pytest.raises(Refusal, match="idle"):
        instance.wait_for_threads()
    instance.run(nothing, b"")
    assert len(work.machine.kernel.state.threads) == 2


def test_a_zygote_with_a_thread_that_never_ran_is_refused_and_can_end() -> None:
    work = deployment()
    instance = work.boot(b"x", pool=6)
    instance.process.clone(lambda: None)
    refuses("quiet", lambda: work.snapshot(instance))
    assert work.machine.kernel.state.containers[0].phase is Phase.RUNNING
    work.finish(instance)


def test_a_zygote_ends_after_its_clones_and_not_before() -> None:
    work = deployment(pool=20)
    zygote = work.boot(b"x", pool=20)
    work.snapshot(zygote)
    clone = work.fork(zygote, Function(nothing), pool=20)
    refuses("childless", lambda: work.finish(zygote))
    work.finish(clone)
    work.finish(zygote)
    assert dict(work.machine.host.cgroups.charged) == {}


def test_a_boot_without_an_idle_vcpu_leaves_nothing_behind() -> None:
    work = deployment(vcpus=1)
    work.boot(b"x", pool=6)
    with pytest.raises(CapacityError, match="vCPU"):
        work.boot(b"y", pool=6)
    assert set(work.machine.host.shadows.shadows) == {0}
    assert set(work.machine.host.cgroups.groups) == {"sc-0"}


def test_a_refused_channel_leaves_its_owner_running() -> None:
    instance = (work := deployment()).boot(b"x", pool=6)
    with pytest.raises(Refusal, match="attested"):
        work.share(instance, 2, 1)
    instance.run(nothing, b"")
    assert instance.load(16 * PAGE, 1)


def test_a_file_is_mapped_whole_wherever_its_position_is(tmp_path: Path) -> None:
    (tmp_path / "digits").write_text("0123456789")
    instance = deployment().boot(b"x", pool=6, directory=tmp_path)
    process = instance.process
    number = process.open("/digits")
    assert process.read(number, 4) == b"0123"
    assert process.load(process.mmap(number=number), 10) == b"0123456789"
    assert process.read(number, 10) == b"456789"


def test_an_image_whose_listing_is_too_long_is_refused_when_it_is_built(tmp_path: Path) -> None:
    names = [f"file-{number:04}" for number in range(200)]
    for name in names:
        (tmp_path / name).write_text("x")
    with pytest.raises(ImageError, match="listing"):
        build(tmp_path)
    for name in names[30:]:
        (tmp_path / name).unlink()
    assert len(json.loads(build(tmp_path).leaves[0])) == 30


@every_platform
def test_tenants_who_name_no_chain_share_none(kind: PlatformKind) -> None:
    scene, _, _ = two_tenants(kind)
    assert scene.kernel.state.chains == {}
    first, _ = keyed()
    second, _ = keyed()
    chains = [item.machine.kernel.state.chains[item.container] for item in (first, second)]
    assert chains[0] != chains[1]
