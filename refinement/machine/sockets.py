"""Module `sockets` in the machine: records of AES-GCM, and the keys that open them.

A record is told by its bytes: whose connection it belongs to, which way it goes and what its number
is, is found by trying the keys. What is on its way is in the library's table, what the host reads
in the shared page. The other end of a connection is the tenant's service, which is trusted; the
testbed has it, and its messages are told apart by what is in them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache, partial
from typing import Any

from splitspec.impl.delegation import records
from splitspec.impl.delegation.mailbox import HEADER, REPLIES, Message, Operation
from splitspec.impl.host.delegate import Delegate
from splitspec.impl.journal import Table
from splitspec.impl.libos.sockets import Socket, Sockets
from splitspec.impl.machine import PlatformKind
from splitspec.impl.refusal import LibraryRefusal, Refusal
from splitspec.refinement.machine.fragment import Function, reason
from splitspec.refinement.machine.library import Library
from splitspec.refinement.machine.testbed import undo
from splitspec.refinement.mapping import Implementation, InexpressibleError

NUMBERS = 2  # of records that a key of the model encrypts
PLAIN = b"what nobody else may read"
GUARDS: dict[str, dict[str, str | tuple[str, ...]]] = {
    "compose": {"send idle": "idle"},
    "encrypt": {"encrypt written": "composed", "send countable": ("left", "due")},
    "publish": {"publish encrypted": "encrypted"},
    "send_again": {"send_again idle": "sent", "send_again made": "mine"},
    "give_up": {"drop written": "composed"},
    "answer": {"send countable": ("left", "due")},
    "receive": {
        "receive authentic": ("addressed", "incoming", "due"),
        "receive countable": ("left", "due"),
    },
}
NEW = "a record is made, and never changed"
NEXT = "both ends count, and name no number"
LEFT_OUT = {
    "encrypt.blank": NEW,
    "answer.blank": NEW,
    "encrypt.due": NEXT,
    "answer.due": NEXT,
    "publish.mine": "the library publishes what it has made",
    "receive.left": "no record has a number that is beyond the last",
}


class Carrier(Delegate):
    """A shadow that says of each record that it was sent, and delivers what it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self.record = b""

    def serve(self, request: Message) -> Message:
        is_send = request.operation == Operation.SEND
        data = b"" if is_send else self.record
        return Message(request.operation, len(request.data) if is_send else len(data), data)


class Ends(Library):
    """Containers with a connection each, the other ends, and all records that were made."""

    def __init__(self, containers: int, kind: PlatformKind) -> None:
        super().__init__(containers, kind, {})
        self.carriers = [Carrier() for _ in self.instances]
        self.numbers: list[int] = []
        self.peers: Table[int, records.Connection] = Table(self.machine.journal)
        self.records: Table[int, bytes] = Table(self.machine.journal)
        for c, instance in enumerate(self.instances):
            self._connect(c)
            instance.delegate = self.carriers[c]
        self.begin()

    def _connect(self, c: int) -> None:
        """Connect a container, of whose tenant all have one secret, with keys for few records."""
        instance = self.instances[c]
        self.machine.kernel.state.secrets[c] = b"one secret for all clones"
        far = instance.delegate.offer("peer")
        number = instance.process.connect("peer")
        peer = records.accept(b"one secret for all clones", b"peer", far.recv(100))
        far.close()
        table = instance.process.sockets.table
        connection = replace(table[number].connection, limit=NUMBERS)
        table[number] = replace(table[number], connection=connection)
        self.peers[c] = replace(peer, limit=NUMBERS)
        self.numbers.append(number)

    def socket(self, c: int) -> Socket:
        """Return the container's connection as its library has it."""
        return self.instances[c].process.sockets.table[self.numbers[c]]

    def named(self, record: bytes) -> int | None:
        """Return the record of these bytes."""
        return next((r for r, known in self.records.items() if known == record), None)

    def keep(self, r: int, record: bytes) -> None:
        """Name a record that was made."""
        self.records[r] = record

    def check_new(self, r: int) -> None:
        """Raise if there is such a record."""
        if r in self.records:
            raise InexpressibleError(NEW)


