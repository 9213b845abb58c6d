"""Module `pools` in the machine: strides, what lies in them, and the slots at the host.

A slot of the specification is a vCPU of the machine, with its stride of pages and the memory that a
process has registered there. Each stride is a shared part, a page of metadata and pages for data;
the host's answer to the question for the size is all of the stride, or two. What the allocators
have handed out is read in the page of metadata, as the kernel reads it.

Page and address lie equally far from where stride and memory begin, and lead to one frame: whatever
else the machine has of them is no state of any model.

The metadata are written when the pool is laid out. So with an honest host their page is resolved
before, and the frame behind it comes and goes unseen: `granting` has frames.

Between two steps no vCPU is in the guest. One that was taken has asked for the size of a pool, and
waits for the answer; one that was given back is parked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

from splitspec.impl.geometry import PAGE
from splitspec.impl.kernel.records import Layout
from splitspec.refinement.machine.fragment import Fragment, Function, Meanings, Setup
from splitspec.refinement.machine.lives import keep, stop
from splitspec.refinement.machine.testbed import Step, Testbed
from splitspec.refinement.machine.vcpus import driven, held_by, park
from splitspec.refinement.mapping import InexpressibleError
from splitspec.refinement.observation import UnreadableError

Proceed = Callable[..., object]

SIZES = {"unset": 0, "one_stride": 1, "two_strides": 2}
PROMISES = ("lay_out.registered", "reap.vcpu_free", "reap.slot_free")
HOST_ACTIONS = ("take_vcpu", "register_memory", "resolve_fault", "remove_memory", "publish_vcpu")
GUARDS: Meanings = {
    "take_vcpu": {"allocate alive": ("new",), "allocate idle": ("idle",)},
    "register_memory": {
        "add_slot alive": ("alive",),
        "add_slot driver": ("driver",),
        "add_slot disjoint": ("vacant",),
    },
    "lay_out": {
        "size_answer registered": ("registered",),
        "lay_out new": ("new",),
        "lay_out single": ("single",),
        "lay_out vacant": ("vacant",),
        "lay_out room": ("answered",),
        "lay_out bounded": ("bounded",),
    },
    "allocate_block": {
        "allocate_block running": ("running",),
        "allocate_block laid_out": ("mine",),
        "allocate_block spare": ("untaken",),
    },
    "free_block": {"free_block own": ("mine",)},
    "allocate_page": {
        "allocate_page running": ("running",),
        "allocate_page laid_out": ("mine",),
        "allocate_page spare": ("spare",),
    },
    "free_page": {
        "free_page laid_out": ("mine",),
        "free_page in_pool": ("mine", "held"),
        "free_page held": ("held",),
    },
    "run_out": {
        "run_out running": ("running",),
        "run_out laid_out": ("mine",),
        "run_out empty": ("empty",),
    },
    "take_down": {
        "take_down exiting": ("exiting",),
        "take_down laid_out": ("mine",),
        "take_down empty": ("empty",),
        "take_down closed": ("closed",),
    },
    "resolve_fault": {"resolve in_slot": ("owner",), "resolve faulting": ("owner",)},
    "remove_memory": {
        "remove_slot exists": ("present",),
        "remove_slot dismissed": ("finished",),
        "reclaim_page given_back": ("finished",),
    },
    "publish_vcpu": {
        "publish held": ("driven",),
        "publish parked": ("finished",),
        "publish slots_removed": ("vacated",),
    },
    "start": {"start pooled": ("pooled",)},
    "finish_exit": {"retire poolless": ("poolless",)},
    "reap": {
        "finish vcpus_returned": ("vcpu_free",),
        "finish slots_removed": ("slot_free",),
        "finish dismissed": ("drained",),
    },
}
NO_BLOCKS = ("allocate_block", "allocate_block.untaken", "free_block", "take_down.closed")
NO_DATA = (
    *("allocate_page", "allocate_page.spare", "free_page"),
    *("run_out.empty", "take_down.empty"),
)
POOLED = "a container that runs has a pool"
LEFT_OUT = {
    "lay_out.metadata": "the kernel chooses the page: the first of the private part",
    "allocate_block.fresh": "a buffer gets a number that is new",
    "allocate_block.shared": "the kernel chooses among the blocks of the shared part",
    "allocate_page.private": "the kernel chooses among the private pages",
    "allocate_block.mine": POOLED,
    "allocate_page.mine": POOLED,
    "run_out.mine": POOLED,
}
HONEST_LEFT_OUT = {
    "take_vcpu.single": "further vCPUs are for further threads (threads)",
    "lay_out.vacant": "a slot is registered for one process, whose container has one pool",
    "resolve_fault.in_slot": "KVM finds the slot by the page",
    "reap.slot_free": "a slot goes before the vCPU whose it is",
}
BINDS_NOBODY = "an untrusted host's processes, and what it resolves in their memory, bind nobody"
STRICTER = {"resolve_fault.resolve alive": "with the process its memory is gone"}


def pools(setup: Setup) -> Fragment:
    """Return the fragment."""
    actions: dict[str, Function] = {**_common(), "lay_out": partial(_lay_out_unseen, setup)}
    left_out = dict(LEFT_OUT)
    if not setup.shared:
        left_out |= dict.fromkeys(NO_BLOCKS, "no page of a stride is shared")
    if setup.shared == setup.sizes["Page"] // setup.sizes["Slot"] - 1:
        left_out |= dict.fromkeys(NO_DATA, "metadata are all that is private of a stride")
    if setup.is_honest:
        actions |= {**_honest(), "lay_out": partial(_lay_out, setup)}
        left_out |= HONEST_LEFT_OUT
        if setup.sizes["Container"] <= setup.sizes["Slot"]:
            left_out["take_vcpu.idle"] = "there is a vCPU for each container"
    else:
        left_out |= dict.fromkeys(HOST_ACTIONS, BINDS_NOBODY)
        if setup.sizes["Container"] == 1:
            left_out["lay_out.vacant"] = "one container has one pool"
    return Fragment(
        "pools",
        observe=partial(observe, setup),
        actions=actions,
        around={"create": keep, "begin_exit": stop, "finish_exit": let_go},
        guards=GUARDS,
        promises=PROMISES,
        left_out=left_out,
        stricter=STRICTER if setup.is_honest else {},
        elements={
            "Slot": range(setup.sizes["Slot"]),
            "Buffer": range(setup.sizes["Buffer"]),
            "Size": tuple(SIZES),
        },
    )


# What the machine is


def observe(setup: Setup, testbed: Testbed) -> dict[str, Any]:
    """Return how pages lie, what pools consist of, and, of an honest host, whose memory it is."""
    machine = testbed.machine
    state, layouts = machine.kernel.state, machine.kernel.state.layouts.items()
    held = _held(testbed)
    buffers = state.buffers.items()
    found: dict[str, Any] = {
        **_constants(setup, testbed),
        "laid": {vcpu: layout.container for vcpu, layout in layouts},
        "size": {vcpu: _size(testbed, layout) for vcpu, layout in layouts},
        "metadata": {vcpu: layout.metadata for vcpu, layout in layouts},
        "block": {number: buffer.page for number, buffer in buffers},
        "client": {number: buffer.container for number, buffer in buffers},
        "held": held,
        "load": {vcpu: sum(v == vcpu for v, _ in held) for vcpu in state.layouts},
    }
    return found | _at_host(testbed) if setup.is_honest else found


def _constants(setup: Setup, testbed: Testbed) -> dict[str, Any]:
    """Return in which stride each page lies, and in which part of it."""
    sizes, pages, vcpus = testbed.machine.geometry, testbed.pages, range(setup.sizes["Slot"])
    shared = [page for vcpu in vcpus for page in sizes.stride_of(vcpu)[: setup.shared]]
    return {
        "stride": {page: sizes.vcpu_of(page) for page in pages},
        "section": {page: "shared" if page in shared else "private" for page in pages},
        "following": {vcpu: (vcpu + 1) % len(vcpus) for vcpu in vcpus},
    }


def _held(testbed: Testbed) -> set[tuple[int, int]]:
    """Return which pages the records of each pool say are handed out."""
    kernel = testbed.machine.kernel
    layouts = kernel.state.layouts.items()
    return {(v, page) for v, layout in layouts for page in kernel.allocators.held(layout)}


def _size(testbed: Testbed, layout: Layout) -> str:
    strides, rest = divmod(layout.size, testbed.machine.geometry.stride)
    if rest or strides not in SIZES.values():
        raise UnreadableError(f"a pool has {layout.size} pages")
    return next(name for name, number in SIZES.items() if number == strides)


def _at_host(testbed: Testbed) -> dict[str, Any]:
    """Return who drives each vCPU, whose memory is registered, and where a page was found."""
    shadows, backing = testbed.machine.host.shadows, testbed.machine.host.backing
    slots = shadows.slots.items()
    _check_addresses(testbed)
    return {
        "driver": {vcpu: handle.shadow for vcpu, handle in shadows.holders.items()},
        "memslot": {slot.vcpu: process for (process, _), slot in slots},
        "mapped_from": {page: process for page, (process, _) in backing.resolved.items()},
    }


def _check_addresses(testbed: Testbed) -> None:
    """Refuse to read pages that do not lie in their process as in their stride, or whose frame is
    another than the process's own table has: page and address are in bijection (A3)."""
    machine, backing = testbed.machine, testbed.machine.host.backing
    sizes, slots = machine.geometry, machine.host.shadows.slots
    for page, (process, address) in backing.resolved.items():
        first = sizes.stride_of(sizes.vcpu_of(page)).start
        slot = slots.get((process, first))
        if slot is None or address - slot.base != page - first:
            raise UnreadableError(f"page {page} is found at {address} of process {process}")
    frames = {backing.resolved[page]: frame for page, frame in backing.frames.items()}
    if frames != dict(backing.touched):
        raise UnreadableError("a process and the host's table have different frames")


