"""From two updates that wrote one place to the guard that would keep them apart."""

from __future__ import annotations

from splitspec.model.composition import ComposedUpdate, parameter_meant
from splitspec.model.ir import Expression, Local


def separation(first: ComposedUpdate, second: ComposedUpdate) -> str:
    """Return, in words, what would make the two updates write different places."""
    pairs = [*zip(first.update.indices, second.update.indices, strict=True)]
    apart: dict[frozenset[str], str] = {}
    for a, b in pairs:
        texts = _text(a, first), _text(b, second)
        # Equal texts never differ, and a pair need be told apart once.
        if texts[0] != texts[1] and not _is_bound(a, first) and not _is_bound(b, second):
            apart.setdefault(frozenset(texts), " != ".join(texts))
    if apart:
        return f"the guard `{' or '.join(apart.values())}` would keep them apart"
    for a, b in pairs:
        if _is_bound(a, first) != _is_bound(b, second):
            bound, other = (a, b) if _is_bound(a, first) else (b, a)
            owner, rest = (first, second) if bound is a else (second, first)
            condition = f"{bound.span.text} != {_text(other, rest)}"
            return f"`where {condition}` on `{owner.update.span.text}` would keep them apart"
    return "one of them must go"


def _is_bound(index: Expression, update: ComposedUpdate) -> bool:
    names = {binder.name for binder in update.update.binders}
    return isinstance(index, Local) and index.name in names


def _text(index: Expression, update: ComposedUpdate) -> str:
    """Return an index as the action would write it, where that is a parameter."""
    if isinstance(index, Local) and not _is_bound(index, update):
        return parameter_meant(update.route, index.name) or index.span.text
    return index.span.text
