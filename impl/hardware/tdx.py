"""TDX: the secure EPT decides which frame a private guest page reaches.

The host made the TD with PAGE_RELEASE, so the guest can withdraw an acceptance. In other TDs it
waits until the host removes the page.

Source: the TDX module 1.5, `tdg_mem_page_accept.c`, `tdh_mem_range_block.c`, `tdh_mem_track.c`,
`tdh_mem_page_remove.c`. Kept: FREE (no row), PENDING, MAPPED, BLOCKED, PENDING_BLOCKED, the epochs
that make REMOVE safe against stale translations, and the TD-owner bit of memory. Left out: 2 MiB
pages, relocation, migration, L2. Shared pages stand in an EPT of the host's own.

Translations survive BLOCK. A page can be removed only when every vCPU that could hold one has left
the guest since, and a vCPU whose recorded epoch is old loses its translations when it enters.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum

from splitspec.impl.geometry import PAGE, ZEROS
from splitspec.impl.hardware.memory import Memory
from splitspec.impl.hardware.tlb import Tlb
from splitspec.impl.journal import Journal, Table
from splitspec.impl.refusal import Guards, HardwareRefusal, MachineCheck, NestedPageFault

EPOCH = "epoch"
FINISHED = "finished"


class SeptState(Enum):
    """State of a private guest page; one without a row is free."""

    PENDING = "pending"
    MAPPED = "mapped"
    BLOCKED = "blocked"
    PENDING_BLOCKED = "pending blocked"


BLOCKED_FORM = {
    SeptState.PENDING: SeptState.PENDING_BLOCKED,
    SeptState.MAPPED: SeptState.BLOCKED,
}


@dataclass(frozen=True, slots=True)
class SeptEntry:
    """The leaf of a private guest page."""

    frame: int
    state: SeptState
    blocked_in: int = 0


class Tdx:
    """The page machine of TDX."""

    __slots__ = ("_memory", "_tlb", "_world", "inside", "lost", "owner", "seen", "sept", "shared")

    name = "TDX"
    clears_on_accept = True
    has_id_block = False

    def __init__(self, journal: Journal, memory: Memory, tlb: Tlb) -> None:
        self._memory = memory
        self._tlb = tlb
        self.sept: Table[int, SeptEntry] = Table(journal)
        self.owner: Table[int, int] = Table(journal)  # PAMT: frame to private guest page
        self.shared: Table[int, int] = Table(journal)
        self.lost: Table[int, bool] = Table(journal)  # frames whose TD-owner bit was cleared
        self.inside: Table[int, int] = Table(journal)  # vCPU in the guest: its epoch
        self.seen: Table[int, int] = Table(journal)  # epoch in which a vCPU last entered
        self._world: Table[str, int] = Table(journal)

    @property
    def epoch(self) -> int:
        """TD_EPOCH."""
        return self._world.get(EPOCH, 0)

    def resolve(self, page: int, *, private: bool) -> int:
        """Return the frame that an access of the guest reaches."""
        if not private:
            frame = self.shared.get(page)
            if frame is None or frame in self.owner or not self._memory.has(frame):
                raise NestedPageFault("access", "backed", page)
            return frame
        entry = self.sept.get(page)
        if entry is None:
            raise NestedPageFault("access", "backed", page)
        if entry.state is not SeptState.MAPPED:
            raise NestedPageFault("access", "accepted", page)
        self.check_intact(entry.frame)
        return entry.frame

    def check_intact(self, frame: int) -> None:
        """Memory has the owner bit, so a cached translation does not spare the check."""
        if frame in self.lost:
            raise MachineCheck("access", "intact", f"frame {frame} lost its owner bit")

    def accept(self, page: int) -> None:
        """TDG.MEM.PAGE.ACCEPT: zero a pending page and map it."""
        entry = self.sept.get(page)
        if entry is None:
            raise NestedPageFault("accept", "backed", page)
        guards = Guards(HardwareRefusal, "accept")
        guards.require("once", entry.state is not SeptState.MAPPED, f"page {page} is accepted")
        if entry.state is not SeptState.PENDING:
            raise NestedPageFault("accept", "pending", page)
        self._memory.store(entry.frame, 0, ZEROS, private=True)
        self.lost.discard(entry.frame)
        self.sept[page] = replace(entry, state=SeptState.MAPPED)

    def rescind(self, page: int) -> None:
        """TDG.MEM.PAGE.RELEASE: back to pending."""
        entry = self.sept.get(page)
        if entry is None or entry.state is not SeptState.MAPPED:
            raise NestedPageFault("release", "backed", page)
        self.sept[page] = replace(entry, state=SeptState.PENDING)
        self._tlb.flush_frame(entry.frame)

    def offer(self, page: int, frame: int) -> None:
        """TDH.MEM.PAGE.AUG."""
        guards = Guards(HardwareRefusal, "aug")
        self._memory.check(guards, frame)
        guards.require("free_entry", page not in self.sept, f"page {page} has a frame")
        guards.require("free_frame", frame not in self.owner, f"frame {frame} is owned")
        self.sept[page] = SeptEntry(frame, SeptState.PENDING)
        self.owner[frame] = page

    def reclaim(self, page: int, frame: int) -> None:
        """BLOCK, TRACK and REMOVE, without anyone inside who would have to be kicked out first."""
        entry = self.sept.get(page)
        guards = Guards(HardwareRefusal, "reclaim")
        guards.require("present", entry is not None and entry.frame == frame, f"page {page}")
        guards.require("left", not self.inside, "a vCPU is in the guest")
        if entry is not None and entry.state in BLOCKED_FORM:
            self.block(page)
        if not self._is_tracked(self.sept[page].blocked_in):
            self.track()
        self.remove(page)

    def share(self, page: int, frame: int | None) -> None:
        """Edit the EPT of shared pages: nothing restrains the host here."""
        if frame is None:
            self.shared.discard(page)
        else:
            self.shared[page] = frame

    def forget(self, frame: int) -> None:
        """INVEPT on every core: shared translations, too, outlive an edit of the EPT."""
        self._tlb.flush_frame(frame)

    def block(self, page: int) -> None:
        """TDH.MEM.RANGE.BLOCK; the epoch is sampled after the block."""
        entry = self.sept.get(page)
        guards = Guards(HardwareRefusal, "block")
        if entry is None or entry.state not in BLOCKED_FORM:
            guards.fail("present", f"page {page} is free or blocked")
        self.sept[page] = SeptEntry(entry.frame, BLOCKED_FORM[entry.state], self.epoch)

    def unblock(self, page: int) -> None:
        """TDH.MEM.RANGE.UNBLOCK."""
        entry = self.sept.get(page)
        guards = Guards(HardwareRefusal, "unblock")
        if entry is None or entry.state in BLOCKED_FORM:
            guards.fail("blocked", f"page {page} is not blocked")
        guards.require("tracked", self._is_tracked(entry.blocked_in), "translations may remain")
        state = next(form for form, blocked in BLOCKED_FORM.items() if blocked is entry.state)
        self.sept[page] = SeptEntry(entry.frame, state)

    def track(self) -> None:
        """TDH.MEM.TRACK: begin an epoch, unless a vCPU is still in the one before this."""
        guards = Guards(HardwareRefusal, "track")
        busy = self.epoch - 1 in self.inside.values()
        guards.require("previous_epoch_left", not busy, f"epoch {self.epoch - 1} has a vCPU")
        self._world[EPOCH] = self.epoch + 1

    def remove(self, page: int) -> None:
        """TDH.MEM.PAGE.REMOVE: the frame is the host's again, with its content."""
        entry = self.sept.get(page)
        guards = Guards(HardwareRefusal, "remove")
        if entry is None or entry.state in BLOCKED_FORM:
            guards.fail("blocked", f"page {page} is not blocked")
        guards.require("tracked", self._is_tracked(entry.blocked_in), "translations may remain")
        del self.sept[page]
        del self.owner[entry.frame]

    def _is_tracked(self, blocked_in: int) -> bool:
        """No vCPU that entered by the epoch of the block is still in the guest."""
        previous = self.epoch - 1
        return blocked_in < previous or (
            blocked_in == previous and previous not in self.inside.values()
        )

    def assigned(self, frame: int) -> int | None:
        """The private guest page of the frame (PAMT)."""
        return self.owner.get(frame)

    def accepted(self, page: int) -> bool:
        """The page is mapped, or was when it was blocked."""
        entry = self.sept.get(page)
        return entry is not None and entry.state in (SeptState.MAPPED, SeptState.BLOCKED)

    def host_read(self, frame: int) -> bytes:
        """A read with a shared key finds a fixed pattern where the frame is private."""
        self._memory.check(Guards(HardwareRefusal, "host_read"), frame)
        return ZEROS if frame in self.owner else self._memory.raw(frame)

    def host_write(self, frame: int, offset: int, data: bytes) -> None:
        """A write with a shared key destroys a private frame: its next private use notices."""
        self._memory.check(Guards(HardwareRefusal, "host_write"), frame, offset, len(data))
        self._memory.write_raw(frame, offset, data)
        if frame in self.owner:
            self.lost[frame] = True

    def launch(self, page: int, frame: int, data: bytes) -> None:
        """TDH.MEM.PAGE.ADD and TDH.MR.EXTEND."""
        guards = Guards(HardwareRefusal, "launch")
        guards.require("launching", not self._world.get(FINISHED, 0), "launch is finished")
        self._memory.check(guards, frame)
        guards.require("free_entry", page not in self.sept, f"page {page} has a frame")
        guards.require("free_frame", frame not in self.owner, f"frame {frame} is owned")
        guards.require("whole", len(data) == PAGE, "a page is added whole")
        self.sept[page] = SeptEntry(frame, SeptState.MAPPED)
        self.owner[frame] = page
        self._memory.store(frame, 0, data, private=True)
        self.lost.discard(frame)

    def finish_launch(self) -> None:
        """TDH.MR.FINALIZE."""
        self._world[FINISHED] = 1

    @property
    def is_launched(self) -> bool:
        """The TD may run."""
        return bool(self._world.get(FINISHED, 0))

    def cancel_launch(self) -> None:
        """TDH.MNG.KEY.RECLAIMID and TDH.PHYMEM.PAGE.RECLAIM for every page."""
        for page in list(self.sept):
            del self.owner[self.sept[page].frame]
            del self.sept[page]

    def enter(self, vcpu: int) -> bool:
        """TDH.VP.ENTER: the vCPU joins the epoch, without the translations of older ones."""
        is_stale = self.seen.get(vcpu, self.epoch) != self.epoch
        self.seen[vcpu] = self.epoch
        self.inside[vcpu] = self.epoch
        return is_stale

    def leave(self, vcpu: int) -> None:
        """The vCPU no longer counts in its epoch."""
        self.inside.discard(vcpu)
