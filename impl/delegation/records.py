"""Records on the network: AES-256-GCM, one key a direction, one number a record.

Both ends know the tenant's secret. Who opens a connection sends fresh random bytes first, and the
keys are derived from these and the connection's name, so that clones of one zygote with one secret
never encrypt under one key. The number of a record is its nonce; it is never sent, so a record that
is repeated, left out, reordered or returned does not open. Records are padded to full buckets, so
that their length tells little.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from splitspec.impl.refusal import Guards, LibraryRefusal

SALT = 16
BUCKET = 256
FRAME = 4
"""Bytes before the data that say how long they are."""
TAG = 16
RECORDS_MAX = 2**32


@dataclass(frozen=True, slots=True)
class Connection:
    """One end of a connection: its keys, and how many records went each way.

    No key encrypts more than `limit` records.
    """

    name: bytes
    sending: bytes
    receiving: bytes
    sent: int = 0
    received: int = 0
    limit: int = RECORDS_MAX


def capacity(room: int) -> int:
    """Return how many bytes a record can carry that fits in so much room."""
    return (room - TAG) // BUCKET * BUCKET - FRAME


def fresh_salt() -> bytes:
    """Return what opens a connection."""
    return secrets.token_bytes(SALT)


def connect(secret: bytes, name: bytes, salt: bytes) -> Connection:
    """Return the end of who opened the connection."""
    return Connection(name, _key(secret, name, salt, b"out"), _key(secret, name, salt, b"back"))


def accept(secret: bytes, name: bytes, salt: bytes) -> Connection:
    """Return the other end."""
    return Connection(name, _key(secret, name, salt, b"back"), _key(secret, name, salt, b"out"))


def encrypt(connection: Connection, data: bytes) -> tuple[Connection, bytes]:
    """Return the connection after one record more, and the record."""
    guards = Guards(LibraryRefusal, "send")
    guards.require("countable", connection.sent < connection.limit, "the key is used up")
    padding = -(len(data) + FRAME) % BUCKET
    plain = len(data).to_bytes(FRAME, "big") + data + bytes(padding)
    record = AESGCM(connection.sending).encrypt(_nonce(connection.sent), plain, connection.name)
    return replace(connection, sent=connection.sent + 1), record


def decrypt(connection: Connection, record: bytes) -> tuple[Connection, bytes]:
    """Return the connection after the next record, and what is in it; refuse any other record."""
    guards = Guards(LibraryRefusal, "receive")
    guards.require("countable", connection.received < connection.limit, "the key is used up")
    cipher = AESGCM(connection.receiving)
    try:
        plain = cipher.decrypt(_nonce(connection.received), record, connection.name)
    except (InvalidTag, ValueError):
        guards.fail("authentic", "not the next record of the other end")
    length, content = int.from_bytes(plain[:FRAME], "big"), plain[FRAME:]
    guards.require("framed", length <= len(content), "its length is wrong")
    return replace(connection, received=connection.received + 1), content[:length]


def _nonce(number: int) -> bytes:
    return number.to_bytes(12, "big")


def _key(secret: bytes, name: bytes, salt: bytes, direction: bytes) -> bytes:
    info = b"split-record" + direction + name
    return HKDF(hashes.SHA384(), 32, salt=salt, info=info).derive(secret)
