"""Addresses that containers leave with the kernel, to which it writes when something happens.

The kernel writes past the container's table, so the page must be one that the container could
write, and its alone: the address is refused until a fault has made the page private. It stays
mapped, and writable, until the address is withdrawn; the kernel writes nowhere else.
"""

from __future__ import annotations

from splitspec.impl.geometry import PAGE
from splitspec.impl.kernel.address_space import AddressSpaces
from splitspec.impl.kernel.direct_map import DirectMap
from splitspec.impl.kernel.records import Phase, State, Target, Use
from splitspec.impl.refusal import Guards, KernelRefusal


class Pointers:
    """One address of each container."""

    __slots__ = ("_memory", "_spaces", "_state")

    def __init__(self, state: State, *, memory: DirectMap, spaces: AddressSpaces) -> None:
        self._state = state
        self._memory = memory
        self._spaces = spaces

    def register(self, container: int, start: int, length: int) -> None:
        """Note where to write for a running container: so many bytes of one page."""
        guards = Guards(KernelRefusal, "register_pointer")
        self._check_running(guards, container)
        vacant = container not in self._state.targets
        guards.require("vacant", vacant, f"container {container} has left an address")
        address, offset = divmod(start, PAGE)
        inside = 0 < length <= PAGE - offset
        guards.require("inside", inside, f"{length} bytes from {offset} are not in one page")
        entry = self._spaces.check_mapped(guards, container, address)
        private = entry.writable and self._state.pages[entry.page].use is Use.PRIVATE
        guards.require("private", private, f"page {entry.page} is not the container's to write")
        self._state.targets[container] = Target(entry.page, offset, length)

    def write(self, container: int, data: bytes) -> None:
        """What the address is for has happened: write there."""
        guards = Guards(KernelRefusal, "write_pointer")
        self._check_running(guards, container)
        target = self._target(guards, container)
        fits = len(data) == target.length
        guards.require("fits", fits, f"{len(data)} bytes of {target.length}")
        self._memory.write(target.page, data, offset=target.offset)

    def withdraw(self, container: int) -> None:
        """Forget the address, as the container wishes or because it leaves."""
        self._target(Guards(KernelRefusal, "withdraw_pointer"), container)
        del self._state.targets[container]

    def _check_running(self, guards: Guards, container: int) -> None:
        row = self._state.containers.get(container)
        running = row is not None and row.phase is Phase.RUNNING
        guards.require("running", running, f"container {container} is not")

    def _target(self, guards: Guards, container: int) -> Target:
        target = self._state.targets.get(container)
        if target is None:
            guards.fail("registered", f"container {container} has left no address")
        return target
