"""Mistakes in expressions, updates and words: each function recognises one.

A rule returns None for a refusal that it does not know. `parser_errors` asks them in turn.
"""

from __future__ import annotations

from splitspec.model.diagnostic import Diagnostic
from splitspec.model.parser_context import Context
from splitspec.model.parser_words import (
    ASSIGNING,
    COMPARATORS,
    FOREIGN_WORDS,
    JOINING,
    KEYWORD_TYPES,
    LOW,
    keywords_like,
    listed,
    shown,
)


def foreign_word(at: Context) -> Diagnostic | None:
    """`forall x: S`, `a iff b`, `all x in S`"""
    for position in (at.position, at.before):
        token = at.tokens[position]
        found = FOREIGN_WORDS.get(token.text) if token.type == "NAME" else None
        if found is None:
            continue
        meant, remedy = found
        return at.diagnose_at(
            position, "SS115", f"{shown(token)} is written `{meant}`", f"expected `{meant}`", remedy
        )
    return None


def misspelled(at: Context) -> Diagnostic | None:
    """A word that is nearly the keyword that could stand in its place."""
    for position in (at.position, at.before):
        token = at.tokens[position]
        if token.type != "NAME":
            continue
        # The word before was accepted as a name, so it must be nearly a keyword to blame it.
        likeness = 0.7 if position == at.position else 0.8
        expected = at.expected if position == at.position else at.expected_at(position)
        meant = keywords_like(token.text, expected, likeness)
        if meant:
            return at.diagnose_at(
                position,
                "SS111",
                f"{shown(token)} is no keyword; did you mean `{meant[0]}`?",
                f"expected {listed(expected)}",
                f"write `{meant[0]}`",
            )
    if at.position > 0 or at.start != "declaration":
        return None
    return at.diagnose(
        "SS111",
        f"{shown(at.token)} begins no declaration",
        "expected a declaration, such as `var`, `action` or `invariant`",
        "a line in column 1 begins with the word that says what is declared; the lines of its "
        "block are indented",
    )


def assignment(at: Context) -> Diagnostic | None:
    """`=` for `:=` in an update, and the other way round."""
    if at.token.type == "EQUAL" and "ASSIGN" in at.expected:
        return at.diagnose(
            "SS116",
            "an update is written with `:=`",
            "expected `:=`",
            "`=` compares two values; if a guard is meant, write `when label: …`",
        )
    if at.token.type not in ASSIGNING:
        return None
    if "EQUAL" in at.expected:
        return at.diagnose(
            "SS116",
            f"`{at.token.text}` updates a variable, but no update can stand here",
            "expected `=`",
            "`=` compares two values and defines; updates stand in actions, parts and `init`",
        )
    return None


def chained_comparison(at: Context) -> Diagnostic | None:
    """`a < b < c`"""
    if at.token.type not in COMPARATORS or "AND" not in at.expected:
        return None
    return at.diagnose(
        "SS117",
        "comparisons cannot be chained",
        "a second comparison",
        "join two comparisons with `and`, or put the first one in parentheses if its truth is "
        "compared",
    )


def initial_value(at: Context) -> Diagnostic | None:
    """`var x: bool = false`"""
    head = at.tokens[0].type
    if head not in ("VAR", "GHOST", "CONST") or at.token.type not in ("EQUAL", "ASSIGN"):
        return None
    if head == "CONST":
        remedy = "a model pins a constant in models.toml; a variant by `set NAME = value`"
    else:
        remedy = "values at the start are `false`, `0`, `none` and an enum's first member; others "
        remedy += "are given in `init`, `phase[c] := running for c: Container where c = zygote`"
    return at.diagnose(
        "SS116", "a declaration gives no value", "expected the end of the line", remedy
    )


def low_operand(at: Context) -> Diagnostic | None:
    """`p and all x: S: q`, `p = not q`"""
    word, kind = at.token.text, at.token.type
    if kind not in LOW | {"NOT"} or not at.expects_operand or at.following == "COLON":
        return None
    if kind == "NOT":
        remedy = "write `(not …)`: comparisons and sums bind tighter than `not`"
    else:
        remedy = f"write `({word} …)`; without parentheses it stands first or after `implies`, "
        remedy += "where it reaches to the end of the line"
    return at.diagnose(
        "SS118",
        f"`{word}` cannot stand in the middle of an expression without parentheses",
        "expected `(` before it",
        remedy,
    )


def branch(at: Context) -> Diagnostic | None:
    """`if p then x := a` in an action"""
    if at.token.type != "IF" or not at.begins_line or "WHEN" not in at.expected:
        return None
    return at.diagnose(
        "SS120",
        "a step has no branches",
        "expected a guard or an update",
        "write the condition as a guard, `when ready: p`, or as a value, `x := if p then a else b`",
    )


def keyword_as_name(at: Context) -> Diagnostic | None:
    """`var count: nat`"""
    word = at.token.type
    if word not in KEYWORD_TYPES or "NAME" not in at.expected:
        return None
    named = at.following in ("COLON", "LPAR", "LSQB", "EQUAL", "COMMA") or at.position == 1
    if word in JOINING and not named:
        return None
    return at.diagnose(
        "SS119",
        f"`{at.token.text}` is a keyword and cannot be a name",
        "expected a name",
        f"choose another name, such as `{at.token.text}_`",
    )


def dangling_operator(at: Context) -> Diagnostic | None:
    """A line that ends in `and`."""
    ends = at.token.type == "_NEWLINE" and at.expects_operand
    if not ends or at.previous.type not in COMPARATORS | JOINING | {"NOT", "PLUS", "MINUS"}:
        return None
    return at.diagnose_at(
        at.before,
        "SS120",
        f"the line ends in {shown(at.previous)}",
        "expected an expression after it",
        "indent the rest of the expression deeper than this line",
    )


def missing_colon(at: Context) -> Diagnostic | None:
    """`all x: S p`, `action f(c Container)`"""
    if "COLON" not in at.expected or at.expected & (ASSIGNING | {"AND"}):
        return None
    after = shown(at.previous)
    return at.diagnose(
        "SS121",
        f"a `:` is missing after {after}",
        "expected `:`",
        "`name: Type` declares, `all x: S: p` quantifies, `when label: p` guards",
    )


def binding_of_update(at: Context) -> Diagnostic | None:
    """`f[v] := e for all v: S`, `f[v] := e where p`"""
    if at.token.type in ("ALL", "SOME") and at.previous.type == "FOR":
        label, remedy = "expected a name", "write `f[v] := e for v: S`, without a quantifier"
    elif at.token.type == "WHERE" and "FOR" in at.expected:
        label, remedy = "expected `for` before it", "write `f[v] := e for v: S where p`"
    else:
        return None
    return at.diagnose("SS120", f"unexpected {shown(at.token)}", label, remedy)
