"""Pools in strides: how large they may be, what is in them, who pays, and in what order they go."""

from __future__ import annotations

import pytest
from tests.impl.pooled import (
    STRIDE,
    STRIDES,
    answer,
    end,
    laid_out,
    leave,
    pool_of,
    registered,
    running,
    stride,
    strided,
)
from tests.impl.scenes import KINDS, refuse

from splitspec.impl.geometry import PAGE, ZEROS, Geometry
from splitspec.impl.host.shadow import Handle
from splitspec.impl.kernel.records import Use
from splitspec.impl.machine import Machine, PlatformKind
from splitspec.impl.refusal import Refusal

PARAMETERS = pytest.mark.parametrize("kind", KINDS)


# Where a pool lies


@PARAMETERS
@pytest.mark.parametrize("size", [STRIDE + 1, 2 * STRIDE, 2**40])
def test_a_pool_never_reaches_beyond_its_stride(kind: PlatformKind, size: int) -> None:
    """W6: what the host answers is no reason to lay a pool out over the neighbour's."""
    scene = strided(kind)
    handle = registered(scene, 0)
    answer(scene, handle, size * PAGE)
    refuse(scene, "bounded", lambda: scene.kernel.layouts.lay_out(0, handle.vcpu))


@PARAMETERS
def test_a_pool_may_be_smaller_than_its_stride(kind: PlatformKind) -> None:
    """Then the rest of the stride is in no pool, and nothing of it is handed out."""
    scene = strided(kind)
    handle = laid_out(scene, 0, STRIDE - 1)
    scene.kernel.lifecycle.start(0)
    pages = stride(scene, handle)
    assert [*pool_of(scene, 0).pages] == [*pages[:-1]]
    assert scene.kernel.allocators.allocate_page(0) == pages[-2]
    refuse(scene, "spare", lambda: scene.kernel.allocators.allocate_page(0))
    refuse(scene, "laid_out", lambda: scene.kernel.pools.admit(0, pages[-1]))


@PARAMETERS
@pytest.mark.parametrize("few", [False, True])
def test_the_lowest_bit_of_the_answer_asks_for_a_small_shared_part(
    kind: PlatformKind, few: bool
) -> None:
    scene = strided(kind)
    pages = stride(scene, laid_out(scene, 0, few=few))
    shared = STRIDES.few_shared if few else STRIDES.shared
    layout = pool_of(scene, 0)
    assert layout.shared_part == pages[:shared]
    assert layout.metadata == pages[shared]
    assert layout.data == pages[shared + 1 :]


@PARAMETERS
def test_pools_of_several_vcpus_share_no_page(kind: PlatformKind) -> None:
    scene = strided(kind)
    for container in range(3):
        laid_out(scene, container)
    pages = [page for container in range(3) for page in pool_of(scene, container).pages]
    assert len(pages) == len(set(pages)) == 3 * STRIDE
    assert set(pages) == set(STRIDES.pool_pages)


@PARAMETERS
def test_a_vcpu_with_a_pool_begins_no_other_container(kind: PlatformKind) -> None:
    """Whatever the host wakes it for: the allocators of the pool would begin anew (W1)."""
    scene, first, _ = running(kind)
    held = scene.kernel.allocators.allocate_page(0)
    scene.kernel.threads.request(first.vcpu, 0)
    scene.host.shadows.start(2)
    scene.kernel.lifecycle.create(2)
    answer(scene, first, STRIDE * PAGE)
    refuse(scene, "vacant", lambda: scene.kernel.layouts.lay_out(2, first.vcpu))
    assert scene.kernel.allocators.held(pool_of(scene, 0)) == [held]


@PARAMETERS
def test_on_whose_vcpu_a_container_begins_is_the_word_of_the_host(kind: PlatformKind) -> None:
    """Its pool lies in the stride of that vCPU, whose shadow pays; and in no pool of another's."""
    scene = strided(kind)
    first, second = registered(scene, 0), registered(scene, 1)
    backing, metadata = scene.host.backing, stride(scene, second)[STRIDES.shared]
    backing.grant_page(second.vcpu, metadata, backing.free_frames()[0])
    for handle in (first, second):
        answer(scene, handle, STRIDE * PAGE)
    scene.kernel.layouts.lay_out(0, second.vcpu)
    assert pool_of(scene, 0).pages == stride(scene, second)
    assert scene.host.cgroups.charged[backing.frames[metadata]] == "sc-1"
    refuse(scene, "vacant", lambda: scene.kernel.layouts.lay_out(1, second.vcpu))
    refuse(scene, "single", lambda: scene.kernel.layouts.lay_out(0, first.vcpu))


