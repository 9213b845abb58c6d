"""A process: the system calls that a function makes, as methods.

A function is a Python callable that is given its process and some bytes, and returns bytes. What it
keeps in the container's memory is real bytes in frames; its own variables are the interpreter's.
"""

from __future__ import annotations

from collections.abc import Callable

from splitspec.impl.delegation.mailbox import Message, Operation
from splitspec.impl.journal import Journal, Table
from splitspec.impl.libos.files import Files
from splitspec.impl.libos.heap import Heap
from splitspec.impl.libos.runtime import Runtime
from splitspec.impl.libos.sockets import Sockets
from splitspec.impl.refusal import Guards, LibraryRefusal

NEXT = "next"
FIRST_NUMBER = 3


class Process:
    """The calls of one function; numbers of files and connections are given once."""

    __slots__ = ("_descriptors", "_events", "files", "heap", "runtime", "sockets")

    def __init__(self, journal: Journal, runtime: Runtime, root: bytes | None = None) -> None:
        self.runtime = runtime
        self.heap = Heap(journal, runtime)
        self.files = Files(journal, runtime, self.heap, root)
        self.sockets = Sockets(journal, runtime)
        self._descriptors: Table[str, int] = Table(journal)
        self._events: Table[int, int] = Table(journal)  # by number, the kernel's number

    def inherit(self, parent: Process) -> None:
        """Begin as a fork of another process: with its memory and files, not its connections."""
        self.heap.inherit(parent.heap)
        self.files.inherit(parent.files)

    # Memory.

    def load(self, start: int, length: int) -> bytes:
        """Read memory at a byte address."""
        return self.runtime.load(start, length)

    def store(self, start: int, data: bytes) -> None:
        """Write memory at a byte address."""
        self.runtime.store(start, data)

    def brk(self, end: int = 0) -> int:
        """Move the end of the heap."""
        return self.heap.brk(end)

    def mmap(self, length: int = 0, *, number: int | None = None) -> int:
        """Map zeros, or a private copy of a whole file, verified; return the byte address."""
        if number is None:
            return self.heap.map(length)
        self._check(Guards(LibraryRefusal, "mmap"), number)
        size = self.files.size(number)
        content = self.files.read_at(number, 0, size)
        start = self.heap.map(max(size, 1))
        self.store(start, content)
        return start

    def munmap(self, start: int) -> None:
        """End a mapping."""
        self.heap.unmap(start)

    # Files.

    def open(self, path: str, *, create: bool = False) -> int:
        """Open a file of the image, or under /tmp."""
        number = self._descriptors.get(NEXT, FIRST_NUMBER)
        self.files.open(path, number, create=create)
        self._descriptors[NEXT] = number + 1
        return number

    def read(self, number: int, length: int) -> bytes:
        """Return the next bytes of a file."""
        self._check(Guards(LibraryRefusal, "read"), number)
        return self.files.read(number, length)

    def write(self, number: int, data: bytes) -> int:
        """Add bytes to a temporary file."""
        self._check(Guards(LibraryRefusal, "write"), number)
        self.files.write(number, data)
        return len(data)

    def close(self, number: int) -> None:
        """Close a file."""
        self._check(Guards(LibraryRefusal, "close"), number)
        self.files.close(number)

    # Network.

    def connect(self, name: str) -> int:
        """Open an encrypted connection to a service."""
        number = self._descriptors.get(NEXT, FIRST_NUMBER)
        self.sockets.connect(name, number)
        self._descriptors[NEXT] = number + 1
        return number

    def send(self, number: int, data: bytes) -> int:
        """Send bytes."""
        return self.sockets.send(number, data)

    def send_again(self, number: int) -> None:
        """Send the latest record once more, after an error of the host."""
        self.sockets.send_again(number)

    def receive(self, number: int) -> bytes | None:
        """Receive bytes, or None if there are none yet."""
        return self.sockets.receive(number)

    def epoll_wait(self, numbers: list[int]) -> list[int]:
        """Return the connections that have something to receive, as far as the host says."""
        return self.sockets.poll(numbers)

    # Threads and the rest.

    def clone(self, body: Callable[[], None]) -> int:
        """Begin a thread; it runs when this one waits."""
        return self.runtime.start_thread(body)

    def futex_wait(self, start: int, value: int) -> None:
        """Wait until the 4 bytes at an address are no longer `value`, while other threads run."""
        guards = Guards(LibraryRefusal, "futex")
        while int.from_bytes(self.load(start, 4), "little") == value:
            guards.require("progress", self.runtime.wait_for_threads(), "nobody is left to wake it")

    def eventfd2(self) -> int:
        """Make a count by which threads signal one another."""
        number = self._descriptors.get(NEXT, FIRST_NUMBER)
        self._events[number] = self.runtime.make_event()
        self._descriptors[NEXT] = number + 1
        return number

    def eventfd_write(self, number: int) -> None:
        """Add one to the count."""
        self.runtime.signal_event(self._event(Guards(LibraryRefusal, "eventfd_write"), number))

    def eventfd_read(self, number: int) -> int:
        """Take all of the count, waiting while it is zero and other threads run."""
        guards = Guards(LibraryRefusal, "eventfd_read")
        event = self._event(guards, number)
        while not (count := self.runtime.take_event(event)):
            guards.require("progress", self.runtime.wait_for_threads(), "nobody is left to signal")
        return count

    def eventfd_close(self, number: int) -> None:
        """End the count."""
        self.runtime.end_event(self._event(Guards(LibraryRefusal, "eventfd_close"), number))
        del self._events[number]

    def _event(self, guards: Guards, number: int) -> int:
        guards.require("open", number in self._events, f"{number} is no count")
        return self._events[number]

    def clock_gettime(self) -> int:
        """Return the time of day in nanoseconds: what the host says, and nothing shows that it is
        true."""
        reply = self.runtime.exchange("clock_gettime", Message(Operation.TIME), 0)
        guards = Guards(LibraryRefusal, "clock_gettime")
        guards.require("told", reply.number >= 0, f"the host says error {-reply.number}")
        return reply.number

    def getrandom(self, length: int) -> bytes:
        """Return random bytes of the container's generator, which no other container has."""
        return self.runtime.random(length)

    def _check(self, guards: Guards, number: int) -> None:
        guards.require("open", number in self.files.open_files, f"{number} is no open file")
