"""Pages that the host took from a container which used them: written off, and never used again."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.impl.scenes import (
    KINDS,
    SIZES,
    back_in,
    chain,
    frame,
    join,
    machine,
    out_of_guest,
    page,
    refuse,
    run,
    two_tenants,
)

from splitspec.impl.hardware.snp import Snp
from splitspec.impl.kernel.records import Page, Use
from splitspec.impl.machine import PlatformKind


@pytest.mark.parametrize("kind", KINDS)
def test_pages_that_the_host_took_are_written_off_and_never_granted_again(
    kind: PlatformKind,
) -> None:
    scene, first, second = two_tenants(kind)
    out_of_guest(scene, first, second)
    scene.hostile.steal(page(scene, 0), frame(scene, 0))
    back_in(scene, first, second)
    kernel = scene.kernel
    refuse(scene, "exiting", lambda: kernel.pools.abandon(page(scene, 0)))
    kernel.threads.trap(first.vcpu)
    kernel.lifecycle.exit(0, vcpu=first.vcpu)
    kernel.shootdown.acknowledge(first.vcpu)
    refuse(scene, "backed", lambda: kernel.pools.scrub(page(scene, 0)))
    refuse(scene, "taken", lambda: kernel.pools.abandon(page(scene, 1)))
    kernel.pools.abandon(page(scene, 0))
    kernel.pools.release(page(scene, 1))
    kernel.lifecycle.retire(0)
    refuse(scene, "disjoint", lambda: kernel.pools.admit(1, page(scene, 0)))


@pytest.mark.parametrize("kind", KINDS)
def test_what_names_a_lost_page_is_counted_until_it_goes(kind: PlatformKind) -> None:
    """It is written off before the container's entry for it is taken back."""
    scene, first, second = two_tenants(kind)
    lost = page(scene, 0)
    out_of_guest(scene, first, second)
    scene.hostile.steal(lost, frame(scene, 0))
    back_in(scene, first, second)
    scene.kernel.threads.trap(first.vcpu)
    scene.kernel.lifecycle.stop(0, vcpu=first.vcpu)
    scene.kernel.pools.abandon(lost)
    assert scene.kernel.state.pages[lost] == Page(Use.LOST, references=1)
    scene.kernel.spaces.unmap_page(0, 0, vcpu=first.vcpu)
    assert scene.kernel.state.pages[lost] == Page(Use.LOST)


def test_a_page_of_a_channel_that_was_lost_is_used_no_more() -> None:
    """A host of SEV-SNP takes it while the channel's creator leaves, and gives it back after it was
    written off: the end of the channel does not make it free."""
    scene = chain(PlatformKind.SNP)
    lost = page(scene, 0)
    channel = scene.kernel.channels.create(0, [lost, page(scene, 1)])
    scene.kernel.lifecycle.stop(0)
    assert isinstance(scene.platform, Snp)
    behind = scene.platform.nested[lost]
    scene.hostile.remap(lost, None)
    scene.kernel.pools.abandon(lost)
    scene.hostile.remap(lost, behind)
    scene.kernel.channels.shut(0, channel)
    scene.kernel.channels.destroy(channel)
    assert scene.kernel.state.pages[lost] == Page(Use.LOST)
    assert scene.kernel.state.pages[page(scene, 1)] == Page(Use.FREE)
    refuse(scene, "free", lambda: scene.kernel.pools.scrub(lost))


def test_a_table_that_was_lost_is_used_no_more() -> None:
    """A host of SEV-SNP takes it, and gives it back after it was written off."""
    scene = machine(PlatformKind.SNP, replace(SIZES, leaf_tables=0))
    handle = join(scene, 0, range(2))
    table = page(scene, 0)
    scene.kernel.spaces.add_table(0, table)
    run(scene, 0, handle.vcpu, 1)
    scene.kernel.threads.trap(handle.vcpu)
    scene.kernel.lifecycle.stop(0, vcpu=handle.vcpu)
    assert isinstance(scene.platform, Snp)
    behind = scene.platform.nested[table]
    scene.hostile.remap(table, None)
    scene.kernel.pools.abandon(table)
    scene.hostile.remap(table, behind)
    scene.kernel.spaces.remove_table(0, table, vcpu=handle.vcpu)
    assert scene.kernel.state.pages[table].use is Use.LOST
