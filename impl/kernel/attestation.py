"""The kernel's half of attestation: evidence on a container, and secrets that come for it.

The kernel makes a signing key at boot and has the hardware vouch for it. It alone builds what is
signed: a container asks for evidence on itself and gives a nonce, no more. A secret is taken once,
for a container whose evidence is open, and only if it was sealed to that very evidence. Whoever has
the evidence can seal to it: a host can so give a container a worthless secret, and deny service by
it; it learns nothing, and enters no chain, whose name only the tenant's verifier knows.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from splitspec.impl.attestation.certificate import CURVE, SIGNATURE
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
from splitspec.impl.hardware.secure_processor import SecureProcessor, SignedReport
from splitspec.impl.kernel.records import Phase, State
from splitspec.impl.refusal import Guards, KernelRefusal

NONCE_BYTES = 32
QUOTES_MAX = 16  # of one container that may be open, since each is kept by the kernel
SIGNATURES_MAX = 4096  # kept, so that one statement is signed once

Quote = tuple[int, bytes]
"""A container, and the nonce of a verifier that it has answered."""


class Attestation:
    """Evidence on containers, and their secrets."""

    __slots__ = ("_key", "_processor", "_report", "_signatures", "_state", "boot", "draw")

    def __init__(self, state: State, processor: SecureProcessor) -> None:
        self._state = state
        self._processor = processor
        self.draw: Callable[[int], bytes] = secrets.token_bytes  # RDRAND
        self.boot = secrets.token_bytes(16)
        # Made when first used: none is state that a step changes.
        self._key: ec.EllipticCurvePrivateKey | None = None
        self._report: SignedReport | None = None
        self._signatures: dict[bytes, bytes] = {}

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
            boot=self.boot,
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
        if self._key is None:
            self._key = ec.generate_private_key(CURVE)
        form = (Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        kernel_key = self._key.public_key().public_bytes(*form)
        if self._report is None:
            self._report = self._processor.report(bind_kernel(self.boot, kernel_key))
        data = report.encode()
        return Evidence(
            report=self._report.report,
            report_signature=self._report.signature,
            chain=self._report.chain,
            kernel_key=kernel_key,
            container=data,
            container_signature=self._signature(self._key, data),
        )

    def _signature(self, key: ec.EllipticCurvePrivateKey, data: bytes) -> bytes:
        """Return the signature over the data: the same statement is signed once."""
        if len(self._signatures) >= SIGNATURES_MAX:
            self._signatures.clear()
        if data not in self._signatures:
            self._signatures[data] = key.sign(data, SIGNATURE)
        return self._signatures[data]
