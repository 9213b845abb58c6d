"""A kernel of the host's, booted in the microkernel's place.

It may do for containers all that the microkernel does; what it says of them is what the host likes.
The hardware measures it like any other, and asks of it nothing: a guest chooses what its report
binds.
"""

from __future__ import annotations

from splitspec.impl.attestation.certificate import SIGNATURE
from splitspec.impl.attestation.report import ContainerReport, Evidence, bind_kernel
from splitspec.impl.attestation.signing import public_bytes, signing_key
from splitspec.impl.hardware.secure_processor import SecureProcessor, SignedReport


class RogueKernel:
    """What a kernel can say with the key of its boot, if it says what it likes."""

    __slots__ = ("_processor", "_secret")

    def __init__(self, processor: SecureProcessor, secret: bytes) -> None:
        self._processor = processor
        self._secret = secret

    def report(self, boot: bytes, kernel_key: bytes) -> SignedReport:
        """Have the hardware sign a report that names any boot and any key."""
        return self._processor.report(bind_kernel(boot, kernel_key))

    def evidence(self, claim: ContainerReport, vouched: SignedReport) -> Evidence:
        """Sign a claim, and put it beside a report."""
        data = claim.encode()
        return Evidence(
            report=vouched.report,
            report_signature=vouched.signature,
            chain=vouched.chain,
            kernel_key=public_bytes(self._secret),
            container=data,
            container_signature=signing_key(self._secret).sign(data, SIGNATURE),
        )
