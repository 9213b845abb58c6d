"""Bugs that the small slices find: lives, tables, fork, and each page machine by itself."""

from __future__ import annotations

from tests.refinement.seeding import Bug

from splitspec.impl.hardware.snp import Snp
from splitspec.impl.hardware.tdx import Tdx
from splitspec.impl.host.shadow import Shadows
from splitspec.impl.kernel.address_space import AddressSpaces
from splitspec.impl.kernel.direct_map import DirectMap
from splitspec.impl.kernel.fork import Forks
from splitspec.impl.kernel.lifecycle import Lifecycle
from splitspec.impl.kernel.pools import Pools
from splitspec.refinement.divergence import DivergenceKind as Kind

LIVES, TABLES = "lifecycle-sev-hostile", "tables-sev-hostile"
FORK = "fork-sev-hostile"
PLATFORM, SEV, TDX = "platform-sev-hostile", "sev-hostile", "tdx-hostile"

# A table, which reads best as one.
# fmt: off
SLICES: tuple[Bug, ...] = (
    Bug("the kernel does not hear of a kill", Lifecycle, "stop",
        "self._state.containers[container] = replace(row, phase=Phase.EXITING)", "pass",
        LIVES, Kind.OTHER_STATE, "phase[c1]"),
    Bug("a row outlives its container", Lifecycle, "retire",
        "del state.containers[container]", "pass", LIVES, Kind.OTHER_STATE, "phase[c1]"),
    Bug("a process is never gone", Shadows, "finish",
        "del self.shadows[shadow]", "pass", LIVES, Kind.OTHER_STATE, "phase[c1]"),
    Bug("a mapped page counts as free", AddressSpaces, "map_page",
        "self._state.pages[page] = Page(Use.PRIVATE, references=1)", "pass",
        TABLES, Kind.OTHER_STATE, "mappers[p1]"),
    Bug("a page is mapped without the right to write", AddressSpaces, "map_page",
        "Entry(page, writable)", "Entry(page)", TABLES, Kind.OTHER_STATE, "writable[c2, a1]"),
    Bug("every entry is written in the first place of its table", DirectMap, "set_entry",
        "offset=offset * WIDTH", "offset=0", TABLES, Kind.OTHER_STATE, "table[c2, a1]"),
    Bug("a clone is begun of a container that is no zygote", Forks, "_sealed",
        "if row is None or row.phase is not Phase.SEALED:", "if row is None:",
        FORK, Kind.ACCEPTED, "sealed"),
    Bug("a clone gets one page of the image", Forks, "fork",
        "for address, entry in entries:", "for address, entry in entries[:1]:",
        FORK, Kind.OTHER_STATE, "table[c2, a2]"),
    Bug("a copy keeps its reference to the image", Forks, "copy_on_write",
        "self._spaces.drop(entry.page)", "pass", FORK, Kind.OTHER_STATE, "mappers[p1]"),
    Bug("a clone runs before it has the image", Forks, "activate",
        'guards.require("copied", bool(row.image), f"container {clone} has no image")', "pass",
        FORK, Kind.OTHER_GUARD, "copied"),
    Bug("the host writes into an assigned frame", Snp, "host_write",
        'guards.require("unassigned", frame not in self.rmp, f"frame {frame} is the guest\'s")',
        "pass", PLATFORM, Kind.ACCEPTED, "unassigned"),
    Bug("an access asks not whether the frame is validated", Snp, "resolve",
        "elif not entry.validated:", "elif False:", PLATFORM, Kind.ACCEPTED, "valid"),
    Bug("the second half of an acceptance scrubs nothing", Pools, "complete",
        "self._memory.clear(page)", "pass",
        SEV, Kind.UNREADABLE, "what no container has filled it with"),
    Bug("a page that is called off stays validated", Pools, "retract",
        "self._platform.rescind(page)", "pass", SEV, Kind.OTHER_STATE, "validated[f1]"),
    Bug("AUG puts a second frame behind a page", Tdx, "offer",
        'guards.require("free_entry", page not in self.sept, f"page {page} has a frame")', "pass",
        "tdx-hostile-frames", Kind.ACCEPTED, "vacant"),
    Bug("a page is used that was never accepted", Tdx, "resolve",
        "if entry.state is not SeptState.MAPPED:",
        "if entry.state not in (SeptState.MAPPED, SeptState.PENDING):",
        TDX, Kind.ACCEPTED, "usable"),
)
# fmt: on
