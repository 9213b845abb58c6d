"""Bugs of delegated calls: the gate, files that are verified, and records that are encrypted."""

from __future__ import annotations

from tests.refinement.seeding import Bug

from splitspec.impl.delegation import records
from splitspec.impl.delegation.rootfs import Image
from splitspec.impl.host.delegate import Delegate
from splitspec.impl.libos.files import Files
from splitspec.impl.libos.gate import Gate
from splitspec.impl.libos.sockets import Sockets
from splitspec.refinement.divergence import DivergenceKind as Kind

HONEST_CALLS, CALLS = "io-sev", "io-sev-hostile"
HONEST_FILES, FILES = "rootfs-sev", "rootfs-sev-hostile"
RECORDS, MANY = "sockets-sev", "sockets-sev-long"
SHARED = "self._memory.load(MAILBOX * PAGE + REPLIES, PAGE - REPLIES)"
SHARED_REPLY = "decode(self._runtime.load(4096 + 1024, 4096 - 1024))"

# A table, which reads best as one.
# fmt: off
GATE: tuple[Bug, ...] = (
    Bug("a length of the host is believed", Gate, "check",
        'guards.require("bounded", length <= room, f"{length} bytes of {room}")', "pass",
        CALLS, Kind.ACCEPTED, "bounded"),
    Bug("a reply is fetched again when it is used", Gate, "use",
        "return decode(call.copy)", f"return decode({SHARED})",
        CALLS, Kind.OTHER_STATE, "overrun["),
    Bug("a reply is used unchecked", Gate, "use",
        "Stage.CHECKED)",
        "Stage.CHECKED if self.latest is None or self.latest.stage is not Stage.FETCHED\n"
        "        else Stage.FETCHED)",
        CALLS, Kind.ACCEPTED, "checked"),
    Bug("a request goes out over another one", Gate, "request",
        'guards.require("idle", idle, "another call is open")', "pass",
        CALLS, Kind.ACCEPTED, "idle"),
    Bug("memory is asked of the host", Gate, "request",
        'guards.require("delegable", treatment in DELEGATED, f"{name} is served inside")', "pass",
        CALLS, Kind.ACCEPTED, "delegable"),
    Bug("a call stays open when its reply was refused", Gate, "refuse",
        "self.drop()", "pass", CALLS, Kind.OTHER_STATE, "stage["),
    Bug("a shadow returns more than there is room for", Delegate, "serve",
        "if len(reply.data) > request.room:", "if len(reply.data) > 4096:",
        HONEST_CALLS, Kind.ACCEPTED, "fitting"),
    Bug("a shadow takes any socket that it has", Delegate, "_receive",
        "end = self._sockets.get(request.number)",
        "end = self._sockets.get(request.number) or next(iter(self._sockets.values()))",
        HONEST_CALLS, Kind.ACCEPTED, "known"),
)
VERIFYING: tuple[Bug, ...] = (
    Bug("a block is not verified", Files, "verify",
        "rootfs.check(self.root, count, asked.number, data, path)", "pass",
        FILES, Kind.ACCEPTED, "genuine"),
    Bug("a block is looked for at the place of its neighbour", Files, "verify",
        "count, asked.number, data", "count, asked.number and 3 - asked.number, data",
        FILES, Kind.REFUSED, "path"),
    Bug("the shared block is verified, and the copy delivered", Files, "verify",
        "decode(call.copy)", SHARED_REPLY, FILES, Kind.ACCEPTED, "genuine"),
    Bug("the copy is verified, and the shared block delivered", Files, "deliver",
        "rootfs.split(self._runtime.gate.use().data)[1]",
        f"(self._runtime.gate.use(), rootfs.split({SHARED_REPLY}.data)[1])[1]",
        FILES, Kind.OTHER_STATE, "cache["),
    Bug("a block that was refused counts as verified", Gate, "drop",
        "Stage.DONE", "Stage.CHECKED", FILES, Kind.OTHER_STATE, "stage["),
    Bug("a shadow proves a block by itself", Image, "path",
        "sibling = leaf ^ 1", "sibling = leaf or 1", HONEST_FILES, Kind.REFUSED, "digest"),
    Bug("a block without a path in the tree is not checked", Files, "verify",
        "rootfs.check(self.root, count, asked.number, data, path)",
        "_ = path and rootfs.check(self.root, count, asked.number, data, path)",
        FILES, Kind.ACCEPTED, "genuine",
        "I16: bytes of the file system are verified on a private copy"),
)
ENCRYPTING: tuple[Bug, ...] = (
    Bug("what is written goes out as it is", Sockets, "encrypt",
        "after, record = records.encrypt(socket.connection, socket.data)",
        "after, record = records.encrypt(socket.connection, socket.data)[0], socket.data",
        RECORDS, Kind.CRASHED, "no key opens"),
    Bug("what was received is not counted", Sockets, "take",
        "self.table[number] = replace(socket, connection=after)", "pass",
        RECORDS, Kind.OTHER_STATE, "received["),
    Bug("another record goes out under the number of the last", Sockets, "send_again",
        "self._deliver(guards, socket.host_number, socket.record)",
        "last = replace(socket.connection, sent=socket.connection.sent - 1)\n"
        '    self._deliver(guards, socket.host_number, records.encrypt(last, b"")[1])',
        RECORDS, Kind.OTHER_STATE, "outbox["),
    Bug("a record stays due when it was published", Sockets, "publish",
        "replace(socket, is_due=False)", "socket", RECORDS, Kind.OTHER_STATE, "stage["),
    Bug("a record is published before it is made", Sockets, "publish",
        'guards.require("encrypted", socket.is_due, "no record is due")', "pass",
        RECORDS, Kind.ACCEPTED, "encrypted"),
    Bug("a key encrypts more than its records", records, "encrypt",
        'guards.require("countable", connection.sent < connection.limit, "the key is used up")',
        "pass", MANY, Kind.ACCEPTED, "left"),
    Bug("both directions have one key", records, "_key",
        'b"split-record" + direction + name', 'b"split-record" + name',
        RECORDS, Kind.ACCEPTED, "incoming"),
    Bug("clones of one zygote encrypt under one key", records, "_key",
        "salt=salt", 'salt=b""', RECORDS, Kind.OTHER_STATE, "connection["),
    Bug("a record is not counted when it is made", Sockets, "encrypt",
        "Socket(socket.host_number, after, None, record, is_due=True)",
        "Socket(socket.host_number, socket.connection, None, record, is_due=True)",
        RECORDS, Kind.OTHER_STATE, "made[",
        "I16: what is written to a shared page of a connection is ciphertext"),
)
# fmt: on
DELEGATION = (*GATE, *VERIFYING, *ENCRYPTING)