# What the kernel does


def _common() -> Mapping[str, Function]:
    return {
        "allocate_block": lambda testbed, c: testbed.machine.kernel.allocators.allocate_block(c),
        "free_block": lambda testbed, c, b: testbed.machine.kernel.allocators.free_block(c, b),
        "allocate_page": lambda testbed, c: testbed.machine.kernel.allocators.allocate_page(c),
        "free_page": lambda testbed, c, g: testbed.machine.kernel.allocators.free_page(c, g),
        "run_out": lambda testbed, c: testbed.machine.kernel.allocators.run_out(c),
        "take_down": lambda testbed, c: testbed.machine.kernel.layouts.take_down(c),
    }


def _lay_out(setup: Setup, testbed: Testbed, c: int, s: int, z: str) -> None:
    """The process that has registered its memory enters the vCPU with the answer."""
    backing, shadows = testbed.machine.host.backing, testbed.machine.host.shadows
    told = backing.size_answer(c, s, wants_few=setup.wants_few)
    # The slot is as large as the stride; the other sizes are for a host that answers what it likes.
    answer = told if z == "one_stride" else _answer(setup, testbed, z)
    page = _metadata(setup, testbed, s)
    if page not in backing.resolved:
        raise InexpressibleError("the metadata are written at once, so their page is resolved")
    steps: list[Step] = []
    if page not in backing.frames and shadows.is_alive(c):
        steps.append(lambda: backing.grant_page(s, page, backing.free_frames()[0]))
    if shadows.is_killed(c):
        steps.append(partial(shadows.reap_vcpu, s, answer))
    else:
        steps.append(partial(shadows.enter, shadows.holders[s], answer))
    testbed.together(*steps, *_laying_out(testbed, c, s))


