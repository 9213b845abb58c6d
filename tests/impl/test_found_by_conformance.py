"""Errors of the implementation that holding it to a specification has shown."""

from __future__ import annotations

from functools import partial

import pytest
from tests.impl.deployments import chained, deployment, keyed, name_chain, refuses
from tests.impl.scenes import KINDS, chain, page, refuse

from splitspec.impl.delegation.mailbox import Message, Operation
from splitspec.impl.geometry import PAGE
from splitspec.impl.kernel.capabilities import Right
from splitspec.impl.libos.calls import CALLS, DELEGATED
from splitspec.impl.machine import PlatformKind

every_platform = pytest.mark.parametrize("kind", KINDS)


def test_a_killed_creator_of_a_channel_is_stopped_while_a_member_has_it_open() -> None:
    """Its exit asks nobody: the channel is shut, closed and destroyed afterwards."""
    work, owner, member, channel = chained()
    kernel = work.machine.kernel
    work.machine.host.shadows.kill(owner.container)
    kernel.lifecycle.stop(owner.container)
    assert member.load(2 * PAGE, 4) == bytes(4)
    kernel.channels.shut(owner.container, channel)
    refuse(work.machine, "unmapped", lambda: kernel.channels.destroy(channel))
    member.trap()
    for holder, vcpu in ((owner, None), (member, member.vcpu)):
        kernel.channels.close(holder.container, channel, vcpu=vcpu)
    kernel.channels.destroy(channel)
    assert kernel.channels.capabilities.table == {}


def test_what_a_frozen_channel_says_stays_whoever_wrote_it() -> None:
    work, owner, member, channel = chained()
    kernel = work.machine.kernel
    owner.store(2 * PAGE, b"the result")
    owner.trap()
    kernel.channels.freeze(owner.container, channel, vcpu=owner.vcpu)
    owner.resume()
    refuses("copy_on_write", lambda: owner.store(2 * PAGE, b"another"))
    assert member.load(2 * PAGE, 10) == b"the result"


def test_a_writer_on_another_vcpu_has_forgotten_its_right_before_the_creator_reads() -> None:
    work, owner, member, channel = chained()
    kernel = work.machine.kernel
    owner.trap()
    kernel.channels.revoke(owner.container, channel, member.container, vcpu=owner.vcpu)
    owner.resume()
    work.join(owner, channel, member, Right.READ | Right.WRITE, 2)
    member.store(2 * PAGE, b"first")
    owner.trap()
    kernel.channels.freeze(owner.container, channel, vcpu=owner.vcpu)
    refuse(work.machine, "flushed", lambda: kernel.threads.dispatch(owner.thread))
    owner.resume()
    refuses("copy_on_write", lambda: member.store(2 * PAGE, b"other"))
    assert owner.load(2 * PAGE, 5) == b"first"


def test_after_a_freeze_whoever_is_dispatched_waits_for_every_vcpu_that_may_still_write() -> None:
    """Not so a reader that runs already: it may meet what the late writer writes."""
    work = deployment(vcpus=4, containers=3)
    owner, reader, writer = (work.boot(code, pool=6) for code in (b"x", b"y", b"z"))
    for instance in (owner, reader, writer):
        name_chain(work, instance, b"one chain".ljust(16))
    channel = work.share(owner, 2, 1)
    work.join(owner, channel, reader, Right.READ, 2)
    work.join(owner, channel, writer, Right.READ | Right.WRITE, 2)
    writer.store(2 * PAGE, b"first")
    assert reader.load(2 * PAGE, 5) == b"first"
    kernel, processor = work.machine.kernel, work.machine.processor
    owner.trap()
    kernel.channels.freeze(owner.container, channel, vcpu=owner.vcpu)
    processor.write(writer.vcpu, 2 * PAGE, b"later")
    assert processor.read(reader.vcpu, 2 * PAGE, 5) == b"later"
    reader.trap()
    for instance in (owner, reader):
        refuse(work.machine, "flushed", partial(kernel.threads.dispatch, instance.thread))
    owner.resume()
    reader.resume()
    refuses("copy_on_write", lambda: writer.store(2 * PAGE, b"never"))
    assert owner.load(2 * PAGE, 5) == reader.load(2 * PAGE, 5) == b"later"


@every_platform
def test_a_page_that_two_containers_have_lost_waits_for_the_vcpus_of_both(
    kind: PlatformKind,
) -> None:
    scene = chain(kind)
    channels, lost = scene.kernel.channels, page(scene, 0)
    channels.create(0, [lost])
    for member in (1, 2):
        channels.grant(0, 1, member, Right.READ)
        channels.open(member, 1, 0)
    for member in (1, 2):
        channels.close(member, 1)
    vcpus = scene.kernel.shootdown.delaying(lost)
    drivers = {scene.host.shadows.driver(vcpu) for vcpu in vcpus}
    assert drivers == {1, 2}
    channels.shut(0, 1)
    channels.destroy(1)
    refuse(scene, "flushed", lambda: scene.kernel.pools.scrub(lost))


def test_a_peer_that_is_gone_is_an_error_of_the_host_and_not_its_end() -> None:
    instance, _ = keyed()
    far = instance.delegate.offer("peer")
    number = instance.process.connect("peer")
    far.close()  # With the first message unread, which resets the connection.
    refuses("result", lambda: instance.process.receive(number))


def test_only_calls_that_may_leave_the_vm_do() -> None:
    """`epoll_pwait` asks the host, and the table said that it is served inside."""
    instance, _ = keyed()
    for name, (_, treatment) in CALLS.items():
        if treatment not in DELEGATED:
            refuses("delegable", partial(instance.gate.request, name, Message(Operation.POLL)))
    assert CALLS["epoll_pwait"][1] in DELEGATED


def test_a_shadow_answers_for_no_socket_that_it_did_not_open() -> None:
    instance, _ = keyed()
    stranger = (10**6).to_bytes(4, "big")
    asked = Message(Operation.POLL, data=stranger, room=4)
    assert instance.delegate.serve(asked).number < 0
