"""What the microkernel remembers: rows of its tables.

Nothing here repeats what page tables, the platform or the TLBs say. A page without a record has not
been accepted; a container without a row does not exist; the frame behind a page is the host's.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from splitspec.impl.attestation.report import ContainerReport
from splitspec.impl.hardware.processor import CLEAR
from splitspec.impl.journal import Journal, Table
from splitspec.impl.kernel.capabilities import Right


class Phase(Enum):
    """Where a container stands in its life."""

    CREATED = "created"
    """It has a directory, and takes memory and code."""
    RUNNING = "running"
    """Its code is measured; its threads may run."""
    SEALED = "sealed"
    """It is a zygote: nothing of it changes any more."""
    EXITING = "exiting"
    """It leaves: no thread of it is resumed, and its entries and pages are being taken back."""


class Use(Enum):
    """What an accepted page is used for."""

    RAW = "raw"
    """Just accepted, with what the frame held: of no use before it is scrubbed."""
    FREE = "free"
    PRIVATE = "private"
    IMAGE = "image"
    """Of a sealed zygote, mapped read-only by its clones."""
    METADATA = "metadata"
    """Of the allocators of the pool that it is in: which of its pages they have handed out."""
    TABLE = "table"
    """Of the page table of the container whose pool has it; nothing maps it, nor does the host."""
    CHANNEL = "channel"
    """Memory of a function chain, mapped by its members."""
    SHARED = "shared"
    """Given to the host to read and write: no private page any more."""
    LOST = "lost"
    """The host took it from a container that used it: never used again."""


@dataclass(frozen=True, slots=True)
class ThreadImage:
    """What a thread of a zygote was when it was sealed, and a thread of each clone begins as."""

    registers: bytes
    waits: bool
    timeout: int | None  # the ticks after which it goes on, whatever comes


@dataclass(frozen=True, slots=True)
class Container:
    """A container in its slot; `identity` is given once in the life of the VM."""

    identity: int
    phase: Phase
    origin: int | None = None  # the identity of the zygote that it is to be a clone of
    image: bytes = b""  # the measurement of that zygote, once its pages are mapped
    measurement: bytes = b""  # of what was loaded into it
    is_tainted: bool = False  # it has held data of a tenant
    is_separate: bool = False  # it asked for a vCPU for each of its threads
    is_prepared: bool = False  # a snapshot was asked for, and all its other threads waited
    threads: tuple[ThreadImage, ...] = ()  # of a zygote, as they were sealed


@dataclass(frozen=True, slots=True)
class Page:
    """An accepted page."""

    use: Use = Use.FREE
    is_clean: bool = False  # it holds zeros
    references: int = 0  # entries of page tables, and pins, that name it


@dataclass(frozen=True, slots=True)
class Code:
    """A function that came while its container ran: the page that holds it, and where it runs."""

    page: int
    address: int


class ThreadState(Enum):
    """What a confidential thread waits for."""

    UNBOUND = "unbound"
    """It waits for a vCPU that the host is asked for."""
    READY = "ready"
    RUNNING = "running"
    WAITING = "waiting"
    """It waits for an event inside the VM."""
    FROZEN = "frozen"
    """It waited when its container was sealed, and waits for good: clones begin with that."""


@dataclass(frozen=True, slots=True)
class Thread:
    """A confidential thread."""

    container: int
    state: ThreadState
    vcpu: int | None = None
    registers: bytes = CLEAR  # while it does not run


@dataclass(frozen=True, slots=True)
class Timer:
    """When a thread goes on that waits for a while at most."""

    ticks: int
    since: int | None  # from this time on; None: it is stopped


class Stage(Enum):
    """How far the recycler has come with a container that leaves."""

    SIGNALLED = "signalled"
    """Its threads have been told to leave the kernel."""
    THREADLESS = "threadless"
    """The last one has left."""
    BARE = "bare"
    """Nothing that it named is left: no entry, no channel, no notification, no secret."""


@dataclass(frozen=True, slots=True)
class Fault:
    """A page fault that the kernel handles: it holds the lock of the container's pool."""

    thread: int
    address: int


@dataclass(frozen=True, slots=True)
class Notification:
    """A count of signals, in a record of the kernel's."""

    container: int
    count: int = 0


