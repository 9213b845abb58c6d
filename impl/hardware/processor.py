"""The processor: vCPUs that enter and leave the guest, and what a container's accesses do.

A vCPU in the guest runs the kernel, or, once the kernel has loaded a table, a container. Accesses
of a container use the TLB of its core, else walk the guest's tables and the platform's, and fill
the TLB. When the vCPU that enters a core is not the one that ran there last, or comes from
elsewhere, the hardware flushes the core's guest translations (SNP's per-vCPU TLB identity); a host
that moves vCPUs around therefore gains nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from enum import Enum

from splitspec.impl.geometry import PAGE
from splitspec.impl.hardware.memory import Memory
from splitspec.impl.hardware.paging import Entry, Walker
from splitspec.impl.hardware.platform import Platform
from splitspec.impl.hardware.tlb import Tlb, Translation
from splitspec.impl.journal import Journal, Table
from splitspec.impl.refusal import Guards, GuestPageFault, HardwareRefusal

CLEAR = bytes(32)
"""What vector registers hold that nobody has used."""


class Reason(Enum):
    """Why a vCPU left the guest; the host sees it."""

    IDLE = "idle"
    REQUEST = "request"
    FAULT = "nested page fault"
    INTERRUPT = "interrupt"


@dataclass(frozen=True, slots=True)
class Exit:
    """What the host learns of an exit: the reason, and one register, such as a page number."""

    reason: Reason
    argument: int = 0


@dataclass(frozen=True, slots=True)
class Vcpu:
    """State of a vCPU; `directory` is None while the kernel runs on it."""

    core: int
    inside: bool = False
    directory: int | None = None
    tag: int = 0
    exit: Exit | None = None
    answer: int = 0  # the register that the host wrote when it last entered
    registers: bytes = CLEAR  # the vector registers; outside the guest they are in private memory


class Processor:
    """The vCPUs of the machine, and their accesses to memory."""

    __slots__ = ("_last", "_memory", "_platform", "_walker", "tlb", "vcpus")

    def __init__(
        self, journal: Journal, vcpus: int, *, memory: Memory, platform: Platform, tlb: Tlb
    ) -> None:
        self._memory = memory
        self._platform = platform
        self._walker = Walker(platform, memory)
        self.tlb = tlb
        self.vcpus: Table[int, Vcpu] = Table(journal)
        self._last: Table[int, int] = Table(journal)  # core to the vCPU that ran there last
        for vcpu in range(vcpus):
            self.vcpus[vcpu] = Vcpu(core=vcpu)

    def enter(self, vcpu: int, answer: int = 0, *, core: int | None = None) -> None:
        """VMRUN or TDH.VP.ENTER: the host runs the vCPU on a core, with an answer to its exit."""
        guards = Guards(HardwareRefusal, "enter")
        state = self._check_known(guards, vcpu)
        core = state.core if core is None else core
        busy = any(other.inside and other.core == core for other in self.vcpus.values())
        guards.require("launched", self._platform.is_launched, "the launch is not finished")
        guards.require("outside", not state.inside, f"vCPU {vcpu} runs already")
        guards.require("core_free", not busy, f"core {core} runs another vCPU")
        is_stale = self._platform.enter(vcpu)
        if is_stale or state.core != core or self._last.get(core, vcpu) != vcpu:
            self.tlb.flush_core(core)
        self._last[core] = vcpu
        self.vcpus[vcpu] = replace(state, core=core, inside=True, exit=None, answer=answer)

    def leave(self, vcpu: int, exit: Exit) -> None:
        """The vCPU goes back to the host, by the guest's wish or by an interrupt."""
        guards = Guards(HardwareRefusal, "leave")
        state = self._check_known(guards, vcpu)
        guards.require("inside", state.inside, f"vCPU {vcpu} does not run")
        self._platform.leave(vcpu)
        self.vcpus[vcpu] = replace(state, inside=False, exit=exit, answer=0)

    def load(
        self, vcpu: int, directory: int | None, tag: int = 0, registers: bytes = CLEAR
    ) -> None:
        """Write CR3 without a flush, and the registers: run a container, or with None the kernel.

        Registers change with the tables, not when they are first used.
        """
        state = self.vcpus[vcpu]
        self.vcpus[vcpu] = replace(state, directory=directory, tag=tag, registers=registers)

    def compute(self, vcpu: int, value: bytes) -> None:
        """The container on the vCPU has a value in its vector registers."""
        guards = Guards(HardwareRefusal, "compute")
        self._check_container(guards, vcpu)
        guards.require("width", len(value) == len(CLEAR), f"registers hold {len(CLEAR)} bytes")
        self.vcpus[vcpu] = replace(self.vcpus[vcpu], registers=value)

    def flush(self, vcpu: int) -> None:
        """Flush all translations of the core on which the vCPU is."""
        self.tlb.flush_core(self.vcpus[vcpu].core)

    def flush_tag(self, vcpu: int, tag: int) -> None:
        """INVPCID on the core on which the vCPU is, of one address space."""
        self.tlb.flush_tag(self.vcpus[vcpu].core, tag)

    def flush_address(self, vcpu: int, tag: int, address: int) -> None:
        """INVLPG on the core on which the vCPU is."""
        self.tlb.flush_address(self.vcpus[vcpu].core, tag, address)

    def read(self, vcpu: int, start: int, length: int) -> bytes:
        """Return what the container on the vCPU reads at the byte address `start`."""
        found = b""
        for place, offset, size in self._places(vcpu, start, length, write=False):
            page = self._load(place)
            found += page[offset : offset + size]
        return found

    def write(self, vcpu: int, start: int, data: bytes) -> None:
        """Write as the container on the vCPU does, when every page is translated."""
        done = 0
        for place, offset, size in self._places(vcpu, start, len(data), write=True):
            piece = data[done : done + size]
            if place.private:
                self._memory.store(place.frame, offset, piece, private=True)
            else:
                self._platform.host_write(place.frame, offset, piece)
            done += size

    def look_ahead(self, vcpu: int) -> None:
        """The core of a vCPU that runs a container walks its tables ahead of need, and caches all
        that can be reached, as it may at any time."""
        state = self.vcpus[vcpu]
        directory = self._check_container(Guards(HardwareRefusal, "look_ahead"), vcpu)
        for address, entry in self._walker.entries(directory):
            with suppress(HardwareRefusal):
                self.tlb.fill(state.core, state.tag, address, self._resolved(entry))

    def _load(self, place: Translation) -> bytes:
        """Return the page. What is shared has the host's key, whatever the frame is by now."""
        if place.private:
            return self._memory.load(place.frame, private=True)
        return self._platform.host_read(place.frame)

    def _places(
        self, vcpu: int, start: int, length: int, *, write: bool
    ) -> list[tuple[Translation, int, int]]:
        """Return translation, offset and size of each piece; fill the TLB if none faults."""
        pieces, places = [], []
        for piece in _pages(start, length):
            places.append(self.translate(vcpu, piece[0], write=write))
            pieces.append(piece)
        for place in places:
            if place.private:
                self._platform.check_intact(place.frame)
        state = self.vcpus[vcpu]
        for (address, _, _), place in zip(pieces, places, strict=True):
            self.tlb.fill(state.core, state.tag, address, place)
        return [
            (place, offset, size) for (_, offset, size), place in zip(pieces, places, strict=True)
        ]

    def translate(self, vcpu: int, address: int, *, write: bool) -> Translation:
        """Return the translation that an access to a virtual page uses, cached or walked."""
        state = self.vcpus[vcpu]
        directory = self._check_container(Guards(HardwareRefusal, "access"), vcpu)
        known = self.tlb.find(state.core, state.tag, address, write=write)
        return self._walk(directory, address, write=write) if known is None else known

    def _check_known(self, guards: Guards, vcpu: int) -> Vcpu:
        guards.require("known", vcpu in self.vcpus, f"there is no vCPU {vcpu}")
        return self.vcpus[vcpu]

    def _check_container(self, guards: Guards, vcpu: int) -> int:
        """Refuse unless a container runs on the vCPU; return the directory of its tables."""
        state = self.vcpus[vcpu]
        guards.require("inside", state.inside, f"vCPU {vcpu} does not run")
        if state.directory is None:
            guards.fail("container_mode", f"vCPU {vcpu} runs the kernel")
        return state.directory

    def _walk(self, directory: int, address: int, *, write: bool) -> Translation:
        entry = self._walker.find(directory, address)
        if entry is None:
            raise GuestPageFault("present", address, write=write)
        if write and not entry.writable:
            raise GuestPageFault("writable", address, write=write)
        return self._resolved(entry)

    def _resolved(self, entry: Entry) -> Translation:
        frame = self._platform.resolve(entry.page, private=not entry.shared)
        return Translation(entry.page, frame, entry.writable, not entry.shared)


def _pages(start: int, length: int) -> Iterator[tuple[int, int, int]]:
    """Yield virtual page, offset and size of each piece of a byte range."""
    end = start + length
    while start < end:
        address, offset = divmod(start, PAGE)
        size = min(PAGE - offset, end - start)
        yield address, offset, size
        start += size
