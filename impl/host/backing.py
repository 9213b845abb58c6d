"""Memory of guests on the host: slots, the frames behind them, and who pays.

A shadow container registers one slot of guest-physical pages, and maps as much of its own memory
for it. Where each vCPU comes with a stride of pages, the slot begins where the stride does, and
stays within. A fault of one of its vCPUs on a page of the slot is served from the free frames, and
charged to its group. What backs a page is looked up in the slot owner's memory map, at an address
as far from the beginning of its memory as the page is from that of the slot; never in the memory of
the process that happens to run. What was found stays until the slot goes, and decides: that process
touches that address, its group pays, and the page leads to the frame that it has there. A frame is
used anew only when no entry and no translation of a shared page leads to it.
"""

from __future__ import annotations

from splitspec.impl.geometry import PAGE, Geometry
from splitspec.impl.hardware.platform import Platform
from splitspec.impl.hardware.tdx import Tdx
from splitspec.impl.host.cgroup import Cgroups
from splitspec.impl.host.shadow import Shadows, Slot
from splitspec.impl.journal import Journal, Table
from splitspec.impl.refusal import Guards, HostRefusal

MMAP = 0x7F0000000
"""The virtual page of a process from which mmap looks for room."""


class Backing:
    """The frames behind guest pages."""

    __slots__ = ("_cgroups", "_geometry", "_platform", "_shadows", "frames", "resolved", "touched")

    def __init__(
        self,
        journal: Journal,
        geometry: Geometry,
        *,
        platform: Platform,
        cgroups: Cgroups,
        shadows: Shadows,
    ) -> None:
        self._geometry = geometry
        self._platform = platform
        self._cgroups = cgroups
        self._shadows = shadows
        self.frames: Table[int, int] = Table(journal)  # guest page to the frame behind it
        # Guest page to the process in whose memory it was found, and the virtual page there.
        self.resolved: Table[int, tuple[int, int]] = Table(journal)
        # The page tables of the processes: what they have touched, by process and virtual page.
        self.touched: Table[tuple[int, int], int] = Table(journal)

    def owner(self, page: int) -> int | None:
        """Return the shadow container whose slot holds the page."""
        return next((key[0] for key, slot in self._shadows.slots.items() if page in slot), None)

    def free_frames(self) -> list[int]:
        """Return the frames that back nothing."""
        used = set(self.frames.values())
        return [frame for frame in self._geometry.pool_frames if frame not in used]

    def add_slot(self, shadow: int, first: int, count: int = 1) -> None:
        """KVM_SET_USER_MEMORY_REGION for a shadow container."""
        pages = range(first, first + count)
        guards = Guards(HostRefusal, "add_slot")
        guards.require("alive", self._shadows.is_alive(shadow), f"no shadow container {shadow}")
        inside = count > 0 and first in self._geometry.pool_pages
        guards.require("inside", inside and pages[-1] in self._geometry.pool_pages, f"{pages}")
        vcpu = self._vcpu(guards, shadow, pages)
        apart = all(self.owner(page) is None for page in pages)
        guards.require("disjoint", apart, f"{pages} overlap a slot")
        self._shadows.slots[shadow, first] = Slot(first, count, self._map(shadow, count), vcpu)

    def size_answer(self, shadow: int, vcpu: int, *, wants_few: bool = False) -> int:
        """Answer the guest that asks, on the vCPU, how large the pool of a new container is: what
        the shadow has registered for it, in bytes, and the bit for a small shared part."""
        guards = Guards(HostRefusal, "size_answer")
        slot = next((s for s in self._shadows.slots_of(shadow) if s.vcpu == vcpu), None)
        if slot is None:
            guards.fail("registered", f"shadow container {shadow} has no slot at vCPU {vcpu}")
        return slot.count * PAGE | wants_few

    def remove_slot(self, shadow: int, first: int) -> None:
        """Delete a slot behind which no frame is left."""
        guards = Guards(HostRefusal, "remove_slot")
        slot = self._shadows.slots.get((shadow, first))
        if slot is None:
            guards.fail("exists", f"shadow container {shadow} has no slot at {first}")
        used = [page for page in self.frames if page in slot]
        guards.require("unbacked", not used, f"pages {used} have frames")
        needed = self._shadows.shadows[shadow].is_needed
        guards.require("dismissed", not needed, f"the guest has container {shadow}")
        for page in [page for page in self.resolved if page in slot]:
            del self.resolved[page]
        del self._shadows.slots[shadow, first]

    def resolve(self, vcpu: int, page: int) -> None:
        """Find the page that the vCPU faults on in the memory of the process that owns its slot."""
        self._resolve(self._check_fault(Guards(HostRefusal, "resolve"), vcpu, page), page)

    def back_page(self, vcpu: int, page: int, frame: int) -> None:
        """Serve a fault of the vCPU: find a frame for the page, and charge for it."""
        guards = Guards(HostRefusal, "back_page")
        self._check_backing(guards, vcpu, page, frame)
        self._back(page, frame)

    def assign_frame(self, page: int) -> None:
        """Offer the frame behind the page to the guest: RMPUPDATE and NPT, or AUG."""
        guards = Guards(HostRefusal, "assign_frame")
        frame = self.frames.get(page)
        if frame is None:
            guards.fail("backed", f"page {page} has no frame")
        unassigned = self._platform.assigned(frame) is None
        guards.require("unassigned", unassigned, f"frame {frame} is assigned")
        self._unshare(page, frame)
        self._platform.offer(page, frame)

    def grant_page(self, vcpu: int, page: int, frame: int) -> None:
        """Back the page and assign the frame, in one step, as a fault handler does."""
        guards = Guards(HostRefusal, "grant_page")
        self._check_backing(guards, vcpu, page, frame)
        unassigned = self._platform.assigned(frame) is None
        guards.require("unassigned", unassigned, f"frame {frame} is assigned")
        self._platform.offer(page, frame)
        self._back(page, frame)

    def convert_to_shared(self, page: int) -> None:
        """Serve the guest's wish to have the page shared, when the guest has rescinded it."""
        guards = Guards(HostRefusal, "convert_to_shared")
        frame = self._given_back(guards, page)
        if self._platform.assigned(frame) is not None:
            self._platform.reclaim(page, frame)
        self._platform.share(page, frame)

    def reclaim_page(self, page: int) -> None:
        """Take the frame behind a page that the guest gave back, and credit who paid.

        If the shadow was killed the host waits too: its zygote may have clones, which still read.
        """
        guards = Guards(HostRefusal, "reclaim_page")
        frame = self._given_back(guards, page)
        self._take(page, frame)

    def block_page(self, page: int) -> None:
        """Begin to take back a page of a TD that the guest gave back: TDH.MEM.RANGE.BLOCK."""
        guards = Guards(HostRefusal, "block_page")
        self._given_back(guards, page)
        self._secure_ept(guards).block(page)

    def remove_page(self, page: int) -> None:
        """Take the frame behind a blocked page of a TD: TDH.MEM.PAGE.REMOVE, and the credit.

        `reclaim_page` is both at once.
        """
        guards = Guards(HostRefusal, "remove_page")
        frame = self._given_back(guards, page)
        self._secure_ept(guards).remove(page)
        self._take(page, frame)

    def _secure_ept(self, guards: Guards) -> Tdx:
        if not isinstance(self._platform, Tdx):
            guards.fail("secure_ept", f"{self._platform.name} takes a frame in one step")
        return self._platform

    def _vcpu(self, guards: Guards, shadow: int, pages: range) -> int | None:
        """Return the vCPU whose stride begins as the pages do; refuse any other pages."""
        if not self._geometry.stride:
            return None
        vcpu = self._geometry.vcpu_of(pages.start)
        stride = self._geometry.stride_of(vcpu)
        fits = pages.start == stride.start and pages.stop <= stride.stop
        guards.require("stride", fits, f"{pages} in the stride {stride} of vCPU {vcpu}")
        driven = self._shadows.driver(vcpu)
        guards.require("driver", driven == shadow, f"vCPU {vcpu} is driven by {driven}")
        return vcpu

    def _map(self, shadow: int, count: int) -> int:
        """Return where mmap finds room in the memory of a process: in the first gap."""
        base = MMAP
        for slot in sorted(self._shadows.slots_of(shadow), key=lambda slot: slot.base):
            if slot.base - base >= count:
                break
            base = slot.base + slot.count
        return base

    def _check_fault(self, guards: Guards, vcpu: int, page: int) -> int:
        """Refuse a page that the vCPU cannot fault on; return the owner of its slot."""
        owner = self.owner(page)
        if owner is None:
            guards.fail("in_slot", f"page {page} is in no slot")
        guards.require("alive", self._shadows.is_alive(owner), f"shadow container {owner} is dead")
        driven = self._shadows.driver(vcpu)
        guards.require("faulting", driven == owner, f"vCPU {vcpu} is driven by {driven}")
        return owner

    def _check_backing(self, guards: Guards, vcpu: int, page: int, frame: int) -> None:
        owner = self._check_fault(guards, vcpu, page)
        guards.require("unbacked", page not in self.frames, f"page {page} has a frame")
        free = frame in self._geometry.pool_frames and frame not in self._cgroups.charged
        guards.require("free_frame", free, f"frame {frame} is in use")
        process, address = self.resolved.get(page) or self._find(owner, page)
        untouched = (process, address) not in self.touched
        guards.require("untouched", untouched, f"process {process} has a frame at {address:#x}")
        group = self._shadows.group(process)
        guards.require("limit", self._cgroups.has_room(group), f"{group} is at memory.max")

    def _back(self, page: int, frame: int) -> None:
        """Have the process in whose memory the page was found touch it there, and pay."""
        owner = self.owner(page)
        assert owner is not None
        if page not in self.resolved:
            self._resolve(owner, page)
        process, address = self.resolved[page]
        self._cgroups.charge(self._shadows.group(process), frame)
        self.touched[process, address] = frame
        self.frames[page] = self.touched[self.resolved[page]]

    def _resolve(self, owner: int, page: int) -> None:
        """Note where the page lies in the memory of its slot's owner."""
        self.resolved[page] = self._find(owner, page)

    def _find(self, owner: int, page: int) -> tuple[int, int]:
        """Return the process whose slot has the page, and its virtual page behind it."""
        slot = next(slot for slot in self._shadows.slots_of(owner) if page in slot)
        return owner, slot.address(page)

    def _given_back(self, guards: Guards, page: int) -> int:
        frame = self.frames.get(page)
        if frame is None:
            guards.fail("backed", f"page {page} has no frame")
        guards.require("given_back", not self._platform.accepted(page), f"page {page} is in use")
        return frame

    def _take(self, page: int, frame: int) -> None:
        if self._platform.assigned(frame) == page:
            self._platform.reclaim(page, frame)
        self._unshare(page, frame)
        self._cgroups.uncharge(frame)
        del self.touched[self.resolved[page]]
        del self.frames[page]

    def _unshare(self, page: int, frame: int) -> None:
        """End shared accesses to the frame: the entry first, then what cores remember of it."""
        self._platform.share(page, None)
        self._platform.forget(frame)
