"""Bugs of memory objects and their capabilities.

The first ones are weaknesses of the artifact (W3, W13, W14, W17) and what its domain asks of
objects, the others mistakes of this kernel's own. They are of somebody who had read the
specification.
"""

from __future__ import annotations

from tests.refinement.seeding import Bug

from splitspec.impl.kernel.fork import Forks
from splitspec.impl.kernel.lifecycle import Lifecycle
from splitspec.impl.kernel.object_memory import ObjectMemory
from splitspec.impl.kernel.objects import Objects
from splitspec.refinement.divergence import DivergenceKind as Kind

NAMES, PAGES = "objects-sev-hostile", "object_memory-sev-hostile"
FORKED, PAGES_FORKED = "objects-sev-fork", "object_memory-sev-fork"

CALM = 'guards.require("calm", not self._locked(number), f"a fork is at the list of {number}")'
COMPLETE = 'guards.require("complete", not left, f"container {clone} lacks slots {left}")'
UNMAPPED = (
    'guards.require("unmapped", not mapped, f"virtual pages {mapped} are of object {number}")'
)

# A table, which reads best as one.
# fmt: off
OBJECT_BUGS = (
    Bug("a clone gets the zygote's objects with all rights", Objects, "finish_insertion",
        "Right.READ", "ALL_RIGHTS", FORKED, Kind.OTHER_STATE, "attenuated["),
    Bug("the zygote goes on writing through its capability", Forks, "seal",
        "self._attenuate(zygote)", "pass", NAMES, Kind.OTHER_STATE, "attenuated[c1"),
    Bug("an object is written whatever the capability allows", ObjectMemory, "write",
        "Right.WRITE", "Right.READ", NAMES, Kind.OTHER_GUARD, "allowed"),
    Bug("an object is mapped writable by who may read it", ObjectMemory, "map_page",
        "Right.WRITE", "Right.READ", PAGES_FORKED, Kind.ACCEPTED, "allowed"),
    Bug("an object is revoked under all clones by one of them", Objects, "revoke",
        "Right.GRANT", "Right.READ", FORKED, Kind.ACCEPTED, "allowed"),
    Bug("two forks are at one list", Objects, "begin_insertion",
        'guards.require("unlocked", not locked, f"a fork is at the list of object {held.object}")',
        "pass", FORKED, Kind.ACCEPTED, "unlocked"),
    Bug("the heap of a clone grows for all", Objects, "grow",
        "Right.WRITE", "Right.READ", NAMES, Kind.ACCEPTED, "allowed"),
    Bug("a call sleeps without a reference", Objects, "begin_call",
        "calls=row.calls + 1", "calls=row.calls", NAMES, Kind.OTHER_STATE, "references[o1]"),
    Bug("a slot that was emptied stays on the list", Objects, "_take",
        "holders[held.place] = None", "pass", NAMES, Kind.OTHER_STATE, "references[o1]"),
    Bug("a fork goes on without all capabilities", Forks, "fork",
        COMPLETE, "pass", FORKED, Kind.ACCEPTED, "complete"),
    Bug("an exit leaves capabilities", Lifecycle, "_check_nameless",
        'guards.require("nameless", not named, f"slots, or objects of calls, {named} are its own")',
        "pass", NAMES, Kind.ACCEPTED, "nameless"),
    Bug("an object loses its page when nobody maps it", ObjectMemory, "_commit",
        "self._spaces.hold(page)", "pass", PAGES, Kind.OTHER_STATE, "mappers[p1]"),
    Bug("an object goes and its pages stay in use", Objects, "_end",
        "self._spaces.drop(page)", "pass", PAGES, Kind.OTHER_STATE, "mappers[p1]"),
    Bug("an object is freed under the fork that is at its list", Objects, "free",
        CALM, "pass", FORKED, Kind.ACCEPTED, "calm"),
    Bug("a capability is dropped under a call", Objects, "drop",
        "idle = (container, held.object) not in self._state.calls", "idle = True",
        NAMES, Kind.ACCEPTED, "idle"),
    Bug("a fork takes the first place of a list, free or not", Objects, "begin_insertion",
        "place = next((n for n, holder in enumerate(holders) if holder is None), len(holders))",
        "place = 0", FORKED, Kind.OTHER_STATE, "outdated["),
    Bug("a fork that was given up keeps the list locked", Objects, "abandon_insertion",
        "del self._state.insertions[clone, number]", "pass",
        FORKED, Kind.OTHER_STATE, "inserting["),
    Bug("a fork that has ended keeps the list locked", Objects, "finish_insertion",
        "del self._state.insertions[clone, number]", "pass",
        FORKED, Kind.OTHER_STATE, "inserting["),
    Bug("a sealed zygote gives its capabilities up", Objects, "drop",
        "row.phase in (Phase.RUNNING, Phase.EXITING)", "True", NAMES, Kind.ACCEPTED, "may"),
    Bug("an object is given up whose pages are mapped", Objects, "_check_unmapped",
        UNMAPPED, "pass", PAGES, Kind.ACCEPTED, "unmapped"),
    Bug("a page of an object is mapped twice", ObjectMemory, "map_page",
        'guards.require("unmapped", not mapped, f"page {page} is mapped at {mapped}")', "pass",
        "object_memory-sev-addresses", Kind.ACCEPTED, "unmapped"),
    Bug("a page of an object is mapped and not counted", ObjectMemory, "map_page",
        "self._spaces.hold(page)", "pass", PAGES, Kind.OTHER_STATE, "mappers[p1]"),
)
# fmt: on
