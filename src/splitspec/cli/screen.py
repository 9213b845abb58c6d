"""The streams of a terminal, as everything that is printed reaches them.

What others wrote is shown and never obeyed. Of control sequences only those pass that begin with
the stream's own escape, which no text from outside can know; a report for a machine, which has
escapes of its own, is written verbatim.
"""

from __future__ import annotations

import io
import os
import re
import sys
from typing import TextIO

from splitspec.checker.report.visible import visible

ESCAPE = "\x1b"
LONGEST_BEGINNING = 80
"""More signs than these of a line cannot be the beginning of a command, but for spaces."""


class Screen(io.TextIOWrapper):
    """A stream that escapes what is printed on it."""

    def __init__(self, stream: TextIO) -> None:
        # A sign that the encoding does not have is no reason to lose a result.
        super().__init__(
            stream.buffer,
            encoding=stream.encoding,
            errors="backslashreplace",
            line_buffering=bool(stream.line_buffering),
            write_through=getattr(stream, "write_through", False),  # As with python -u.
        )
        self._stream = stream  # Which would close the buffer when nobody has it any more.
        self.escape = ESCAPE + os.urandom(8).hex()
        self._own = re.compile(rf"{self.escape}(\[[0-9;]*[A-Za-z])")
        self._shown = ""  # The end of the line under way.

    def write(self, text: str) -> int:
        """Write a text, its own sequences as they are and all else visibly."""
        for number, part in enumerate(self._own.split(text)):
            if number % 2:
                super().write(ESCAPE + part)
                continue
            shown = visible(part, before=self._shown)
            super().write(shown)
            self._note(shown)
        return len(text)

    def write_verbatim(self, text: str) -> None:
        """Write a text in which whoever made it has escaped what must be."""
        super().write(text)
        self._note(text)

    def _note(self, shown: str) -> None:
        """Keep of the line under way what may be the beginning of a command."""
        _, newline, last = shown.rpartition("\n")
        self._shown = (last if newline else self._shown + last)[-LONGEST_BEGINNING:]


def escape_of(stream: TextIO) -> str:
    """Return what a control sequence of ours begins with."""
    return stream.escape if isinstance(stream, Screen) else ESCAPE


def print_verbatim(text: str) -> None:
    """Print a report for a machine."""
    if isinstance(sys.stdout, Screen):
        sys.stdout.write_verbatim(text)
    else:
        print(text, end="")


def install_screens() -> bool:
    """Let all that is printed pass a screen; return whether results can be printed at all.

    A stream that whoever started the process has closed is None. Diagnostics may be lost so; their
    place must not be left to the next file that is opened.
    """
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
    else:
        sys.stderr = Screen(sys.stderr)
    if sys.stdout is None:
        return False
    sys.stdout = Screen(sys.stdout)
    return True
