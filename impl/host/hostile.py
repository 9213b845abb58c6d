"""The host at its worst: every instruction and every answer, in any order, with any argument.

It has no secret of its own to lose and keeps no ledger; only the hardware, the kernel and the
library restrain it. What it reads is what the memory bus shows, and what it writes goes past the
encryption engine. Its instructions are here one by one, so that it can stop halfway: `assign`
without a map, `remap` without an assignment, `block` without `track`. The requests that it makes of
the kernel are the kernel's own functions, which any host calls with any argument; a kernel of its
own is a `RogueKernel`. Not to do something, to drop an interrupt or to leave a vCPU out of the
guest, needs no method.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NoReturn

from splitspec.impl.delegation.mailbox import Message
from splitspec.impl.hardware.platform import Platform
from splitspec.impl.hardware.processor import Exit, Processor, Reason
from splitspec.impl.hardware.snp import Snp
from splitspec.impl.hardware.tdx import Tdx
from splitspec.impl.host.delegate import Delegate
from splitspec.impl.host.shadow import Shadows
from splitspec.impl.refusal import Guards, HardwareRefusal


class HostileHost:
    """What a host can try. Each method is one action; a refusal is the hardware's."""

    __slots__ = ("_platform", "_processor", "_shadows")

    def __init__(self, platform: Platform, processor: Processor, shadows: Shadows) -> None:
        self._platform = platform
        self._processor = processor
        self._shadows = shadows

    def offer(self, page: int, frame: int) -> None:
        """Assign any frame to any guest page, in use or not."""
        self._platform.offer(page, frame)

    def remap(self, page: int, frame: int | None) -> None:
        """Point the host's own second-stage entry of a page at another frame, or at none."""
        self._platform.share(page, frame)

    def steal(self, page: int, frame: int) -> None:
        """Take a frame from the guest while it uses it."""
        self._platform.reclaim(page, frame)

    def peek(self, frame: int) -> bytes:
        """Read a frame."""
        return self._platform.host_read(frame)

    def tamper(self, frame: int, offset: int, data: bytes) -> None:
        """Write into a frame; with bytes read before, this is a replay."""
        self._platform.host_write(frame, offset, data)

    def enter(self, vcpu: int, answer: int, *, core: int | None = None) -> None:
        """Run any vCPU on any core, with any answer to its exit."""
        self._processor.enter(vcpu, answer, core=core)

    def interrupt(self, vcpu: int) -> None:
        """Take a vCPU out of the guest at any moment."""
        self._processor.leave(vcpu, Exit(Reason.INTERRUPT))

    def kill(self, shadow: int) -> None:
        """End a shadow container's process at any moment, and tell nobody."""
        self._shadows.kill(shadow)

    # SEV-SNP, by single instructions.

    def assign(self, frame: int, page: int | None) -> None:
        """RMPUPDATE: change the row of a frame, whatever the nested table says."""
        self._snp("rmpupdate").rmpupdate(frame, page)

    # TDX, by single calls of the module.

    def block(self, page: int) -> None:
        """TDH.MEM.RANGE.BLOCK: no new translation to the page; the old ones stay."""
        self._tdx("block").block(page)

    def unblock(self, page: int) -> None:
        """TDH.MEM.RANGE.UNBLOCK."""
        self._tdx("unblock").unblock(page)

    def track(self) -> None:
        """TDH.MEM.TRACK: begin an epoch."""
        self._tdx("track").track()

    def remove(self, page: int) -> None:
        """TDH.MEM.PAGE.REMOVE."""
        self._tdx("remove").remove(page)

    def _snp(self, instruction: str) -> Snp:
        if not isinstance(self._platform, Snp):
            self._undefined(instruction)
        return self._platform

    def _tdx(self, instruction: str) -> Tdx:
        if not isinstance(self._platform, Tdx):
            self._undefined(instruction)
        return self._platform

    def _undefined(self, instruction: str) -> NoReturn:
        guards = Guards(HardwareRefusal, instruction)
        guards.fail("defined", f"{self._platform.name} has no such instruction")


class Liar(Delegate):
    """A shadow that answers what it likes: `lie` makes its reply of request and true reply."""

    __slots__ = ("lie",)

    def __init__(self, honest: Delegate, lie: Callable[[Message, Message], Message]) -> None:
        super().__init__(honest.image)
        self._sockets = honest._sockets
        self.services = honest.services
        self.lie = lie

    def serve(self, request: Message) -> Message:
        """Carry out a request, and return the lie."""
        return self.lie(request, super().serve(request))
