"""Bugs of translations: what cores keep, who flushes it, and who waits for that.

Each breaks a rule or a row of the attack catalogue that is named beside it (T01 to T08), or what
the manuals say of tagged caches.
"""

from __future__ import annotations

from tests.refinement.seeding import Bug

from splitspec.impl.hardware.tlb import Tlb
from splitspec.impl.kernel.fork import Forks
from splitspec.impl.kernel.shootdown import Shootdown
from splitspec.impl.kernel.threads import Threads
from splitspec.refinement.divergence import DivergenceKind as Kind

FAMILY, CORES, COPIES = "shootdown-sev-hostile", "shootdown-sev-hostile-cores", "shootdown-copies"

# A table, which reads best as one.
# fmt: off
SHOOTDOWN_BUGS: tuple[Bug, ...] = (
    # T01: a page is given away before the interrupt has come.
    Bug("a page in quarantine is given away", Shootdown, "check_settled",
        "not self.is_quarantined(page)", "True", FAMILY, Kind.ACCEPTED, "settled"),
    Bug("quarantine ends when the interrupt is sent", Shootdown, "settle",
        'guards.require("acknowledged", not lagging, f"vCPUs {sorted(lagging)} have to flush")',
        "pass", FAMILY, Kind.ACCEPTED, "acknowledged"),
    Bug("a second unmapping of a page forgets who has yet to flush after it", Shootdown, "retire",
        "self._state.quarantine[container, page] = True",
        "if not self.is_quarantined(page):\n        self._state.quarantine[container, page] = True",
        FAMILY, Kind.OTHER_STATE, "shed[con2, p1]"),
    # T02: clones are made while a core can still write the image.
    Bug("a zygote is cloned while a core may write it", Forks, "fork",
        'guards.require("flushed", not lagging, f"vCPUs {sorted(lagging)} may write the image")',
        "pass", FAMILY, Kind.ACCEPTED, "flushed"),
    Bug("sealing asks nobody to flush", Forks, "seal",
        "self._shootdown.protect(zygote, vcpu, *(address for address, _ in entries))", "pass",
        FAMILY, Kind.OTHER_STATE, "owes[cor1, con1]"),
    # T03: who has left the container's table is not asked.
    Bug("only cores that run the container now have to flush", Shootdown, "lagging",
        "if ran == container and seen < least",
        "if ran == container and seen < least and self._runs(vcpu, ran)",
        CORES, Kind.OTHER_STATE, "owes[cor2, con2]"),
    Bug("the first core that acknowledges does it for all", Shootdown, "_acknowledge",
        "if self._runs(vcpu, container):",
        "for core, ran in list(self._state.flushed):\n"
        "        if ran == container:\n"
        "            self._state.flushed[core, ran] = self._generation(container)\n"
        "    if self._runs(vcpu, container):",
        CORES, Kind.OTHER_STATE, "owes[cor2, con2]"),
    # T04: two containers under one tag.
    Bug("every container has the first tag", Shootdown, "unused_tag",
        "if tag not in used", "if tag", FAMILY, Kind.OTHER_STATE, "tag[con2]"),
    Bug("a tag is given back before its cores have flushed", Shootdown, "check_forgotten",
        'guards.require("flushed", not lagging, f"vCPUs {sorted(lagging)} have to flush")', "pass",
        FAMILY, Kind.ACCEPTED, "flushed"),
    # T08: another thread of the container goes on with the page from before the copy.
    Bug("after a copy nobody flushes", Forks, "copy_on_write",
        "self._shootdown.retire(container, address, entry.page, vcpu)", "pass",
        COPIES, Kind.OTHER_STATE, "shed[con2, p1]"),
    Bug("a copy on write puts the new page into quarantine instead of the zygote's",
        Forks, "copy_on_write",
        "self._shootdown.retire(container, address, entry.page, vcpu)",
        "self._shootdown.retire(container, address, page, vcpu)",
        COPIES, Kind.OTHER_STATE, "shed[con2, p2]"),
    # What a flush is.
    Bug("a core acknowledges and has flushed nothing", Shootdown, "interrupt",
        "self._processor.flush_tag(vcpu, self._state.tags[container])", "pass",
        FAMILY, Kind.OTHER_STATE, "cached[cor1, t2, a1, p1]"),
    Bug("a flush takes the tags of all others", Tlb, "flush_tag",
        "key[:2] == (core, tag)", "key[0] == core and key[1] != tag",
        FAMILY, Kind.OTHER_STATE, "cached[cor1, t2, a1, p1]"),
    Bug("a core that owes a flush runs the container on", Shootdown, "is_settled",
        "not self.awaited(vcpu, container)", "True", FAMILY, Kind.ACCEPTED, "caught_up"),
    Bug("a container that enters again counts as flushed", Threads, "_check_ready",
        "settled = self._shootdown.is_settled(vcpu, row.container)",
        "self._shootdown.note_entry(vcpu, row.container)\n"
        "    settled = self._shootdown.is_settled(vcpu, row.container)",
        FAMILY, Kind.ACCEPTED, "caught_up"),
    Bug("what is known of the dead stays", Shootdown, "forget",
        "del state.flushed[row]", "pass", FAMILY, Kind.OTHER_STATE, "visited[cor1, con2]"),
)
# fmt: on
