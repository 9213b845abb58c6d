"""Mistakes in lines, blocks and declarations: each function recognises one.

A rule returns None for a refusal that it does not know. `parser_errors` asks them in turn.
"""

from __future__ import annotations

from splitspec.model.diagnostic import Diagnostic
from splitspec.model.parser_context import Context
from splitspec.model.parser_words import (
    ASSIGNING,
    COMPARATORS,
    DECLARING,
    ITEMS,
    LOW,
    RESERVED,
    listed,
    shown,
)

_BLOCK_HEADS = frozenset(
    "MODULE INIT ASSUME FINAL INVARIANT LEMMA STEP WITNESS RECOVERABLE PROGRESS REFINEMENT "
    "VARIANT VIEW".split()
)


def later_word(at: Context) -> Diagnostic | None:
    """`observer host sees …`"""
    if at.token.type not in RESERVED or not at.begins_line or at.following == "COLON":
        return None
    return at.diagnose(
        "SS127",
        f"{shown(at.token)} is kept for later use",
        "no construct is written with it yet",
        "leave it out; noninterference is not checked yet",
    )


def item_in_column_1(at: Context) -> Diagnostic | None:
    """A guard or an update that is not indented."""
    looks_like_update = at.token.type in ("NAME", "PATH") and at.following in (
        ASSIGNING | {"LSQB", "COLON"}
    )
    is_item = at.token.type in ITEMS or at.token.type in LOW or at.token.type == "TEXT"
    if at.position > 0 or at.start != "declaration" or not (is_item or looks_like_update):
        return None
    return at.diagnose(
        "SS112",
        "this line stands in column 1, where declarations begin",
        "expected a declaration",
        "indent the line by two spaces more than the declaration that it belongs to",
    )


def declaration_in_block(at: Context) -> Diagnostic | None:
    """An indented `invariant`."""
    word = at.token.type
    if word not in DECLARING or not at.begins_line or at.position == 0:
        return None
    if at.following not in ("NAME", "PATH", "VAR") and word not in ("INIT", "FINAL"):
        return None
    return at.diagnose(
        "SS112",
        f"{shown(at.token)} declares something, but stands inside a block",
        f"expected {listed(at.expected)}",
        "begin the declaration in column 1",
    )


def item_in_wrong_block(at: Context) -> Diagnostic | None:
    """A guard in an invariant, an update in a variant."""
    owner = ITEMS.get(at.token.type)
    if owner is None or not at.begins_line or at.following == "COLON":
        return None
    return at.diagnose(
        "SS112",
        f"{shown(at.token)} does not belong into this block",
        f"expected {listed(at.expected)}",
        f"such a line stands in {owner}",
    )


def text_out_of_place(at: Context) -> Diagnostic | None:
    """A text that is not the first line of a block, or that is written as a string."""
    if at.token.type == "STRING" and "TEXT" in at.expected:
        return at.diagnose(
            "SS125",
            "a text is enclosed in three quotes",
            'expected `"""`',
            'write `"""…"""`; one quote on each side is for `cites` and `asked by`',
        )
    if at.token.type != "TEXT":
        return None
    return at.diagnose(
        "SS125",
        "a text cannot stand here",
        f"expected {listed(at.expected)}",
        "the text of a module, action, part, extension, property or variant is the first line of "
        "its block; elsewhere use a comment, `#`",
    )


def guard_without_label(at: Context) -> Diagnostic | None:
    """`when npt[g] = f`"""
    guard_label = at.previous.type == "WHEN" and at.token.type != "NAME"
    after_name = (
        at.before > 0
        and at.tokens[at.before - 1].type == "WHEN"
        and (at.token.type in COMPARATORS or at.token.type in ("LSQB", "LPAR", "AND", "OR"))
    )
    if not (guard_label or after_name) or "_INDENT" in at.expected:
        return None
    if guard_label and (at.following == "COLON" or at.begins_line):
        return None
    return at.diagnose_at(
        at.before if guard_label else at.before - 1,
        "SS123",
        "this guard has no label",
        "expected `when label:`",
        "every guard is named, `when backed: npt[g] = f`, so that a variant can drop it and a "
        "refusal can say which one it was",
    )


