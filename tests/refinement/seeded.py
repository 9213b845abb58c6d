"""Implementation bugs to seed: one line of `impl` replaced by another, in a running process.

Each was thought of as a mistake that people make in such a kernel or host. `found_by` is the
mapping that must see it, `kind` and `named` how: the guard, or the place that goes wrong.
"""

from __future__ import annotations

import inspect
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from splitspec.impl.hardware.snp import Snp
from splitspec.impl.hardware.tdx import Tdx
from splitspec.impl.host.backing import Backing
from splitspec.impl.host.cgroup import Cgroups
from splitspec.impl.host.shadow import Shadows
from splitspec.impl.kernel.lifecycle import Lifecycle
from splitspec.impl.kernel.pools import Pools
from splitspec.impl.kernel.threads import Threads
from splitspec.refinement.divergence import DivergenceKind as Kind


@dataclass(frozen=True)
class Bug:
    """`old` stands in the source of the method; `new` takes its place."""

    name: str
    owner: type[Any]
    method: str
    old: str
    new: str
    found_by: str
    kind: Kind
    named: str


@contextmanager
def seeded(bug: Bug) -> Iterator[None]:
    """Run with the bug in place."""
    original = inspect.getattr_static(bug.owner, bug.method)
    source = textwrap.dedent(inspect.getsource(original))
    assert source.count(bug.old) == 1, f"{bug.name}: {bug.old!r} stands {source.count(bug.old)}x"
    space: dict[str, Any] = {}
    code = compile(source.replace(bug.old, bug.new), inspect.getsourcefile(bug.owner) or "", "exec")
    exec(code, vars(inspect.getmodule(bug.owner)), space)
    setattr(bug.owner, bug.method, space[bug.method])
    try:
        yield
    finally:
        setattr(bug.owner, bug.method, original)


SEV, TDX = "granting-sev", "granting-tdx"
SEV_HOSTILE, TDX_HOSTILE = "granting-sev-hostile", "granting-tdx-hostile"
ALIVE = 'guards.require("alive", self._state.is_alive(container), f"container {container} is not")'
IN_POOL = 'guards.require("in_pool", own, f"page {page} is not in the pool of {container}")'

