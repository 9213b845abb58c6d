"""The kernel's half of attestation: evidence on a container, and secrets that come for it.

The kernel draws a signing key at boot and has the hardware vouch for it, and for nothing else. It
alone builds what is signed: a container asks for evidence on itself and gives a nonce, no more. A
secret is taken once, for a container whose evidence is open, and only if it was sealed to that very
evidence. Whoever has the evidence can seal to it: a host can so give a container a worthless
secret, and deny service by it; it learns nothing, and enters no chain, whose name only the tenant's
verifier knows.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

from splitspec.impl.attestation.report import (
    NO_DIGEST,
    NO_ROOT,
    ContainerReport,
    Evidence,
    bind_kernel,
)
from splitspec.impl.attestation.sealing import (
    CHAIN_BYTES,
    SealingError,
    new_key,
    public_key,
    unseal,
)
from splitspec.impl.attestation.signing import (
    SECRET_BYTES,
    Signatures,
    public_bytes,
    signing_key,
)
from splitspec.impl.hardware.secure_processor import SecureProcessor, SignedReport
from splitspec.impl.kernel.records import BOOT, Boot, Phase, State
from splitspec.impl.refusal import Guards, KernelRefusal

NONCE_BYTES = 32
BOOT_BYTES = 16
QUOTES_MAX = 16  # of one container that may be open, since each is kept by the kernel

Quote = tuple[int, bytes]
"""A container, and the nonce of a verifier that it has answered."""


class Attestation:
    """Evidence on containers, and their secrets."""

    __slots__ = ("_processor", "_signatures", "_state", "draw")

    def __init__(self, state: State, processor: SecureProcessor) -> None:
        self._state = state
        self._processor = processor
        self.draw: Callable[[int], bytes] = secrets.token_bytes  # RDRAND
        self._signatures = Signatures()

    def boot(self) -> None:
        """Draw what tells this boot from every other: its name, and the key that signs in it."""
        guards = Guards(KernelRefusal, "boot")
        guards.require("once", BOOT not in self._state.boots, "the kernel has its key")
        identity, secret = self.draw(BOOT_BYTES), self.draw(SECRET_BYTES)
        self._state.boots[BOOT] = Boot(identity, secret)

    def report(self, kernel_key: bytes) -> SignedReport:
        """Have the hardware sign that the key is the one of this boot, whoever asks.

        A report that names another key would have this kernel vouch for what it has not signed.
        """
        guards = Guards(KernelRefusal, "report")
        boot = self._state.boots.get(BOOT)
        if boot is None:
            guards.fail("booted", "the kernel does not run")
        own = kernel_key == public_bytes(boot.secret)
        guards.require("own_key", own, "it is not the key of this boot")
        return self._processor.report(bind_kernel(boot.identity, kernel_key))

    def quote(self, container: int, nonce: bytes) -> Evidence:
        """Return evidence on a running container that answers the nonce of a verifier."""
        guards = Guards(KernelRefusal, "quote")
        row = self._state.containers.get(container)
        if row is None or row.phase is not Phase.RUNNING:
            guards.fail("running", f"container {container} is not")
        guards.require("nonce", len(nonce) == NONCE_BYTES, f"a nonce has {NONCE_BYTES} bytes")
        guards.require("unkeyed", container not in self._state.secrets, "it has its secret")
        fresh = (container, nonce) not in self._state.quotes
        guards.require("fresh_nonce", fresh, "this nonce has been answered")
        room = len(self._open(container)) < QUOTES_MAX
        guards.require("quota", room, f"{QUOTES_MAX} quotes of it are open")
        function = self._state.digests.get(container, row.measurement)
        whole = container not in self._state.code or container in self._state.digests
        guards.require("measured", whole and function != b"", "what it runs is not measured")

        private = new_key(self.draw)
        report = ContainerReport(
            boot=self._state.boots[BOOT].identity,
            identity=row.identity,
            zygote=row.image or NO_DIGEST,
            function=function,
            rootfs=self._state.roots.get(container, NO_ROOT),
            nonce=nonce,
            key=public_key(private),
        )
        self._state.quotes[container, nonce] = report
        self._state.keys[container, nonce] = private
        return self._sign(report)

    def install(self, container: int, message: bytes) -> None:
        """Take the secret that a verifier released for the container."""
        guards = Guards(KernelRefusal, "install")
        row = self._state.containers.get(container)
        if row is None or row.phase is not Phase.RUNNING:
            guards.fail("running", f"container {container} is not")
        guards.require("once", container not in self._state.secrets, "it has its secret")
        quotes = self._open(container)
        guards.require("quoted", bool(quotes), f"no evidence on container {container} is open")
        secret = self._unseal(quotes, message)
        if secret is None:
            guards.fail("authentic", "the message is for somebody else, or was changed")
        for key in quotes:
            del self._state.quotes[key]
            del self._state.keys[key]
        self._state.secrets[container] = secret[CHAIN_BYTES:]
        self._state.chains[container] = secret[:CHAIN_BYTES]
        self._state.containers[container] = replace(row, is_tainted=True)

    def secret(self, container: int) -> bytes:
        """Return the container's own secret to it."""
        guards = Guards(KernelRefusal, "secret")
        guards.require("keyed", container in self._state.secrets, "none was released")
        return self._state.secrets[container]

    def _open(self, container: int) -> list[Quote]:
        """Return the quotes of the container that no secret has answered."""
        return [key for key in self._state.quotes if key[0] == container]

    def _unseal(self, quotes: list[Quote], message: bytes) -> bytes | None:
        """Return the secret of a message that is sealed to one of the quotes."""
        for key in quotes:
            with suppress(SealingError):
                return unseal(self._state.keys[key], self._state.quotes[key], message)
        return None

    def _sign(self, report: ContainerReport) -> Evidence:
        secret = self._state.boots[BOOT].secret
        kernel_key = public_bytes(secret)
        vouched = self.report(kernel_key)
        data = report.encode()
        return Evidence(
            report=vouched.report,
            report_signature=vouched.signature,
            chain=vouched.chain,
            kernel_key=kernel_key,
            container=data,
            container_signature=self._signatures.sign(secret, signing_key(secret), data),
        )