@pytest.mark.parametrize(
    "wrong",
    [{"stride": 1, "shared": 1}, {"stride": PAGE + 1}, {"stride": 2, "shared": -1}, {"pages": 5}],
    ids=str,
)
def test_strides_that_hold_no_pool_are_no_geometry(wrong: dict[str, int]) -> None:
    right = {"pages": 2 * wrong.get("stride", 2), "vcpus": 2, "stride": 2}
    Geometry(pages=4, vcpus=2, stride=2)
    with pytest.raises(ValueError, match="strid"):
        Geometry(**{**right, **wrong})


# What is in it


@PARAMETERS
def test_blocks_end_with_the_shared_part_and_come_back(kind: PlatformKind) -> None:
    """W4: there is a last block, and the block of a buffer that ended goes to the next one."""
    scene, _, _ = running(kind)
    allocators, state = scene.kernel.allocators, scene.kernel.state
    numbers = [allocators.allocate_block(0) for _ in range(STRIDES.shared)]
    blocks = [state.buffers[number].page for number in numbers]
    assert blocks == [*pool_of(scene, 0).shared_part]
    refuse(scene, "spare", lambda: allocators.allocate_block(0))
    other = allocators.allocate_block(1)
    assert state.buffers[other].page in pool_of(scene, 1).shared_part
    allocators.free_block(0, numbers[1])
    assert state.buffers[allocators.allocate_block(0)].page == blocks[1]


@PARAMETERS
def test_a_page_is_handed_out_once_until_it_comes_back(kind: PlatformKind) -> None:
    scene, _, _ = running(kind)
    allocators = scene.kernel.allocators
    pages = [allocators.allocate_page(0) for _ in pool_of(scene, 0).data]
    assert pages == [*pool_of(scene, 0).data]
    refuse(scene, "spare", lambda: allocators.allocate_page(0))
    allocators.free_page(0, pages[0])
    assert allocators.allocate_page(0) == pages[0]


def take(scene: Machine, handle: Handle, page: int) -> None:
    """Container 0 accepts a page of its pool without a claim, and maps it."""
    scene.kernel.pools.admit(0, page)
    scene.host.backing.grant_page(handle.vcpu, page, scene.host.backing.free_frames()[0])
    scene.kernel.pools.accept(0, page)
    scene.kernel.spaces.map_page(0, page, page)


@PARAMETERS
def test_a_page_in_use_is_handed_out_to_nobody(kind: PlatformKind) -> None:
    """Also when nobody claimed it; and when all are in use, the pool is used up."""
    scene, first, _ = running(kind)
    allocators, pages = scene.kernel.allocators, pool_of(scene, 0).data
    take(scene, first, pages[0])
    assert allocators.allocate_page(0) == pages[1]
    allocators.free_page(0, pages[1])
    for page in pages[1:]:
        take(scene, first, page)
    assert allocators.held(pool_of(scene, 0)) == []
    refuse(scene, "spare", lambda: allocators.allocate_page(0))
    mark = scene.checkpoint()
    allocators.run_out(0)
    scene.rollback(mark)
    scene.kernel.spaces.unmap_page(0, pages[0])
    refuse(scene, "empty", lambda: allocators.run_out(0))
    assert allocators.allocate_page(0) == pages[0]