@dataclass(frozen=True, slots=True)
class Object:
    """A memory object: it lives as long as somebody refers to it, and then until it is freed."""

    creator: int  # the identity of the container that made it, in whose quota its record is
    size: int  # in pages
    holders: tuple[int | None, ...]  # by place of its list, the container whose slot is there
    calls: int = 0  # under way, each of which keeps it

    @property
    def references(self) -> int:
        """How many slots and calls refer to it."""
        return sum(holder is not None for holder in self.holders) + self.calls


@dataclass(frozen=True, slots=True)
class Slot:
    """A capability in a container's group: an object, and what the container may do with it."""

    object: int
    rights: Right
    place: int  # on the object's list


@dataclass(frozen=True, slots=True)
class Insertion:
    """A fork that adds a slot to an object's list: it has looked for a place, and not written it.

    Until it has, the list is locked, and the object is not freed.
    """

    slot: int  # of the clone
    place: int


class Pin(Enum):
    """What input or output under way does with a page."""

    READING = "reading"
    WRITING = "writing"


@dataclass(frozen=True, slots=True)
class Target:
    """Where the kernel writes for a container: bytes of a page of its."""

    page: int
    offset: int
    length: int


@dataclass(frozen=True, slots=True)
class Layout:
    """A pool that lies in a stride: a part that is shared with the host, a page of metadata, and
    private pages for data. The metadata are private, too."""

    container: int
    first: int
    size: int  # pages, of all parts
    shared: int

    @property
    def pages(self) -> range:
        """All pages of the pool."""
        return range(self.first, self.first + self.size)

    @property
    def shared_part(self) -> range:
        """The pages that the host can read and write: for I/O buffers."""
        return self.pages[: self.shared]

    @property
    def metadata(self) -> int:
        """The page in which the allocators keep their records."""
        return self.first + self.shared

    @property
    def data(self) -> range:
        """The private pages that the allocators hand out."""
        return self.pages[self.shared + 1 :]


@dataclass(frozen=True, slots=True)
class Buffer:
    """An I/O buffer of a container: the block of its pool's shared part that it has."""

    container: int
    page: int


REFERENCES_MAX = 2**32 - 1
SLOTS = 16
"""Slots of a capability group, and objects that a container may have made."""


BOOT = "boot"


@dataclass(frozen=True, slots=True)
class Boot:
    """What is drawn at boot, and in no other."""

    identity: bytes
    secret: bytes  # of which the signing key is made


