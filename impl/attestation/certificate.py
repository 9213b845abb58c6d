"""The manufacturer's certificates: root, signing key, and one for each chip and security version.

X.509 over ECDSA P-384, in the shape of AMD's ARK, ASK and VCEK: the chip's certificate carries its
identity and the version of its firmware, so that a report of old firmware cannot claim to be new.
"""

from __future__ import annotations

import datetime
import secrets
from dataclasses import dataclass
from itertools import pairwise

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

CURVE = ec.SECP384R1()
SIGNATURE = ec.ECDSA(hashes.SHA384())
CHIP = x509.ObjectIdentifier("1.3.6.1.4.1.3704.1.4")
VERSION = x509.ObjectIdentifier("1.3.6.1.4.1.3704.1.3.1")
NOT_BEFORE = datetime.datetime(2024, 1, 1)
NOT_AFTER = datetime.datetime(2049, 1, 1)

INVALID = (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm, x509.ExtensionNotFound)
"""What the library raises for certificates that somebody has made up."""


class ChainError(ValueError):
    """Certificates that do not lead from a chip to a trusted root."""


@dataclass(frozen=True, slots=True)
class Chip:
    """What only one chip has: its key, its identity, the version of its firmware, its chain."""

    key: ec.EllipticCurvePrivateKey
    identity: bytes
    tcb: int
    chain: tuple[bytes, ...]


class Manufacturer:
    """Holds the root and the signing key, and makes chips."""

    __slots__ = ("_intermediate", "_signer", "root")

    def __init__(self) -> None:
        root_key, self._signer = ec.generate_private_key(CURVE), ec.generate_private_key(CURVE)
        root = _certificate("root", root_key.public_key(), "root", root_key)
        signer = _certificate("signing key", self._signer.public_key(), "root", root_key)
        self.root = root.public_bytes(Encoding.DER)
        self._intermediate = signer.public_bytes(Encoding.DER)

    def make_chip(self, tcb: int = 7, identity: bytes | None = None) -> Chip:
        """Make a chip, or certify one of that identity for another security version."""
        identity = identity or secrets.token_bytes(32)
        key = ec.generate_private_key(CURVE)
        leaf = _certificate(
            "chip",
            key.public_key(),
            "signing key",
            self._signer,
            extensions=((CHIP, identity), (VERSION, tcb.to_bytes(4, "big"))),
        )
        chain = (leaf.public_bytes(Encoding.DER), self._intermediate, self.root)
        return Chip(key, identity, tcb, chain)


def check_chain(
    chain: tuple[bytes, ...], root: bytes, now: datetime.datetime
) -> tuple[ec.EllipticCurvePublicKey, bytes, int]:
    """Return key, identity and security version of the chip; raises ChainError."""
    if len(chain) != 3 or chain[-1] != root:
        raise ChainError("the chain does not end at the trusted root")
    try:
        certificates = [x509.load_der_x509_certificate(data) for data in chain]
        for certificate, issuer in pairwise(certificates):
            certificate.verify_directly_issued_by(issuer)
        for certificate, is_authority in zip(certificates, (False, True, True), strict=True):
            _check_use(certificate, is_authority, now)
        key = certificates[0].public_key()
        identity = _extension(certificates[0], CHIP)
        version = int.from_bytes(_extension(certificates[0], VERSION), "big")
    except ChainError:
        raise
    except INVALID as error:
        raise ChainError(f"a certificate is not valid: {error}") from error
    if not isinstance(key, ec.EllipticCurvePublicKey):
        raise ChainError("the chip's key is not an elliptic-curve key")
    return key, identity, version


def _check_use(certificate: x509.Certificate, is_authority: bool, now: datetime.datetime) -> None:
    constraints = certificate.extensions.get_extension_for_class(x509.BasicConstraints).value
    if constraints.ca is not is_authority:
        raise ChainError("a certificate is used for what it is not made for")
    instant = now.replace(tzinfo=datetime.UTC)
    if not certificate.not_valid_before_utc <= instant <= certificate.not_valid_after_utc:
        raise ChainError("a certificate is not valid at this time")


def _extension(certificate: x509.Certificate, oid: x509.ObjectIdentifier) -> bytes:
    value = certificate.extensions.get_extension_for_oid(oid).value
    assert isinstance(value, x509.UnrecognizedExtension)
    return value.value


def _certificate(
    subject: str,
    key: ec.EllipticCurvePublicKey,
    issuer: str,
    issuer_key: ec.EllipticCurvePrivateKey,
    *,
    extensions: tuple[tuple[x509.ObjectIdentifier, bytes], ...] = (),
) -> x509.Certificate:
    builder = (
        x509.CertificateBuilder()
        .subject_name(_name(subject))
        .issuer_name(_name(issuer))
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOT_BEFORE)
        .not_valid_after(NOT_AFTER)
        .add_extension(x509.BasicConstraints(ca=not extensions, path_length=None), critical=True)
    )
    for oid, value in extensions:
        builder = builder.add_extension(x509.UnrecognizedExtension(oid, value), critical=False)
    return builder.sign(issuer_key, hashes.SHA384())


def _name(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"split-container {name}")])
