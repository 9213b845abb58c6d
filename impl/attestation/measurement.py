"""Launch measurement: a SHA-384 chain over the pages that are put into a VM before it runs.

As in SNP_LAUNCH_UPDATE, each link binds the digest so far, the content, the type of page and the
guest page number, so that neither content nor place nor order can be exchanged. The verifier
computes what it expects with the same function from the image that it trusts.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable

from splitspec.impl.geometry import PAGE, ZEROS, Geometry

EMPTY = bytes(48)


def extend(digest: bytes, page: int, data: bytes) -> bytes:
    """Return the digest after one page more."""
    content = hashlib.sha384(data).digest()
    kind = b"zero" if data == bytes(len(data)) else b"normal"
    return hashlib.sha384(digest + content + kind + page.to_bytes(8, "little")).digest()


def loaded(before: bytes, address: int, pages: list[bytes]) -> bytes:
    """Return the measurement of a container after code is loaded at a virtual page."""
    return hashlib.sha384(before + address.to_bytes(8, "little") + b"".join(pages)).digest()


def imaged(
    pages: Iterable[tuple[int, bool, bool, bytes]],
    threads: Collection[tuple[bytes, bool]],
    objects: Collection[tuple[int, int, Collection[tuple[int, bytes]]]] = (),
) -> bytes:
    """Return the measurement of a zygote: of each thread in order, its registers and whether it
    waits, since a clone's begins with them, as SNP measures the VMSA of each vCPU; then of each
    virtual page in order, its number, whether it is executable, whether clones may write it, and
    its content; then, if there are any, of each memory object in the order of its slots: the slot,
    how many pages it has, and of those that were touched the number and the content."""
    digest = hashlib.sha384(b"zygote" + len(threads).to_bytes(8, "little"))
    for registers, waits in threads:
        digest.update(len(registers).to_bytes(8, "little") + registers + bytes([waits]))
    for address, executable, writable, data in pages:
        digest.update(address.to_bytes(8, "little") + bytes([executable, writable]) + data)
    return _with_objects(digest.digest(), objects) if objects else digest.digest()


def _with_objects(
    before: bytes, objects: Iterable[tuple[int, int, Collection[tuple[int, bytes]]]]
) -> bytes:
    digest = hashlib.sha384(b"objects" + before)
    for slot, size, parts in objects:
        for number in (slot, size, len(parts)):
            digest.update(number.to_bytes(8, "little"))
        for offset, data in parts:
            digest.update(offset.to_bytes(8, "little") + data)
    return digest.digest()


def code_pages(code: bytes) -> list[bytes]:
    """Return code in whole pages."""
    return [code[start : start + PAGE].ljust(PAGE, b"\0") for start in range(0, len(code), PAGE)]


def launch_pages(geometry: Geometry, image: bytes) -> list[bytes]:
    """Return the content of each page of the kernel: its image, then empty tables.

    Raises ValueError if the image does not fit.
    """
    room = geometry.image_pages * PAGE
    if len(image) > room:
        raise ValueError(f"the image has {len(image)} bytes, its pages {room}")
    padded = image.ljust(room, b"\0")
    pages = [padded[start : start + PAGE] for start in range(0, room, PAGE)]
    return pages + [ZEROS] * (geometry.base_pages - geometry.image_pages)


def expected(geometry: Geometry, image: bytes) -> bytes:
    """Return the measurement of a VM that is launched with the image."""
    digest = EMPTY
    for page, data in enumerate(launch_pages(geometry, image)):
        digest = extend(digest, page, data)
    return digest