def sockets(kind: PlatformKind, *, containers: int = 2, count: int = 2) -> Implementation[Ends]:
    """Return the mapping to `sockets`, with so many records."""
    actions: dict[str, Function] = {
        "compose": compose,
        "encrypt": encrypt,
        "publish": lambda ends, c: _sockets(ends, c).publish(ends.numbers[c]),
        "send_again": lambda ends, c: _sockets(ends, c).send_again(ends.numbers[c]),
        "give_up": lambda ends, c: _sockets(ends, c).drop(ends.numbers[c]),
        "answer": answer,
        "receive": receive,
    }
    return Implementation(
        name=f"impl on {kind.value}",
        model="sockets",
        create=partial(Ends, containers, kind),
        observe=observe,
        actions=actions,
        refusal=Refusal,
        reason=reason,
        guards=GUARDS,
        elements={"Container": range(containers), "Record": range(count)},
        sizes={"Container": containers, "Record": count},
        left_out=LEFT_OUT | _beyond(count),
        compared=("stage", "carried", "outbox", "made", "answered", "received"),
        undo=undo(),
    )


def _beyond(count: int) -> dict[str, str]:
    """Return what cannot happen with so few records."""
    why = "there are no more records than numbers"
    return dict.fromkeys(("encrypt.left", "answer.left"), why) if count <= NUMBERS else {}


def observe(ends: Ends) -> dict[str, Any]:
    """Return which records there are, and how far each end has counted."""
    containers = range(len(ends.instances))
    rows = {c: ends.socket(c) for c in containers}
    known = {r: _opened(ends, record) for r, record in ends.records.items()}
    pages = {c: ends.shared(c)[HEADER.size : REPLIES] for c in containers}
    return {
        "connection": {r: c for r, (c, _, _) in known.items()},
        "direction": {r: direction for r, (_, direction, _) in known.items()},
        "number": {r: number for r, (_, _, number) in known.items()},
        "made": {c: row.connection.sent for c, row in rows.items()},
        "answered": {c: peer.sent for c, peer in ends.peers.items()},
        "received": {c: row.connection.received for c, row in rows.items()},
        "stage": {c: _stage(row) for c, row in rows.items()},
        "carried": {c: ends.named(row.record) for c, row in rows.items()},
        "outbox": {c: _begun(ends, page) for c, page in pages.items()},
        "accepted": {(c, r) for what, (c, r) in ends.happened if what == "accepted"},
        "repeated": {c for what, (c, _) in ends.happened if what == "repeated"},
        "exposed": {c for c, page in pages.items() if PLAIN in page},
    }


def _stage(row: Socket) -> str:
    if row.data is not None:
        return "composed"
    return "encrypted" if row.is_due else "empty"


def _begun(ends: Ends, page: bytes) -> int | None:
    """Return the record with which a page begins."""
    return next((r for r, record in ends.records.items() if page.startswith(record)), None)


def _opened(ends: Ends, record: bytes) -> tuple[int, str, int]:
    """Return whose connection, which way and what number a record is of, by the key that opens
    it."""
    for c, direction, end in _receivers(ends):
        for number in range(NUMBERS):
            if _opens(replace(end, received=number, sent=0), record):
                return c, direction, number
    raise ValueError("no key opens the record")


def _receivers(ends: Ends) -> Iterator[tuple[int, str, records.Connection]]:
    for c, peer in ends.peers.items():
        yield c, "outgoing", peer
        yield c, "incoming", ends.socket(c).connection


@lru_cache(maxsize=65536)
def _opens(end: records.Connection, record: bytes) -> bool:
    try:
        records.decrypt(end, record)
    except LibraryRefusal:
        return False
    return True


def _sockets(ends: Ends, c: int) -> Sockets:
    return ends.instances[c].process.sockets


def compose(ends: Ends, c: int) -> None:
    """The function writes to its socket."""
    _sockets(ends, c).write(ends.numbers[c], PLAIN)


def encrypt(ends: Ends, c: int, r: int) -> None:
    """The library makes a record of it."""
    ends.check_new(r)
    make = partial(_sockets(ends, c).encrypt, ends.numbers[c])
    ends.together(make, lambda: ends.keep(r, ends.socket(c).record))


def answer(ends: Ends, c: int, r: int) -> None:
    """The tenant's service makes a record."""
    ends.check_new(r)
    after, record = records.encrypt(ends.peers[c], _said(r))
    ends.peers[c] = after
    ends.keep(r, record)


def _said(r: int) -> bytes:
    return f"the answer in record {r}".encode()


def receive(ends: Ends, c: int, r: int) -> None:
    """The host delivers a record, or something that is none, and the library takes it or not."""
    ends.carriers[c].record = ends.records.get(r, b"made up".ljust(272, b"."))
    number = ends.numbers[c]
    replies: list[Message] = []

    def take() -> None:
        data = _sockets(ends, c).take(number, replies[0])
        is_right = data == _said(r) and ("accepted", (c, r)) not in ends.happened
        ends.happened["accepted" if is_right else "repeated", (c, r)] = True

    ends.together(lambda: replies.append(_sockets(ends, c).ask(number)), take)
