"""Which vCPUs may still hold a translation, and what waits for them.

A vCPU may hold translations of every container that it ran since its last full flush. When an
entry of a page table changes, the page that it named is quarantined until each such vCPU has
flushed, and whoever must not meet a stale translation does not run before that: the container
itself, and those that still use a page which another one has lost. The host delivers the
interrupts, so "sent" never counts as "flushed": a host that drops them keeps pages in quarantine
and containers from running, and gains nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable

from splitspec.impl.hardware.processor import Processor
from splitspec.impl.kernel.records import State
from splitspec.impl.refusal import Guards, KernelRefusal


class Shootdown:
    """Flushes of stale translations, and the quarantine of pages that wait for them."""

    __slots__ = ("_processor", "_state")

    def __init__(self, state: State, processor: Processor) -> None:
        self._state = state
        self._processor = processor

    def holders(self, container: int) -> frozenset[int]:
        """Return the vCPUs that may hold translations of the container."""
        presence = self._state.presence
        return frozenset(vcpu for vcpu, seen in presence.items() if container in seen)

    def retire(
        self,
        container: int,
        address: int,
        page: int,
        vcpu: int | None,
        *,
        users: Iterable[int] = (),
    ) -> None:
        """Begin to forget a translation: at once on `vcpu`, where the kernel runs this step.

        `users` are other containers that go on using the page.
        """
        lagging = self.holders(container)
        if vcpu is not None:
            self._processor.flush_address(vcpu, container, address)
            lagging -= {vcpu}
        if lagging:
            held_up = (container, *users)
            waits = frozenset((other, waiting) for other in lagging for waiting in held_up)
            self._state.quarantine[page] = self._state.quarantine.get(page, frozenset()) | waits

    def is_settled(self, vcpu: int, container: int) -> bool:
        """Nobody has to flush before the container runs on the vCPU."""
        return not self.awaited(vcpu, container)

    def awaited(self, vcpu: int, container: int) -> frozenset[int]:
        """Return the vCPUs that have to flush before the container runs on the vCPU."""
        return frozenset(
            other
            for lagging in self._state.quarantine.values()
            for other, waiting in lagging
            if other == vcpu or waiting == container
        )

    def check_vcpu(self, guards: Guards, vcpu: int | None) -> None:
        """Refuse unless the kernel runs on the vCPU, if one is named."""
        if vcpu is not None:
            state = self._processor.vcpus[vcpu]
            in_kernel = state.inside and state.directory is None
            guards.require("in_kernel", in_kernel, f"the kernel does not run on vCPU {vcpu}")

    def acknowledge(self, vcpu: int) -> None:
        """The vCPU is in the kernel and flushes: pages that waited for it alone become usable."""
        guards = Guards(KernelRefusal, "acknowledge")
        guards.require("inside", self._processor.vcpus[vcpu].inside, f"vCPU {vcpu} does not run")
        self.flush(vcpu)

    def flush(self, vcpu: int) -> None:
        """Flush the vCPU, which then can hold translations only of what it runs now."""
        self._processor.flush(vcpu)
        state = self._processor.vcpus[vcpu]
        seen = frozenset() if state.directory is None else frozenset({state.tag})
        self._state.presence[vcpu] = seen
        for page, lagging in list(self._state.quarantine.items()):
            left = frozenset(wait for wait in lagging if wait[0] != vcpu)
            if left:
                self._state.quarantine[page] = left
            else:
                del self._state.quarantine[page]