@PARAMETERS
def test_a_container_whose_pool_is_used_up_ends_and_its_vcpu_comes_back(kind: PlatformKind) -> None:
    """W12: in the artifact its vCPU is lost, with the lock of the pool."""
    scene, first, _ = running(kind)
    threads, allocators = scene.kernel.threads, scene.kernel.allocators
    threads.spawn(0, 1)
    threads.bind(first.vcpu, 1)
    threads.dispatch(1)
    pages = [allocators.allocate_page(0) for _ in pool_of(scene, 0).data]
    scene.kernel.faults.begin(first.vcpu, 0)
    allocators.run_out(0)
    scene.kernel.recycler.signal_threads(0)
    scene.kernel.recycler.end_threads(0)
    scene.kernel.recycler.free_capabilities(0)
    for page in pages:
        allocators.free_page(0, page)
    scene.kernel.recycler.dismantle_pool(0)
    scene.kernel.shootdown.acknowledge(first.vcpu)
    scene.kernel.lifecycle.retire(0)
    scene.kernel.threads.park(first.vcpu)
    assert scene.kernel.state.layout(0) is None


@PARAMETERS
def test_metadata_are_private_and_their_container_pays_for_them(kind: PlatformKind) -> None:
    scene, first, _ = running(kind)
    scene.kernel.allocators.allocate_page(0)
    metadata = pool_of(scene, 0).metadata
    seen = scene.hostile.peek(scene.host.backing.frames[metadata])
    assert scene.kernel.memory.read(metadata) not in (ZEROS, seen)
    groups = scene.host.cgroups.groups
    assert [groups[name].memory_current for name in ("sc-0", "sc-1")] == [1, 1]
    scene.kernel.allocators.free_page(0, pool_of(scene, 0).data[0])
    leave(scene, 0, first)
    assert scene.host.cgroups.groups.keys() == {"sc-1"}


@PARAMETERS
def test_metadata_belong_to_no_container_that_asks(kind: PlatformKind) -> None:
    """They are handed out to nobody, admitted for nobody, and shared with nobody."""
    scene, _, _ = running(kind)
    metadata = pool_of(scene, 0).metadata
    refuse(scene, "laid_out", lambda: scene.kernel.pools.admit(0, metadata))
    refuse(scene, "free", lambda: scene.kernel.pools.share(0, metadata))
    refuse(scene, "free", lambda: scene.kernel.spaces.map_page(0, 0, metadata))
    refuse(scene, "once", lambda: scene.kernel.pools.accept(0, metadata))


# How it goes


@PARAMETERS
def test_the_next_pool_in_a_stride_begins_with_nothing_of_the_last(kind: PlatformKind) -> None:
    """Also on the same frames, which keep what they held on SEV-SNP."""
    scene, first, _ = running(kind)
    allocators = scene.kernel.allocators
    pages = [allocators.allocate_page(0) for _ in pool_of(scene, 0).data]
    for page in pages[1:]:
        allocators.free_page(0, page)
    scene.kernel.lifecycle.stop(0)
    refuse(scene, "empty", lambda: scene.kernel.layouts.take_down(0))
    allocators.free_page(0, pages[0])
    end(scene, 0, first)
    again = laid_out(scene, 2)
    assert again.vcpu == first.vcpu
    assert scene.kernel.memory.read(pool_of(scene, 2).metadata) == ZEROS
    assert allocators.held(pool_of(scene, 2)) == []


@PARAMETERS
def test_nothing_is_left_to_read_in_metadata_that_are_given_up(kind: PlatformKind) -> None:
    """Whatever was written there, besides the marks that have come back by then."""
    scene, _, _ = running(kind)
    allocators, metadata = scene.kernel.allocators, pool_of(scene, 0).metadata
    frame = scene.host.backing.frames[metadata]
    allocators.free_page(0, allocators.allocate_page(0))
    scene.kernel.memory.write(metadata, b"which pages were whose", offset=STRIDE)
    assert b"whose" in scene.memory.load(frame, private=True)
    scene.kernel.lifecycle.stop(0)
    scene.kernel.layouts.take_down(0)
    assert scene.memory.load(frame, private=True) == ZEROS


@PARAMETERS
def test_a_vcpu_is_published_when_the_slot_in_its_stride_is_gone(kind: PlatformKind) -> None:
    """W8: who takes it next registers memory there. That the process drives another vCPU, too, is
    no reason."""
    scene, first, _ = running(kind)
    shadows, kernel = scene.host.shadows, scene.kernel
    further = shadows.allocate(0)
    kernel.lifecycle.stop(0)
    kernel.layouts.take_down(0)
    kernel.lifecycle.retire(0)
    shadows.dismiss(0)
    kernel.threads.park(first.vcpu)
    refuse(scene, "slots_removed", lambda: shadows.publish(first.vcpu))
    scene.hostile.enter(further.vcpu, 0)
    kernel.threads.park(further.vcpu)
    shadows.publish(further.vcpu)  # Nothing lies in the stride of that one.