def _lay_out_unseen(setup: Setup, testbed: Testbed, c: int, s: int, z: str) -> None:
    """A hostile host enters any vCPU with any answer, and gives the page that is asked for."""
    machine, page = testbed.machine, _metadata(setup, testbed, s)
    frame = machine.geometry.pool_frames[testbed.pages.index(page)]
    steps: list[Step] = []
    if machine.platform.assigned(frame) != page:
        steps.append(partial(machine.hostile.offer, page, frame))
    steps.append(partial(machine.hostile.enter, s, _answer(setup, testbed, z)))
    testbed.together(*steps, *_laying_out(testbed, c, s))


def _laying_out(testbed: Testbed, c: int, s: int) -> Iterator[Step]:
    kernel = testbed.machine.kernel
    yield partial(kernel.layouts.lay_out, c, s)
    yield partial(kernel.threads.request, s, 0)


def _metadata(setup: Setup, testbed: Testbed, s: int) -> int:
    return testbed.machine.geometry.stride_of(s)[setup.shared or 0]


def _answer(setup: Setup, testbed: Testbed, z: str) -> int:
    return SIZES[z] * testbed.machine.geometry.stride * PAGE | setup.wants_few


def let_go(testbed: Testbed, proceed: Proceed, c: int) -> None:
    """When nothing is left, the process hears of it, and its vCPUs go back to the host."""
    if testbed.phase(c) != "exiting":
        proceed()
        return
    vcpus = held_by(testbed, c)
    inside = [partial(driven, testbed, vcpu) for vcpu in vcpus]
    parked = [partial(park, testbed, vcpu) for vcpu in vcpus]
    dismiss = partial(testbed.machine.host.shadows.dismiss, c)
    testbed.together(*inside, proceed, dismiss, *parked)


