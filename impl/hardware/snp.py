"""SEV-SNP: the reverse map table decides what a frame may be used for.

Sources: SEV-SNP firmware ABI (AMD 56860), APM volume 2, section 15.36. Kept: Hypervisor (no row),
Guest-Invalid and Guest-Valid. Left out: immutable pages, pages of 2 MiB, VMPLs, swap.

The nested page table is the host's own, to edit at will; what protects the guest is that each
access compares the row of the frame with the guest page. A guest page may have many frames that the
host keeps ready, so the kernel must remember what it accepted.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from splitspec.impl.geometry import PAGE
from splitspec.impl.hardware.memory import Memory
from splitspec.impl.hardware.tlb import Tlb
from splitspec.impl.journal import Journal, Table
from splitspec.impl.refusal import Guards, HardwareRefusal, NestedPageFault, NotValidated


@dataclass(frozen=True, slots=True)
class RmpEntry:
    """The row of an assigned frame; a frame without a row is the hypervisor's."""

    page: int
    validated: bool


class Snp:
    """The page machine of SEV-SNP."""

    __slots__ = ("_memory", "_phase", "_tlb", "nested", "rmp")

    name = "SEV-SNP"
    clears_on_accept = False
    has_id_block = True

    def __init__(self, journal: Journal, memory: Memory, tlb: Tlb) -> None:
        self._memory = memory
        self._tlb = tlb
        self.rmp: Table[int, RmpEntry] = Table(journal)
        self.nested: Table[int, int] = Table(journal)
        self._phase: Table[str, bool] = Table(journal)

    def resolve(self, page: int, *, private: bool) -> int:
        """Return the frame that an access of the guest reaches."""
        frame = self.nested.get(page)
        if frame is None or not self._memory.has(frame):
            raise NestedPageFault("access", "backed", page)
        entry = self.rmp.get(frame)
        if not private:
            if entry is not None:
                raise NestedPageFault("access", "unassigned", page)
        elif entry is None or entry.page != page:
            raise NestedPageFault("access", "assigned", page)
        elif not entry.validated:
            raise NotValidated("access", "validated", f"frame {frame} of page {page}")
        return frame

    def check_intact(self, frame: int) -> None:
        """Nobody but its guest writes to a frame of the guest: RMP checks see to it."""

    def accept(self, page: int) -> None:
        """PVALIDATE with 1. Success does not say that the page was new: it may be another frame."""
        self._pvalidate(page, validated=True)

    def rescind(self, page: int) -> None:
        """PVALIDATE with 0."""
        self._pvalidate(page, validated=False)

    def _pvalidate(self, page: int, *, validated: bool) -> None:
        """Change the bit; where the instruction would set the carry flag, no change, refuse."""
        frame = self.nested.get(page)
        if frame is None:
            raise NestedPageFault("pvalidate", "backed", page)
        entry = self.rmp.get(frame)
        if entry is None or entry.page != page:
            raise NestedPageFault("pvalidate", "assigned", page)
        guards = Guards(HardwareRefusal, "pvalidate")
        changes = entry.validated is not validated
        guards.require("once" if validated else "validated", changes, f"page {page}: no change")
        self.rmp[frame] = replace(entry, validated=validated)
        self._tlb.flush_frame(frame)

    def offer(self, page: int, frame: int) -> None:
        """RMPUPDATE the frame to Guest-Invalid, and map it in the nested table."""
        self.rmpupdate(frame, page)
        self.nest(page, frame)

    def reclaim(self, page: int, frame: int) -> None:
        """RMPUPDATE the frame to Hypervisor, and unmap it if it is still mapped."""
        self.rmpupdate(frame, None)
        if self.nested.get(page) == frame:
            self.nest(page, None)

    def share(self, page: int, frame: int | None) -> None:
        """Shared pages stand in the same nested table."""
        self.nest(page, frame)

    def forget(self, frame: int) -> None:
        """Flush the nested translations of the frame on every core."""
        self._tlb.flush_frame(frame)

    def rmpupdate(self, frame: int, page: int | None) -> None:
        """Give the frame to a guest page, or back to the hypervisor; every core forgets it.

        An identical update clears `validated` too, as the architecture allows.
        """
        self._memory.check(Guards(HardwareRefusal, "rmpupdate"), frame)
        if page is None:
            self.rmp.discard(frame)
        else:
            self.rmp[frame] = RmpEntry(page, validated=False)
        self._tlb.flush_frame(frame)

    def nest(self, page: int, frame: int | None) -> None:
        """Edit the nested page table: nothing restrains the host here."""
        if frame is None:
            self.nested.discard(page)
        else:
            self.nested[page] = frame

    def assigned(self, frame: int) -> int | None:
        """The guest page in the row of the frame."""
        entry = self.rmp.get(frame)
        return None if entry is None else entry.page

    def accepted(self, page: int) -> bool:
        """The frame mapped at the page is validated for it (RMPREAD)."""
        entry = self.rmp.get(self.nested.get(page, -1))
        return entry is not None and entry.page == page and entry.validated

    def host_read(self, frame: int) -> bytes:
        """The host reads what is in memory: ciphertext, where the frame is private."""
        self._memory.check(Guards(HardwareRefusal, "host_read"), frame)
        return self._memory.raw(frame)

    def host_write(self, frame: int, offset: int, data: bytes) -> None:
        """The host writes what is not assigned; else its own access faults."""
        guards = Guards(HardwareRefusal, "host_write")
        self._memory.check(guards, frame, offset, len(data))
        guards.require("unassigned", frame not in self.rmp, f"frame {frame} is the guest's")
        self._memory.write_raw(frame, offset, data)

    def launch(self, page: int, frame: int, data: bytes) -> None:
        """SNP_LAUNCH_UPDATE: from Pre-Guest, encrypted in place, to Guest-Valid."""
        guards = Guards(HardwareRefusal, "launch")
        guards.require("launching", not self._phase.get("finished", False), "launch is finished")
        self._memory.check(guards, frame)
        guards.require("unassigned", frame not in self.rmp, f"frame {frame} is in use")
        guards.require("whole", len(data) == PAGE, "a page is put in whole")
        self.rmp[frame] = RmpEntry(page, validated=True)
        self.nested[page] = frame
        self._memory.store(frame, 0, data, private=True)

    def finish_launch(self) -> None:
        """SNP_LAUNCH_FINISH."""
        self._phase["finished"] = True

    @property
    def is_launched(self) -> bool:
        """The guest may run."""
        return self._phase.get("finished", False)

    def cancel_launch(self) -> None:
        """SNP_DECOMMISSION; the host reclaims every frame."""
        for frame in list(self.rmp):
            del self.rmp[frame]
        for page in list(self.nested):
            del self.nested[page]

    def enter(self, vcpu: int) -> bool:
        """RMPUPDATE has dropped what had to go."""
        return False

    def leave(self, vcpu: int) -> None:
        """Nothing to note."""
