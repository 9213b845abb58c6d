"""Weaknesses of the published artifact, each built in as one change: who then reads what.

Every test shows two runs of one program: the weakened implementation lets it observe the bytes or
the counter that stand beside the weakness, and the implementation as it is refuses it.
"""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.impl.refusal_scenes import Scene, family, tenants
from tests.impl.scenes import KINDS, clone, join, machine, page, run, secret
from tests.impl.weakness import Change, Weakness, built_in, reads

from splitspec.impl.geometry import PAGE
from splitspec.impl.kernel.address_space import AddressSpaces
from splitspec.impl.kernel.fork import Forks
from splitspec.impl.kernel.lifecycle import Lifecycle
from splitspec.impl.kernel.pools import Pools
from splitspec.impl.kernel.records import Page, Use
from splitspec.impl.machine import PlatformKind

SNP, TDX = PlatformKind.SNP, PlatformKind.TDX

_accept, _load, _seal, _share = Pools.accept, Lifecycle.load, Forks.seal, Pools.share
_unprotect = AddressSpaces.unprotect


def seal_in_name(self: Forks, zygote: int, **asking: int) -> None:
    """Sealing leaves the zygote's entries writable."""
    entries = list(self._memory.entries(zygote))
    _seal(self, zygote, **asking)
    for address, entry in entries:
        self._memory.set_entry(zygote, address, entry)


@built_in(
    Weakness(
        row="W2",
        certainty="C",
        changes=(Change(Forks, "seal", seal_in_name),),
        guard="access.writable",
        effect="The clone reads {}, which the zygote wrote after the fork.",
        observed=b"planted after sealing",
    )
)
@pytest.mark.parametrize("kind", KINDS)
def test_a_zygote_that_the_host_resumes_writes_into_its_clones(
    kind: PlatformKind, weakness: Weakness
) -> None:
    """The artifact's zygote keeps writable entries and relies on the host to keep it paused; what
    it writes afterwards reaches the clones of every tenant."""

    def resumed() -> Scene:
        scene = family(kind)
        scene.machine.hostile.interrupt(scene.first.vcpu)
        scene.machine.hostile.enter(scene.first.vcpu, 1)
        scene.machine.kernel.threads.dispatch(1)
        return scene

    def write_on(scene: Scene) -> bytes:
        scene.machine.processor.write(scene.first.vcpu, 0, b"planted after sealing")
        return reads(scene, scene.second)

    weakness.show(resumed, write_on)


def unprotect_in_place(self: AddressSpaces, container: int, address: int) -> None:
    """The entry gets the W bit, whoever else has the page."""
    _unprotect(self, container, address)
    entry = self._memory.entry(container, address)
    assert entry is not None
    self._memory.set_entry(container, address, replace(entry, writable=True))


@built_in(
    Weakness(
        row="W3",
        certainty="C",
        guards=("unprotect.protected",),
        changes=(Change(AddressSpaces, "unprotect", unprotect_in_place),),
        guard="unprotect.protected",
        effect="The second clone reads {}, which the first wrote.",
        observed=b"the secret of the first clone",
    )
)
@pytest.mark.parametrize("kind", KINDS)
def test_a_clone_that_maps_the_image_writable_writes_into_its_sibling(
    kind: PlatformKind, weakness: Weakness
) -> None:
    """The artifact gives clones the zygote's memory objects with full rights, so that one can map
    a shared page writable; what one tenant writes there, the other reads."""

    def siblings() -> Scene:
        scene = family(kind)
        third = join(scene.machine, 2)
        clone(scene.machine, 2)
        run(scene.machine, 2, third.vcpu, 3)
        return Scene(scene.machine, scene.second, third)

    def remap(scene: Scene) -> bytes:
        scene.machine.kernel.spaces.unprotect(1, 0)
        scene.machine.processor.write(scene.first.vcpu, 0, b"the secret of the first clone")
        return reads(scene, scene.second)

    weakness.show(siblings, remap)


def share_by_counter(self: Pools, container: int, page: int) -> None:
    """The block that a counter without end names is shared, or was."""
    record = self._state.pages.get(page)
    if record is None or record.use is not Use.SHARED:
        _share(self, container, page)


@built_in(
    Weakness(
        row="W4",
        certainty="C",
        guards=("map_shared.in_pool", "map_shared.unreferenced"),
        changes=(Change(Pools, "share", share_by_counter),),
        guard="share.in_pool",
        effect="The first tenant reads {} in the second tenant's I/O buffer.",
        observed=b"the request of the second tenant",
    )
)
@pytest.mark.parametrize("kind", KINDS)
def test_a_shared_block_beyond_the_pool_is_the_neighbours_buffer(
    kind: PlatformKind, weakness: Weakness
) -> None:
    """The artifact hands out shared blocks by a counter that knows no end; past its own pool a
    container gets the buffers of its neighbour, and reads the neighbour's traffic."""

    def neighbours() -> Scene:
        scene = machine(kind)
        first, second = join(scene, 0), join(scene, 1, range(1))
        for container, handle in ((0, first), (1, second)):
            run(scene, container, handle.vcpu, container + 1)
        with scene.host.kicked():
            scene.kernel.pools.share(1, page(scene, 0))
            scene.host.backing.convert_to_shared(page(scene, 0))
        scene.kernel.spaces.map_shared(1, 5, page(scene, 0))
        request = b"the request of the second tenant"
        scene.processor.write(second.vcpu, 5 * PAGE, request.ljust(64, b"\0"))
        return Scene(scene, first, second)

    def next_block(scene: Scene) -> bytes:
        scene.machine.kernel.pools.share(0, scene.p(0))
        scene.machine.kernel.spaces.map_shared(0, 5, scene.p(0))
        return reads(scene, scene.first, 5)

    weakness.show(neighbours, next_block)