@PARAMETERS
def test_a_slot_stays_until_the_guest_says_that_the_container_is_gone(kind: PlatformKind) -> None:
    scene = strided(kind)
    first = registered(scene, 0)
    remove = stride(scene, first).start
    refuse(scene, "dismissed", lambda: scene.host.backing.remove_slot(0, remove))
    scene.kernel.lifecycle.stop(0)
    scene.kernel.lifecycle.retire(0)
    scene.host.shadows.dismiss(0)
    scene.host.backing.remove_slot(0, remove)


@PARAMETERS
def test_metadata_that_the_host_takes_cost_the_container_its_life_and_nobody_else(
    kind: PlatformKind,
) -> None:
    """Its allocators are gone, so it ends; the stride is never used again, for the page was never
    given back."""
    scene, first, second = running(kind)
    metadata = pool_of(scene, 0).metadata
    scene.kernel.allocators.allocate_page(0)
    for handle in (first, second):
        scene.hostile.interrupt(handle.vcpu)
    scene.hostile.steal(metadata, scene.host.backing.frames[metadata])
    for handle in (first, second):
        scene.hostile.enter(handle.vcpu, 0)
    with pytest.raises(Refusal):
        scene.kernel.allocators.allocate_page(0)
    scene.kernel.lifecycle.stop(0)
    mark = scene.checkpoint()
    with pytest.raises(Refusal):
        scene.kernel.layouts.take_down(0)
    assert scene.checkpoint() == mark
    scene.kernel.pools.abandon(metadata)
    scene.kernel.layouts.take_down(0)
    scene.kernel.lifecycle.retire(0)
    assert scene.kernel.allocators.allocate_page(1) in pool_of(scene, 1).data
    scene.kernel.threads.request(first.vcpu, 0)
    scene.kernel.lifecycle.create(0)
    scene.hostile.enter(first.vcpu, STRIDE * PAGE)
    refuse(scene, "once", lambda: scene.kernel.layouts.lay_out(0, first.vcpu))


def lose(scene: Machine, container: int, handle: Handle) -> int:
    """The host takes a data page that the container has accepted; return the page."""
    backing, page = scene.host.backing, pool_of(scene, container).data[0]
    frame = backing.free_frames()[0]
    scene.kernel.pools.admit(container, page)
    backing.grant_page(handle.vcpu, page, frame)
    scene.kernel.pools.accept(container, page)
    with scene.host.kicked():
        scene.hostile.steal(page, frame)
    scene.kernel.lifecycle.stop(container)
    scene.kernel.pools.abandon(page)
    end(scene, container, handle)
    return page


@PARAMETERS
def test_a_page_that_was_lost_is_no_data_page_of_the_next_pool(kind: PlatformKind) -> None:
    scene = strided(kind)
    lost = lose(scene, 0, laid_out(scene, 0))
    laid_out(scene, 1)
    scene.kernel.lifecycle.start(1)
    data = pool_of(scene, 1).data
    assert lost in data
    pages = [scene.kernel.allocators.allocate_page(1) for _ in data[1:]]
    assert lost not in pages
    refuse(scene, "spare", lambda: scene.kernel.allocators.allocate_page(1))


@PARAMETERS
def test_a_page_that_was_lost_is_no_block_of_the_next_pool(kind: PlatformKind) -> None:
    """It was a data page; the next pool in the stride has a larger shared part, with it in it."""
    scene = strided(kind)
    lost = lose(scene, 0, laid_out(scene, 0, few=True))
    laid_out(scene, 1)
    scene.kernel.lifecycle.start(1)
    blocks = pool_of(scene, 1).shared_part
    assert lost in blocks
    numbers = [scene.kernel.allocators.allocate_block(1) for _ in blocks[1:]]
    assert lost not in {scene.kernel.state.buffers[number].page for number in numbers}
    refuse(scene, "spare", lambda: scene.kernel.allocators.allocate_block(1))
    assert scene.kernel.state.pages[lost].use is Use.LOST
