"""What a run of the benchmark was asked for, and how it says what it is doing."""

from __future__ import annotations

import sys
from dataclasses import dataclass


@dataclass(frozen=True)
class Plan:
    """`quick` takes small models and few repeats, and judges no figure; `peers` are measured."""

    quick: bool
    peers: bool


def say(what: str) -> None:
    """Tell on stderr what is measured now."""
    print(f"==> {what}", file=sys.stderr, flush=True)
