"""The page machine of a platform: what SEV-SNP and TDX have in common.

`Snp` and `Tdx` are its two forms. Both decide which frame a guest page reaches, who may assign it,
and what the host can read and write. A failed check raises and changes nothing.
"""

from __future__ import annotations

from typing import Protocol


class Platform(Protocol):
    """Ownership of frames, for one confidential VM."""

    @property
    def name(self) -> str:
        """How reports name the platform."""

    @property
    def clears_on_accept(self) -> bool:
        """Accepting a page zeroes it."""

    @property
    def has_id_block(self) -> bool:
        """The host may say which measurement a launch must have."""

    # By the guest's accesses.
    def resolve(self, page: int, *, private: bool) -> int:
        """Return the frame that an access of the guest reaches.

        Raises NestedPageFault, NotValidated or MachineCheck.
        """

    def check_intact(self, frame: int) -> None:
        """Raise MachineCheck iff a private frame was written with a shared key."""

    # By the guest's kernel.
    def accept(self, page: int) -> None:
        """Take the offered frame into use: PVALIDATE, or TDG.MEM.PAGE.ACCEPT.

        Raises NestedPageFault if none is offered, HardwareRefusal if it is in use already.
        """

    def rescind(self, page: int) -> None:
        """Give the page up: PVALIDATE with 0, or TDG.MEM.PAGE.RELEASE.

        Raises HardwareRefusal or NestedPageFault unless its frame was in use.
        """

    # By the host.
    def offer(self, page: int, frame: int) -> None:
        """Assign a free frame to the guest page: RMPUPDATE and NPT, or TDH.MEM.PAGE.AUG."""

    def reclaim(self, page: int, frame: int) -> None:
        """Take the frame back, at any time: RMPUPDATE, or BLOCK, TRACK and REMOVE."""

    def share(self, page: int, frame: int | None) -> None:
        """Map the guest page for shared accesses, or unmap it: the host's own table.

        Translations stay: `forget` is another step, which an honest host takes.
        """

    def forget(self, frame: int) -> None:
        """Have every core drop its translations to the frame: an interrupt and INVEPT."""

    def assigned(self, frame: int) -> int | None:
        """The guest page that the frame is assigned to."""

    def accepted(self, page: int) -> bool:
        """The guest page has a frame that the guest has accepted; the host may read this."""

    def host_read(self, frame: int) -> bytes:
        """Return what the host reads in the frame, and the guest through a page that it shares."""

    def host_write(self, frame: int, offset: int, data: bytes) -> None:
        """Write as the host does, and the guest through a page that it shares: unencrypted."""

    # By the firmware.
    def launch(self, page: int, frame: int, data: bytes) -> None:
        """Put a page into the VM before it runs, encrypted and accepted."""

    def finish_launch(self) -> None:
        """Close the launch: no page is put in afterwards, and vCPUs may enter."""

    def cancel_launch(self) -> None:
        """Take all pages back from a launch that was not closed."""

    @property
    def is_launched(self) -> bool:
        """The launch is finished: vCPUs may enter."""

    # At the boundary of a vCPU.
    def enter(self, vcpu: int) -> bool:
        """Note that the vCPU enters the guest; return whether its translations must go.

        Raises HardwareRefusal before the launch is closed.
        """

    def leave(self, vcpu: int) -> None:
        """Note that the vCPU left the guest."""
