"""Physical memory: frames of 4 KiB, and the encryption engine on the way to them.

A private access passes the engine: AES-256-XTS under the key of the confidential VM, with the
frame number as tweak. One key serves the whole VM, so a frame that moves to another guest page
decrypts to what it held; that is the hardware's nature, and the kernel's burden (it scrubs). A
shared access, and every access of the host, bypasses the engine. AMD tweaks each block of 16 bytes
by its address; one tweak a frame, with XTS's own counting inside it, says the same.
"""

from __future__ import annotations

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import XTS

from splitspec.impl.geometry import PAGE
from splitspec.impl.journal import Journal
from splitspec.impl.refusal import Guards


class Memory:
    """The frames of the machine."""

    __slots__ = ("_decrypted", "_journal", "_key", "frames")

    def __init__(self, journal: Journal, frames: int, key: bytes) -> None:
        self._journal = journal
        self._key = AES(key)
        self.frames = [bytearray(PAGE) for _ in range(frames)]
        # By frame, the ciphertext last decrypted and its plaintext; used while the former stands.
        self._decrypted: dict[int, tuple[bytes, bytes]] = {}

    def has(self, frame: int) -> bool:
        """The machine has a frame of that number."""
        return 0 <= frame < len(self.frames)

    def check(self, guards: Guards, frame: int, offset: int = 0, length: int = 0) -> None:
        """Refuse a frame that the machine does not have, and bytes that are not all in it."""
        guards.require("frame", self.has(frame), f"there is no frame {frame}")
        inside = offset >= 0 and offset + length <= PAGE
        guards.require("inside", inside, f"{length} bytes from {offset} are not in one frame")

    def raw(self, frame: int) -> bytes:
        """Return what the memory bus sees."""
        return bytes(self.frames[frame])

    def write_raw(self, frame: int, offset: int, data: bytes) -> None:
        """Write past the engine. `offset + len(data)` is at most PAGE."""
        cells = self.frames[frame]
        self._journal.note(cells, offset, bytes(cells[offset : offset + len(data)]))
        cells[offset : offset + len(data)] = data

    def load(self, frame: int, *, private: bool) -> bytes:
        """Return the page in `frame` as the guest sees it."""
        cells = bytes(self.frames[frame])
        if not private:
            return cells
        known = self._decrypted.get(frame)
        if known is not None and known[0] == cells:
            return known[1]
        page = self._engine(frame).decryptor().update(cells)
        self._decrypted[frame] = cells, page
        return page

    def store(self, frame: int, offset: int, data: bytes, *, private: bool) -> None:
        """Write as the guest does; a private write encrypts the whole page anew."""
        if not private:
            self.write_raw(frame, offset, data)
        elif len(data) == PAGE:
            self.write_raw(frame, 0, self._engine(frame).encryptor().update(data))
        else:
            page = bytearray(self.load(frame, private=True))
            page[offset : offset + len(data)] = data
            self.write_raw(frame, 0, self._engine(frame).encryptor().update(bytes(page)))

    def _engine(self, frame: int) -> Cipher[XTS]:
        return Cipher(self._key, XTS(frame.to_bytes(16, "little")))
