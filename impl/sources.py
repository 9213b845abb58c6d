"""The code that is measured: this implementation's own sources.

The kernel image of a VM and the runtime of a zygote are the texts of the modules that run, so that
who changes a guard changes the measurement, and a verifier that pins the old one refuses.
"""

from __future__ import annotations

from pathlib import Path

HERE = Path(__file__).parent


def kernel_image() -> bytes:
    """Return the text of the microkernel."""
    return _text("kernel")


def library_code() -> bytes:
    """Return the text of the library OS and of what it speaks to the host."""
    return _text("libos") + _text("delegation")


def _text(package: str) -> bytes:
    files = sorted((HERE / package).glob("*.py"))
    return b"".join(f"# {package}/{path.name}\n".encode() + path.read_bytes() for path in files)
