"""Files: those of the image, verified as they are read, and temporary ones that stay inside.

A temporary file lives in private memory and the host never hears of it. Of the image, the host
learns which blocks are read, and can refuse to give them; it cannot change, hide or invent any.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from splitspec.impl.delegation import rootfs
from splitspec.impl.delegation.mailbox import Message, Operation, decode
from splitspec.impl.journal import Journal, Table
from splitspec.impl.libos.gate import Stage
from splitspec.impl.libos.heap import Heap
from splitspec.impl.libos.runtime import Runtime
from splitspec.impl.refusal import Guards, LibraryRefusal

TEMPORARY = "/tmp/"


@dataclass(frozen=True, slots=True)
class Open:
    """An open file."""

    path: str
    position: int = 0


@dataclass(frozen=True, slots=True)
class Temporary:
    """A temporary file: where its bytes lie, in pieces of a write each."""

    pieces: tuple[tuple[int, int], ...] = ()  # byte address and length

    @property
    def size(self) -> int:
        """Length in bytes."""
        return sum(length for _, length in self.pieces)


class Files:
    """The files of one process."""

    __slots__ = ("_count", "_heap", "_runtime", "image", "open_files", "root", "temporary")

    def __init__(self, journal: Journal, runtime: Runtime, heap: Heap, root: bytes | None) -> None:
        self._runtime = runtime
        self._heap = heap
        self.root = root
        self.open_files: Table[int, Open] = Table(journal)
        self.temporary: Table[str, Temporary] = Table(journal)
        self.image: Table[str, rootfs.FileEntry] = Table(journal)
        self._count: Table[str, int] = Table(journal)  # leaves of the image, once it is known

    def inherit(self, parent: Files) -> None:
        """Begin with the temporary files of the process that was forked; their bytes are copied."""
        for path, kept in parent.temporary.items():
            self.temporary[path] = kept

    def open(self, path: str, number: int, *, create: bool = False) -> None:
        """Open a file under a free number."""
        guards = Guards(LibraryRefusal, "open")
        if path.startswith(TEMPORARY):
            guards.require("exists", create or path in self.temporary, f"no file {path}")
            if path not in self.temporary:
                self.temporary[path] = Temporary()
        else:
            guards.require("read_only", not create, "files of the image cannot be made")
            self._learn_image(guards)
            guards.require("exists", path in self.image, f"no file {path}")
        self.open_files[number] = Open(path)

    def read(self, number: int, length: int) -> bytes:
        """Return the next bytes of a file, at most `length`; none at its end."""
        file = self.open_files[number]
        data = self.read_at(number, file.position, length)
        self.open_files[number] = replace(file, position=file.position + len(data))
        return data

    def read_at(self, number: int, position: int, length: int) -> bytes:
        """Return bytes of a file from a position on, which its own position does not follow."""
        guards = Guards(LibraryRefusal, "read")
        guards.require("length", length >= 0, "a length is not negative")
        return self._content(guards, self.open_files[number].path, position, length)

    def write(self, number: int, data: bytes) -> None:
        """Add bytes to the end of a temporary file."""
        guards = Guards(LibraryRefusal, "write")
        file = self.open_files[number]
        kept = self.temporary.get(file.path)
        if kept is None:
            guards.fail("writable", f"{file.path} belongs to the image")
        if data:
            place = self._heap.map(len(data))
            self._runtime.store(place, data)
            self.temporary[file.path] = Temporary((*kept.pieces, (place, len(data))))

    def close(self, number: int) -> None:
        """Close a file."""
        del self.open_files[number]

    def size(self, number: int) -> int:
        """Return the length of an open file."""
        path = self.open_files[number].path
        kept = self.temporary.get(path)
        return self.image[path].size if kept is None else kept.size

    def _content(self, guards: Guards, path: str, position: int, length: int) -> bytes:
        kept = self.temporary.get(path)
        if kept is not None:
            found = b"".join(self._runtime.load(*piece) for piece in kept.pieces)
            return found[position : position + length]
        entry = self.image[path]
        end = min(position + length, entry.size)
        found = b""
        while position < end:
            block, offset = divmod(position, rootfs.BLOCK)
            data = self._leaf(entry.first + block, Operation.BLOCK)
            piece = data[offset : offset + end - position]
            guards.require("whole", bool(piece), "the image's own listing is wrong")
            found += piece
            position += len(piece)
        return found

    def _learn_image(self, guards: Guards) -> None:
        if COUNT in self._count:
            return
        guards.require("image", self.root is not None, "the container has no image")
        listing = self._leaf(0, Operation.LISTING)
        for path, entry in rootfs.read_listing(listing).items():
            self.image[path] = entry

    def _leaf(self, leaf: int, operation: Operation) -> bytes:
        """Ask for a leaf, and return it if it is the one that was measured there."""
        self._runtime.post("read", Message(operation, leaf))
        gate = self._runtime.gate
        gate.collect()
        try:
            self.verify()
        except LibraryRefusal:
            gate.drop()
            raise
        return self.deliver()

    def verify(self) -> None:
        """Let the copy of the leaf that was asked for be used if it is what was measured there."""
        guards = Guards(LibraryRefusal, "read")
        gate = self._runtime.gate
        call = gate.at(guards, Stage.FETCHED)
        reply, asked = decode(call.copy), call.request
        guards.require("delivered", reply.number >= 0, f"the host says error {-reply.number}")
        path, data = rootfs.split(reply.data)
        assert self.root is not None
        # The number of leaves is part of what the root is a hash of, so the first leaf proves it.
        is_listing = asked.operation == Operation.LISTING
        count = reply.number if is_listing else self._count[COUNT]
        rootfs.check(self.root, count, asked.number, data, path)
        gate.check()
        self._count[COUNT] = count

    def deliver(self) -> bytes:
        """Return the leaf that was verified."""
        return rootfs.split(self._runtime.gate.use().data)[1]


COUNT = "leaves"
