"""The codes of systems as text for tools of others."""

from __future__ import annotations

from splitspec.model.code import Code

EXPORT = (
    Code(
        "SS901",
        "cannot be said in the other language",
        "The model has something for which the language of the other tool has no words: an index "
        "up to a constant, a constant set to an element of a sort, an update that depends on a "
        "counter otherwise than by comparing it with a small number.",
        "var used[Key, 0..last]: bool",
        "Leave it out in a variant of the model for that tool: a number in place of the constant, "
        "a guard that compares the counter.",
    ),
)
