"""A diagnostic code: the row that `splitspec.model.codes` lists for it."""

from __future__ import annotations

from splitspec.model.frozen import frozen


@frozen
class Code:
    """One kind of mistake: `meaning` and `advice` are sentences, `example` is a bad text."""

    code: str
    title: str
    meaning: str
    example: str
    advice: str
