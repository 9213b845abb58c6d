"""The kernel's own view of guest memory: private pages and page tables, by guest page number.

Every access is resolved by the platform, so a page that the host took away faults here too. Whoever
writes several pages reaches them all first: `reach` raises before anything is written.
"""

from __future__ import annotations

from collections.abc import Iterator

from splitspec.impl.geometry import ENTRIES, ZEROS, Geometry
from splitspec.impl.hardware.memory import Memory
from splitspec.impl.hardware.paging import WIDTH, Entry, Walker, encode
from splitspec.impl.hardware.platform import Platform
from splitspec.impl.refusal import Guards


class DirectMap:
    """Reads and writes private pages, and the page tables of containers."""

    __slots__ = ("_geometry", "_memory", "_platform", "_walker")

    def __init__(self, geometry: Geometry, platform: Platform, memory: Memory) -> None:
        self._geometry = geometry
        self._platform = platform
        self._memory = memory
        self._walker = Walker(platform, memory)

    def reach(self, *pages: int) -> None:
        """Raise unless the kernel can use each of the private pages."""
        for page in pages:
            self._platform.resolve(page, private=True)

    def read(self, page: int, *, private: bool = True) -> bytes:
        """Return the content of a page."""
        frame = self._platform.resolve(page, private=private)
        return self._memory.load(frame, private=private)

    def write(self, page: int, data: bytes, *, offset: int = 0, private: bool = True) -> None:
        """Write into a page."""
        frame = self._platform.resolve(page, private=private)
        self._memory.store(frame, offset, data, private=private)

    def clear(self, page: int) -> None:
        """Fill a private page with zeros."""
        self.write(page, ZEROS)

    def entry(self, container: int, address: int) -> Entry | None:
        """Return the page-table entry of a virtual page of the container."""
        return self._walker.find(self._geometry.directory(container), address)

    def entries(self, container: int) -> Iterator[tuple[int, Entry]]:
        """Yield the present virtual pages of the container with their entries."""
        return self._walker.entries(self._geometry.directory(container))

    def check_tables(self, guards: Guards, container: int, *addresses: int) -> None:
        """Refuse unless entries for the virtual pages can be written."""
        for address in addresses:
            self.check_address(guards, address)
        self.reach(*self.tables(container))
        for address in addresses:
            rooted = self.leaf(container, address // ENTRIES) is not None
            guards.require("rooted", rooted, f"no table has virtual page {address}")

    def check_address(self, guards: Guards, address: int) -> None:
        """Refuse a virtual page that no directory has a place for."""
        guards.require("address", address in self._geometry.addresses, f"{address} is outside")

    def tables(self, container: int) -> list[int]:
        """Return the pages of the container's tables: its directory, the leaf tables that the
        kernel has for it, then those of its pool."""
        return [*self.kernel_tables(container), *self.pool_tables(container).values()]

    def kernel_tables(self, container: int) -> list[int]:
        """Return the pages of the container's tables that are the kernel's own."""
        directory = self._geometry.directory(container)
        return [directory, *range(directory + 1, directory + 1 + self._geometry.leaf_tables)]

    def pool_tables(self, container: int) -> dict[int, int]:
        """Return the leaf tables of the container's that are pages of its pool, by place."""
        named = self._walker.tables(self._geometry.directory(container))
        return {index: page for index, page in named if index >= self._geometry.leaf_tables}

    def leaf(self, container: int, index: int) -> int | None:
        """Return the page of the leaf table at a place of the directory, if there is one."""
        if index < self._geometry.leaf_tables:
            return self._geometry.leaf(container, index)
        return self.pool_tables(container).get(index)

    def set_table(self, container: int, index: int, page: int | None) -> None:
        """Write an entry of the directory."""
        entry = None if page is None else Entry(page, writable=True)
        directory = self._geometry.directory(container)
        self.write(directory, encode(entry), offset=index * WIDTH)

    def set_entry(self, container: int, address: int, entry: Entry | None) -> None:
        """Write a page-table entry, and the leaf table's own if this is its first."""
        index, offset = divmod(address, ENTRIES)
        leaf = self._geometry.leaf(container, index)
        if index >= self._geometry.leaf_tables:
            leaf = self.pool_tables(container)[index]
        self.write(leaf, encode(entry), offset=offset * WIDTH)
        self.set_table(container, index, leaf)