# A table, which reads best as one.
# fmt: off
BUGS = (
    Bug("a page is accepted a second time", Pools, "_check_new",
        'guards.require("once", page not in self._state.pages, f"page {page} is accepted")', "pass",
        SEV_HOSTILE, Kind.ACCEPTED, "once"),
    Bug("a page of another pool is accepted", Pools, "_check_new", IN_POOL, "pass",
        SEV, Kind.ACCEPTED, "in_pool"),
    Bug("a dying container takes memory", Pools, "_check_new", ALIVE, "pass",
        SEV, Kind.ACCEPTED, "alive"),
    Bug("an accepted page is not remembered", Pools, "accept",
        "self._state.pages[page] = Page(is_clean=True)", "pass",
        SEV, Kind.OTHER_STATE, "accepted[p1]"),
    Bug("remembered before it is validated", Pools, "accept", "self._platform.accept(page)",
        "self._state.pages[page] = Page(is_clean=True); self._platform.accept(page)",
        SEV, Kind.HALF_WRITTEN, "State.pages"),
    Bug("a page given back stays validated", Pools, "release",
        "self._platform.rescind(page)", "pass", SEV, Kind.OTHER_STATE, "live[f1]"),
    Bug("a page given back stays on the list", Pools, "release",
        "del self._state.pages[page]", "pass", SEV, Kind.OTHER_STATE, "accepted[p1]"),
    Bug("struck off the list before it is given back", Pools, "release",
        "self._platform.rescind(page)", "del self._state.pages[page]; self._platform.rescind(page);"
        " self._state.pages[page] = record", SEV_HOSTILE, Kind.HALF_WRITTEN, "State.pages"),
    Bug("pools overlap", Pools, "admit",
        'guards.require("disjoint", apart, f"{count} pages from {first} overlap a pool")', "pass",
        SEV_HOSTILE, Kind.ACCEPTED, "disjoint"),
    Bug("only the first page of a range is checked", Pools, "admit",
        "for page in pages)", "for page in pages[:0])", SEV_HOSTILE, Kind.ACCEPTED, "disjoint"),
    Bug("a pool grows after the end", Pools, "admit", ALIVE, "pass",
        SEV_HOSTILE, Kind.ACCEPTED, "alive"),
    Bug("the pool goes to the neighbour", Pools, "admit",
        "self._state.pools[page] = container", "self._state.pools[page] = container ^ 1",
        SEV, Kind.OTHER_STATE, "pool[c1, p1]"),
    Bug("an exit ends with pages in use", Lifecycle, "retire",
        'guards.require("drained", not kept, f"pages {kept} are accepted")', "pass",
        SEV, Kind.ACCEPTED, "empty"),
    Bug("an exit leaves the pool", Lifecycle, "retire",
        "del self._state.pools[page]", "pass", SEV, Kind.OTHER_STATE, "pool[c"),
    Bug("an exit strikes one page of the pool", Lifecycle, "retire",
        "for page in self._state.pool(container):\n        del",
        "for page in self._state.pool(container)[:1]:\n        del",
        SEV, Kind.OTHER_STATE, "pool[c"),
    Bug("an exit ends twice", Lifecycle, "retire",
        "if row is None or row.phase is not Phase.EXITING:", "if row is None:",
        SEV, Kind.ACCEPTED, "exiting"),
    Bug("a container is started twice", Lifecycle, "_created",
        "if row is None or row.phase is not Phase.CREATED:", "if row is None:",
        SEV, Kind.OTHER_GUARD, "loaded"),
    Bug("the charge goes to who runs", Backing, "_back",
        "owner = self.owner(page)", "owner = next(iter(self._shadows.shadows))",
        SEV, Kind.OTHER_STATE, "charged[f1]"),
    Bug("a fault is resolved for whoever runs", Backing, "_check_backing",
        'guards.require("faulting", driven == owner, f"vCPU {vcpu} is driven by {driven}")', "pass",
        SEV, Kind.ACCEPTED, "owner"),
    Bug("a page is backed twice", Backing, "_check_backing",
        'guards.require("unbacked", page not in self.frames, f"page {page} has a frame")', "pass",
        "granting-sev-limit-two", Kind.ACCEPTED, "unbacked"),
    Bug("the limit is not looked at", Backing, "_check_backing",
        'guards.require("limit", self._cgroups.has_room(group), f"{group} is at memory.max")',
        "pass", SEV, Kind.HALF_WRITTEN, "in_limit"),
    Bug("memory.max is one more", Cgroups, "has_room",
        "group.memory_current < group.memory_max", "group.memory_current <= group.memory_max",
        SEV, Kind.ACCEPTED, "in_limit"),
    Bug("charged after the frame is given away", Backing, "grant_page",
        "self._back(page, frame)", "self.frames[page] = frame",
        SEV, Kind.OTHER_STATE, "charged[f1]"),
    Bug("nothing is charged", Cgroups, "charge", "self.charged[frame] = name", "pass",
        SEV, Kind.OTHER_STATE, "charged[f1]"),
    Bug("the counter is one off", Cgroups, "charge", "memory_current=group.memory_current + 1",
        "memory_current=group.memory_current + 2", SEV, Kind.OTHER_STATE, "usage[c"),
    Bug("the counter is not taken down", Cgroups, "uncharge",
        "self.groups[name] = replace(group, memory_current=group.memory_current - 1)", "pass",
        SEV, Kind.OTHER_STATE, "usage[c"),
    Bug("a frame is paid for after it is gone", Backing, "_take",
        "self._cgroups.uncharge(frame)", "pass", SEV, Kind.OTHER_STATE, "charged[f1]"),
    Bug("a frame is taken from under a page in use", Backing, "_given_back",
        'guards.require("given_back", not self._platform.accepted(page), f"page {page} is in use")',
        "pass", SEV, Kind.ACCEPTED, "returned"),
    Bug("a reclaimed frame stays assigned", Backing, "_take",
        "self._platform.reclaim(page, frame)", "self._platform.share(page, None)",
        SEV, Kind.OTHER_STATE, "holder[f1]"),
    Bug("a slot is removed with frames behind it", Backing, "remove_slot",
        'guards.require("unbacked", not used, f"pages {used} have frames")', "pass",
        SEV, Kind.ACCEPTED, "vacated"),
    Bug("a vCPU is published while it runs", Shadows, "publish",
        'guards.require("parked", parked, f"vCPU {vcpu} did not ask for it")', "pass",
        SEV, Kind.ACCEPTED, "drained"),
    Bug("a killed process is killed again", Shadows, "kill",
        'guards.require("alive", self.is_alive(shadow), f"no shadow container {shadow}")', "pass",
        SEV, Kind.CRASHED, "KeyError"),
    Bug("a shadow outlives its kill", Shadows, "kill",
        "replace(self.shadows[shadow], is_alive=False)", "self.shadows[shadow]",
        SEV, Kind.REFUSED, "killed"),
    Bug("a process starts twice", Shadows, "start",
        'guards.require("absent", shadow not in self.shadows, f"shadow container {shadow} exists")',
        "pass", SEV, Kind.OTHER_GUARD, "fresh"),
    Bug("the idle list is kept", Shadows, "allocate", "self._idle[IDLE] = tuple(rest)", "pass",
        SEV, Kind.REFUSED, "outside"),
    Bug("a vCPU is parked with threads bound", Threads, "park",
        "self._processor.leave(vcpu, Exit(Reason.IDLE))",
        "self._processor.leave(vcpu, Exit(Reason.INTERRUPT))", SEV, Kind.REFUSED, "parked"),
    Bug("RMPUPDATE keeps the validated bit", Snp, "rmpupdate",
        "RmpEntry(page, validated=False)",
        "RmpEntry(page, validated=frame in self.rmp and self.rmp[frame].validated)",
        SEV_HOSTILE, Kind.OTHER_STATE, "live[f1]"),
    Bug("PVALIDATE asks not whose frame it is", Snp, "_pvalidate",
        "if entry is None or entry.page != page:", "if entry is None:",
        "granting-sev-hostile-two", Kind.HALF_WRITTEN, "assigned"),
    Bug("PVALIDATE without a change succeeds", Snp, "_pvalidate",
        'guards.require("once" if validated else "validated", changes, f"page {page}: no change")',
        "pass", "granting-sev-hostile", Kind.ACCEPTED, "valid"),
    Bug("ACCEPT leaves the page pending", Tdx, "accept",
        "self.sept[page] = replace(entry, state=SeptState.MAPPED)", "pass",
        TDX, Kind.OTHER_STATE, "live[f1]"),
    Bug("AUG takes a frame that has an owner", Tdx, "offer",
        'guards.require("free_frame", frame not in self.owner, f"frame {frame} is owned")', "pass",
        "granting-tdx-hostile-two", Kind.ACCEPTED, "assigned"),
    Bug("REMOVE keeps the owner of the frame", Tdx, "remove",
        "del self.owner[entry.frame]", "pass", TDX, Kind.OTHER_STATE, "holder[f1]"),
)
# fmt: on
