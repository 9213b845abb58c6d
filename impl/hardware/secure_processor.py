"""The secure processor: measures the launch, and signs reports on the VM that runs.

A launch begins with a policy, takes pages in order, and is finished; then the VM runs, and nothing
of it can be launched any more. A launch that is not finished can be given up.

The guest chooses 64 bytes of a report and nothing else. Everything that the tenant must be able to
trust, the measurement, the chip, the version of its firmware and the policy, is filled in here.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from splitspec.impl.attestation.certificate import Chip, Manufacturer
from splitspec.impl.attestation.measurement import EMPTY, extend
from splitspec.impl.attestation.report import HardwareReport
from splitspec.impl.attestation.signing import Signatures
from splitspec.impl.hardware.memory import Memory
from splitspec.impl.hardware.platform import Platform
from splitspec.impl.journal import Journal, Table
from splitspec.impl.refusal import Guards, HardwareRefusal

LAUNCH = "launch"
PAGES_MAX = 2**40
"""Guest-physical pages: addresses have 52 bits."""


@dataclass(frozen=True, slots=True)
class SignedReport:
    """A report, its signature, and the certificates of who signed it."""

    report: bytes
    signature: bytes
    chain: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Launch:
    """A launch: its policy, and what was measured so far."""

    is_debug: bool  # the host may read the VM's memory
    measurement: bytes = EMPTY
    is_finished: bool = False


class SecureProcessor:
    """AMD-SP, or the TDX module with its quoting enclave."""

    __slots__ = ("_chip", "_launches", "_memory", "_platform", "_signatures")

    def __init__(
        self, journal: Journal, platform: Platform, memory: Memory, chip: Chip | None
    ) -> None:
        self._platform = platform
        self._memory = memory
        self._chip = chip
        self._launches: Table[str, Launch] = Table(journal)
        self._signatures = Signatures()

    @property
    def launched(self) -> Launch | None:
        """The launch of the VM that runs."""
        launch = self._launches.get(LAUNCH)
        return launch if launch is not None and launch.is_finished else None

    def begin(self, *, debug: bool) -> None:
        """SNP_LAUNCH_START or TDH.MNG.INIT: fix the policy of a VM that takes pages from now on."""
        guards = Guards(HardwareRefusal, "begin_launch")
        guards.require("new", LAUNCH not in self._launches, "the VM was launched, or is")
        self._launches[LAUNCH] = Launch(is_debug=debug)

    def launch(self, page: int, frame: int, data: bytes) -> None:
        """Put a page into the VM and extend the measurement by it."""
        guards = Guards(HardwareRefusal, "launch")
        row = self._under_way(guards)
        guards.require("page", 0 <= page < PAGES_MAX, f"{page} is no guest page")
        self._platform.launch(page, frame, data)
        self._launches[LAUNCH] = replace(row, measurement=extend(row.measurement, page, data))

    def finish(self, expected: bytes | None = None) -> None:
        """SNP_LAUNCH_FINISH or TDH.MR.FINALIZE: from now on the VM runs.

        With SEV-SNP the host may hand in an ID block, whose measurement the VM must have.
        """
        guards = Guards(HardwareRefusal, "finish_launch")
        row = self._under_way(guards)
        if expected is not None:
            name, has_block = self._platform.name, self._platform.has_id_block
            guards.require("defined", has_block, f"{name} compares no measurement")
            guards.require("expected", expected == row.measurement, "the ID block names another")
        self._platform.finish_launch()
        self._launches[LAUNCH] = replace(row, is_finished=True)

    def cancel(self) -> None:
        """SNP_DECOMMISSION, or the end of a TD that was not finalized: the pages go back, with
        what is in them, and the VM may be launched."""
        self._under_way(Guards(HardwareRefusal, "cancel_launch"))
        self._platform.cancel_launch()
        del self._launches[LAUNCH]

    def report(self, report_data: bytes) -> SignedReport:
        """Sign a report on the VM with 64 bytes of the guest's choice.

        A machine that was given no chip gets one, of a manufacturer of its own, when it is asked.
        """
        guards = Guards(HardwareRefusal, "report")
        guards.require("length", len(report_data) == 64, f"{len(report_data)} bytes of 64")
        launch = self.launched
        if launch is None:
            guards.fail("launched", "the VM does not run")
        if self._chip is None:
            self._chip = Manufacturer().make_chip()
        chip = self._chip
        report = HardwareReport(
            self._platform.name,
            launch.measurement,
            report_data,
            chip.identity,
            chip.tcb,
            is_debug=launch.is_debug,
        ).encode()
        signature = self._signatures.sign(chip.identity, chip.key, report)
        return SignedReport(report, signature, chip.chain)

    def decrypt(self, frame: int) -> bytes:
        """SNP_DBG_DECRYPT or TDH.MEM.RD: the host reads private memory of a VM for debugging."""
        guards = Guards(HardwareRefusal, "decrypt")
        launch = self._launches.get(LAUNCH)
        allowed = launch is not None and launch.is_debug
        guards.require("debug", allowed, "its policy does not allow debugging")
        self._memory.check(guards, frame)
        return self._memory.load(frame, private=True)

    def _under_way(self, guards: Guards) -> Launch:
        row = self._launches.get(LAUNCH)
        if row is None or row.is_finished:
            guards.fail("begun", "no launch is under way")
        return row
