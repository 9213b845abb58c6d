"""Sizes of one machine: how many of everything, and where it lies in guest-physical memory.

Guest-physical memory begins with the kernel's own pages, which are launched and measured: its
image, then for each container slot one directory and some leaf tables. Pool pages follow. These
tables of a container are a quota of its own, so that none can use up another's; it takes further
ones from its pool.

Where `stride` is given, each vCPU comes with a stride of pool pages, one beside the other, and a
pool lies in the stride of the vCPU on which its container begins: pages that are shared with the
host first, then one for the records of its allocators, then private ones. Without strides a pool is
any range of pages, all private at first.
"""

from __future__ import annotations

from dataclasses import dataclass

PAGE = 4096
ZEROS = bytes(PAGE)
ENTRIES = 512


@dataclass(frozen=True, slots=True)
class Geometry:
    """Sizes, all but leaf tables at least 1. The defaults are the smallest machine that forks."""

    containers: int = 2
    pages: int = 2
    frames: int = 4
    vcpus: int = 1
    image_pages: int = 1
    leaf_tables: int = 1  # of each container, from the kernel; others come from its pool
    notifications: int = 8  # of each container
    threads: int = 64  # of each container
    tags: int = 4095  # of address spaces: PCIDs from 1, as 0 is the kernel's
    stride: int = 0  # pages that each vCPU comes with; 0: there are no strides
    shared: int = 0  # pages at the beginning of a pool that are shared with the host,
    few_shared: int = 0  # or so many, where the container's configuration wants few

    def __post_init__(self) -> None:
        sizes = (self.containers, self.pages, self.frames, self.vcpus)
        own = (self.image_pages, self.notifications, self.threads, self.tags)
        if min(*sizes, *own) < 1 or not 0 <= self.leaf_tables <= ENTRIES:
            raise ValueError(f"sizes are at least 1, leaf tables at most {ENTRIES}: {self}")
        if self.stride:
            self._check_strides()

    @property
    def base_pages(self) -> int:
        """Pages of the kernel: page `p` below this number is launched into frame `p`."""
        return self.image_pages + self.containers * (1 + self.leaf_tables)

    @property
    def pool_pages(self) -> range:
        """The guest pages that can be granted to containers."""
        return range(self.base_pages, self.base_pages + self.pages)

    @property
    def pool_frames(self) -> range:
        """The frames that the host can grant."""
        return range(self.base_pages, self.base_pages + self.frames)

    def stride_of(self, vcpu: int) -> range:
        """The pages that come with a vCPU, where there are strides."""
        first = self.base_pages + vcpu * self.stride
        return range(first, first + self.stride)

    def vcpu_of(self, page: int) -> int:
        """The vCPU in whose stride a pool page lies, where there are strides."""
        return (page - self.base_pages) // self.stride

    @property
    def addresses(self) -> range:
        """The virtual pages of a container, limited by its directory."""
        return range(ENTRIES * ENTRIES)

    def directory(self, container: int) -> int:
        """The guest page of the container's page directory."""
        return self.image_pages + container * (1 + self.leaf_tables)

    def leaf(self, container: int, index: int) -> int:
        """The guest page of the container's leaf table for the virtual pages from 512 * index."""
        return self.directory(container) + 1 + index

    def _check_strides(self) -> None:
        """Raise ValueError unless strides hold the smallest pool, and the records of the largest:
        a page of them has a byte for each page of the pool."""
        smallest = max(self.shared, self.few_shared) + 1
        if min(self.shared, self.few_shared) < 0 or not smallest <= self.stride <= PAGE:
            raise ValueError(f"a stride has {smallest} to {PAGE} pages: {self}")
        if self.vcpus * self.stride != self.pages:
            raise ValueError(f"strides of {self.vcpus} vCPUs are all pool pages: {self}")
