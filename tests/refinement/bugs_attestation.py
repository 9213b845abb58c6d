"""Bugs of loading, measuring, evidence and secrets."""

from __future__ import annotations

from tests.refinement.seeding import Bug

from splitspec.impl.attestation.verifier import Verifier
from splitspec.impl.kernel.attestation import Attestation
from splitspec.impl.kernel.loading import Loading
from splitspec.impl.kernel.records import State
from splitspec.refinement.divergence import DivergenceKind as Kind

SMALL, TWO, QUOTES = "attestation-sev-small", "attestation-sev-hostile", "attestation-sev-quotes"
SIBLINGS, UNFOUNDED = "attestation-sev", "attestation-sev-unfounded"
FRESH = """\
    fresh = container.nonce in self.open
    guards.require("fresh", fresh, "it answers no open challenge: a replay, or another's")
"""

# A table, which reads best as one.
# fmt: off
ATTESTATION = (
    Bug("what is measured is what the host offers now", Loading, "measure",
        "page = self._memory.read(code.page)",
        "page = self._memory.read(next(p for p, r in self._state.pages.items() if r.use is"
        " Use.SHARED and self._state.pools[p] == container), private=False)",
        SMALL, Kind.OTHER_STATE, "digest[co"),
    Bug("code is loaded over code", Loading, "fetch",
        'guards.require("once", container not in self._state.code, "it has its function")', "pass",
        SMALL, Kind.OTHER_GUARD, "once"),
    Bug("nothing is loaded, and that runs", Loading, "fetch",
        'guards.require("offered", offered != ZEROS, "the host offers nothing")', "pass",
        SMALL, Kind.ACCEPTED, "offered"),
    Bug("code runs before it is measured", Loading, "execute",
        'guards.require("measured", measured, "its function is not measured")', "pass",
        SMALL, Kind.ACCEPTED, "measured"),
    Bug("code is loaded into a container that leaves", Loading, "_check_running",
        'guards.require("running", running, f"container {container} is not")', "pass",
        SMALL, Kind.OTHER_GUARD, "running"),
    Bug("evidence on what was not measured", Attestation, "quote",
        'guards.require("measured", whole and function != b"", "what it runs is not measured")',
        "pass", SMALL, Kind.ACCEPTED, "measured"),
    Bug("evidence says what was loaded at first", Attestation, "quote",
        "function=function,", "function=row.measurement or bytes(48),",
        SMALL, Kind.UNREADABLE, "claim"),
    Bug("a new quote takes the key of the old away", Attestation, "quote",
        "self._state.keys[container, nonce] = private",
        "for key in [*self._open(container), (container, nonce)]: self._state.keys[key] = private",
        QUOTES, Kind.REFUSED, "authentic"),
    Bug("a secret opens in a sibling", Attestation, "_open",
        "return [key for key in self._state.quotes if key[0] == container]",
        "return list(self._state.quotes)", SIBLINGS, Kind.ACCEPTED, "addressed"),
    Bug("a message that is not authentic is taken", Attestation, "_unseal",
        "return None", "return message.ljust(CHAIN_BYTES)", SMALL, Kind.ACCEPTED, "arrived"),
    Bug("a secret outlives its container", State, "forget",
        "self.secrets, ", "", SMALL, Kind.OTHER_STATE, "keyed[co"),
    Bug("any function gets the secret", Verifier, "_check_container",
        'guards.require("function", expected, "it runs another function")', "pass",
        SMALL, Kind.ACCEPTED, "expected"),
    Bug("any kernel gets the secret", Verifier, "_check_hardware",
        'guards.require("measurement", known, "the VM was launched with another kernel")', "pass",
        UNFOUNDED, Kind.ACCEPTED, "founded"),
    Bug("the kernel's signature is not verified", Verifier, "_check_link",
        'guards.require("container_signature", signed, "the kernel did not sign this report")',
        "pass", QUOTES, Kind.CRASHED, "shared key"),
    Bug("evidence answers any challenge", Verifier, "release",
        'guards.require("answers", own, "it answers another challenge than it was asked")', "pass",
        TWO, Kind.ACCEPTED, "fresh"),
    Bug("an answered challenge is answered again", Verifier, "_check_container", FRESH, "",
        SMALL, Kind.CRASHED, "KeyError"),
    Bug("one nonce for all challenges", Verifier, "challenge",
        "nonce = self.draw(32)", "nonce = next(iter(self.open), None) or self.draw(32)",
        TWO, Kind.OTHER_STATE, "answer[e1]"),
)
# fmt: on