# What an honest host does


def _honest() -> Mapping[str, Function]:
    return {
        "take_vcpu": take_vcpu,
        "register_memory": register_memory,
        "resolve_fault": resolve_fault,
        "remove_memory": remove_memory,
        "publish_vcpu": lambda testbed, s: testbed.machine.host.shadows.publish(s),
    }


def take_vcpu(testbed: Testbed, c: int) -> None:
    """The process takes a vCPU and enters it, and the guest asks for the size of the pool."""
    shadows = testbed.machine.host.shadows
    if held_by(testbed, c):
        raise InexpressibleError("further vCPUs are for further threads")
    if testbed.phase(c) == "drained":
        raise InexpressibleError("a process that was dismissed asks for nothing")
    handle = shadows.allocate(c)
    shadows.enter(handle)
    testbed.machine.kernel.threads.request(handle.vcpu, 0)


def register_memory(testbed: Testbed, c: int, s: int) -> None:
    """The process maps as much memory as the stride is long."""
    sizes, backing = testbed.machine.geometry, testbed.machine.host.backing
    backing.add_slot(c, sizes.stride_of(s).start, sizes.stride)


def resolve_fault(testbed: Testbed, c: int, g: int) -> None:
    """The vCPU that the process drives faults, or is expected to (KVM_PRE_FAULT_MEMORY)."""
    testbed.machine.host.backing.resolve(testbed.handle(c).vcpu, g)


def remove_memory(testbed: Testbed, c: int, s: int) -> None:
    """The process takes back what is behind its slot, and deletes it."""
    backing, first = testbed.machine.host.backing, testbed.machine.geometry.stride_of(s).start
    slot = testbed.machine.host.shadows.slots.get((c, first))
    backed = [page for page in backing.frames if slot is not None and page in slot]
    steps: list[Step] = [partial(backing.reclaim_page, page) for page in backed]
    testbed.together(*steps, partial(backing.remove_slot, c, first))