def accept_again(self: Pools, container: int, page: int) -> None:
    """That a page is accepted already counts as success."""
    if not self._platform.accepted(page):
        _accept(self, container, page)
    self._state.pages[page] = Page(is_clean=True)


@built_in(
    Weakness(
        row="W6",
        certainty="L",
        guards=("admit.disjoint",),
        changes=(Change(Pools, "accept", accept_again),),
        guard="admit.disjoint",
        effect="The second tenant reads {}, which the first keeps in the same page.",
        observed=secret(1),
    )
)
def test_pools_that_the_host_lets_overlap_put_two_tenants_on_one_page(weakness: Weakness) -> None:
    """The artifact takes any size of a pool from the host, and on TDX an accepted page counts as
    newly accepted; the second tenant maps, and reads, the first tenant's page."""

    def overlap(scene: Scene) -> bytes:
        scene.machine.kernel.pools.admit(1, scene.p(0))
        scene.machine.kernel.pools.accept(1, scene.p(0))
        scene.machine.kernel.spaces.map_page(1, 1, scene.p(0))
        return reads(scene, scene.second, 1)

    weakness.show(lambda: tenants(TDX), overlap)


def accept_unscrubbed(self: Pools, container: int, page: int) -> None:
    """Accepting a page does not clear it."""
    self._platform.accept(page)
    self._state.pages[page] = Page(is_clean=True)


@built_in(
    Weakness(
        row="W7",
        certainty="L",
        guards=("release.clean",),
        changes=(Change(Pools, "accept", accept_unscrubbed),),
        guard="release.clean",
        effect="The second tenant reads {} in a page that is new to it.",
        observed=secret(1),
    )
)
def test_a_page_that_nobody_scrubbed_brings_the_last_tenants_bytes(weakness: Weakness) -> None:
    """The artifact releases a pool without a scrub, and on SNP a page has, after validation, what
    its frame had under the one key of the VM; the next tenant reads the bytes of the last."""

    def unmapped() -> Scene:
        scene = tenants(SNP)
        scene.machine.processor.write(scene.first.vcpu, 0, secret(1).ljust(64, b"\0"))
        scene.machine.kernel.threads.trap(scene.first.vcpu)
        scene.machine.kernel.spaces.unmap_page(0, 0, vcpu=scene.first.vcpu)
        return scene

    def pass_on(scene: Scene) -> bytes:
        kernel, backing = scene.machine.kernel, scene.machine.host.backing
        kernel.pools.release(scene.p(0))
        backing.reclaim_page(scene.p(0))
        backing.add_slot(1, scene.p(5))
        kernel.pools.admit(1, scene.p(5))
        backing.grant_page(scene.second.vcpu, scene.p(5), scene.f(0))
        kernel.pools.accept(1, scene.p(5))
        kernel.spaces.map_page(1, 1, scene.p(5))
        return reads(scene, scene.second, 1)

    weakness.show(unmapped, pass_on)


@built_in(
    Weakness(
        row="W7",
        certainty="C",
        guards=("accept.once",),
        guard="accept.once",
        effect="The container reads {}, which it had overwritten.",
        observed=b"balance 100",
    )
)
def test_a_page_accepted_twice_has_two_frames_between_which_the_host_chooses(
    weakness: Weakness,
) -> None:
    """The artifact keeps no record of what it has validated and validates the same page again; the
    host then has two valid frames for it, and rolls a tenant's memory back to the older."""

    def second_frame() -> Scene:
        scene = tenants(SNP)
        scene.machine.processor.write(scene.first.vcpu, 0, b"balance 100".ljust(64, b"\0"))
        scene.machine.hostile.offer(scene.p(0), scene.f(6))
        return scene

    def roll_back(scene: Scene) -> bytes:
        scene.machine.kernel.pools.accept(0, scene.p(0))
        scene.machine.kernel.shootdown.acknowledge(scene.first.vcpu)
        scene.machine.processor.write(scene.first.vcpu, 0, b"balance 3".ljust(64, b"\0"))
        assert reads(scene, scene.first) == b"balance 3"
        scene.machine.hostile.remap(scene.p(0), scene.f(0))
        scene.machine.kernel.shootdown.acknowledge(scene.first.vcpu)
        return reads(scene, scene.first)

    weakness.show(second_frame, roll_back)
