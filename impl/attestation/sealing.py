"""Secrets on their way to one container: X25519, HKDF-SHA384 and AES-256-GCM.

The key of a message is derived from the container's public key and a fresh one, and the message is
bound to boot, identity and nonce, so that it opens in the container that was judged, and nowhere
else. One key is used for one message, hence the fixed nonce.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from splitspec.impl.attestation.report import ContainerReport

KEY_BYTES = 32
CHAIN_BYTES = 16  # a message begins with the name of the chain
NONCE = bytes(12)


class SealingError(ValueError):
    """A message that is for somebody else, or was changed."""


def new_key(draw: Callable[[int], bytes]) -> bytes:
    """Return a fresh private key of 32 random bytes, all of which are keys."""
    return draw(KEY_BYTES)


def public_key(private: bytes) -> bytes:
    """Return the public half."""
    return X25519PrivateKey.from_private_bytes(private).public_key().public_bytes_raw()


def seal(
    report: ContainerReport, secret: bytes, draw: Callable[[int], bytes] = secrets.token_bytes
) -> bytes:
    """Encrypt a secret to the container of the report."""
    ephemeral = new_key(draw)
    key = _derive(ephemeral, report.key, report)
    return public_key(ephemeral) + AESGCM(key).encrypt(NONCE, secret, report.encode())


def unseal(private: bytes, report: ContainerReport, message: bytes) -> bytes:
    """Decrypt a message for the container of the report; raises SealingError."""
    try:
        key = _derive(private, message[:KEY_BYTES], report)
        return AESGCM(key).decrypt(NONCE, message[KEY_BYTES:], report.encode())
    except (InvalidTag, ValueError) as error:
        raise SealingError("the message is for somebody else, or was changed") from error


def _derive(private: bytes, other: bytes, report: ContainerReport) -> bytes:
    ours, theirs = X25519PrivateKey.from_private_bytes(private), X25519PublicKey
    shared = ours.exchange(theirs.from_public_bytes(other))
    return HKDF(hashes.SHA384(), 32, salt=report.nonce, info=b"split-secret").derive(shared)
