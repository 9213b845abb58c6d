"""The key with which a kernel signs: ECDSA over P-384, made of the random bytes of its boot.

The bytes are what a kernel keeps; key objects are made of them when they are used.
"""

from __future__ import annotations

from functools import lru_cache

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from splitspec.impl.attestation.certificate import CURVE

SECRET_BYTES = 56  # 64 bits more than the order has, so that no key is likelier than another
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
