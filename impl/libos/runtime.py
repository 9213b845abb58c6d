"""What the library needs below it: memory that faults are served for, and ways into the kernel."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from splitspec.impl.delegation.mailbox import REPLY_ROOM, Message
from splitspec.impl.libos.gate import Gate, Memory


class Runtime(Memory, Protocol):
    """The machine as one container's code sees it."""

    @property
    def gate(self) -> Gate:
        """The way out for delegated calls."""

    def reserve(self, address: int, count: int) -> None:
        """Let virtual pages be backed with zeros when they are first touched."""

    def drop(self, address: int, count: int) -> None:
        """Unmap virtual pages and give their pages back to the pool."""

    def post(self, call: str, request: Message, room: int = REPLY_ROOM) -> None:
        """Put a request for a system call before the host, and let the host answer."""

    def exchange(self, call: str, request: Message, room: int = REPLY_ROOM) -> Message:
        """Do so, and return the reply from a private copy that was checked."""

    def secret(self) -> bytes:
        """Return what the tenant's verifier released to this container."""

    def random(self, length: int) -> bytes:
        """Return bytes of the container's random generator."""

    def make_event(self) -> int:
        """Make a notification of the kernel's; return its number."""

    def signal_event(self, number: int) -> None:
        """Count one signal."""

    def take_event(self, number: int) -> int:
        """Return the signals since the last call."""

    def end_event(self, number: int) -> None:
        """Give the notification back."""

    def start_thread(self, body: Callable[[], None]) -> int:
        """Begin a thread that will run when this one waits."""

    def wait_for_threads(self) -> bool:
        """Let other threads run; return whether there was one."""
