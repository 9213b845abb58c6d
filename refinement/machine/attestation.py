"""Module `attestation` in the machine: code in shared and in private memory, what was measured of
it, evidence with real signatures, and sealed secrets.

Each container has two pages that no other model knows of: one is shared with the host, which puts
the function there, the other takes the kernel's copy. What is staged, loaded and executed is read
from these pages, what was measured from the kernel's digests, what is claimed from signed bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache, partial
from typing import Any

from splitspec.impl.attestation.measurement import expected
from splitspec.impl.geometry import PAGE, ZEROS, Geometry
from splitspec.impl.kernel.records import Container, Phase, Use
from splitspec.refinement.machine.fragment import PAGES_FOR_CODE, Fragment, Meanings, Setup
from splitspec.refinement.machine.network import ADDRESS, TRUSTED, digest_of
from splitspec.refinement.machine.testbed import Step, Testbed
from splitspec.refinement.mapping import InexpressibleError

Proceed = Callable[..., object]

TAINTED = Container(identity=0, phase=Phase.EXITING, is_tainted=True)
"""What a secret without a container would be of."""

GUARDS: Meanings = {
    "load_code": {
        "fetch running": ("running",),
        "fetch offered": ("offered",),
        "fetch once": ("once",),
    },
    "measure_code": {"measure running": ("running",), "measure fetched": ("private",)},
    "execute": {
        "execute running": ("running",),
        "execute fetched": ("present",),
        "execute measured": ("measured",),
    },
    "quote": {"quote running": ("running",), "quote measured": ("measured",)},
    "release_secret": {
        "release chain": ("genuine",),
        "release container_signature": ("genuine",),
        "release measurement": ("founded",),
        "release answers": ("fresh",),
        "release fresh": ("open",),
        "release function": ("expected",),
    },
    "install_secret": {
        "install running": ("running",),
        "install quoted": ("arrived", "addressed"),
        "install authentic": ("arrived", "addressed"),
        "install once": ("once",),
    },
}
LEFT_OUT = {
    "challenge.unused": "a nonce is drawn, and not chosen",
    "quote.blank": "evidence is made, and never changed",
    "quote.drawn": "nobody guesses a nonce",
    "stage_code.wanted": "what a host writes into a page of its own needs nobody's leave",
}
UNFOUNDED = (
    "release_secret",
    "release_secret.open",
    "release_secret.expected",
    "install_secret",
    "install_secret.addressed",
    "install_secret.once",
)
STRICTER = {
    "quote.quote unkeyed": "who has its secret needs no more evidence",
    "quote.quote fresh_nonce": "one answer to a challenge is enough",
}


def attestation(setup: Setup) -> Fragment:
    """Return the fragment."""
    pages = setup.geometry.pool_pages[setup.sizes.get("Page", 1) :]
    places = _Places(pages, setup.geometry.pool_frames[setup.sizes.get("Frame", 1) :])
    return Fragment(
        "attestation",
        observe=partial(observe, setup, places),
        actions={
            "stage_code": places.stage,
            "load_code": places.load,
            "measure_code": lambda testbed, c: testbed.machine.kernel.loading.measure(c),
            "execute": lambda testbed, c: testbed.machine.kernel.loading.execute(c),
            "challenge": challenge,
            "quote": quote,
            "release_secret": lambda testbed, e, n: testbed.network.release(e, n),
            "install_secret": install_secret,
        },
        around={"create": places.equip, "finish_exit": places.take_down},
        guards=GUARDS,
        promises=("stage_code.wanted",),
        left_out=LEFT_OUT | _beyond(setup),
        stricter=STRICTER,
        elements={
            "Code": setup.codes,
            "Nonce": range(setup.sizes["Nonce"]),
            "Evidence": range(setup.sizes["Evidence"]),
        },
    )


def _beyond(setup: Setup) -> dict[str, str]:
    """Return what cannot happen at the sizes, and on the runtime, of a setup."""
    found: dict[str, str] = {}
    if setup.runtime == TRUSTED:
        found["release_secret.founded"] = "the VM was launched with a runtime that is trusted"
    else:
        found |= dict.fromkeys(UNFOUNDED, "on a runtime that is not trusted no secret is released")
    if setup.sizes["Nonce"] == 1:
        found["release_secret.fresh"] = "there is no other challenge to answer"
    if setup.sizes["Container"] == 1:
        found["install_secret.addressed"] = "there is no other container that a secret is for"
    if setup.sizes["Code"] == 1:
        found["release_secret.expected"] = "there is no code that is not trusted"
    return found


class _Places:
    """The pages of each container: one that the host shares, one for the function."""

    def __init__(self, pages: range, frames: range) -> None:
        self._pages, self._frames = pages, frames

    def shared(self, c: int) -> int:
        return self._pages[PAGES_FOR_CODE * c]

    def private(self, c: int) -> int:
        return self._pages[PAGES_FOR_CODE * c + 1]

    def is_shared(self, testbed: Testbed, c: int) -> bool:
        """The kernel shares the page with the host, for this container."""
        state, page = testbed.machine.kernel.state, self.shared(c)
        record = state.pages.get(page)
        return state.pools.get(page) == c and record is not None and record.use is Use.SHARED

    def equip(self, testbed: Testbed, proceed: Proceed, c: int) -> None:
        """A new container gets its two pages, and shares the first."""
        machine, pools = testbed.machine, testbed.machine.kernel.pools
        steps: list[Step] = [proceed, partial(pools.admit, c, self.shared(c), PAGES_FOR_CODE)]
        for number, page in enumerate((self.shared(c), self.private(c))):
            frame = self._frames[PAGES_FOR_CODE * c + number]
            steps += [partial(machine.hostile.offer, page, frame), partial(pools.accept, c, page)]
        convert = partial(self._convert, testbed, c)
        share = partial(pools.share, c, self.shared(c))
        testbed.together(*steps, share, partial(testbed.without_vcpus, convert))

    def _convert(self, testbed: Testbed, c: int) -> None:
        """The host takes the frame of the shared page, and maps it, empty, for shared accesses."""
        hostile, frame = testbed.machine.hostile, self._frames[PAGES_FOR_CODE * c]
        hostile.steal(self.shared(c), frame)
        hostile.tamper(frame, 0, ZEROS)
        hostile.remap(self.shared(c), frame)

    def stage(self, testbed: Testbed, c: int, b: bytes) -> None:
        """The host writes a file into the shared page."""
        if not self.is_shared(testbed, c):
            raise InexpressibleError("no page is shared")
        frame = self._frames[PAGES_FOR_CODE * c]
        testbed.machine.hostile.tamper(frame, 0, b.ljust(PAGE, b"\0"))

    def load(self, testbed: Testbed, c: int) -> None:
        """The kernel copies what it finds there."""
        loading = testbed.machine.kernel.loading
        loading.fetch(c, ADDRESS, self.private(c), self.shared(c))

    def take_down(self, testbed: Testbed, proceed: Proceed, c: int) -> None:
        """The function is forgotten, its page scrubbed and given back, the other shared no more."""
        kernel, vcpu = testbed.machine.kernel, testbed.kernel_on(c)
        row = kernel.state.containers.get(c)
        if row is None or row.phase is not Phase.EXITING:
            proceed()
            return
        steps: list[Step] = []
        if c in kernel.state.code:
            steps += [partial(kernel.loading.forget, c, vcpu=vcpu)]
        if vcpu is not None:
            steps += [partial(kernel.shootdown.acknowledge, vcpu)]
        if c in kernel.state.code:
            steps += [kernel.shootdown.sweep, partial(kernel.pools.scrub, self.private(c))]
        steps += [
            partial(kernel.pools.release, self.private(c)),
            partial(kernel.pools.unshare, self.shared(c)),
        ]
        testbed.together(*steps, proceed)


def observe(setup: Setup, places: _Places, testbed: Testbed) -> dict[str, Any]:
    """Return what lies where, what was measured, and what evidence and messages say."""
    kernel, network = testbed.machine.kernel, testbed.network
    names = {identity: slot for slot, identity in testbed.identities.items()}
    runtimes, functions = _digests(setup.geometry, setup.codes)
    said = list(network.statements())
    nonces = {data: n for n, data in network.nonces.items()}
    reports = {network.evidence[e].container: e for e, _, _ in said}
    signers = {e: names[container.identity] for e, container, _ in said}
    accepted = {
        nonces[nonce]: reports[report] for nonce, report in network.verifier.accepted.items()
    }
    rows = kernel.state.containers
    openers = {n: network.opener(n) for n in network.messages}
    return {
        "approved": {TRUSTED},
        "runtime": setup.runtime,
        "staged": dict(_staged(testbed, places)),
        "loaded": {
            c: _text(kernel.memory.read(code.page)) for c, code in kernel.state.code.items()
        },
        "digest": {c: functions.get(digest, digest) for c, digest in kernel.state.digests.items()},
        "executes": dict(_executed(testbed)),
        "signer": signers,
        "claim": {e: functions.get(c.function, c.function) for e, c, _ in said},
        "base": {e: runtimes.get(vm.measurement, vm.measurement) for e, _, vm in said},
        "answer": {e: nonces[c.nonce] for e, c, _ in said},
        "issued": {n for n, data in network.nonces.items() if network.is_drawn(data)},
        "reply": accepted,
        "addressee": {n: signers[e] for n, e in openers.items() if e is not None},
        "vouched": {signers[e] for e in accepted.values()},
        # The kernel has to know, too, that it has held a tenant's data.
        "keyed": {c for c in kernel.state.secrets if rows.get(c, TAINTED).is_tainted},
    }


@cache
def _digests(
    geometry: Geometry, codes: tuple[bytes, ...]
) -> tuple[Mapping[bytes, bytes], Mapping[bytes, bytes]]:
    """Return what is measured of each code, as what a VM is launched with and as a function."""
    return {expected(geometry, code): code for code in codes}, {digest_of(c): c for c in codes}


def _staged(testbed: Testbed, places: _Places) -> Any:
    for c in testbed.identities:
        if places.is_shared(testbed, c):
            text = _text(testbed.machine.kernel.memory.read(places.shared(c), private=False))
            if text:
                yield c, text


def _executed(testbed: Testbed) -> Any:
    memory = testbed.machine.kernel.memory
    for c in testbed.machine.kernel.state.containers:
        entry = memory.entry(c, ADDRESS)
        if entry is not None and entry.executable:
            yield c, _text(memory.read(entry.page))


def _text(page: bytes) -> bytes:
    """Return the code in a page; what is longer than 32 bytes is none of ours."""
    return page.rstrip(b"\0")[:32]


def challenge(testbed: Testbed, n: int) -> None:
    """The verifier draws a number that is named then."""
    if n in testbed.network.nonces:
        raise InexpressibleError("a nonce is drawn, and not chosen")
    testbed.network.challenge(n)


def quote(testbed: Testbed, c: int, e: int, n: int) -> None:
    """The container asks for evidence, with a nonce that came over the network."""
    if e in testbed.network.evidence or n not in testbed.network.nonces:
        raise InexpressibleError("evidence is new, and answers a nonce that was drawn")
    testbed.network.quote(c, e, n)


def install_secret(testbed: Testbed, c: int, n: int) -> None:
    """A message comes over the network: the verifier's answer, or something made up."""
    message = testbed.network.messages.get(n, b"made up")
    testbed.machine.kernel.attestation.install(c, message)
