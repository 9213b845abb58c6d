"""The file system of an image: a listing and blocks under one Merkle root.

The root is fixed before a container starts, and its evidence states it. Leaf 0 is the listing: each
path with its size and the number of its first block, so that the host can neither hide a file nor
invent one. A block is checked at its own position in the tree: another genuine block does not pass.
Hashes of leaves, nodes and roots are told apart by a prefix, as in RFC 6962; a node without a
sibling moves up as it is.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from splitspec.impl.delegation.mailbox import REPLY_ROOM
from splitspec.impl.refusal import Guards, LibraryRefusal

BLOCK = 2048
HASH = 32
LENGTH = 2
"""Bytes before the path of a leaf in a message."""


class ImageError(ValueError):
    """A directory that cannot be an image."""


@dataclass(frozen=True, slots=True)
class FileEntry:
    """A file of the image."""

    size: int
    first: int  # leaf of its first block


@dataclass(frozen=True, slots=True)
class Image:
    """An image as its owner has it: all leaves, and the tree over them."""

    leaves: tuple[bytes, ...]
    levels: tuple[tuple[bytes, ...], ...]

    @property
    def root(self) -> bytes:
        """What is measured."""
        return _root(self.levels[-1][0], len(self.leaves))

    def path(self, leaf: int) -> bytes:
        """Return the siblings from the leaf up, one hash after another."""
        found = b""
        for level in self.levels[:-1]:
            sibling = leaf ^ 1
            if sibling < len(level):
                found += level[sibling]
            leaf //= 2
        return found


def build(directory: Path) -> Image:
    """Make the image of a directory. Raise ImageError if its listing is too long for a message."""
    listing: dict[str, list[int]] = {}
    blocks: list[bytes] = []
    for path in sorted(path for path in directory.rglob("*") if path.is_file()):
        data = path.read_bytes()
        listing["/" + path.relative_to(directory).as_posix()] = [len(data), len(blocks) + 1]
        blocks += [data[start : start + BLOCK] for start in range(0, len(data), BLOCK)]
    image = plant((json.dumps(listing, sort_keys=True).encode(), *blocks))
    listing_bytes = LENGTH + len(image.path(0)) + len(image.leaves[0])
    if listing_bytes > REPLY_ROOM:
        raise ImageError(f"a listing of {listing_bytes} bytes does not fit in {REPLY_ROOM}")
    return image


def plant(leaves: tuple[bytes, ...]) -> Image:
    """Return the image with these leaves."""
    levels = [tuple(_hash(0, leaf) for leaf in leaves)]
    while len(levels[-1]) > 1:
        below = levels[-1]
        pairs = (below[index : index + 2] for index in range(0, len(below), 2))
        levels.append(tuple(_hash(1, *pair) if len(pair) == 2 else pair[0] for pair in pairs))
    return Image(leaves, tuple(levels))


def proven(image: Image, leaf: int) -> bytes:
    """Return a leaf as the host sends it, with its path before it."""
    path = image.path(leaf)
    return len(path).to_bytes(LENGTH, "big") + path + image.leaves[leaf]


def split(data: bytes) -> tuple[bytes, bytes]:
    """Return path and leaf of what the host has sent."""
    end = LENGTH + int.from_bytes(data[:LENGTH], "big")
    return data[LENGTH:end], data[end:]


def check(root: bytes, count: int, leaf: int, data: bytes, path: bytes) -> None:
    """Refuse unless `data` is the leaf of that number in the tree of `count` leaves and `root`."""
    guards = Guards(LibraryRefusal, "verify")
    guards.require("position", 0 <= leaf < count, f"leaf {leaf} of {count}")
    guards.require("path", len(path) % HASH == 0, "hashes are cut")
    siblings = [path[start : start + HASH] for start in range(0, len(path), HASH)]
    digest, width, index = _hash(0, data), count, leaf
    while width > 1:
        if index ^ 1 < width:
            guards.require("path", bool(siblings), "a hash is missing")
            other = siblings.pop(0)
            digest = _hash(1, other, digest) if index % 2 else _hash(1, digest, other)
        index, width = index // 2, (width + 1) // 2
    guards.require("path", not siblings, "a hash is left over")
    genuine = _root(digest, count) == root
    guards.require("digest", genuine, f"leaf {leaf} is not what was measured")


def read_listing(data: bytes) -> dict[str, FileEntry]:
    """Read a listing that has been checked."""
    return {path: FileEntry(*entry) for path, entry in json.loads(data).items()}


def _hash(kind: int, *parts: bytes) -> bytes:
    return hashlib.sha256(bytes([kind]) + b"".join(parts)).digest()


def _root(top: bytes, count: int) -> bytes:
    return _hash(2, count.to_bytes(8, "big"), top)
