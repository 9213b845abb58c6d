"""Questions and their answers, written down in a file that outlives who writes them.

A writer is killed at any moment, also in the midst of a page: what is not whole was not said, and
is taken away before somebody else goes on.
"""

from __future__ import annotations

import io
import os
import pickle
from dataclasses import dataclass
from typing import IO, Any

from splitspec.model.frozen import frozen


@frozen
class Begun:
    """A question is under way."""

    question: str


@frozen
class Lost:
    """A question that was never answered."""

    reason: str


@frozen
class Refused:
    """A question that was not asked."""

    reason: str


@frozen
class Answered:
    answer: Any


Page = Begun | Lost | Refused | Answered
Known = list[tuple[str, Lost | Refused | Answered]]
"""Questions with their answers, in the order in which they were asked."""


@dataclass(slots=True)
class Pages:
    """Questions and answers in turn. The offset of the file belongs to its writers, of which there
    is one at a time."""

    file: IO[bytes]

    def write(self, page: Page) -> None:
        """Append in one piece."""
        os.write(self.file.fileno(), pickle.dumps(page, pickle.HIGHEST_PROTOCOL))

    def read(self) -> tuple[Known, bool]:
        """Return questions and answers, and whether one is open behind them."""
        answers, is_open, _ = self._read()
        return answers, is_open

    def losses(self) -> tuple[int, str]:
        """Return how many questions were lost, and why others were not asked, or nothing."""
        pages = [page for _, page in self.read()[0]]
        reasons = [page.reason for page in pages if isinstance(page, Refused)]
        return sum(isinstance(page, Lost) for page in pages), reasons[-1] if reasons else ""

    def reopen(self) -> Known:
        """Return what is known, and have the next writer go on behind it. There is none now."""
        answers, _, end = self._read()
        os.ftruncate(self.file.fileno(), end)
        os.lseek(self.file.fileno(), end, os.SEEK_SET)
        return answers

    def _read(self) -> tuple[Known, bool, int]:
        """Return what stands on whole pages, and where these end."""
        answers: Known = []
        question, is_open, end = "", False, 0
        size = os.fstat(self.file.fileno()).st_size
        written = io.BytesIO(os.pread(self.file.fileno(), size, 0))
        while True:
            try:
                page = pickle.load(written)
            except (EOFError, pickle.UnpicklingError):
                return answers, is_open, end
            end = written.tell()
            is_open = isinstance(page, Begun)
            if isinstance(page, Begun):
                question = page.question
            else:
                answers.append((question, page))
