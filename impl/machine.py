"""One machine: hardware, a host, and a confidential VM with the microkernel in it.

All state that changes stands in tables and frames under one journal, so that `checkpoint` and
`rollback` take the whole machine back, and `digest` tells two states apart.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Iterator
from enum import Enum
from functools import partial
from typing import Any

from splitspec.impl.attestation.certificate import Chip
from splitspec.impl.attestation.measurement import launch_pages
from splitspec.impl.geometry import Geometry
from splitspec.impl.hardware.clock import Clock
from splitspec.impl.hardware.entropy import Entropy
from splitspec.impl.hardware.memory import Memory
from splitspec.impl.hardware.processor import Processor
from splitspec.impl.hardware.secure_processor import SecureProcessor
from splitspec.impl.hardware.snp import Snp
from splitspec.impl.hardware.tdx import Tdx
from splitspec.impl.hardware.tlb import Tlb
from splitspec.impl.host.host import Host
from splitspec.impl.host.hostile import HostileHost
from splitspec.impl.journal import Journal, Table
from splitspec.impl.kernel.kernel import Kernel
from splitspec.impl.refusal import HardwareRefusal


class PlatformKind(Enum):
    """Which page machine protects the confidential VM."""

    SNP = "sev-snp"
    TDX = "tdx"


class Machine:
    """The whole system; `geometry` says how large it is.

    It is launched with the image, unless it is to be booted later. `journal` is given where several
    machines go back together.
    """

    __slots__ = (
        "clock",
        "entropy",
        "geometry",
        "host",
        "hostile",
        "image",
        "journal",
        "kernel",
        "memory",
        "platform",
        "processor",
        "secure_processor",
        "tlb",
    )

    def __init__(
        self,
        geometry: Geometry | None = None,
        kind: PlatformKind = PlatformKind.SNP,
        *,
        image: bytes = b"microkernel",
        one_to_one: bool = True,
        chip: Chip | None = None,
        debug: bool = False,
        memory_key: bytes | None = None,
        is_booted: bool = True,
        journal: Journal | None = None,
    ) -> None:
        self.geometry = geometry or Geometry()
        self.image = image
        self.journal = journal or Journal()
        frames = self.geometry.base_pages + self.geometry.frames
        self.memory = Memory(self.journal, frames, memory_key or secrets.token_bytes(64))
        self.tlb = Tlb(self.journal)
        self.clock = Clock(self.journal)
        self.entropy = Entropy(self.journal)
        page_machine = Snp if kind is PlatformKind.SNP else Tdx
        self.platform: Snp | Tdx = page_machine(self.journal, self.memory, self.tlb)
        self.processor = Processor(
            self.journal,
            self.geometry.vcpus,
            memory=self.memory,
            platform=self.platform,
            tlb=self.tlb,
        )
        self.secure_processor = SecureProcessor(self.journal, self.platform, self.memory, chip)
        self.host = Host(
            self.journal, self.geometry, platform=self.platform, processor=self.processor
        )
        self.hostile = HostileHost(self.platform, self.processor, self.host.shadows)
        self.kernel = Kernel(
            self.journal,
            self.geometry,
            platform=self.platform,
            memory=self.memory,
            processor=self.processor,
            clock=self.clock,
            entropy=self.entropy,
            secure_processor=self.secure_processor,
            one_to_one=one_to_one,
        )
        if is_booted:
            self.boot(debug=debug)
            self.park_vcpus()

    def boot(self, *, debug: bool = False) -> None:
        """The host launches the microkernel."""
        self.launch(self.image, debug=debug)

    def launch(self, image: bytes, *, debug: bool = False, expected: bytes | None = None) -> None:
        """Load a kernel, have the hardware measure it, and boot it.

        A launch that the hardware refuses is given up; then the machine can be launched again.
        """
        begin, *rest = self.launching(image, debug=debug, expected=expected)
        begin()
        try:
            for step in rest:
                step()
        except HardwareRefusal:
            self.secure_processor.cancel()
            raise

    def launching(
        self, image: bytes, *, debug: bool, expected: bytes | None = None
    ) -> Iterator[Callable[[], None]]:
        """Iterate over the steps of a launch: the host's commands to the hardware, and what the
        kernel does first."""
        processor = self.secure_processor
        yield partial(processor.begin, debug=debug)
        for page, data in enumerate(launch_pages(self.geometry, image)):
            yield partial(processor.launch, page, page, data)
        yield partial(processor.finish, expected)
        yield self.kernel.attestation.boot

    def park_vcpus(self) -> None:
        """The process manager starts its loop on every vCPU, and each makes the idle hypercall."""
        for step in self.parking():
            step()

    def parking(self) -> Iterator[Callable[[], None]]:
        """Iterate over the steps of that."""
        for vcpu in self.processor.vcpus:
            yield partial(self.processor.enter, vcpu)
            yield partial(self.kernel.threads.start_loop, vcpu)
            yield partial(self.kernel.threads.park, vcpu)
            yield partial(self.host.shadows.enlist, vcpu)

    def checkpoint(self) -> int:
        """Return a mark of the present state. Equal marks mean that nothing changed between."""
        return self.journal.mark()

    def rollback(self, mark: int) -> None:
        """Restore the state of the mark exactly."""
        self.journal.rollback(mark)

    def tables(self) -> Iterator[tuple[str, Table[Any, Any]]]:
        """Yield every table of the machine with its name."""
        hardware = (self.platform, self.tlb, self.processor, self.secure_processor)
        sources = (self.clock, self.entropy)
        host = (self.host.cgroups, self.host.shadows, self.host.backing, self.host.work)
        channels = self.kernel.channels
        for part in (
            *hardware,
            *sources,
            *host,
            self.kernel.state,
            channels,
            channels.capabilities,
        ):
            for name in type(part).__slots__:
                store = getattr(part, name)
                if isinstance(store, Table):
                    yield f"{type(part).__name__}.{name}", store

    def digest(self) -> bytes:
        """Return a digest of all frames and tables; translations that are only cached count too."""
        digest = hashlib.sha256()
        for cells in self.memory.frames:
            digest.update(cells)
        for name, table in self.tables():
            digest.update(name.encode())
            rows = sorted((repr(key), _canonical(row)) for key, row in table.items())
            digest.update(repr(rows).encode())
        return digest.digest()


def _canonical(row: object) -> str:
    return repr(sorted(row)) if isinstance(row, frozenset) else repr(row)
