"""The host at its worst: every legal instruction, in any order, with any argument.

It has no secret of its own to lose and keeps no ledger; only the hardware restrains it. What it
reads is what the memory bus shows, and what it writes goes past the encryption engine.
"""

from __future__ import annotations

from splitspec.impl.hardware.platform import Platform
from splitspec.impl.hardware.processor import Exit, Processor, Reason


class HostileHost:
    """What a host can try. Each method is one action; a refusal is the hardware's."""

    __slots__ = ("_platform", "_processor")

    def __init__(self, platform: Platform, processor: Processor) -> None:
        self._platform = platform
        self._processor = processor

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
