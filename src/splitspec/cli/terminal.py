"""The terminal: colour, the progress line, and where each kind of text goes.

Results go to stdout; progress and diagnostics go to stderr, so that a pipe sees results alone.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, TextIO

from splitspec.cli.screen import escape_of

if TYPE_CHECKING:  # The words of a progress line do not need the engines at start-up.
    from splitspec.checker.proof import Moment
    from splitspec.checker.result import Progress

STYLES = {
    "good": "32",
    "bad": "1;31",
    "title": "1",
    "faint": "2",
    "error": "1;31",
    "warning": "1;33",
    "note": "1;36",
    "frame": "1;34",
}


class Choice(StrEnum):
    """When to use colour or a live progress line."""

    AUTO = "auto"
    ALWAYS = "always"
    NEVER = "never"


def uses_color(choice: Choice, stream: TextIO) -> bool:
    """Return whether to colour `stream`; NO_COLOR and FORCE_COLOR decide for `auto`."""
    if choice is not Choice.AUTO:
        return choice is Choice.ALWAYS
    if os.environ.get("NO_COLOR"):
        return False
    return bool(os.environ.get("FORCE_COLOR")) or stream.isatty()


def painter(choice: Choice, stream: TextIO) -> Callable[[str, str], str]:
    """Return the function that text for `stream` is painted with."""
    if not uses_color(choice, stream):
        return lambda _, text: text
    escape = escape_of(stream)
    return lambda style, text: f"{escape}[{STYLES[style]}m{text}{escape}[0m"


@dataclass
class ProgressLine:
    """One line on stderr that is rewritten on a terminal, and printed every 10 s elsewhere."""

    choice: Choice
    stream: TextIO = field(default_factory=lambda: sys.stderr)
    title: str = ""
    shown: bool = False
    last: float = 0.0

    def __call__(self, progress: Progress) -> None:
        """Show a moment of a search."""
        self._show(progress.seconds, lambda: progress_text(progress))

    def proof(self, moment: Moment) -> None:
        """Show a moment of a proof."""
        self._show(moment.seconds, lambda: proof_progress_text(moment))

    def runs(self, made: int, total: int, seconds: float) -> None:
        """Show how many runs have been made."""
        self._show(seconds, lambda: f"{made:,} of {total:,} runs made · {seconds:.0f} s")

    def _show(self, seconds: float, words: Callable[[], str]) -> None:
        live = self.choice is Choice.ALWAYS or self.stream.isatty()
        if self.choice is Choice.NEVER or (not live and seconds - self.last < 10):
            return
        self.last = seconds
        text = f"{self.title}: {words()}"
        escape = escape_of(self.stream)
        self.stream.write(f"{escape}[G{text}{escape}[K" if live else text + "\n")
        self.stream.flush()
        self.shown = live

    def clear(self) -> None:
        """Take the line away before results are printed."""
        if self.shown:
            self.stream.write("{0}[G{0}[K".format(escape_of(self.stream)))
            self.stream.flush()
        self.shown, self.last = False, 0.0


def progress_text(progress: Progress) -> str:
    """Return a moment of a run in words: what it does, how far it is, and how fast."""
    from splitspec.checker.result import Phase

    if progress.phase is Phase.COMPILING:
        return f"{progress.phase.value} · {progress.seconds:.0f} s"
    if progress.phase in (Phase.COVERING, Phase.RECOVERING):
        return (
            f"{progress.phase.value} · {progress.frontier:,} of {progress.states:,} states left · "
            f"{progress.memory / 2**20:,.0f} MB · {progress.seconds:.0f} s"
        )
    rate = progress.states / progress.seconds if progress.seconds > 0 else 0.0
    return (
        f"{progress.phase.value} · depth {progress.depth} · "
        f"{progress.states:,} states ({rate / 1e6:.2f} M/s) · "
        f"{progress.transitions:,} transitions · frontier {progress.frontier:,} · "
        f"{progress.memory / 2**20:,.0f} MB · {progress.seconds:.0f} s"
    )


def proof_progress_text(moment: Moment) -> str:
    """Return a moment of a proof in words."""
    return (
        f"{moment.done:,} obligations of {moment.total} claims · {moment.seconds:.0f} s · "
        f"{moment.current}"
    )
