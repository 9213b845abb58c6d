"""Refusals: what a call raises when one of its guards is false.

A refusal names the operation, the guard and the reason. Every operation checks all its guards
before its first write, so whoever catches a refusal finds the machine as it was. The class says
whose guard it was: the hardware's, the host's, the kernel's, the library's or the verifier's.
"""

from __future__ import annotations

from typing import NoReturn


class Refusal(Exception):  # noqa: N818 - the field's word; it is no error
    """A call that was refused, and changed nothing."""

    def __init__(self, operation: str, guard: str, reason: str) -> None:
        super().__init__(f"{operation} refused by {guard}: {reason}")
        self.operation = operation
        self.guard = guard
        self.reason = reason


class HardwareRefusal(Refusal):
    """The processor, the RMP or the TDX module refused."""


class GuestPageFault(HardwareRefusal):
    """The guest's own tables do not allow the access (#PF): the kernel handles it."""

    def __init__(self, guard: str, address: int, *, write: bool) -> None:
        access = "write" if write else "read"
        super().__init__("access", guard, f"{access} of virtual page {address}")
        self.address = address
        self.write = write


class NestedPageFault(HardwareRefusal):
    """The second stage does not allow the access: the guest exits, and the host sees the page."""

    def __init__(self, operation: str, guard: str, page: int) -> None:
        super().__init__(operation, guard, f"guest page {page} has no usable frame")
        self.page = page


class NotValidated(HardwareRefusal):
    """The frame is assigned but not validated (#VC): fatal to the guest."""


class MachineCheck(HardwareRefusal):
    """The integrity of a private page is lost: fatal to the guest."""


class HostRefusal(Refusal):
    """The honest host refused."""


class KernelRefusal(Refusal):
    """The microkernel refused."""


class LibraryRefusal(Refusal):
    """The library OS refused what the host, or its own function, gave it."""


class VerifierRefusal(Refusal):
    """The verifier refused evidence."""


class Guards:
    """The guards of one operation, checked in order; the first false one refuses."""

    __slots__ = ("_operation", "_refusal")

    def __init__(self, refusal: type[Refusal], operation: str) -> None:
        self._refusal = refusal
        self._operation = operation

    def require(self, guard: str, holds: bool, reason: str) -> None:
        """Refuse the operation iff `holds` is false."""
        if not holds:
            self.fail(guard, reason)

    def fail(self, guard: str, reason: str) -> NoReturn:
        """Refuse the operation."""
        raise self._refusal(self._operation, guard, reason)
