"""Numbers of things in words, as every report has them."""

from __future__ import annotations


def counted(number: int, what: str) -> str:
    """Return `1 run` or `1,024 runs`; `what` is a noun that takes an s."""
    return f"{number:,} {what}{'' if number == 1 else 's'}"
