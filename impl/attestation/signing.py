"""Signing: ECDSA over P-384, by a chip or by a kernel with the random bytes of its boot.

The bytes are what a kernel keeps; key objects are made of them when they are used. Each signature
is another one, so who signs remembers what it has signed: a step that is taken back and done again
has the same outcome.
"""

from __future__ import annotations

from functools import lru_cache

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from splitspec.impl.attestation.certificate import CURVE, SIGNATURE

SECRET_BYTES = 56  # 64 bits more than the order has, so that no key is likelier than another
SIGNATURES_MAX = 4096  # remembered, so that one statement is signed once
ORDER = int(
    "ffffffffffffffffffffffffffffffffffffffffffffffff"
    "c7634d81f4372ddf581a0db248b0a77aecec196accc52973",
    16,
)


@lru_cache(maxsize=64)
def signing_key(secret: bytes) -> ec.EllipticCurvePrivateKey:
    """Return the key of some random bytes."""
    return ec.derive_private_key(int.from_bytes(secret, "big") % (ORDER - 1) + 1, CURVE)


@lru_cache(maxsize=64)
def public_bytes(secret: bytes) -> bytes:
    """Return the public half, in DER."""
    form = (Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return signing_key(secret).public_key().public_bytes(*form)


class Signatures:
    """The signatures that somebody has made."""

    __slots__ = ("_made",)

    def __init__(self) -> None:
        self._made: dict[tuple[bytes, bytes], bytes] = {}

    def sign(self, signer: bytes, key: ec.EllipticCurvePrivateKey, data: bytes) -> bytes:
        """Return the signature over the data, by the key of one signer."""
        if len(self._made) >= SIGNATURES_MAX:
            self._made.clear()
        if (signer, data) not in self._made:
            self._made[signer, data] = key.sign(data, SIGNATURE)
        return self._made[signer, data]
