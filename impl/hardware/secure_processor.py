"""The secure processor: measures the launch, and signs reports on the VM that runs.

The guest chooses 64 bytes of a report and nothing else. Everything that the tenant must be able to
trust, the measurement, the chip, the version of its firmware and the policy, is filled in here.
"""

from __future__ import annotations

from dataclasses import dataclass

from splitspec.impl.attestation.certificate import SIGNATURE, Chip, Manufacturer
from splitspec.impl.attestation.measurement import EMPTY, extend
from splitspec.impl.attestation.report import HardwareReport
from splitspec.impl.hardware.platform import Platform
from splitspec.impl.journal import Journal, Table
from splitspec.impl.refusal import Guards, HardwareRefusal

LAUNCH = "launch"


@dataclass(frozen=True, slots=True)
class SignedReport:
    """A report, its signature, and the certificates of who signed it."""

    report: bytes
    signature: bytes
    chain: tuple[bytes, ...]


class SecureProcessor:
    """AMD-SP, or the TDX module with its quoting enclave."""

    __slots__ = ("_chip", "_debug", "_digest", "_platform")

    def __init__(
        self, journal: Journal, platform: Platform, chip: Chip | None, *, debug: bool
    ) -> None:
        self._platform = platform
        self._chip = chip
        self._debug = debug
        self._digest: Table[str, bytes] = Table(journal)

    @property
    def measurement(self) -> bytes:
        """The measurement of the launch so far."""
        return self._digest.get(LAUNCH, EMPTY)

    def launch(self, page: int, frame: int, data: bytes) -> None:
        """Put a page into the VM and extend the measurement by it."""
        self._platform.launch(page, frame, data)
        self._digest[LAUNCH] = extend(self.measurement, page, data)

    def report(self, report_data: bytes) -> SignedReport:
        """Sign a report on the VM with 64 bytes of the guest's choice.

        A machine that was given no chip gets one, of a manufacturer of its own, when it is asked.
        """
        guards = Guards(HardwareRefusal, "report")
        guards.require("length", len(report_data) == 64, f"{len(report_data)} bytes of 64")
        if self._chip is None:
            self._chip = Manufacturer().make_chip()
        chip = self._chip
        report = HardwareReport(
            self._platform.name,
            self.measurement,
            report_data,
            chip.identity,
            chip.tcb,
            is_debug=self._debug,
        ).encode()
        return SignedReport(report, chip.key.sign(report, SIGNATURE), chip.chain)
