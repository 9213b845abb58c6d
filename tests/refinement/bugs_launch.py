"""Bugs of launches, reports, and what links the halves of evidence."""

from __future__ import annotations

from tests.refinement.seeding import Bug

from splitspec.impl.attestation.verifier import Verifier
from splitspec.impl.hardware.processor import Processor
from splitspec.impl.hardware.secure_processor import SecureProcessor
from splitspec.impl.kernel.attestation import Attestation
from splitspec.impl.kernel.fork import Forks
from splitspec.refinement.divergence import DivergenceKind as Kind

ONE, BOOTS = "launch-sev", "launch-sev-boots"

# A table, which reads best as one.
# fmt: off
LAUNCH = (
    Bug("a page is launched and not measured", SecureProcessor, "launch",
        "measurement=extend(row.measurement, page, data)", "measurement=row.measurement",
        "launch-tdx", Kind.UNREADABLE, "digest"),
    Bug("the ID block is not compared", SecureProcessor, "finish",
        'guards.require("expected", expected == row.measurement, "the ID block names another")',
        "pass", ONE, Kind.ACCEPTED, "measured"),
    Bug("a VM that runs is launched again", SecureProcessor, "begin",
        'guards.require("new", LAUNCH not in self._launches, "the VM was launched, or is")', "pass",
        ONE, Kind.OTHER_GUARD, "fresh"),
    Bug("a VM runs before its launch is finished", Processor, "enter",
        'guards.require("launched", self._platform.is_launched, "the launch is not finished")',
        "pass", "teardown-sev", Kind.ACCEPTED, "booting"),
    Bug("any VM is read for debugging", SecureProcessor, "decrypt",
        'guards.require("debug", allowed, "its policy does not allow debugging")', "pass",
        ONE, Kind.OTHER_STATE, "debug[b1]"),
    Bug("a report does not tell that the host may read the VM", SecureProcessor, "report",
        "is_debug=launch.is_debug,", "is_debug=False,", ONE, Kind.OTHER_STATE, "tells_debug[r1]"),
    Bug("a VM that the host may read gets the secret", Verifier, "_check_hardware",
        'guards.require("no_debug", not report.is_debug, "the host may read a VM under debugging")',
        "pass", ONE, Kind.ACCEPTED, "policy"),
    Bug("the halves of two boots are taken together", Verifier, "_check_link",
        'guards.require("linked", linked, "the halves are of different kernels or boots")', "pass",
        BOOTS, Kind.ACCEPTED, "linked"),
    Bug("the kernel has any key vouched for", Attestation, "report",
        'guards.require("own_key", own, "it is not the key of this boot")', "pass",
        BOOTS, Kind.ACCEPTED, "own_key"),
    Bug("every boot has the same key", Attestation, "boot",
        "self.draw(BOOT_BYTES), self.draw(SECRET_BYTES)", "bytes(BOOT_BYTES), bytes(SECRET_BYTES)",
        BOOTS, Kind.ACCEPTED, "own_key"),
    Bug("evidence does not say what the container was forked from", Attestation, "quote",
        "zygote=row.image or NO_DIGEST,", "zygote=NO_DIGEST,",
        ONE, Kind.OTHER_STATE, "forked_from[e1]"),
    Bug("any zygote gets the secret", Verifier, "_check_container",
        'guards.require("zygote", expected, "it was forked from another zygote")', "pass",
        ONE, Kind.ACCEPTED, "zygote"),
    Bug("what a zygote's pages hold is not measured", Forks, "_digest",
        "self._memory.read(entry.page))", "bytes(4096))",
        ONE, Kind.OTHER_STATE, "forked_from[e1]"),
)
# fmt: on