class State:
    """All tables of the microkernel."""

    __slots__ = (
        "boots",
        "buffers",
        "calls",
        "chains",
        "code",
        "commits",
        "containers",
        "counters",
        "digests",
        "faults",
        "flushed",
        "generations",
        "generators",
        "held",
        "insertions",
        "keys",
        "layouts",
        "loops",
        "notifications",
        "objects",
        "overtime",
        "pages",
        "pins",
        "pools",
        "quarantine",
        "quotes",
        "recycling",
        "roots",
        "secrets",
        "slots",
        "tags",
        "targets",
        "threads",
        "timers",
    )

    def __init__(self, journal: Journal) -> None:
        self.boots: Table[str, Boot] = Table(journal)  # one row, as long as the kernel runs
        self.containers: Table[int, Container] = Table(journal)
        self.pools: Table[int, int] = Table(journal)  # page to the container whose pool has it
        self.layouts: Table[int, Layout] = Table(journal)  # by vCPU: the pool in its stride
        self.buffers: Table[int, Buffer] = Table(journal)  # by number
        self.pages: Table[int, Page] = Table(journal)
        self.pins: Table[tuple[int, int], Pin] = Table(journal)  # by container and page
        self.targets: Table[int, Target] = Table(journal)  # where the kernel writes for it
        self.tags: Table[int, int] = Table(journal)  # of containers' address spaces, in the TLBs
        # How often a container's table has lost something, and up to which of these times a vCPU
        # has flushed it. A vCPU without a row for a container has no translation of it.
        self.generations: Table[int, int] = Table(journal)
        self.flushed: Table[tuple[int, int], int] = Table(journal)
        # By the container that gave it up, a page that vCPUs may still reach.
        self.quarantine: Table[tuple[int, int], bool] = Table(journal)
        # Container to the changes, of its own table or another's, that all must have flushed first.
        self.held: Table[int, frozenset[tuple[int, int]]] = Table(journal)
        self.loops: Table[int, bool] = Table(journal)  # vCPUs on which the process manager's runs
        self.threads: Table[int, Thread] = Table(journal)
        # By vCPU, whose turn has been put off: container, by its identity, and thread.
        self.overtime: Table[int, tuple[int, int]] = Table(journal)
        self.timers: Table[int, Timer] = Table(journal)  # of threads that wait
        self.faults: Table[int, Fault] = Table(journal)  # by container, whose pool they lock
        self.recycling: Table[int, Stage] = Table(journal)  # of containers that leave
        self.roots: Table[int, bytes] = Table(journal)  # of the container's file system
        # By container and nonce, until a secret comes: what was stated, and its private key.
        self.quotes: Table[tuple[int, bytes], ContainerReport] = Table(journal)
        self.keys: Table[tuple[int, bytes], bytes] = Table(journal)
        self.notifications: Table[int, Notification] = Table(journal)  # by number of the record
        self.objects: Table[int, Object] = Table(journal)  # by a number that no other ever has
        self.slots: Table[tuple[int, int], Slot] = Table(journal)  # by container, and its number
        # By container and object: it is used by a call, or a fork is to add a slot to its list.
        self.calls: Table[tuple[int, int], bool] = Table(journal)
        self.insertions: Table[tuple[int, int], Insertion] = Table(journal)
        self.commits: Table[tuple[int, int], int] = Table(journal)  # the page, by object and offset
        self.code: Table[int, Code] = Table(journal)  # the container's function
        self.digests: Table[int, bytes] = Table(journal)  # what was measured of it
        self.generators: Table[int, bytes] = Table(journal)  # of random bytes: its state
        self.secrets: Table[int, bytes] = Table(journal)
        self.chains: Table[int, bytes] = Table(journal)  # the chain that a verifier has named
        self.counters: Table[str, int] = Table(journal)  # numbers that only grow

    def next(self, counter: str) -> int:
        """Return the next number of a counter, from 1."""
        value = self.counters.get(counter, 0) + 1
        self.counters[counter] = value
        return value

    def is_alive(self, container: int) -> bool:
        """The container takes memory, and may run."""
        row = self.containers.get(container)
        return row is not None and row.phase in (Phase.CREATED, Phase.RUNNING)

    def is_stated(self, container: int) -> bool:
        """There is evidence of what the container runs: a quote is open, or was answered."""
        return container in self.secrets or any(own == container for own, _ in self.quotes)

    def threads_of(self, container: int) -> list[int]:
        """Return the threads of the container, in order."""
        return sorted(thread for thread, row in self.threads.items() if row.container == container)

    def end_thread(self, thread: int) -> None:
        """Forget a thread, and what it waits for."""
        del self.threads[thread]
        self.timers.discard(thread)

    def forget(self, container: int) -> None:
        """Drop what attestation, loading and its random generator keep of a container."""
        for quote in [key for key in self.quotes if key[0] == container]:
            del self.quotes[quote]
        for key in [key for key in self.keys if key[0] == container]:
            del self.keys[key]
        named = (self.roots, self.secrets, self.chains, self.code, self.digests)
        for forgotten in (*named, self.generators):
            forgotten.discard(container)

    def named(self, container: int) -> list[tuple[int, Slot]]:
        """Return the slots of the container's capability group, by number, in order."""
        return sorted((n, slot) for (holder, n), slot in self.slots.items() if holder == container)

    def committed(self, number: int) -> list[tuple[int, int]]:
        """Return the pages of an object, by offset, in order."""
        return sorted((at, page) for (own, at), page in self.commits.items() if own == number)

    def pool(self, container: int) -> list[int]:
        """Return the pages of the container's pool, in order."""
        return sorted(page for page, owner in self.pools.items() if owner == container)

    def layout(self, container: int) -> tuple[int, Layout] | None:
        """Return the container's pool, where there are strides, and in which vCPU's it lies."""
        rows = self.layouts.items()
        return next(((vcpu, row) for vcpu, row in rows if row.container == container), None)

    def buffers_of(self, container: int) -> list[int]:
        """Return the I/O buffers of the container."""
        return sorted(n for n, buffer in self.buffers.items() if buffer.container == container)