def missing_actor(at: Context) -> Diagnostic | None:
    """An action without `by`."""
    if at.tokens[0].type != "ACTION" or "BY" not in at.expected:
        return None
    return at.diagnose(
        "SS124",
        "nobody is said to take this action",
        "expected `by`",
        "end the header with the actor: `by kernel`, `by kernel for c`, `by host`, "
        "`by container[c]`, `by hardware` or `by verifier`",
    )


def missing_block(at: Context) -> Diagnostic | None:
    """A header with nothing below it, or only a text."""
    ends = at.token.type in ("$END", "_DEDENT", "_NEWLINE") or at.begins_line
    if not ends or at.position == 0:
        return None
    nothing = at.expected == {"_INDENT"}
    only_text = at.token.type in ("_DEDENT", "$END") and at.previous.type in ("TEXT", "STRING")
    if not nothing and not only_text:
        return None
    return at.diagnose_at(
        0 if at.token.type == "$END" or only_text else at.before,
        "SS122",
        "the block of this declaration is missing" if nothing else "this block says nothing",
        f"expected {listed(at.expected)}",
        "write the lines of the block below, two spaces further right",
    )


def deeper_line(at: Context) -> Diagnostic | None:
    """A line that is indented deeper than its block."""
    if at.token.type != "_INDENT":
        return None
    after = at.tokens[at.position + 1]
    return at.diagnose_at(
        at.position + 1,
        "SS103",
        "this line is deeper than its block",
        f"nothing above opens a block for {shown(after)}",
        "begin it in the column of the line above; a line goes on below after `and`, `or`, "
        "`implies`, `:=` or a comma, or before one of them",
    )


def missing_parameters(at: Context) -> Diagnostic | None:
    """`action tick by host`"""
    head = at.tokens[0].type
    if at.position != 2 or head not in ("ACTION", "PART", "EXTEND") or "LPAR" not in at.expected:
        return None
    return at.diagnose(
        "SS120",
        f"the parameters of {shown(at.previous)} are missing",
        "expected `(`",
        "write `()` where there are none",
    )


def claim_in_header(at: Context) -> Diagnostic | None:
    """`invariant a: p`"""
    head = at.tokens[0].type
    if head not in _BLOCK_HEADS or at.expected - {"GIVEN"} != {"_NEWLINE"}:
        return None
    if any(not token.text for token in at.tokens[: at.position]):
        return None
    return at.diagnose(
        "SS122",
        f"the block of `{at.tokens[0].text}` begins on the next line",
        "expected the end of the line",
        "write what follows on lines of its own, two spaces further right",
    )


def part_without_do(at: Context) -> Diagnostic | None:
    """`share(z, d)` as an item, and `do share`"""
    if at.token.type == "LPAR" and "ASSIGN" in at.expected:
        return at.diagnose_at(
            at.before,
            "SS120",
            f"{shown(at.previous)} is used like a part, but nothing says so",
            "expected `do` before it",
            f"write `do {at.previous.text}(…)` for a part; an update is `f[a] := e`",
        )
    if at.tokens[at.before - 1].type == "DO" and "LPAR" in at.expected:
        return at.diagnose(
            "SS120",
            f"the arguments of {shown(at.previous)} are missing",
            "expected `(`",
            "write `()` where there are none",
        )
    return None


def list_sign(at: Context) -> Diagnostic | None:
    """`enum E = a, b`, `import a, b`, `given host`"""
    head = at.tokens[0].type
    if at.token.type == "COMMA" and head == "ENUM":
        remedy = "the members of an enum are separated by `|`"
    elif at.token.type == "COMMA" and head in ("IMPORT", "SORT", "VAR", "CONST"):
        remedy = "declare one thing a line"
    elif at.expected == {"HONEST"}:
        remedy = "a promise is that of an honest actor: `given honest host`"
    else:
        return None
    return at.diagnose(
        "SS120", f"unexpected {shown(at.token)}", f"expected {listed(at.expected)}", remedy
    )
