"""Where pools lie: in strides, one for each vCPU.

A container that begins on a vCPU asks the host how large its pool is, and the kernel lays the pool
out in the stride of that vCPU. The answer is the host's word. A pool that is larger than a stride
would reach into the neighbour's, so the kernel takes none that is; within strides, which lie beside
each other, no pool can meet another, and nobody looks at the others. One stride holds one pool at a
time: a host that wakes a vCPU for a new container while another's pool lies there is refused. On
whose vCPU a container begins is the host's word, too: a container has none when it is created. Who
begins on the vCPU of another's shadow has its pool there, and that shadow pays for it.

The page of metadata is the first of the private part. It is accepted at once, because the
allocators write there before they hand anything out, so it is the first page for which the
container's control group pays. It is given up with the pool, when everything else has come back.
"""

from __future__ import annotations

from splitspec.impl.geometry import PAGE, Geometry
from splitspec.impl.hardware.processor import Processor
from splitspec.impl.kernel.allocators import Allocators
from splitspec.impl.kernel.pools import Pools
from splitspec.impl.kernel.records import Layout, Phase, State, Use
from splitspec.impl.kernel.shootdown import Shootdown
from splitspec.impl.refusal import Guards, KernelRefusal

FEW_SHARED = 1
"""The bit of the host's answer that asks for the smaller shared part; the others are bytes."""


class Layouts:
    """The pools of all containers, as they lie in strides."""

    __slots__ = (
        "_allocators",
        "_geometry",
        "_pools",
        "_processor",
        "_shootdown",
        "_state",
    )

    def __init__(
        self,
        state: State,
        geometry: Geometry,
        processor: Processor,
        *,
        pools: Pools,
        shootdown: Shootdown,
        allocators: Allocators,
    ) -> None:
        self._state = state
        self._geometry = geometry
        self._processor = processor
        self._pools = pools
        self._shootdown = shootdown
        self._allocators = allocators

    def lay_out(self, container: int, vcpu: int) -> Layout:
        """Lay the pool of a new container out, in the stride of the vCPU on which the kernel runs
        and to whose last exit the host has answered with the size."""
        guards = Guards(KernelRefusal, "lay_out")
        row = self._state.containers.get(container)
        new = row is not None and row.phase is Phase.CREATED
        guards.require("new", new, f"container {container} is not being loaded")
        self._shootdown.check_vcpu(guards, vcpu)
        single = self._state.layout(container) is None
        guards.require("single", single, f"container {container} has a pool")
        vacant = vcpu not in self._state.layouts
        guards.require("vacant", vacant, f"a pool lies in the stride of vCPU {vcpu}")
        size, shared = self._answered(guards, self._processor.vcpus[vcpu].answer)
        layout = Layout(container, self._geometry.stride_of(vcpu).start, size, shared)
        self._pools.accept_metadata(container, layout.metadata)
        self._state.layouts[vcpu] = layout
        return layout

    def take_down(self, container: int) -> None:
        """Dismantle the allocators, when everything has come back to them: the stride is free."""
        guards = Guards(KernelRefusal, "take_down")
        row = self._state.containers.get(container)
        exiting = row is not None and row.phase is Phase.EXITING
        guards.require("exiting", exiting, f"container {container} is not")
        found = self._state.layout(container)
        if found is None:
            guards.fail("laid_out", f"container {container} has no pool")
        vcpu, layout = found
        buffers = self._state.buffers_of(container)
        guards.require("closed", not buffers, f"buffers {buffers} are open")
        self._pools.check_drained(guards, container)
        if self._state.pages[layout.metadata].use is not Use.LOST:
            held = self._allocators.held(layout)
            guards.require("empty", not held, f"pages {held} are handed out")
            self._pools.release_metadata(layout.metadata)
        for page in self._state.pool(container):
            del self._state.pools[page]
        del self._state.layouts[vcpu]

    def _answered(self, guards: Guards, answer: int) -> tuple[int, int]:
        """Return the size of the pool and of its shared part, in pages, if the host may say so."""
        sizes = self._geometry
        shared = sizes.few_shared if answer & FEW_SHARED else sizes.shared
        size, rest = divmod(answer & ~FEW_SHARED, PAGE)
        guards.require("whole", answer >= 0 and rest == 0, f"{answer:#x} is no size in pages")
        guards.require("room", size > shared, f"{size} pages hold no metadata")
        guards.require("bounded", size <= sizes.stride, f"{size} pages, of {sizes.stride}")
        return size, shared
