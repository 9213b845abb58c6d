"""The two halves of evidence as bytes: the hardware's report, and the kernel's on a container.

Fields are fixed in number and length, and a label opens each format, so that no report can be read
as another. `report_data` of the hardware binds the kernel's key and boot; the kernel chooses it.
"""

from __future__ import annotations

import hashlib
import struct
from dataclasses import dataclass
from typing import Any

HARDWARE_LABEL = b"split-hardware-1"
CONTAINER_LABEL = b"split-containr-1"
REPORT = struct.Struct(">16s16s48s64s32sIB")
CONTAINER = struct.Struct(">16s16sQ48s48s32s32s32s")


NO_DIGEST = bytes(48)
NO_ROOT = bytes(32)


class EvidenceError(ValueError):
    """Bytes that are no evidence of the expected kind."""


@dataclass(frozen=True, slots=True)
class HardwareReport:
    """What the secure processor says of a VM."""

    platform: str
    measurement: bytes  # 48 bytes
    report_data: bytes  # 64 bytes
    chip: bytes  # 32 bytes
    tcb: int  # security version of the firmware
    is_debug: bool = False

    def encode(self) -> bytes:
        """Return the bytes that are signed."""
        return REPORT.pack(
            HARDWARE_LABEL,
            self.platform.encode(),
            self.measurement,
            self.report_data,
            self.chip,
            self.tcb,
            self.is_debug,
        )

    @staticmethod
    def decode(data: bytes) -> HardwareReport:
        """Read a report; raises EvidenceError."""
        label, platform, measurement, report_data, chip, tcb, debug = _unpack(REPORT, data)
        if label != HARDWARE_LABEL:
            raise EvidenceError("not a report of the hardware")
        name = platform.rstrip(b"\0").decode(errors="replace")
        return HardwareReport(name, measurement, report_data, chip, tcb, bool(debug))


@dataclass(frozen=True, slots=True)
class ContainerReport:
    """What the kernel says of one of its containers."""

    boot: bytes  # 16 bytes: this boot of this VM
    identity: int  # of the container, never used again in this boot
    zygote: bytes  # 48 bytes: measurement of what it was forked from, or zeros
    function: bytes  # 48 bytes: measurement of what was loaded into it
    rootfs: bytes  # 32 bytes: root of the tree of its file system, or zeros
    nonce: bytes  # 32 bytes: the verifier's
    key: bytes  # 32 bytes: the container's X25519 public key

    def encode(self) -> bytes:
        """Return the bytes that are signed."""
        return CONTAINER.pack(
            CONTAINER_LABEL,
            self.boot,
            self.identity,
            self.zygote,
            self.function,
            self.rootfs,
            self.nonce,
            self.key,
        )

    @staticmethod
    def decode(data: bytes) -> ContainerReport:
        """Read a report; raises EvidenceError."""
        label, *rest = _unpack(CONTAINER, data)
        if label != CONTAINER_LABEL:
            raise EvidenceError("not a report on a container")
        return ContainerReport(*rest)


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a verifier is shown: both halves with their signatures, and what links them."""

    report: bytes
    report_signature: bytes
    chain: tuple[bytes, ...]  # DER certificates from the chip's to the root's
    kernel_key: bytes  # DER public key of the kernel
    container: bytes
    container_signature: bytes


def bind_kernel(boot: bytes, kernel_key: bytes) -> bytes:
    """Return the 64 bytes of report data that bind a kernel's key to a boot."""
    return hashlib.sha512(b"split-kernel-key" + boot + kernel_key).digest()


def _unpack(form: struct.Struct, data: bytes) -> tuple[Any, ...]:
    if len(data) != form.size:
        raise EvidenceError(f"{len(data)} bytes instead of {form.size}")
    return form.unpack(data)
