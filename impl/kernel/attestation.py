"""The kernel's half of attestation: evidence on a container, and secrets that come for it.

The kernel makes a signing key at boot and has the hardware vouch for it. It alone builds what is
signed: a container asks for evidence on itself and gives a nonce, no more. A secret is taken once,
for a container whose evidence is open, and only if it was sealed to that very evidence. Whoever has
the evidence can seal to it: a host can so give a container a worthless secret, and deny service by
it; it learns nothing, and enters no chain, whose name only the tenant's verifier knows.
"""

from __future__ import annotations

import secrets
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


class Attestation:
    """Evidence on containers, and their secrets."""

    __slots__ = ("_key", "_processor", "_report", "_state", "boot")

    def __init__(self, state: State, processor: SecureProcessor) -> None:
        self._state = state
        self._processor = processor
        self.boot = secrets.token_bytes(16)
        # Made when first used: neither is state that a step changes.
        self._key: ec.EllipticCurvePrivateKey | None = None
        self._report: SignedReport | None = None

    def quote(self, container: int, nonce: bytes) -> Evidence:
        """Return evidence on a running container that answers the nonce of a verifier."""
        guards = Guards(KernelRefusal, "quote")
        row = self._state.containers.get(container)
        if row is None or row.phase is not Phase.RUNNING:
            guards.fail("running", f"container {container} is not")
        guards.require("nonce", len(nonce) == NONCE_BYTES, f"a nonce has {NONCE_BYTES} bytes")
        guards.require("unkeyed", container not in self._state.secrets, "it has its secret")
        answered = self._state.quotes.get(container)
        fresh = answered is None or answered.nonce != nonce
        guards.require("fresh_nonce", fresh, "this nonce has been answered")

        private = new_key()
        report = ContainerReport(
            boot=self.boot,
            identity=row.identity,
            zygote=row.image or NO_DIGEST,
            function=row.measurement or NO_DIGEST,
            rootfs=self._state.roots.get(container, NO_ROOT),
            nonce=nonce,
            key=public_key(private),
        )
        self._state.quotes[container] = report
        self._state.keys[container] = private
        return self._sign(report)

    def install(self, container: int, message: bytes) -> None:
        """Take the secret that a verifier released for the container."""
        guards = Guards(KernelRefusal, "install")
        row = self._state.containers.get(container)
        if row is None or row.phase is not Phase.RUNNING:
            guards.fail("running", f"container {container} is not")
        report = self._state.quotes.get(container)
        if report is None:
            guards.fail("quoted", f"no evidence on container {container} is open")
        guards.require("once", container not in self._state.secrets, "it has its secret")
        try:
            secret = unseal(self._state.keys[container], report, message)
        except SealingError as error:
            guards.fail("authentic", str(error))
        self._state.keys.discard(container)
        self._state.secrets[container] = secret[CHAIN_BYTES:]
        self._state.chains[container] = secret[:CHAIN_BYTES]
        self._state.containers[container] = replace(row, is_tainted=True)

    def secret(self, container: int) -> bytes:
        """Return the container's own secret to it."""
        guards = Guards(KernelRefusal, "secret")
        guards.require("keyed", container in self._state.secrets, "none was released")
        return self._state.secrets[container]

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
            container_signature=self._key.sign(data, SIGNATURE),
        )
