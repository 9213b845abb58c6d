"""The verifier: a tenant, or its key service, that judges evidence and releases a secret.

It accepts iff a genuine chip with new enough firmware vouches for a kernel that it knows, that
kernel vouches for a container of the zygote, function and file system that it expects, and both
answer a challenge of its own that nothing has answered before. The secret is sealed to the key of
that container. Every other evidence is refused by the first rule that it breaks.

Whether a signature is right depends on the bytes alone, a chain of certificates on these and the
time, so what was judged once is not computed again.
"""

from __future__ import annotations

import datetime
import secrets
from collections.abc import Callable
from dataclasses import InitVar, dataclass, field
from functools import lru_cache

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_der_public_key,
)

from splitspec.impl.attestation.certificate import SIGNATURE, ChainError, check_chain
from splitspec.impl.attestation.report import (
    NO_DIGEST,
    NO_ROOT,
    ContainerReport,
    Evidence,
    EvidenceError,
    HardwareReport,
    bind_kernel,
)
from splitspec.impl.attestation.sealing import CHAIN_BYTES, seal
from splitspec.impl.journal import Journal, Table
from splitspec.impl.refusal import Guards, VerifierRefusal


@dataclass(frozen=True, slots=True)
class Policy:
    """What a tenant trusts."""

    root: bytes  # DER certificate of the manufacturer
    measurement: bytes  # of the VM
    function: bytes
    zygote: bytes = NO_DIGEST
    rootfs: bytes = NO_ROOT
    tcb_min: int = 0


def _now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC).replace(tzinfo=None)


@dataclass(slots=True)
class Verifier:
    """Judges evidence by a policy; remembers the challenges that nothing has answered yet, and what
    answered the others."""

    policy: Policy
    secret: bytes
    # Names the function chain that the container belongs to. Who knows it gets a container of its
    # own into that chain, since anybody can seal to evidence: so it is random, and never shown.
    chain: bytes = field(default_factory=lambda: secrets.token_bytes(CHAIN_BYTES))
    journal: InitVar[Journal | None] = None
    draw: Callable[[int], bytes] = secrets.token_bytes
    open: Table[bytes, bool] = field(init=False)
    accepted: Table[bytes, bytes] = field(init=False)  # by challenge, the container's report

    def __post_init__(self, journal: Journal | None) -> None:
        self.open = Table(journal or Journal())
        self.accepted = Table(journal or Journal())

    def challenge(self) -> bytes:
        """Return a nonce that has never been used."""
        nonce = self.draw(32)
        self.open[nonce] = True
        return nonce

    def release(
        self,
        evidence: Evidence,
        *,
        challenge: bytes | None = None,
        now: datetime.datetime | None = None,
    ) -> bytes:
        """Return the secret, sealed to the container of the evidence; or refuse.

        `challenge` is the one that was sent to whom the evidence comes from, if that is known.
        """
        guards = Guards(VerifierRefusal, "release")
        report, container = self._read(guards, evidence)
        self._check_hardware(guards, evidence, report, now or _now())
        self._check_link(guards, evidence, report, container)
        own = challenge in (None, container.nonce)
        guards.require("answers", own, "it answers another challenge than it was asked")
        self._check_container(guards, container)
        del self.open[container.nonce]
        self.accepted[container.nonce] = evidence.container
        return seal(container, self.chain + self.secret, self.draw)

    def _read(self, guards: Guards, evidence: Evidence) -> tuple[HardwareReport, ContainerReport]:
        try:
            report = HardwareReport.decode(evidence.report)
            return report, ContainerReport.decode(evidence.container)
        except EvidenceError as error:
            guards.fail("well_formed", str(error))

    def _check_hardware(
        self,
        guards: Guards,
        evidence: Evidence,
        report: HardwareReport,
        now: datetime.datetime,
    ) -> None:
        """A genuine chip, new enough, runs the kernel that is expected, and not for debugging."""
        try:
            key, chip, tcb = _check_chain(evidence.chain, self.policy.root, now)
        except ChainError as error:
            guards.fail("chain", str(error))
        form = (Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        signed = is_signed(key.public_bytes(*form), evidence.report, evidence.report_signature)
        guards.require("report_signature", signed, "the chip did not sign this report")
        guards.require("chip", chip == report.chip, "the report is of another chip")
        guards.require("tcb_certified", tcb == report.tcb, "the chip is certified for another")
        recent = tcb >= self.policy.tcb_min
        guards.require("tcb_floor", recent, f"firmware {tcb} is older than {self.policy.tcb_min}")
        guards.require("no_debug", not report.is_debug, "the host may read a VM under debugging")
        known = report.measurement == self.policy.measurement
        guards.require("measurement", known, "the VM was launched with another kernel")

    def _check_link(
        self,
        guards: Guards,
        evidence: Evidence,
        report: HardwareReport,
        container: ContainerReport,
    ) -> None:
        """The kernel that the hardware vouches for signed the report on the container."""
        expected = bind_kernel(container.boot, evidence.kernel_key)
        linked = report.report_data == expected
        guards.require("linked", linked, "the halves are of different kernels or boots")
        signature = evidence.container_signature
        signed = is_signed(evidence.kernel_key, evidence.container, signature)
        guards.require("container_signature", signed, "the kernel did not sign this report")

    def _check_container(self, guards: Guards, container: ContainerReport) -> None:
        """The container answers an open challenge, and is what is expected."""
        fresh = container.nonce in self.open
        guards.require("fresh", fresh, "it answers no open challenge: a replay, or another's")
        expected = container.zygote == self.policy.zygote
        guards.require("zygote", expected, "it was forked from another zygote")
        expected = container.function == self.policy.function
        guards.require("function", expected, "it runs another function")
        expected = container.rootfs == self.policy.rootfs
        guards.require("rootfs", expected, "it has another file system")


_check_chain = lru_cache(maxsize=64)(check_chain)


@lru_cache(maxsize=4096)
def is_signed(key: bytes, data: bytes, signature: bytes) -> bool:
    """The key, in DER, is one of an elliptic curve, and the signature over the data is of it."""
    try:
        known = load_der_public_key(key)
    except (ValueError, UnsupportedAlgorithm):
        return False
    if not isinstance(known, ec.EllipticCurvePublicKey):
        return False
    try:
        known.verify(signature, data, SIGNATURE)
    except InvalidSignature:
        return False
    return True
