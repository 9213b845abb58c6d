"""VMs on one chip, the tenant who wants to know what runs in them, and what an attacker makes up.

Each VM is a machine of its own that may be launched once; all go back together. Random numbers are
derived from what they are drawn for, as in `network`.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from splitspec.impl.attestation.certificate import SIGNATURE, Manufacturer
from splitspec.impl.attestation.measurement import code_pages, expected, imaged
from splitspec.impl.attestation.report import (
    NO_ROOT,
    ContainerReport,
    Evidence,
    HardwareReport,
    bind_kernel,
)
from splitspec.impl.attestation.signing import public_bytes
from splitspec.impl.attestation.verifier import Policy, Verifier
from splitspec.impl.geometry import Geometry
from splitspec.impl.hardware.secure_processor import SignedReport
from splitspec.impl.host.rogue import RogueKernel
from splitspec.impl.journal import Journal, Table
from splitspec.impl.kernel.records import BOOT, Boot
from splitspec.impl.machine import Machine, PlatformKind
from splitspec.refinement.machine.network import Randomness, chip, digest_of, root
from splitspec.refinement.machine.testbed import Step, take_together

ZYGOTE = 0  # its slot
RUNTIME = 4  # the virtual page of the zygote's code


class Launches:
    """VMs on one chip that are not launched yet, the tenant, and all that goes over the network."""

    def __init__(self, kind: PlatformKind, sizes: Mapping[str, int]) -> None:
        slots = 1 + sizes["Container"]
        self.geometry = Geometry(slots, pages=slots, frames=slots, vcpus=slots)
        self.codes = tuple(f"code {n}".encode() for n in range(1, sizes["Code"] + 1))
        self.random, journal = Randomness(), Journal()
        self.machines = [self._machine(kind, journal) for _ in range(sizes["Boot"])]
        trusted = self.codes[0]
        policy = Policy(
            root(), expected(self.geometry, trusted), digest_of(trusted), image_of(trusted)
        )
        self.verifier = Verifier(policy, b"secret", b"c" * 16, journal, self.random)
        self.nonces = [self._challenge(e) for e in range(sizes["Evidence"])]
        self.reports: Table[int, SignedReport] = Table(journal)
        self.evidence: Table[int, Evidence] = Table(journal)
        self.messages: Table[int, bytes] = Table(journal)
        self.machine.checkpoint()

    @property
    def machine(self) -> Machine:
        """The first VM, whose journal is that of all."""
        return self.machines[0]

    def _machine(self, kind: PlatformKind, journal: Journal) -> Machine:
        made = Machine(self.geometry, kind, chip=chip(), journal=journal, is_booted=False)
        made.kernel.attestation.draw = self.random
        return made

    def _challenge(self, e: int) -> bytes:
        self.random.purpose = f"nonce {e}"
        return self.verifier.challenge()

    def together(self, *steps: Step) -> None:
        """Take several steps as one: all of them, or none."""
        take_together(self.machine.journal, steps)

    def booted(self, b: int) -> Boot | None:
        """Return what the kernel of a VM drew when it booted."""
        return self.machines[b].kernel.state.boots.get(BOOT)

    def kernel(self, b: int) -> bytes | None:
        """Return what runs as the kernel of a VM."""
        vm = self.machines[b]
        return None if vm.secure_processor.launched is None else text(vm.kernel.memory.read(0))

    def rogue(self, b: int) -> RogueKernel | None:
        """Return the kernel of a VM if it is the host's own."""
        boot = self.booted(b)
        if boot is None or self.kernel(b) == self.codes[0]:
            return None
        return RogueKernel(self.machines[b].secure_processor, boot.secret)

    def named(self, data: bytes) -> int | None:
        """Return the VM whose key the 64 bytes of a report name."""
        for b in range(len(self.machines)):
            boot = self.booted(b)
            if boot and bind_kernel(boot.identity, public_bytes(boot.secret)) == data:
                return b
        return None


def text(page: bytes) -> bytes:
    """Return the code in a page; what is longer than 32 bytes is none of ours."""
    return page.rstrip(b"\0")[:32]


@cache
def image_of(code: bytes) -> bytes:
    """Return the measurement of a zygote that has loaded a code, and has no thread."""
    (page,) = code_pages(code)
    return imaged([(RUNTIME, True, False, page)], ())


@cache
def strange_report(measurement: bytes) -> SignedReport:
    """Return a report that a chip of another manufacturer signs."""
    stranger = Manufacturer().make_chip()
    made_up = HardwareReport("TDX", measurement, bytes(64), stranger.identity, stranger.tcb)
    data = made_up.encode()
    return SignedReport(data, stranger.key.sign(data, SIGNATURE), stranger.chain)


def unsigned(launches: Launches, signed: SignedReport, e: int) -> Evidence:
    """Return what is hoped for, in the name of the kernel of a report, without its signature."""
    named = launches.named(HardwareReport.decode(signed.report).report_data)
    drawn = None if named is None else launches.booted(named)
    policy = launches.verifier.policy
    claim = ContainerReport(
        boot=bytes(16) if drawn is None else drawn.identity,
        identity=1,
        zygote=policy.zygote,
        function=policy.function,
        rootfs=NO_ROOT,
        nonce=launches.nonces[e],
        key=bytes(32),
    )
    key = b"no key" if drawn is None else public_bytes(drawn.secret)
    return Evidence(signed.report, signed.signature, signed.chain, key, claim.encode(), b"")
